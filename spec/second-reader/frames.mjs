// Frames (section 5), and the rows of the index that say where they are.
import { Cursor, crc32c, damaged, equal, isZero, unsupported } from './bytes.mjs'
import { decode } from './codecs.mjs'
import * as limits from './limits.mjs'

export const METADATA = 1
export const DATA = 2
const MAGIC = Buffer.from('f556544466720d0a', 'hex')
const FIXED = 72
const repeated = ['first', 'count', 'head', 'stored', 'raw', 'kind', 'codec']

export function readHead(file, offset) {
  const fixed = new Cursor(file.subarray(offset, offset + FIXED), 'frame head')
  const fail = (message) => damaged('frame head', message, offset)
  if (!equal(fixed.take(8), MAGIC)) fail('a wrong magic')
  const f = { offset, kind: fixed.u8(), codec: fixed.u8() }
  fixed.zero(2)
  Object.assign(f, { head: fixed.u32(), first: fixed.offset(), count: fixed.u32(), raw: fixed.u32(), stored: fixed.u32() })
  fixed.zero(4)
  f.hash = fixed.take(32)
  if (f.count < 1 || f.count > limits.MaxFrameBlocks) fail(`${f.count} blocks`)
  if (f.raw > limits.MaxFrameRaw || f.stored > limits.MaxFrameStored) fail('a length above the limit')
  if (f.head < FIXED + 4 || f.head > limits.MaxFrameHead) fail(`a size of ${f.head}`)
  const bytes = file.subarray(offset, offset + f.head)
  if (bytes.length < f.head) fail('ends early')
  if (crc32c(bytes.subarray(0, f.head - 4)) !== bytes.readUInt32LE(f.head - 4)) fail('a wrong CRC')
  const c = new Cursor(bytes.subarray(FIXED, f.head - 4), 'frame head')
  f.lengths = Array.from({ length: f.count }, () => c.count(limits.MaxBlock, 'the length of a block'))
  c.end('the head')
  if (f.lengths.reduce((a, b) => a + b, 0) !== f.raw) fail('the lengths of the blocks do not add up')
  if (f.raw === 0 && (f.codec !== 0 || f.stored !== 0)) fail('stored bytes, and only absent blocks')
  f.bytes = file.subarray(offset + f.head, offset + f.head + f.stored)
  if (f.bytes.length < f.stored) damaged('frame', 'ends early', offset)
  return f
}

export function checkRow(row, headerSize) {
  const fail = (message) => damaged('index', `the row of block ${row.first}: ${message}`)
  if (row.count < 1 || row.count > limits.MaxFrameBlocks) fail(`${row.count} blocks`)
  if (row.raw > limits.MaxFrameRaw || row.stored > limits.MaxFrameStored) fail('a length above the limit')
  if (row.head < FIXED + 4 || row.head > limits.MaxFrameHead) fail('a size of the head beyond the limits')
  const { indexOffset } = row.index.trailer
  if (row.offset < headerSize || row.offset + row.head + row.stored > indexOffset) fail('not where frames lie')
  if (!isZero(row.reserved)) fail('a reserved byte is not zero')
  if (row.kind !== METADATA && row.kind !== DATA) unsupported('index', `a frame of kind ${row.kind}`)
}

// The frame that a row places; its stored bytes are not yet checked.
export function readFrame(file, row, headerSize) {
  checkRow(row, headerSize)
  const f = readHead(file, row.offset)
  for (const k of repeated) if (f[k] !== row[k]) damaged('frame head', `its ${k} is not what the index says`, f.offset)
  return f
}

export function readBlocks(frame) {
  const raw = decode(frame.codec, frame.bytes, frame.raw)
  let at = 0
  return frame.lengths.map((n) => raw.subarray(at, (at += n)))
}
