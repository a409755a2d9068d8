// The models of the package flate of github.com/klauspost/compress: blocks of chunks, whatever finds their matches.
import { Block, END, headerFrom, staticLengths } from './codes.mjs'
import { codeLengths, runsOf, withDistance } from './go.mjs'
import { FastSearch } from './klauspost-fast.mjs'
import { LazySearch } from './klauspost-lazy.mjs'

const LITERAL = { length: 1 }
const STORED = 0, STATIC = 1, DYNAMIC = 2
const HUFFMAN = 2

export class KlauspostModel {
  constructor(m, content, part, budget) {
    const { to, total, last } = part
    Object.assign(this, { content, to, total, last, version: m.version, huffman: m.strategy === HUFFMAN })
    this.search = m.level >= 7 ? new LazySearch(m, content, part, budget) : new FastSearch(m, content, part, budget)
    this.shift = this.huffman ? 10 : m.level >= 7 ? 8 : 7
  }
  segment(pos, end) {
    if (end <= pos) return
    this.end = end
    this.chunk = undefined
    this.search.segment(pos, end)
  }

  // The chunk that begins here, with what is predicted for it.
  #next(pos) {
    if (this.ahead?.start !== pos) this.ahead = this.search.chunk(pos, this.end)
    return this.ahead
  }
  #enter(pos) {
    this.chunk = this.#next(pos)
    this.tokens = new Block(pos)
  }
  predict(pos) {
    if (!this.chunk || pos >= this.chunk.end) this.#enter(pos)
    return this.chunk.plan.get(pos) ?? LITERAL
  }
  begin(block) {
    block.forced = this.forced
    this.forced = undefined
    this.tokens = new Block(block.start)
  }
  accept(pos, token) {
    this.tokens.add(token, this.content[pos])
  }
  ends(block) {
    const { end: pos } = block
    if (pos >= this.chunk.end) {
      this.#determine(block)
      if (pos === this.end || block.type !== DYNAMIC || this.chunk.last) return true
      const next = this.#next(pos)
      if (this.#ends(block, next)) return true
      this.#enter(pos)
    }
    return this.last && pos === this.to
  }
  markers() {
    return []
  }
  header(block) {
    return this.#determine(block).codes
  }
  decide(block, final) {
    if (block.end === block.start && final) return STATIC
    return this.#determine(block).type
  }

  // Codes for tokens, as of Go, with the sizes that count.
  #codes(tokens, { plain, last }) {
    const all = this.version === 1 && !last && !plain
    const counted = all ? tokens : withDistance(tokens)
    const counts = counted.literals.slice()
    counts[END]++
    const cut = (lengths) => lengths.slice(0, lengths.findLastIndex((n) => n > 0) + 1)
    let [literals, distances] = [codeLengths(counts, 15), codeLengths(counted.distances, 15)]
    if (!all) [literals, distances] = [cut(literals), cut(distances)]
    if (plain) [literals, distances] = [[...literals, ...Array(257 - literals.length).fill(0)].slice(0, 257), [1]]
    const codes = headerFrom(literals, distances, runsOf([...literals, ...distances]), (f) => codeLengths(f, 7))
    return Object.assign(codes, { counted })
  }
  #stored(octets, storable) {
    return octets <= 65535 && storable ? 40 + 8 * octets : Infinity
  }

  // The type and the codes of a block, from the actual tokens of its first chunk.
  #determine(block) {
    if (block.codes) return block
    const { tokens, chunk } = this
    const kind = chunk ?? { last: true, storable: true }
    const codes = this.#codes(tokens, kind)
    const octets = tokens.end - tokens.start
    block.codes = codes
    block.plain = kind.plain
    block.type = block.forced ?? this.#typeOf(tokens, codes, kind, this.#stored(octets, kind.storable))
    return block
  }
  #typeOf(tokens, codes, kind, stored) {
    if (kind.raw) return STORED
    if (kind.plain) {
      if (this.#even(tokens.start, tokens.end)) return STORED
      const e = tokens.codeBits(codes) + 560
      return e + (e >> this.shift) >= stored ? STORED : DYNAMIC
    }
    const extra = tokens.extraBits()
    const fixed = 3 + codes.counted.codeBits(staticLengths) + extra
    const dynamic = 3 + codes.size + codes.counted.codeBits(codes) + extra
    const count = tokens.tokens.length + (kind.last ? 1 : 0)
    if (count < 250 && fixed <= dynamic) return stored <= fixed ? STORED : STATIC
    return stored <= dynamic ? STORED : DYNAMIC
  }
  // Whether octets are so evenly frequent that no code makes them less.
  #even(from, to) {
    const n = to - from
    if (n <= 1024) return false
    const f = new Uint32Array(256)
    for (let i = from; i < to; i++) f[this.content[i]]++
    return f.reduce((sum, f) => sum + (256 * f - n) ** 2, 0) < 2 ** 17 * n
  }

  // Whether a dynamic block ends in front of a chunk; what the chunk then is, is forced upon the next block.
  #ends(block, chunk) {
    if (chunk.raw) return true
    const { codes } = block
    const header = codes.size + 3
    const tokens = new Block(chunk.start)
    for (let p = chunk.start; p < chunk.end; p += tokens.tokens.at(-1).length ?? 1) tokens.add(chunk.plan.get(p) ?? LITERAL, this.content[p])
    const stored = this.#stored(chunk.end - chunk.start, chunk.storable)
    const end = (type) => {
      this.forced = type
      return true
    }
    const lacks = (s, lengths) => !lengths[s]
    if (chunk.plain) {
      if (this.#even(chunk.start, chunk.end)) return end(STORED)
      const e = tokens.codeBits(this.#codes(tokens, chunk)) + header
      const more = e + (e >> this.shift)
      if (stored <= more) return end(STORED)
      if (tokens.literals.some((f, s) => f && lacks(s, codes.literals))) return end(DYNAMIC)
      const literals = tokens.literals.reduce((n, f, s) => n + (f && f * codes.literals[s]), 0)
      return more < literals ? end(DYNAMIC) : false
    }
    if (block.plain || tokens.literals.some((f, s) => f && lacks(s, codes.literals))) return true
    const withOne = this.version !== 1 || chunk.last
    const counted = withOne ? withDistance(tokens) : tokens
    if (tokens.distances.some((f, s) => f && lacks(s, codes.distances))) return true
    const extra = tokens.extraBits()
    const a = counted.codeBits(codes) + extra - (withOne ? 0 : codes.literals[END])
    const e = header + estimate(tokens, chunk) + extra
    const more = e + codes.literals[END] + (e >> this.shift)
    const least = Math.min(a, more)
    const count = tokens.tokens.length + (chunk.last ? 1 : 0)
    const fixed = 3 + counted.codeBits(staticLengths) + extra
    if (count < 250 && fixed < least - 7) return end(stored <= least ? STORED : STATIC)
    if (stored <= least) return end(STORED)
    return more < a
  }
}

const { fround } = Math
const A = fround(2.02466578), B = fround(0.34484843), C = fround(0.67487759)
const view = new DataView(new ArrayBuffer(4))

// How many bits the symbols of a chunk take, as their frequencies would have it.
function estimate(tokens, { last }) {
  const N = tokens.tokens.length + (last ? 1 : 0)
  let sum = 0
  const add = (f, i) => {
    if (f === 0) return
    view.setFloat32(0, fround(f * i))
    const bits = view.getUint32(0)
    view.setUint32(0, (bits & 0x7fffff) | 0x3f800000)
    const u = view.getFloat32(0)
    const q = fround(fround(fround(A - fround(B * u)) * u) - C)
    const b = -fround((bits >>> 23) - 128 + q)
    sum = fround(sum + fround(f * Math.min(15, Math.max(1, b))))
  }
  const each = fround(1 / N)
  for (const f of tokens.literals.slice(0, END)) add(f, each)
  sum = fround(sum + 15)
  for (const f of tokens.literals.slice(END + 1)) add(f, each)
  if (tokens.matches) for (const f of tokens.distances) add(f, fround(1 / tokens.matches))
  return Math.trunc(sum)
}
