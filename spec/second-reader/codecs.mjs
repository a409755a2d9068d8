// From stored bytes to raw ones (section 13).
import { Decompress } from 'fzstd'
import { Cursor, damaged, unsupported } from './bytes.mjs'

const MAGIC = 0xfd2fb528
const MAX_WINDOW = 64 << 20
const MAX_BLOCK = 128 << 10
const bad = (message) => damaged('frame', message)
const sized = (bytes, raw) => (bytes.length === raw ? bytes : bad(`${bytes.length} bytes instead of ${raw}`))

export function decode(codec, stored, raw) {
  const codecs = { 0: sized, 1: zstd, 2: longZstd }
  return (codecs[codec] ?? (() => unsupported('frame', `codec ${codec}`)))(stored, raw)
}

// fzstd takes much that section 13.1 rejects, so the frame is looked through before it is given to it.
function zstd(stored, raw) {
  const c = new Cursor(stored, 'frame')
  if (c.u32() !== MAGIC) bad('not a Zstandard frame')
  const descriptor = c.u8()
  if (descriptor & 0b11111) bad('a checksum flag, a dictionary id, or a reserved or unused bit')
  const single = descriptor >> 5 & 1
  const window = single ? 0 : c.u8()
  if (2 ** (10 + (window >> 3)) * (8 + (window & 7)) / 8 > MAX_WINDOW) bad('a window above 64 MiB')
  const sizeBytes = [single, 2, 4, 8][descriptor >> 6]
  const size = c.take(sizeBytes).reduceRight((n, b) => n * 256 + b, 0) + (sizeBytes === 2 ? 256 : 0)
  if (sizeBytes === 0 || size !== raw) bad(`no content size, or ${size} instead of ${raw}`)
  let exact = 0
  let compressed = 0
  for (let last = 0; !last; ) {
    const h = c.u16() | c.u8() << 16
    last = h & 1
    const [type, n] = [h >> 1 & 3, h >> 3]
    if (type === 3 || n > MAX_BLOCK) bad('a block of the reserved type, or above 128 KiB')
    c.take(type === 1 ? 1 : n)
    if (type === 2) compressed++
    else exact += n
  }
  c.end('the frame')
  if (exact > raw || exact + compressed * MAX_BLOCK < raw) bad('blocks that cannot add up to the content size')
  const out = []
  try {
    new Decompress((piece) => out.push(piece)).push(stored, true)
  } catch (e) {
    bad(e.message)
  }
  return sized(Buffer.concat(out), raw)
}

function longZstd(stored, raw) {
  const c = new Cursor(stored, 'frame')
  const part = (storedSize, rawSize) => {
    if (storedSize > rawSize) bad('a stored size above the raw size')
    return storedSize === rawSize ? c.take(storedSize) : zstd(c.take(storedSize), rawSize)
  }
  const [copies, literalBytes] = [c.count(raw), c.count(raw)]
  if (copies === 0 || literalBytes === 0) bad('no copies, or no literals')
  const sizes = [0, 0, 0].map(() => c.count(4 * copies))
  const list = new Cursor(part(c.count(stored.length), sizes[0] + sizes[1] + sizes[2]), 'frame')
  const [runs, lengths, distances] = sizes.map((n) => new Cursor(list.take(n), 'frame'))
  const literals = new Cursor(part(c.left, literalBytes), 'frame')
  const MAX = 2 ** 28 - 1 // no uvarint is longer than four bytes
  const out = Buffer.alloc(raw)
  let pos = 0
  const room = (n) => (n <= raw - pos ? n : bad('more than the raw length'))
  const literal = (n) => (pos += literals.take(room(n)).copy(out, pos))
  for (let distance = 0n, i = 0; i < copies; i++) {
    literal(runs.count(MAX))
    const length = room(lengths.count(MAX) + 64)
    const step = distances.svarint()
    distance += step
    if (BigInt.asIntN(28, step) !== step || distance < 1n || distance > pos) bad('a copy from outside the frame')
    for (const end = pos + length; pos < end; pos++) out[pos] = out[pos - Number(distance)]
  }
  literal(literals.left)
  for (const column of [runs, lengths, distances]) column.end('a column')
  return pos === raw ? out : bad('less than the raw length')
}
