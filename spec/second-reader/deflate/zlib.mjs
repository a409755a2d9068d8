// The models of zlib, GNU gzip, zlib in Chromium, and pigz.
import { END, headerFrom, staticLengths } from './codes.mjs'

const FILTERED = 1, HUFFMAN = 2, RLE = 3, FIXED = 4, RSYNCABLE = 16
const MAX_MATCH = 258
const MIN_AHEAD = 262
const TOO_FAR = 4096
const SUM = 4096 // octets in a sum for rsyncable
const CHUNK = 128 << 10 // of pigz
const DICTIONARY = 32 << 10
const NONE = { length: 2 }
const LITERAL = { length: 1 }

const levels = [, [0, 4, 8, 4], [0, 5, 16, 8], [0, 6, 32, 32], [4, 4, 16, 16], [8, 16, 32, 32], [8, 16, 128, 128],
  [8, 32, 128, 256], [32, 128, 258, 1024], [32, 258, 258, 4096]]

// A token as far as there is room for it.
export const cutOff = (token, room) => (token.length <= room ? token : room < 3 ? LITERAL : { ...token, length: room })

export class ZlibModel {
  constructor(m, content, part, budget) {
    const [good, lazyLength, nice, chain] = levels[m.level]
    const { lo, from, to, n, total } = part
    Object.assign(this, { content, lo, to, n, total, budget, strategy: m.strategy, level: m.level })
    Object.assign(this, { good, lazyLength, nice, chain, gzip: m.name === 'gzip', chromium: m.name === 'chromium' })
    this.pigz = m.name === 'pigz'
    this.window = 1 << m.window
    this.hashBits = this.gzip ? 15 : m.memory + 7
    this.shift = Math.floor((this.hashBits + 2) / 3)
    this.limit = this.gzip ? 32767 : (1 << (m.memory + 6)) - 1
    this.simple = m.strategy === RLE || m.strategy === HUFFMAN
    this.lazy = m.level >= 4 && !this.simple
    this.ahead = m.strategy === RLE ? 259 : m.strategy === HUFFMAN ? 1 : MIN_AHEAD
    this.#clear()
    this.#start(from, m.far, budget)
    this.sum = 0
    if (m.strategy === RSYNCABLE) for (let i = Math.max(0, from - SUM); i < from; i++) this.sum += content[i]
  }
  #clear() {
    this.head = new Int32Array(1 << this.hashBits) // positions, from that in front of what the part sees
    this.prev = new Int32Array(this.n - this.lo + 1)
    this.inserted = new Uint8Array(this.n - this.lo + 1)
    this.ahead1 = undefined
  }

  // The state at the start of a part.
  #start(from, far, budget) {
    this.base = 0
    this.chunk = this.pigz ? Math.floor(from / CHUNK) * CHUNK : 0
    if (from === 0 || this.simple) return void (this.base = this.#baseAt(from))
    this.end = this.n
    if (this.pigz && from === this.chunk) return this.#restart(from)
    if (this.lazy) this.#insertAll(Math.max(this.lo, from - this.window), from)
    else {
      let pos = this.lo
      if (this.pigz) {
        pos = this.chunk
        this.#insertAll(Math.max(0, pos - DICTIONARY), pos)
      }
      this.base = this.#baseAt(pos)
      if (far) budget.free(() => this.#warmUp(pos, from))
      else {
        this.end = from
        this.#warmUp(pos, from)
      }
    }
    this.base = this.#baseAt(from)
  }
  #warmUp(pos, from) {
    while (pos < from) {
      const token = cutOff(this.predict(pos), from - pos)
      this.accept(pos, token, true)
      pos += token.length
    }
  }
  #baseAt(pos) {
    const first = this.pigz && this.chunk > 0 ? this.chunk - DICTIONARY : 0
    return first + Math.max(0, Math.ceil((pos - first) / this.window) - 2) * this.window
  }
  #restart(pos) {
    this.#clear()
    this.chunk = Math.floor(pos / CHUNK) * CHUNK
    this.base = Math.max(0, pos - DICTIONARY)
    this.#insertAll(this.base, pos)
  }

  // A segment begins, and the content goes on.
  segment(pos, end) {
    if (end <= pos) return
    const before = this.end
    this.end = this.flush = end
    if (this.pigz) this.#chunkEnd(pos)
    this.stopped = false
    this.ahead1 = undefined
    if (before !== pos || this.simple) return
    for (let p = Math.max(this.lo, pos - 2); p < pos; p++) if (!this.lazy || !this.inserted[p - this.lo]) this.#insert(p)
  }
  #chunkEnd(pos) {
    this.end = Math.min(this.flush, Math.floor(pos / CHUNK) * CHUNK + CHUNK)
  }

  // Octets behind the end of the segment are what the encoder's memory has there.
  #octet(p) {
    if (p < this.end) return this.content[p]
    if (this.base === 0 || (this.gzip && p < this.end + 2)) return 0
    return this.content[p - this.window]
  }
  #hash(p) {
    const mask = (1 << this.hashBits) - 1
    const [a, b, c] = [this.#octet(p), this.#octet(p + 1), this.#octet(p + 2)]
    if (this.chromium) {
      const v = a | b << 8 | c << 16 | this.#octet(p + 3) << 24
      return (Math.imul(v, 66521) + 66521 >>> 16) & mask
    }
    return (a << 2 * this.shift ^ b << this.shift ^ c) & mask
  }
  #insert(p) {
    const h = this.#hash(p)
    this.prev[p - this.lo] = this.head[h]
    this.head[h] = p - this.lo
    this.inserted[p - this.lo] = 1
  }
  #insertAll(from, to) {
    for (let p = from; p < to && p + 3 <= this.end; p++) if (!this.inserted[p - this.lo]) this.#insert(p)
  }

  // The window moves on where the encoder reads on.
  #readOn(s) {
    if (this.gzip && this.stopped) return
    if (this.gzip && this.end - s < MIN_AHEAD) this.stopped = true
    const full = this.base + 2 * this.window
    if (Math.min(this.end, full) - s < this.ahead && s >= full - MIN_AHEAD) this.base += this.window
  }
  #search(p, longer) {
    if (!this.gzip && p + 3 > this.end) return NONE
    if (!this.inserted[p - this.lo]) this.#insert(p)
    if (this.gzip && p - this.base > 65274) return NONE
    const left = this.end - p
    const max = this.gzip ? MAX_MATCH : Math.min(MAX_MATCH, left)
    const nice = this.gzip ? this.nice : Math.min(this.nice, left)
    const far = this.window - MIN_AHEAD
    let found = NONE
    let best = longer
    let chain = this.lazy && longer >= this.good ? this.chain >> 2 : this.chain
    let c = this.prev[p - this.lo]
    if (c === 0 || p - this.lo - c > far) return NONE
    do {
      const at = c + this.lo
      const n = this.#same(at + best, p + best, 1) ? this.#same(at, p, max) : 0
      this.budget.spend(1 + (n >> 4))
      if (n > best) {
        best = n
        found = { length: n, distance: p - at }
        if (n >= nice || n === MAX_MATCH) break
      }
      c = this.prev[c]
    } while (c !== 0 && p - this.lo - c < far && --chain > 0)
    return found.length > left ? { ...found, length: left } : found
  }
  // How many octets at two places are the same.
  #same(a, b, max) {
    const { content } = this
    const inside = Math.max(0, Math.min(max, this.end - b))
    let n = 0
    while (n < inside && content[a + n] === content[b + n]) n++
    if (n === inside) while (n < max && this.#octet(a + n) === this.#octet(b + n)) n++
    return n
  }
  #searchLazily(p, longer) {
    const found = this.#search(p, longer)
    const short = found.length === 3 && found.distance > TOO_FAR
    return short || (this.strategy === FILTERED && found.length <= 5) ? NONE : found
  }

  predict(p) {
    if (this.pigz && p >= this.chunk + CHUNK) {
      this.#chunkEnd(p)
      this.#restart(p)
    }
    if (!this.lazy) {
      this.#readOn(p)
      const found = this.strategy === HUFFMAN ? NONE : this.strategy === RLE ? this.#run(p) : this.#search(p, 2)
      return found.length >= 3 ? found : LITERAL
    }
    let found = this.ahead1
    if (!found) {
      this.#readOn(p)
      found = this.#searchLazily(p, 2)
    }
    this.#readOn(p + 1)
    const search = found.length < this.lazyLength && p + 1 < this.end
    this.ahead1 = search ? this.#searchLazily(p + 1, found.length) : NONE
    return found.length >= 3 && this.ahead1.length <= found.length ? found : LITERAL
  }
  #run(p) {
    let n = 0
    const max = Math.min(MAX_MATCH, this.end - p)
    if (p > 0) while (n < max && this.content[p + n] === this.content[p - 1]) n++
    return n >= 3 ? { length: n, distance: 1 } : NONE
  }
  accept(p, token, right) {
    const behind = p + token.length
    if (this.lazy) {
      if (!right || token.distance || behind === this.end) this.ahead1 = undefined
      this.#insertAll(p, behind)
    } else if (!this.simple && token.distance && token.length <= this.lazyLength && (this.gzip || this.end - behind >= 3))
      this.#insertAll(p + 1, behind)
    if (this.strategy === RSYNCABLE) this.#sumUp(p, behind)
  }
  #sumUp(p, behind) {
    this.sumHit = false
    for (let i = p; i < behind; i++) {
      this.sum += this.content[i] - (i >= SUM ? this.content[i - SUM] : 0)
      if (i >= SUM && this.sum % SUM === 0) this.sumHit = true
    }
  }

  begin() {}
  ends(block, token) {
    const { end: pos } = block
    this.atChunk = this.pigz && pos % CHUNK === 0 && pos < this.total
    if (this.atChunk) return true
    if (this.lazy && !token.distance && pos === this.end) return false
    const count = block.tokens.length
    if (count === this.limit || (this.strategy === RSYNCABLE && this.sumHit)) return true
    if (!this.gzip || this.level <= 2 || count % 4096) return false
    const octets = pos - token.length + (this.lazy ? 1 : 0) - block.start
    const bits = 8 * count + block.distanceBits
    return block.matches < count / 2 && bits >> 3 < octets >> 1
  }
  markers(_, k) {
    if (this.strategy === RSYNCABLE && this.sumHit) return k ? [0] : []
    if (!this.atChunk || k === 0) return []
    return k & 1 ? [0] : Array((8 - k) / 2).fill(1)
  }
  header(block) {
    return zlibHeader(block)
  }
  decide(block) {
    if (block.end === this.end && !this.gzip) this.#readOn(block.end)
    const octets = (bits) => (bits + 3 + 7) >> 3
    const header = zlibHeader(block)
    const extra = block.extraBits()
    const dynamic = octets(header.size + block.codeBits(header) + extra)
    const fixed = octets(block.codeBits(staticLengths) + extra)
    const stored = block.end - block.start + 4
    const type = fixed <= dynamic || this.strategy === FIXED ? 1 : 2
    return stored <= (type === 1 ? fixed : dynamic) && block.start >= this.base ? 0 : type
  }
}

function zlibHeader(block) {
  const literals = block.literals.slice()
  literals[END]++
  const upTo = (lengths) => lengths.slice(0, lengths.findLastIndex((n) => n > 0) + 1)
  const l = upTo(codeLengths(literals, 15))
  const d = upTo(codeLengths(block.distances, 15))
  return headerFrom(l, d, [...runsOf(l), ...runsOf(d)], (freq) => codeLengths(freq, 7))
}

// Runs of equal code lengths, of one code: symbols with their extra bits.
function runsOf(lengths) {
  const out = []
  for (let i = 0, before = -1; i < lengths.length; ) {
    const n = lengths[i]
    let run = 1
    const max = n === 0 ? 138 : n === before ? 6 : 7
    while (run < max && lengths[i + run] === n) run++
    i += run
    if (run < (n !== 0 && n !== before ? 4 : 3)) for (let k = 0; k < run; k++) out.push([n])
    else if (n !== 0) {
      if (n !== before) out.push([n])
      out.push([16, run - (n === before ? 3 : 4)])
    } else out.push(run <= 10 ? [17, run - 3] : [18, run - 11])
    before = n
  }
  return out
}

function codeLengths(freq, limit) {
  const nodes = []
  const heap = [,]
  let highest = -1
  freq.forEach((f, symbol) => {
    if (f === 0) return
    nodes[symbol] = { freq: f, depth: 0, symbol }
    heap.push(nodes[symbol])
    highest = symbol
  })
  while (heap.length < 3) {
    const symbol = highest < 2 ? ++highest : 0
    nodes[symbol] = { freq: 1, depth: 0, symbol }
    heap.push(nodes[symbol])
  }
  const before = (a, b) => a.freq < b.freq || (a.freq === b.freq && a.depth <= b.depth)
  const down = (k) => {
    const v = heap[k]
    for (let j = 2 * k; j < heap.length; k = j, j *= 2) {
      if (j + 1 < heap.length && before(heap[j + 1], heap[j])) j++
      if (before(v, heap[j])) break
      heap[k] = heap[j]
      heap[j] = v
    }
  }
  for (let k = (heap.length - 1) >> 1; k >= 1; k--) down(k)
  const taken = []
  const pop = () => {
    const top = heap[1]
    const rest = heap.pop()
    if (heap.length > 1) {
      heap[1] = rest
      down(1)
    }
    taken.push(top)
    return top
  }
  while (heap.length > 2) {
    const a = pop()
    const b = heap[1]
    taken.push(b)
    heap[1] = { freq: a.freq + b.freq, depth: Math.max(a.depth, b.depth) + 1 }
    a.parent = b.parent = heap[1]
    down(1)
  }
  heap[1].length = 0
  const count = Array(limit + 1).fill(0)
  let over = 0
  for (const node of taken.reverse()) {
    node.length = node.parent.length + 1
    if (node.length > limit) {
      node.length = limit
      over++
    }
    if (node.symbol !== undefined) count[node.length]++
  }
  if (over > 0) {
    for (; over > 0; over -= 2) {
      let n = limit - 1
      while (count[n] === 0) n--
      count[n]--
      count[n + 1] += 2
      count[limit]--
    }
    const leaves = taken.reverse().filter((node) => node.symbol !== undefined)
    for (let n = limit, i = 0; n > 0; n--) for (let k = count[n]; k > 0; k--) leaves[i++].length = n
  }
  const lengths = Array(freq.length).fill(0)
  for (const node of nodes) if (node) lengths[node.symbol] = node.length
  return lengths
}
