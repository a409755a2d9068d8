// Matches as levels 1 to 6 of github.com/klauspost/compress find them, and chunks without any for huffman-only.

const CHUNK = 65535
const PLAIN_CHUNK = 32768
const NEAR = 32767
const MAX_MATCH = 258
const BUFFER = 327675
const WINDOW = 32768

const P5 = 889523592379
const [P5_HIGH, P5_LOW] = [Math.floor(P5 / 2 ** 20), P5 % 2 ** 20]
const P7 = 58295818150454627n

const steps = [, 5, 5, 7, 6, 6, 7]

// Positions by hash: the last one, and the one before it.
class Table {
  constructor(hash, bits) {
    Object.assign(this, { hash, last: new Map(), before: new Map() })
    this.of = (p) => hash(p, bits)
  }
  enter(p, h = this.of(p)) {
    const { last, before } = this
    if (last.has(h)) before.set(h, last.get(h))
    last.set(h, p)
  }
  lookUp(p) {
    const h = this.of(p)
    return [this.last.get(h), this.before.get(h)]
  }
  lookUpAndEnter(p) {
    const found = this.lookUp(p)
    this.enter(p)
    return found
  }
}

export class FastSearch {
  constructor(m, content, part, budget) {
    const { lo, from } = part
    Object.assign(this, { content, budget, level: m.level, version: m.version, huffman: m.strategy === 2 })
    Object.assign(this, { partLo: lo, n: part.n, total: part.total })
    this.#forget(0)
    if (from === 0) return
    const chunks = this.huffman ? 0 : Math.min(2, Math.floor((from - lo) / CHUNK))
    const start = from - chunks * CHUNK
    this.#forget(start)
    this.buffer = 0 // as if all chunks before had been whole
    for (let c = 0; c < start; c += CHUNK) this.buffer = this.#bufferFor(c, c + CHUNK, this.buffer)
    for (let p = start; p < from; p += CHUNK) this.chunk(p, p + CHUNK)
  }
  #forget(known) {
    this.known = known // where what is known starts
    this.buffer = known
    const [h4, h5, h7] = [(p, n) => this.#h4(p, n), (p, n) => this.#h5(p, n), (p, n) => this.#h7(p, n)]
    this.table = new Table(h5, [, 15, 17, 16][this.level])
    this.short = new Table(h4, 15)
    this.long = new Table(h7, 15)
  }
  #h4(p, n) {
    return Math.imul(this.content.readInt32LE(p), 2654435761) >>> (32 - n)
  }
  #h5(p, n, octets = 5) {
    const v = this.content.readUIntLE(p, octets)
    const [high, low] = [Math.floor(v / 2 ** 20), v % 2 ** 20]
    const product = ((high * P5_LOW + low * P5_HIGH) % 2 ** 20) * 2 ** 20 + low * P5_LOW
    return Math.floor((product % 2 ** 40) / 2 ** (40 - n))
  }
  #h7(p, n) {
    const v = BigInt(this.content.readUIntLE(p, 6)) | BigInt(this.content[p + 6]) << 48n
    return Number(BigInt.asUintN(56, v * P7) >> BigInt(56 - n))
  }
  #bufferFor(start, end, buffer) {
    return end - buffer > BUFFER ? start - WINDOW : buffer
  }

  segment() {}
  // The chunk that begins here: its end, what it is, and its matches by position.
  chunk(start, segmentEnd) {
    const end = Math.min(segmentEnd, start + (this.huffman ? PLAIN_CHUNK : CHUNK))
    const last = end === segmentEnd && !(end === this.n && this.n < this.total)
    const chunk = { start, end, last, storable: true, plan: new Map() }
    if (this.huffman) return Object.assign(chunk, { plain: true })
    this.buffer = this.#bufferFor(start, end, this.buffer)
    const octets = end - start
    if (octets < 128) {
      this.#forget(end)
      return Object.assign(chunk, octets <= 32 ? { raw: true } : { plain: true })
    }
    const matched = this.#find(chunk)
    const tokens = octets - matched + chunk.plan.size
    if (chunk.plan.size === 0) chunk.raw = true
    else if (tokens > octets - (octets >> 4)) Object.assign(chunk, { plain: true, plan: new Map() })
    return chunk
  }

  #same(a, b, max) {
    const { content } = this
    let n = 0
    while (n < max && content[a + n] === content[b + n]) n++
    this.budget.spend(1 + (n >> 4))
    return n
  }
  #matches(t, p, near = NEAR) {
    return t !== undefined && p - t <= near && this.#same(t, p, 4) === 4
  }

  // Gives how many octets are matched.
  #find({ start, end: stop, plan }) {
    const { content, level } = this
    const limit = stop - 11
    let s = start
    let done = start
    let next
    let matched = 0
    let repeat = 1
    let n = 0
    let t
    // Whether there may be other matches.
    const take = (from, place) => {
      s = from
      t = place
      n = this.#same(t, s, stop - s)
      while (s > done && t > this.known && content[s - 1] === content[t - 1]) {
        s--
        t--
        n++
      }
      const distance = s - t
      repeat = distance
      for (let left = n, p = s; left > 0; ) {
        const length = left <= MAX_MATCH ? left : left > 261 ? MAX_MATCH : 255
        plan.set(p, { length, distance })
        p += length
        left -= length
      }
      matched += n
      s = done = s + n
      t += n
      if (next >= s) s = next + 1
      return s < limit
    }
    const finder = this[['', 'level1', 'level1', 'level3', 'level4', 'level5', 'level5'][level]]
    for (;;) {
      next = s + 1 + ((s - done) >> steps[level]) + (level <= 2 ? 1 : 0)
      if (next > limit) return matched
      const state = { s, next, stop, limit, repeat }
      const found = finder.call(this, state)
      next = state.next
      if (!found) {
        s = next
        continue
      }
      let more = take(found.s, found.t)
      for (;;) {
        const again = this.#after({ s, n, t, next, stop, more })
        if (!more) return matched
        if (again === undefined) break
        if (again === null) {
          s++
          break
        }
        more = take(s, again)
      }
    }
  }

  // What is entered after a match. Gives a place to match s with at once, or null if s matches none, or undefined
  // if that is not asked.
  #after({ s, n, t, next, stop, more }) {
    const { table, short, long, level } = this
    const both = (p) => {
      short.enter(p)
      long.enter(p)
    }
    if (!more) {
      if (level === 3 && t < stop - 8) table.enter(t)
      if (level === 4 && s < stop - 8) both(s)
      if (level === 6) for (let i = next + 1; i < stop - 8; i += 2) both(i)
      return undefined
    }
    if (level <= 3) {
      const [step, offsets] = [[], [0], [7, [0, 2, 4]], [6, [0]]][level] ?? []
      if (level > 1) for (let i = s - n + 2; i < s - 5; i += step) for (const o of offsets) table.enter(i + o, o === 4 ? this.#h5(i + o, 17, 4) : table.of(i + o))
      table.enter(s - 2)
      if (level > 1) table.enter(s - 1)
      const [last, before] = table.lookUpAndEnter(s)
      if (level < 3) return this.#matches(last, s, 32768) ? last : null
      if (this.#matches(last, s, 32763)) return last
      return last !== undefined && s - last < 32764 && this.#matches(before, s, 32763) ? before : null
    }
    if (level === 4) for (let i = next; i < s - 1; i += 3) {
      long.enter(i)
      long.enter(i + 1)
      short.enter(i + 1)
    }
    if (level === 5) {
      let i = s - n + 1
      if (i < s - 1) {
        both(i)
        long.enter(i + 1)
        short.enter(i + 2)
        for (i += 4; i < s - 1; i += 3) {
          long.enter(i)
          short.enter(i + 1)
        }
      }
    }
    if (level === 6) for (let i = next + 1; i < s - 1; i += 2) {
      both(i)
      long.enter(i + 1)
    }
    else both(s - 1)
    return undefined
  }

  level1(state) {
    const { table } = this
    const [t] = table.lookUpAndEnter(state.s)
    if (this.#matches(t, state.s)) {
      table.enter(state.next)
      return { s: state.s, t }
    }
    const s = state.next++
    const h = table.of(s)
    const [u] = table.lookUpAndEnter(s)
    if (!this.#matches(u, s)) return undefined
    if (this.level === 1) table.enter(state.next, h)
    return { s, t: u }
  }
  level3({ s, stop }) {
    const [last, before] = this.table.lookUpAndEnter(s)
    if (last === undefined || s - last > 32764) return undefined
    if (!this.#matches(last, s)) return this.#matches(before, s, 32763) ? { s, t: before } : undefined
    const longer = this.#matches(before, s, 32764) && this.#same(before, s, stop - s) > this.#same(last, s, stop - s)
    return { s, t: longer ? before : last }
  }
  level4({ s, next, stop }) {
    const [l] = this.long.lookUpAndEnter(s)
    const [t] = this.short.lookUpAndEnter(s)
    if (this.#matches(l, s)) return { s, t: l }
    if (!this.#matches(t, s)) return undefined
    const [u] = this.long.lookUp(next)
    if (!this.#matches(u, next)) return { s, t }
    // In version 2, a length that is measured from another place.
    const place = this.version === 1 ? u : this.buffer + next - u
    const length = place < this.partLo ? 4 : 4 + this.#same(place + 4, next + 4, stop - next - 4)
    return length > this.#same(t, s, stop - s) ? { s: next, t: u } : { s, t }
  }
  // Level 6, too.
  level5({ s, next, stop, limit, repeat }) {
    const { short, long, level } = this
    const length = (t, p) => this.#same(t, p, Math.min(MAX_MATCH, stop - p))
    const near = (t, p) => t !== undefined && p - t <= NEAR
    const enterNext = () => {
      short.enter(next)
      long.enter(next)
    }
    const [last, before] = long.lookUpAndEnter(s)
    const [t] = short.lookUpAndEnter(s)
    const found = (() => {
      if (near(last, s)) {
        const [a, b] = [last, before].map((x) => this.#matches(x, s))
        if (a || b) enterNext()
        if (a && b) return { s, t: length(before, s) > length(last, s) ? before : last }
        if (a || b) return { s, t: a ? last : before }
      }
      if (!this.#matches(t, s)) return undefined
      let best = { s, t, n: length(t, s) }
      const [u, v] = long.lookUp(next)
      enterNext()
      const better = (p, place) => {
        const n = length(place, p)
        if (n > best.n) best = { s: p, t: place, n }
        return best.s === p && best.t === place
      }
      if (level === 6 && this.#same(s + 1 - repeat, s + 1, 4) === 4 && better(s + 1, s + 1 - repeat)) return best
      if (!near(u, next)) return best
      if (this.#matches(u, next) && better(next, u) && level === 5) return best
      if (this.#matches(v, next)) better(next, v)
      return best
    })()
    if (!found) return undefined
    let n = this.#same(found.t, found.s, stop - found.s)
    const at = found.s + n
    if (at >= limit || (level === 5 && n >= 30)) return found
    const from = found.s + 2
    let best = found
    for (const [i, place] of long.lookUp(at).entries()) {
      if (i === 1 && level === 5) break
      const p = place - n + 2
      if (place === undefined || from - p > NEAR) break
      if (from - p <= 0 || p < this.buffer) continue
      const more = this.#same(p, from, stop - from)
      if (more > n) {
        n = more
        best = { s: from, t: p }
      }
    }
    return best
  }
}
