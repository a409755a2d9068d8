// The structures of the file: header (section 4), frames (5), indexes (8) and trailers (9).
import { createHash } from 'node:crypto'
import { blake3 } from '@noble/hashes/blake3'
import { Cursor, Fault, damaged, equal, sealed, unsupported } from './bytes.mjs'
import { decode } from './codecs.mjs'
import { limits } from './limits.mjs'

const HEADER = 'magic:8 major:u16 minor:u16 size:u32 flags:u64 ignorable:u64 readOnly:u64 hashId:u8 reserved:3 id:16'
const FRAME = 'magic:8 kind:u8 codec:u8 zero:2 head:u32 first:place count:u32 raw:u32 stored:u32 zero:4 hash:32'
const INDEX = 'magic:8 size:u32 zero:4 first:place count:place frames:place zero:4 crc:4'
const ROW = 'offset:place first:place count:u32 head:u32 stored:u32 raw:u32 kind:u8 codec:u8 reserved:6'
const TRAILER = 'magic:8 size:u32 zero:4 id:16 offset:place segment:place indexOffset:place indexLength:place previous:place ' +
  'base:place blocks:place top:place topHash:32 indexHash:32 snapshots:place zero:20 crc:4'
const HEADER_SIZE = 64, FRAME_SIZE = 72, INDEX_SIZE = 48, ROW_SIZE = 40
export const TRAILER_SIZE = 192
const rowLimits = {
  count: [1, limits.MaxFrameBlocks], head: [FRAME_SIZE + 4, limits.MaxFrameHead],
  raw: [0, limits.MaxFrameRaw], stored: [0, limits.MaxFrameStored],
}

const magic = (kind) => Buffer.from(`${kind}0d0a`, 'hex')
const MAGIC = { frame: magic('f55654446672'), index: magic('f55654446978'), trailer: magic('f55654447472') }
const HEADER_MAGIC = Buffer.from('895654440d0a1a0a', 'hex')

export const AS_CREATED = 1n
export const ONE_PASS = 2n
export const areFlags = (n) => [0n, AS_CREATED, ONE_PASS].includes(n)
export const METADATA = 1
export const DATA = 2
export const hashFunctions = {
  1: { name: 'blake3', create: () => blake3.create() },
  2: { name: 'sha256', create: () => createHash('sha256') },
}
const FEATURE = 1
const shortest = { 2: 21, 3: 11 } // bytes of the fields of extension records

export function readHeader(file) {
  const magic = file.subarray(0, 8)
  if (magic.length === 0 || !equal(magic, HEADER_MAGIC.subarray(0, magic.length)))
    throw new Fault('not-archive', 'header', 'the magic is not that of a .vtd archive')
  const c = new Cursor(file.subarray(0, HEADER_SIZE), 'header')
  if (c.left < HEADER_SIZE || !sealed(c.bytes)) c.fail('it ends early, or its CRC is another')
  if (c.bytes.readUInt16LE(8) !== 1) unsupported('header', `major version ${c.bytes.readUInt16LE(8)}`)
  const h = c.fields(HEADER)
  if (h.size !== HEADER_SIZE && (h.size < HEADER_SIZE + 8 || h.size > limits.MaxHeader)) c.fail(`a size of ${h.size}`)
  h.records = h.size > HEADER_SIZE ? readExtension(file.subarray(HEADER_SIZE, h.size), h.size - HEADER_SIZE) : []
  for (const r of h.records) if (r.type === FEATURE) unsupported('header', `this reader lacks the feature ${r.data}`)
  h.hash = hashFunctions[h.hashId] ?? unsupported('header', `hash function ${h.hashId}`)
  if (!areFlags(h.flags)) c.fail('flags that are unknown, or exclude each other')
  if (h.reserved.some((b) => b)) c.fail('a reserved byte is not zero')
  return h
}

function readExtension(bytes, size) {
  if (bytes.length < size || !sealed(bytes)) damaged('header', 'its extension ends early, or has another CRC')
  const c = new Cursor(bytes.subarray(0, -4), 'header')
  const records = []
  while (c.left) {
    const r = { type: c.u16(), data: c.take(c.u16()) }
    if (r.data.length < (shortest[r.type] ?? 0)) c.fail(`a record of type ${r.type} is too short`)
    records.push(r)
  }
  // Features come in the order of their names, and of other types there is one record.
  c.ascending(records.map(({ type, data }) => Buffer.from([type >> 8, type & 255, ...(type === FEATURE ? data : [])])))
  return records
}

// The frame that a row of an index places; its stored bytes are not yet checked. Within the limits that the row keeps
// is the head, too, since it says the same.
export function readFrame(file, row, header) {
  const badRow = (message) => damaged('index', `the row of block ${row.first}: ${message}`)
  for (const [k, [min, max]] of Object.entries(rowLimits)) if (row[k] < min || row[k] > max) badRow(`its ${k} is ${row[k]}`)
  if (row.offset < header.size || row.offset + row.head + row.stored > row.end) badRow('not where frames lie')
  if (row.reserved.some((b) => b)) badRow('a reserved byte is not zero')
  if (row.kind !== METADATA && row.kind !== DATA) unsupported('index', `a frame of kind ${row.kind}`)

  const head = file.subarray(row.offset, row.offset + row.head)
  const c = new Cursor(head.subarray(0, -4), 'frame head', row.offset)
  const f = { ...c.fields(FRAME), offset: row.offset }
  if (!equal(f.magic, MAGIC.frame) || !sealed(head)) c.fail('another magic, or another CRC')
  for (const k of ['first', 'count', 'head', 'stored', 'raw', 'kind', 'codec'])
    if (f[k] !== row[k]) c.fail(`its ${k} is not what the index says`)
  f.lengths = Array.from({ length: f.count }, () => c.count(limits.MaxBlock, 'the length of a block'))
  c.end('the head')
  if (f.lengths.reduce((a, b) => a + b, 0) !== f.raw) c.fail('the lengths of the blocks do not add up')
  if (f.raw === 0 && (f.codec !== 0 || f.stored !== 0)) c.fail('stored bytes, and only absent blocks')
  f.bytes = file.subarray(row.offset + f.head, row.offset + f.head + f.stored)
  return f
}

export function readBlocks(frame) {
  const raw = new Cursor(decode(frame.codec, frame.bytes, frame.raw), 'frame')
  return frame.lengths.map((n) => raw.take(n))
}

const isTrailer = (b, header, offset) => b.length === TRAILER_SIZE && equal(b.subarray(0, 8), MAGIC.trailer) && sealed(b) &&
  equal(b.subarray(16, 32), header.id) && b.readBigUInt64LE(32) === BigInt(offset)

export function readTrailer(file, header, offset) {
  const c = new Cursor(file.subarray(offset, offset + TRAILER_SIZE), 'trailer', offset)
  if (!isTrailer(c.bytes, header, offset)) c.fail('there is no valid one here')
  const t = c.fields(TRAILER)
  if (t.size !== TRAILER_SIZE) c.fail('a wrong size')
  if (t.indexOffset + t.indexLength !== offset) c.fail('the index does not end where the trailer begins')
  if (t.indexOffset < Math.max(header.size, t.segment)) c.fail('the index begins before its segment')
  if (t.top >= t.blocks) c.fail(`top block ${t.top} of ${t.blocks} blocks`)
  if (t.previous >= offset || t.base >= offset) c.fail('an earlier trailer that is not earlier')
  return t
}

export function findLastTrailer(file, header) {
  let at = file.length - TRAILER_SIZE
  while (at >= header.size && !isTrailer(file.subarray(at, at + TRAILER_SIZE), header, at))
    at = file.lastIndexOf(MAGIC.trailer, at - 1)
  return at >= header.size ? readTrailer(file, header, at) : damaged('trailer', 'there is no valid one')
}

export function readIndex(file, t) {
  const c = new Cursor(file.subarray(t.indexOffset, t.offset), 'index', t.indexOffset)
  const index = { ...c.fields(INDEX), offset: t.indexOffset }
  if (!equal(index.magic, MAGIC.index) || !sealed(c.bytes.subarray(0, INDEX_SIZE))) c.fail('another magic, or another CRC')
  if (index.size !== INDEX_SIZE) c.fail('a wrong size of the head')
  if (index.count * 32 + index.frames * ROW_SIZE !== c.left) c.fail('its counts are not its length')
  if (index.first + index.count !== t.blocks) c.fail('it does not end with the last block')
  index.hashes = c.take(index.count * 32)
  index.rows = Array.from({ length: index.frames }, () => ({ ...c.fields(ROW), end: t.indexOffset }))
  return index
}

// The indexes that together cover all blocks, the last one first.
export function readIndexes(file, header, trailer) {
  const indexes = []
  for (let t = trailer; t; ) {
    const index = readIndex(file, t)
    const wanted = index.first > 0
    if (wanted !== t.base > 0) damaged('index', `it begins with block ${index.first}, and its base is ${t.base}`, index.offset)
    const base = wanted && readTrailer(file, header, t.base)
    if (base && base.blocks !== index.first) damaged('trailer', 'its base does not end where its index begins', t.offset)
    indexes.push(index)
    t = base
  }
  return indexes
}
