// Trailers and indexes (sections 8 and 9).
import { Cursor, crc32c, damaged, equal } from './bytes.mjs'

export const SIZE = 192
const MAGIC = Buffer.from('f556544474720d0a', 'hex')
const INDEX_MAGIC = Buffer.from('f556544469780d0a', 'hex')
const INDEX_HEAD = 48
const ROW = 40

const isValid = (b, header, offset) =>
  b.length === SIZE && equal(b.subarray(0, 8), MAGIC) && crc32c(b.subarray(0, 188)) === b.readUInt32LE(188) &&
  equal(b.subarray(16, 32), header.id) && b.readBigUInt64LE(32) === BigInt(offset)

// The offset of the last valid trailer.
export function findTrailer(file, header) {
  for (let at = file.length - SIZE; at >= header.size; at = file.lastIndexOf(MAGIC, at - 1)) {
    if (isValid(file.subarray(at, at + SIZE), header, at)) return at
  }
  return damaged('trailer', 'there is no valid one')
}

export function readTrailer(file, header, offset) {
  const bytes = file.subarray(offset, offset + SIZE)
  if (!isValid(bytes, header, offset)) damaged('trailer', 'there is no valid one here', offset)
  const c = new Cursor(bytes, 'trailer')
  c.take(8)
  if (c.u32() !== SIZE) c.fail('a wrong size')
  c.zero(4)
  c.take(24)
  const t = {
    offset, segment: c.offset(), indexOffset: c.offset(), indexLength: c.offset(), previous: c.offset(),
    base: c.offset(), blocks: c.offset(), top: c.offset(), topHash: c.take(32), indexHash: c.take(32),
    snapshots: c.offset(),
  }
  c.zero(20)
  if (t.indexOffset + t.indexLength !== offset) c.fail('the index does not end where the trailer begins')
  if (t.indexOffset < Math.max(header.size, t.segment)) c.fail('the index begins before its segment')
  if (t.top >= t.blocks) c.fail(`top block ${t.top} of ${t.blocks} blocks`)
  for (const before of [t.previous, t.base]) if (before >= offset) c.fail('an earlier trailer that is not earlier')
  return t
}

export function readIndex(file, t) {
  const bytes = file.subarray(t.indexOffset, t.offset)
  const c = new Cursor(bytes.subarray(0, INDEX_HEAD), 'index')
  if (!equal(c.take(8), INDEX_MAGIC)) c.fail('a wrong magic')
  const size = c.u32()
  c.zero(4)
  const index = { trailer: t, first: c.offset(), count: c.offset(), frames: c.offset() }
  c.zero(4)
  if (c.u32() !== crc32c(bytes.subarray(0, 44))) c.fail('a wrong CRC')
  if (size !== INDEX_HEAD) c.fail('a wrong size of the head')
  if (INDEX_HEAD + index.count * 32 + index.frames * ROW !== bytes.length) c.fail('its counts are not its length')
  if (index.first + index.count !== t.blocks) c.fail('it does not end with the last block')
  index.hashes = bytes.subarray(INDEX_HEAD, INDEX_HEAD + index.count * 32)
  index.table = bytes.subarray(INDEX_HEAD + index.count * 32)
  return index
}

// The rows of the table of frames; whether they make sense is seen when one is used.
export function readRows(index) {
  return Array.from({ length: index.frames }, (_, i) => {
    const c = new Cursor(index.table.subarray(i * ROW, (i + 1) * ROW), 'index')
    const row = {
      index, offset: c.offset(), first: c.offset(), count: c.u32(), head: c.u32(), stored: c.u32(), raw: c.u32(),
      kind: c.u8(), codec: c.u8(),
    }
    return { ...row, reserved: c.take(6) }
  })
}

// The indexes that together cover all blocks, the last one first.
export function readIndexes(file, header, trailer) {
  const indexes = []
  for (let t = trailer; ; ) {
    const index = readIndex(file, t)
    indexes.push({ ...index, end: t.blocks })
    if (index.first === 0 && t.base) damaged('index', 'it begins with block 0, and there is a base trailer', t.indexOffset)
    if (index.first === 0) return indexes
    if (t.base === 0) damaged('index', 'it begins with a later block, and there is no base trailer', t.indexOffset)
    const base = readTrailer(file, header, t.base)
    if (base.blocks !== index.first) damaged('trailer', 'its base does not end where its index begins', t.offset)
    t = base
  }
}
