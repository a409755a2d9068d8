// Matches as levels 7 to 9 of github.com/klauspost/compress find them, in windows over the content.
import { distanceExtra, distanceSymbol, lengthExtra, lengthSymbol } from './codes.mjs'
import { codeLengths } from './go.mjs'

const WINDOW = 32768
const MIN_AHEAD = 262
const MAX_MATCH = 258
const MAX_TOKENS = 32768
const NO_MATCH = 3

const levels = { 7: [12, 16, 24], 8: [30, 40, 64], 9: [258, 258, 1024] }

export class LazySearch {
  constructor(m, content, part, budget) {
    const [lazy, nice, chain] = levels[m.level]
    const { lo, from, n, total } = part
    Object.assign(this, { content, budget, version: m.version, gains: m.level === 9, lazy, nice, chain, lo, from, n, total })
    this.head = new Int32Array(1 << 17) // one more than a position, from the first that the part sees
    this.prev = new Int32Array(n - lo)
    Object.assign(this, { base: 0, index: 0, windowEnd: 0, skipped: 0 })
    const b = Math.max(0, Math.ceil((from - 2 * WINDOW + MIN_AHEAD) / WINDOW)) * WINDOW
    if (b > WINDOW) {
      Object.assign(this, { index: b - MIN_AHEAD, base: b - WINDOW, windowEnd: n })
      for (let p = this.index - WINDOW; p < this.index; p++) this.#enter(p)
    }
    this.windowEnd = 0
  }
  segment(pos, end) {
    this.end = end
    this.tokens = this.#search()
  }
  // The chunk of the tokens that come next.
  chunk(start) {
    const chunk = { start, end: this.end, plan: new Map(), last: false }
    for (let count = 0; count < MAX_TOKENS; ) {
      const { value: token, done } = this.tokens.next()
      if (done) break
      chunk.end = token.at + token.length
      if (chunk.end <= this.from) continue
      count++
      if (token.distance) chunk.plan.set(token.at, token)
    }
    chunk.last = this.final
    chunk.storable = start >= this.base
    return chunk
  }

  #hash(p) {
    return Math.imul(this.content.readInt32LE(p), 2654435761) >>> 15
  }
  #enter(p) {
    if (p + 4 > this.windowEnd) return
    const h = this.#hash(p)
    this.prev[p - this.lo] = this.head[h]
    this.head[h] = p - this.lo + 1
  }
  #same(a, b, max) {
    const { content } = this
    let n = 0
    while (n < max && content[a + n] === content[b + n]) n++
    return n
  }
  #openWindow() {
    this.windowEnd = Math.min(this.base + 2 * WINDOW, this.end)
    this.final = this.windowEnd === this.end && !(this.end === this.n && this.n < this.total)
    if (!this.gains) return
    const freq = Array(256).fill(0)
    const to = this.version === 1 ? this.windowEnd : Math.min(this.windowEnd, this.index + MAX_TOKENS)
    for (let i = this.index; i < to; i++) freq[this.content[i]]++
    this.literals = codeLengths(freq.map((f) => f & 0xffff), 15)
  }
  #gain(p, length, distance) {
    let bits = -3 - lengthExtra[lengthSymbol(length)] - (distance < WINDOW ? distanceExtra[distanceSymbol(distance + 1)] : 6)
    for (let i = 0; i < length; i++) bits += this.literals[this.content[p + i]]
    return bits
  }
  #find(p, longer) {
    const left = this.windowEnd - p
    const none = { length: NO_MATCH }
    if (left <= longer || longer >= this.lazy) return none
    const max = Math.min(MAX_MATCH, left)
    const nice = Math.min(this.nice, max)
    let found = none
    let gain = 4
    let c = this.prev[p - this.lo]
    for (let chain = this.chain; c > 0 && chain > 0; chain--, c = this.prev[c - 1]) {
      const at = c - 1 + this.lo
      if (p - at > WINDOW || at < this.base) break
      const n = this.#same(at, p, max)
      if (p > this.from) this.budget.spend(1 + (n >> 4))
      if (n <= found.length) continue
      const more = this.gains ? this.#gain(p, n, p - at) : gain + 1
      if (more <= gain) continue
      if (this.gains) gain = more
      found = { length: n, distance: p - at }
      if (n >= nice) break
    }
    return found
  }

  // The tokens of a segment, or of what the part sees of it.
  *#search() {
    const literal = (at) => ({ at, length: 1 })
    let match = { length: NO_MATCH }
    let pending = false
    for (;;) {
      if (this.index >= this.base + 2 * WINDOW - MIN_AHEAD) this.base += WINDOW
      this.#openWindow()
      while (this.windowEnd - this.index >= (this.final ? 1 : MIN_AHEAD)) {
        let p = this.index
        this.#enter(p)
        const before = match
        match = this.#find(p, before.length)
        if (before.length > NO_MATCH && match.length <= before.length) {
          const { length, distance, literals } = this.#better(p, before)
          for (let i = 0; i < literals; i++) {
            yield literal(p - 1)
            this.#enter(++p)
          }
          yield { at: p - 1, length, distance }
          this.index = p - 1 + length
          while (++p < this.index) this.#enter(p)
          match = { length: NO_MATCH }
          pending = false
          this.skipped = 0
          continue
        }
        if (match.length > NO_MATCH) this.skipped = 0
        this.index++
        if (!pending) {
          pending = true
          continue
        }
        yield literal(p - 1)
        this.skipped = (this.skipped + 1) & 0xffff
        if (this.skipped <= this.chain) continue
        for (let r = 1 + ((this.skipped - this.chain) >> 6); r > 0 && this.index < this.windowEnd - 1; r--) {
          yield literal(this.index - 1)
          this.#enter(this.index++)
        }
        yield literal(this.index - 1)
        pending = false
      }
      if (this.final && pending) yield literal(this.index - 1)
      if (this.windowEnd === this.end) return
    }
  }
  // The match at p - 1, or a better one that is found at its end and begins with up to two literals.
  #better(p, { length, distance }) {
    const none = { length, distance, literals: 0 }
    const at = p - 1 + length
    if (length >= 256 || at + 4 > this.windowEnd) return none
    const head = this.head[this.#hash(at)]
    const q = head - 1 + this.lo - length
    if (head === 0 || q === p - 1 - distance || q <= Math.max(p - WINDOW, this.base) + 2) return none
    let n = this.#same(q + 2, p + 1, Math.min(MAX_MATCH, this.windowEnd - p - 2))
    if (n <= length) return none
    let literals = 2
    while (literals > 0 && n < MAX_MATCH && this.content[p - 2 + literals] === this.content[q - 1 + literals]) {
      n++
      literals--
    }
    return { length: n, distance: p - 1 - q, literals }
  }
}
