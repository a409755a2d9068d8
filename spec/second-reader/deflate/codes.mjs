// Symbols, codes and headers of DEFLATE (RFC 1951), whoever chose the code lengths.
import { damaged } from '../bytes.mjs'

export const END = 256
export const LITLEN = 286
export const DISTANCES = 30
export const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
export const distanceExtra = Array.from({ length: DISTANCES }, (_, i) => Math.max(0, (i >> 1) - 1))
const bases = (extra, from) => extra.map((_, i) => from + extra.slice(0, i).reduce((n, e) => n + 2 ** e, 0))
const lengthBase = bases(lengthExtra, 3)
lengthBase[28] = 258
const distanceBase = bases(distanceExtra, 1)
const symbolOf = (base, size) => {
  const table = new Uint8Array(size)
  base.forEach((from, i) => table.fill(i, from, base[i + 1] ?? size))
  return table
}
const lengthSymbols = symbolOf(lengthBase, 259)
const distanceSymbols = symbolOf(distanceBase, 32769)
export const lengthSymbol = (n) => lengthSymbols[n]
export const distanceSymbol = (n) => distanceSymbols[n]

export const staticLengths = {
  literals: Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
  distances: Array(DISTANCES).fill(5),
}

export const orderOfLengths = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
export const repeatExtra = { 16: 2, 17: 3, 18: 7 }

export class Bits {
  constructor(carry, count) {
    Object.assign(this, { out: Buffer.alloc(1 << 16), bytes: 0, acc: carry, count, total: 0 })
  }
  put(value, n) {
    for (this.total += n; n > 0; ) {
      const take = Math.min(n, 16)
      this.acc |= (value & ((1 << take) - 1)) << this.count
      this.count += take
      value >>>= take
      n -= take
      for (; this.count >= 8; this.count -= 8, this.acc >>>= 8) this.#octet(this.acc & 255)
    }
  }
  #octet(b) {
    if (this.bytes === this.out.length) this.out = Buffer.concat([this.out, Buffer.alloc(this.out.length)])
    this.out[this.bytes++] = b
  }
  // Fills the last octet with the lowest bits of padding, which has no others.
  align(padding) {
    const n = (8 - this.count) & 7
    if (padding >> n) damaged('recipe', 'more padding than there is room for')
    this.put(padding, n)
  }
  done() {
    return this.out.subarray(0, this.bytes)
  }
}

const reversed = (code, n) => {
  let out = 0
  for (let i = 0; i < n; i++) out |= (code >> i & 1) << (n - 1 - i)
  return out
}

// Canonical codes of given lengths: what to put for each symbol.
export function codesOf(lengths) {
  const count = Array(17).fill(0)
  for (const n of lengths) if (n) count[n]++
  const next = [0, 0]
  let left = 1
  for (let n = 1; n <= 15; n++) {
    left = 2 * left - count[n]
    if (left < 0) damaged('recipe', 'an over-subscribed code')
    next[n + 1] = (next[n] + count[n]) * 2
  }
  return lengths.map((n) => ({ n, code: n ? reversed(next[n]++, n) : 0 }))
}

// How the lengths of both codes are sent: symbols of the code of code lengths, with their extra bits.
export function headerFrom(literals, distances, runs, codeLengthsOf) {
  const freq = Array(19).fill(0)
  for (const [symbol] of runs) freq[symbol]++
  const lengths = codeLengthsOf(freq)
  let sent = 19
  while (sent > 4 && lengths[orderOfLengths[sent - 1]] === 0) sent--
  const codes = codesOf(lengths)
  const size = 14 + 3 * sent + runs.reduce((n, [s]) => n + lengths[s] + (repeatExtra[s] ?? 0), 0)
  const put = (bits) => {
    bits.put(literals.length - 257, 5)
    bits.put(distances.length - 1, 5)
    bits.put(sent - 4, 4)
    for (let i = 0; i < sent; i++) bits.put(lengths[orderOfLengths[i]], 3)
    for (const [symbol, extra] of runs) {
      bits.put(codes[symbol].code, codes[symbol].n)
      if (symbol > 15) bits.put(extra, repeatExtra[symbol])
    }
  }
  return { literals, distances, size, put }
}

// A header given as bits.
export function headerOf(bytes, size) {
  let at = 0
  const take = (n) => {
    let v = 0
    for (let i = 0; i < n; i++, at++) {
      if (at >= size) damaged('recipe', 'a header that ends early')
      v |= (bytes[at >> 3] >> (at & 7) & 1) << i
    }
    return v
  }
  const [hlit, hdist, hclen] = [take(5) + 257, take(5) + 1, take(4) + 4]
  const lengths = Array(19).fill(0)
  for (let i = 0; i < hclen; i++) lengths[orderOfLengths[i]] = take(3)
  const codes = codesOf(lengths)
  const symbol = () => {
    for (let code = 0, n = 0; n < 7; ) {
      code |= take(1) << n++
      const s = codes.findIndex((c) => c.n === n && c.code === code)
      if (s >= 0) return s
    }
    return damaged('recipe', 'a header with a code that there is not')
  }
  const all = []
  while (all.length < hlit + hdist) {
    const s = symbol()
    if (s < 16) all.push(s)
    else {
      if (s === 16 && all.length === 0) damaged('recipe', 'a header that repeats nothing')
      const value = s === 16 ? all.at(-1) : 0
      all.push(...Array(take(repeatExtra[s]) + (s === 18 ? 11 : 3)).fill(value))
    }
  }
  if (all.length > hlit + hdist || at !== size) damaged('recipe', 'a header of another size')
  const put = (bits) => {
    for (let i = 0; i < size; i++) bits.put(bytes[i >> 3] >> (i & 7) & 1, 1)
  }
  return { literals: all.slice(0, hlit), distances: all.slice(hlit), put }
}

// Counts of symbols in a block.
export class Block {
  constructor(start) {
    Object.assign(this, { start, end: start, tokens: [], matches: 0, distanceBits: 0 })
    this.literals = Array(LITLEN).fill(0)
    this.distances = Array(DISTANCES).fill(0)
  }
  // A token is { length, distance, odd }; a literal has the length 1 and no distance.
  add(token, octet) {
    this.tokens.push(token.distance ? token : octet)
    this.end += token.length
    if (!token.distance) return void this.literals[octet]++
    const d = distanceSymbol(token.distance)
    this.literals[257 + (token.odd ? 27 : lengthSymbol(token.length))]++
    this.distances[d]++
    this.matches++
    this.distanceBits += 5 + distanceExtra[d]
  }
  // The bits of all tokens and the end with codes of these lengths, without extra bits.
  codeBits({ literals, distances }) {
    return literals.reduce((n, len, s) => n + len * (s === END ? 1 : this.literals[s] ?? 0), 0) +
      distances.reduce((n, len, s) => n + len * this.distances[s], 0)
  }
  extraBits() {
    return lengthExtra.reduce((n, e, s) => n + e * this.literals[257 + s], 0) +
      distanceExtra.reduce((n, e, s) => n + e * this.distances[s], 0)
  }
  put(bits, { literals, distances }) {
    const [lit, dist] = [codesOf(literals), codesOf(distances)]
    const symbol = (codes, s) => {
      if (!codes[s]?.n) damaged('recipe', 'a code that lacks a symbol')
      bits.put(codes[s].code, codes[s].n)
    }
    for (const t of this.tokens) {
      if (typeof t === 'number') symbol(lit, t)
      else {
        const s = t.odd ? 27 : lengthSymbol(t.length)
        symbol(lit, 257 + s)
        bits.put(t.length - lengthBase[s], lengthExtra[s])
        const d = distanceSymbol(t.distance)
        symbol(dist, d)
        bits.put(t.distance - distanceBase[d], distanceExtra[d])
      }
    }
    symbol(lit, END)
  }
}
