// Rebuilding of one part of a stream: the predictions of a model, and their corrections.
import { Cursor, damaged } from '../bytes.mjs'
import { Bits, Block, headerOf, staticLengths } from './codes.mjs'

const MAX_STORED = 65535
const STORED = 0, STATIC = 1, DYNAMIC = 2, GIVEN = 3

const bad = (message) => damaged('recipe', message)

// Positions, of which the next one is looked at and used up.
class Positions {
  constructor(c, present, from, to) {
    const rows = present ? c.count(to - from + 1 + (1 << 20)) : 0
    if (present && rows === 0) bad('a correction that is empty')
    let at = from
    this.list = Array.from({ length: rows }, () => (at += c.count(to - at)))
    this.i = 0
  }
  get next() {
    return this.list[this.i] ?? Infinity
  }
  use() {
    this.i++
  }
  end() {
    if (this.i < this.list.length) bad('a position left over')
  }
}

// Records, each behind so many of what is as predicted.
class Records {
  constructor(cursor, read) {
    Object.assign(this, { cursor, read, wait: -1 })
    this.#ahead()
  }
  #ahead() {
    this.wait = this.cursor.left ? this.cursor.count(Number.MAX_SAFE_INTEGER) : Infinity
  }
  // What the record for this one says, if it has one.
  take() {
    if (this.wait-- > 0) return undefined
    const record = this.read(this.cursor)
    this.#ahead()
    return record
  }
  end() {
    if (this.wait !== Infinity) bad('a record left over')
  }
}

const readHeader = (c) => {
  const octet = c.u8()
  if (octet > 7 || (octet & 4 && octet !== 4)) bad(`a header of kind ${octet}`)
  const padding = octet & 4 ? c.u8() || bad('padding that is zero') : 0
  const type = octet & 3
  if (type !== GIVEN) return { type, padding }
  const size = c.count(1 << 16)
  const bytes = c.take((size + 7) >> 3)
  if (size & 7 && bytes.at(-1) >> (size & 7)) bad('bits behind a header')
  return { type, padding, header: headerOf(bytes, size) }
}

const readToken = (c) => {
  const n = c.count(257)
  if (n === 0) return { length: 1 }
  const distance = c.count(32767) + 1
  return { length: n < 256 ? n + 2 : 258, distance, odd: n === 257 }
}

export function readCorrections(bytes, from, to) {
  const c = new Cursor(bytes, 'recipe')
  const flags = bytes.length ? c.u8() : 0
  if (flags & 128 || (bytes.length && flags === 0)) bad('unknown corrections')
  const [flushes, ends, skips, bare] = [1, 2, 4, 8].map((bit) => new Positions(c, flags & bit, from, to))
  const tail = flags & 16 ? c.u8() || bad('a tail of zeros') : 0
  const headers = new Cursor(flags & 32 ? c.string(c.left, 'headers') : Buffer.alloc(0), 'recipe')
  if ((flags & 32 && !headers.left) || (flags & 64 && !c.left)) bad('a correction that is empty')
  if (!(flags & 64)) c.end('the corrections')
  return { flushes, ends, skips, bare, tail, headers: new Records(headers, readHeader), tokens: new Records(c, readToken) }
}

// Gives the bits of the part, begun with those of the octet that it begins in.
export function rebuildPart(model, content, { from, to, n, last, carry, carryBits }, corrections, budget) {
  const { flushes, ends, skips, bare, headers, tokens } = corrections
  const bits = new Bits(carry, carryBits)
  let pos = from
  let due = [] // markers
  let previous // the last block that is neither marker nor that of a flush
  const segment = () => model.segment(pos, Math.min(flushes.next, n))
  segment()

  const write = (block, predicted, model, final) => {
    budget.block()
    const record = headers.take()
    const { type, padding, header: given } = record ?? { type: predicted, padding: 0 }
    bits.put(final ? 1 : 0, 1)
    bits.put(Math.min(type, DYNAMIC), 2)
    if (type === STORED) {
      const length = block.end - block.start
      if (length > MAX_STORED) bad('a stored block that is too long')
      bits.align(padding)
      bits.put(length, 16)
      bits.put(length ^ 0xffff, 16)
      for (let i = block.start; i < block.end; i++) bits.put(content[i], 8)
    } else if (type === STATIC) block.put(bits, staticLengths)
    else {
      const header = type === GIVEN ? given : model()
      if (!header) bad('a header where no block has been')
      header.put(bits)
      block.put(bits, header)
    }
  }
  const empty = (type) => write(new Block(pos), type, () => previous && model.header(previous), false)

  for (;;) {
    if (due.length && pos === bare.next) {
      bare.use()
      due = []
    } else if (due.length) empty(due.shift())
    else if (pos === flushes.next) {
      flushes.use()
      empty(STORED)
      segment()
    } else if (pos === to && !last && pos !== ends.next) break
    else {
      const block = new Block(pos)
      model.begin(block)
      let final = false
      let ended = false // by the model
      for (let token; ; ) {
        if (token && model.ends(block, token)) {
          if (pos !== skips.next) {
            ended = true
            break
          }
          skips.use()
        }
        if (token && pos === flushes.next) break
        if (pos === ends.next) {
          ends.use()
          break
        }
        if (pos === to) {
          final = last
          break
        }
        const predicted = model.predict(pos)
        const record = tokens.take()
        token = record ?? predicted
        if (pos + token.length > Math.min(to, flushes.next)) bad('a token that goes on behind an end')
        if (record?.distance && !repeats(content, pos, record)) bad('a record that repeats what is not there')
        model.accept(pos, token, token.length === predicted.length && token.distance === predicted.distance)
        block.add(token, content[pos])
        pos += token.length
      }
      write(block, model.decide(block, final), () => model.header(block), final)
      previous = block
      if (ended) due = model.markers(block, bits.count)
      if (final) break
    }
  }
  for (const rest of [flushes, ends, skips, bare, headers, tokens]) rest.end()
  if (due.length) bad('markers left over')
  if (last) bits.align(corrections.tail)
  else if (corrections.tail) bad('a tail where the stream goes on')
  return bits
}

function repeats(content, pos, { length, distance }) {
  if (distance > pos) return false
  for (let i = 0; i < length; i++) if (content[pos + i] !== content[pos + i - distance]) return false
  return true
}
