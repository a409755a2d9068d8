// The models of Go's compress/flate.
import { Block, END, headerFrom, staticLengths } from './codes.mjs'
import { cutOff } from './zlib.mjs'

const WINDOW = 32768
const MIN_AHEAD = 262
const MAX_MATCH = 258
const MIN_MATCH = 4
const TOO_FAR = 4096
const MAX_TOKENS = 16384
const FACTOR = 0x1e35a7bd
const FAST_BLOCK = 65535
const HUFFMAN = 2
const NONE = { length: 3 }
const LITERAL = { length: 1 }

const levels = [, , [5, 16, 8], [6, 32, 32], [4, 16, 16], [16, 32, 32], [16, 128, 128], [32, 128, 256],
  [128, 258, 1024], [258, 258, 4096]]

const matchLength = (content, a, b, max) => {
  let n = 0
  while (n < max && content[a + n] === content[b + n]) n++
  return n
}

// What all levels share: how blocks end with the stream, and what codes they get.
class Model {
  begin() {}
  markers() {
    return []
  }
  header(block) {
    return goHeader(block)
  }
  endsStream(pos) {
    return this.last && pos === this.to
  }
}

// Levels 2 to 9.
export class GoModel extends Model {
  constructor(m, content, part, budget) {
    super()
    const [lazyLength, nice, chain] = levels[m.level]
    const { lo, from, to, n, last } = part
    Object.assign(this, { content, lo, to, last, budget, lazyLength, nice, chain, lazy: m.level >= 4, end: n, base: 0 })
    this.head = new Int32Array(1 << 17) // one more than a position, from the first that the part sees
    this.prev = new Int32Array(n - lo)
    this.inserted = new Uint8Array(n - lo)
    if (from > 0) this.#start(from, m.far, budget)
    this.fresh = true
  }
  #start(from, far, budget) {
    const baseAt = (pos) => Math.max(0, Math.ceil(pos / WINDOW) - 2) * WINDOW
    if (this.lazy) this.#insertAll(Math.max(this.lo, from - WINDOW), from)
    else {
      this.base = baseAt(this.lo)
      if (far) budget.free(() => this.#warmUp(from))
      else {
        this.end = from
        this.#warmUp(from)
      }
    }
    this.base = baseAt(from)
  }
  #warmUp(from) {
    for (let pos = this.lo; pos < from; ) {
      const token = cutOff(this.predict(pos), from - pos)
      this.accept(pos, token, true)
      pos += token.length
    }
  }
  segment(pos, end) {
    if (end <= pos) return
    if (!this.fresh && pos >= this.base + 2 * WINDOW - MIN_AHEAD) this.base += WINDOW
    this.fresh = false
    this.end = end
    this.ahead = undefined
  }
  #insertAll(from, to) {
    for (let p = from; p < to && p + MIN_MATCH <= this.end; p++) {
      if (this.inserted[p - this.lo]) continue
      const h = Math.imul(this.content.readUInt32BE(p), FACTOR) >>> 15
      this.prev[p - this.lo] = this.head[h]
      this.head[h] = p - this.lo + 1
      this.inserted[p - this.lo] = 1
    }
  }
  #readOn(s) {
    const full = this.base + 2 * WINDOW
    if (full - s < MIN_AHEAD && this.end > full) this.base += WINDOW
  }
  #search(p, length) {
    this.#insertAll(p, p + 1)
    const left = this.end - p
    if (left <= length) return NONE
    const max = Math.min(MAX_MATCH, left)
    const nice = Math.min(this.nice, max)
    let found = NONE
    let c = this.prev[p - this.lo]
    for (let chain = this.chain; c > 0 && chain > 0; chain--, c = this.prev[c - 1]) {
      const at = c - 1 + this.lo
      if (p - at > WINDOW || at < this.base) break
      const n = this.content[at + found.length] === this.content[p + found.length] ? matchLength(this.content, at, p, max) : 0
      this.budget.spend(1 + (n >> 4))
      if (n <= found.length || (n === MIN_MATCH && p - at > TOO_FAR)) continue
      found = { length: n, distance: p - at }
      if (n >= nice) break
    }
    return found
  }
  predict(p) {
    let found = this.ahead
    if (!found) {
      this.#readOn(p)
      found = this.#search(p, NONE.length)
    }
    if (!this.lazy) return found.distance ? found : LITERAL
    this.#readOn(p + 1)
    const search = found.length < this.lazyLength && p + 1 < this.end
    this.ahead = search ? this.#search(p + 1, found.length) : NONE
    return found.distance && this.ahead.length <= found.length ? found : LITERAL
  }
  accept(p, token, right) {
    const behind = p + token.length
    if (!right || token.distance || behind === this.end) this.ahead = undefined
    if (this.lazy || (token.distance && token.length <= this.lazyLength)) this.#insertAll(p, behind)
  }
  ends(block, token) {
    if (this.endsStream(block.end)) return true
    if (this.lazy && !token.distance && block.end === this.end) return false
    return block.tokens.length === MAX_TOKENS
  }
  decide(block, final) {
    const octets = block.end - block.start
    if (octets === 0 && final) return 0
    const header = goHeader(block)
    const counted = withDistance(block)
    const dynamic = 3 + header.size + counted.codeBits(header) + block.extraBits()
    const fixed = 3 + counted.codeBits(staticLengths) + block.extraBits()
    const storable = block.start >= this.base && octets <= 65535
    if (storable && (octets + 5) * 8 < Math.min(dynamic, fixed)) return 0
    return fixed <= dynamic ? 1 : 2
  }
}

// Level 1, and huffman-only: both take blocks of content as they come.
export class GoFastModel extends Model {
  constructor(m, content, part, budget) {
    super()
    const { lo, from, to, n, last } = part
    Object.assign(this, { content, to, last, budget, end: n, huffman: m.strategy === HUFFMAN, plan: new Map() })
    this.#forget()
    this.blockEnd = from
    this.start = undefined
    for (const blocks of [2, 1]) if (from - blocks * FAST_BLOCK >= lo) this.#block(from - blocks * FAST_BLOCK, from)
  }
  #forget() {
    this.table = new Map()
    this.before = Infinity
  }
  segment(pos, end) {
    if (end > pos) this.end = end
  }
  // Plans the tokens of the block that begins here.
  #block(start, end) {
    this.before = this.start ?? start
    this.start = start
    this.blockEnd = Math.min(start + FAST_BLOCK, end)
    this.plan = new Map()
    if (this.huffman) return
    const octets = this.blockEnd - start
    if (octets < 128) {
      this.#forget()
      this.start = undefined
      return
    }
    const literals = this.#matches(start, this.blockEnd)
    if (literals + this.plan.size > octets - (octets >> 4)) this.plan = new Map()
  }
  #lookUp(p) {
    const value = this.content.readUInt32LE(p)
    const h = Math.imul(value, FACTOR) >>> 18
    const found = this.table.get(h)
    this.table.set(h, p)
    return found !== undefined && p - found <= WINDOW && this.content.readUInt32LE(found) === value ? found : undefined
  }
  // Fills the plan, and gives the count of literals.
  #matches(start, end) {
    const limit = end - 15
    let literals = 0
    let emitted = start
    for (let p = start; ; ) {
      let found
      for (let sum = 32; found === undefined; ) {
        const at = p
        p += sum >> 5
        sum += sum >> 5
        if (p > limit) return literals + end - emitted
        found = this.#lookUp(at)
        if (found !== undefined) p = at
      }
      while (found !== undefined) {
        const more = found + 4 >= this.before ? matchLength(this.content, found + 4, p + 4, Math.min(MAX_MATCH, end - p) - 4) : 0
        this.plan.set(p, { length: 4 + more, distance: p - found })
        this.budget.spend(1 + (more >> 4))
        literals += p - emitted
        p = emitted = p + 4 + more
        if (p >= limit) return literals + end - emitted
        this.#lookUp(p - 1)
        found = this.#lookUp(p)
      }
      p++
    }
  }
  predict(p) {
    if (p >= this.blockEnd) this.#block(p, this.end)
    return this.plan.get(p) ?? LITERAL
  }
  accept() {}
  ends(block) {
    return block.end >= this.blockEnd || this.endsStream(block.end)
  }
  decide(block) {
    const octets = block.end - block.start
    if (octets === 0 || (!this.huffman && octets <= 16)) return 0
    const header = goHeader(block)
    const dynamic = 3 + header.size + withDistance(block).codeBits(header)
    return octets <= 65535 && (octets + 5) * 8 < dynamic + (dynamic >> 4) ? 0 : 2
  }
}

// A block without matches counts one of distance 1.
export function withDistance(block) {
  if (block.matches > 0) return block
  const counted = Object.assign(new Block(block.start), block)
  counted.distances = [1, ...Array(block.distances.length - 1).fill(0)]
  return counted
}

function goHeader(block) {
  const counts = block.literals.slice()
  counts[END]++
  const upTo = (lengths) => lengths.slice(0, lengths.findLastIndex((n) => n > 0) + 1)
  const literals = upTo(codeLengths(counts, 15))
  const distances = upTo(codeLengths(withDistance(block).distances, 15))
  return headerFrom(literals, distances, runsOf([...literals, ...distances]), (freq) => codeLengths(freq, 7))
}

// Runs of equal code lengths: symbols with their extra bits.
export function runsOf(lengths) {
  const out = []
  for (let i = 0; i < lengths.length; ) {
    const n = lengths[i]
    let run = 1
    while (i + run < lengths.length && lengths[i + run] === n) run++
    i += run
    if (n === 0) {
      for (; run >= 11; run -= Math.min(run, 138)) out.push([18, Math.min(run, 138) - 11])
      if (run >= 3) {
        out.push([17, run - 3])
        run = 0
      }
    } else {
      out.push([n])
      for (run--; run >= 3; run -= Math.min(run, 6)) out.push([16, Math.min(run, 6) - 3])
    }
    for (; run > 0; run--) out.push([n])
  }
  return out
}

// Merges packages: of the pairs of the level below and the leaves, those that are taken say how long codes are.
export function codeLengths(freq, limit) {
  const lengths = Array(freq.length).fill(0)
  const leaves = []
  freq.forEach((f, symbol) => f && leaves.push({ freq: f, symbol }))
  leaves.sort((a, b) => a.freq - b.freq || a.symbol - b.symbol)
  if (leaves.length <= 2) {
    for (const { symbol } of leaves) lengths[symbol] = 1
    return lengths
  }
  let items = leaves
  for (let bits = 1; bits < Math.min(limit, leaves.length - 1); bits++) {
    const pairs = []
    for (let i = 0; i + 1 < items.length; i += 2)
      pairs.push({ freq: items[i].freq + items[i + 1].freq, of: [items[i], items[i + 1]] })
    items = merge(pairs, leaves)
  }
  const count = (item) => (item.of ? item.of.forEach(count) : lengths[item.symbol]++)
  items.slice(0, 2 * leaves.length - 2).forEach(count)
  return lengths
}

function merge(pairs, leaves) {
  const out = []
  for (let i = 0, j = 0; i < pairs.length || j < leaves.length; )
    out.push(j === leaves.length || (i < pairs.length && pairs[i].freq <= leaves[j].freq) ? pairs[i++] : leaves[j++])
  return out
}
