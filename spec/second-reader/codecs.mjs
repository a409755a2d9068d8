// From stored bytes to raw ones (section 13).
import { Decompress } from 'fzstd'
import { Cursor, damaged, unsupported } from './bytes.mjs'

const MAX_WINDOW = 64 << 20
const MAX_ZSTD_BLOCK = 128 << 10
const bad = (message) => damaged('frame', message)

export function decode(codec, stored, raw) {
  if (codec === 0) return stored.length === raw ? stored : bad('stored and raw length differ')
  if (codec === 1) return zstd(stored, raw)
  if (codec === 2) return longZstd(stored, raw)
  return unsupported('frame', `codec ${codec}`)
}

// fzstd takes much that section 13.1 rejects, so the frame is looked through before it is given to it.
function zstd(stored, raw) {
  const c = new Cursor(stored, 'frame')
  if (c.u32() !== 0xfd2fb528) bad('not a Zstandard frame')
  const descriptor = c.u8()
  if (descriptor & 0b11111) bad('a checksum flag, a dictionary id, or a reserved or unused bit')
  const single = descriptor >> 5 & 1
  const sizeBytes = [single, 2, 4, 8][descriptor >> 6]
  if (sizeBytes === 0) bad('no content size')
  if (!single) {
    const w = c.u8()
    const base = 2 ** (10 + (w >> 3))
    if (base + (base / 8) * (w & 7) > MAX_WINDOW) bad('a window above 64 MiB')
  }
  const size = [...c.take(sizeBytes)].reduceRight((n, b) => n * 256 + b, 0) + (sizeBytes === 2 ? 256 : 0)
  if (size !== raw) bad(`a content size of ${size}, not ${raw}`)
  let exact = 0
  let compressed = 0
  for (let last = 0; !last; ) {
    const h = c.u8() | c.u8() << 8 | c.u8() << 16
    last = h & 1
    const [type, n] = [h >> 1 & 3, h >> 3]
    if (type === 3) bad('a block of the reserved type')
    if (n > MAX_ZSTD_BLOCK) bad('a block above 128 KiB')
    c.take(type === 1 ? 1 : n)
    if (type === 2) compressed++
    else exact += n
  }
  c.end('the frame')
  if (exact > raw || exact + compressed * MAX_ZSTD_BLOCK < raw) bad('blocks that cannot add up to the content size')
  const out = []
  try {
    new Decompress((piece) => out.push(piece)).push(stored, true)
  } catch (e) {
    bad(e.message)
  }
  const bytes = Buffer.concat(out)
  return bytes.length === raw ? bytes : bad(`${bytes.length} bytes instead of ${raw}`)
}

function longZstd(stored, raw) {
  const c = new Cursor(stored, 'frame')
  const copies = c.count(raw)
  const literalBytes = c.count(raw)
  if (copies === 0 || literalBytes === 0) bad('no copies, or no literals')
  const sizes = [0, 0, 0].map(() => c.count(4 * copies))
  const list = part(c, c.count(stored.length), sizes[0] + sizes[1] + sizes[2])
  const literals = new Cursor(part(c, c.left, literalBytes), 'frame')
  let at = 0
  const [runs, lengths, distances] = sizes.map((n) => new Cursor(list.subarray(at, (at += n)), 'frame'))
  const out = Buffer.alloc(raw)
  let pos = 0
  let distance = 0n
  const room = (n) => n <= raw - pos || bad('more than the raw length')
  const append = (bytes) => room(bytes.length) && (pos += bytes.copy(out, pos))
  const MAX = 2 ** 28 - 1 // no uvarint is longer than four bytes
  for (let i = 0; i < copies; i++) {
    append(literals.take(runs.count(MAX)))
    const length = lengths.count(MAX) + 64
    const z = distances.uvarint(BigInt(MAX))
    distance += z & 1n ? -(z + 1n) / 2n : z / 2n
    if (distance < 1n || distance > pos) bad('a copy from outside the frame')
    room(length)
    for (const end = pos + length; pos < end; pos++) out[pos] = out[pos - Number(distance)]
  }
  append(literals.take(literals.left))
  for (const column of [runs, lengths, distances]) column.end('a column')
  return pos === raw ? out : bad('less than the raw length')
}

function part(c, storedSize, rawSize) {
  if (storedSize > rawSize) bad('a stored size above the raw size')
  const bytes = c.take(storedSize)
  return storedSize === rawSize ? bytes : zstd(bytes, rawSize)
}
