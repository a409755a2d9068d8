// Verification of parity segments (section 9.2). Reading passes them over.
import { Cursor, crc32c, damaged, equal, unsupported } from './bytes.mjs'
import { functions } from './hash.mjs'
import { AS_CREATED, ONE_PASS } from './header.mjs'
import { SIZE } from './trailer.mjs'

const MAGIC = Buffer.from('f556544470610d0a', 'hex')
const FIXED = 128
const MAX_SHARDS = 256
const MAX_CELL = 1048576
const MAX_ROWS = 16777216
const bad = (message, offset) => damaged('parity frame', message, offset)

function readFrame(file, offset, end, header) {
  const c = new Cursor(file.subarray(offset, end), 'parity frame')
  if (!equal(c.take(8), MAGIC)) bad('a wrong magic', offset)
  const f = { offset, head: c.u32(), cell: c.u32(), id: c.take(16), set: c.take(16), from: c.offset(), n: c.offset() }
  Object.assign(f, { k: c.u16(), m: c.u16(), rows: c.u32(), p: c.u16(), hashId: c.u8(), code: c.u8(), r: c.u32(), flags: c.u64() })
  const reserved = c.take(8)
  const hash = c.take(32)
  f.hashes = c.take(16 * f.k)
  if (crc32c(c.bytes.subarray(0, c.pos)) !== c.u32()) bad('a wrong CRC', offset)
  const room = f.k * f.rows * f.cell
  if (reserved.some((b) => b) || f.head !== c.pos || !equal(f.id, header.id)) bad('a head that cannot be', offset)
  if (f.code !== 1) unsupported('parity frame', `code ${f.code}`, offset)
  if (!functions[f.hashId]) unsupported('parity frame', `hash function ${f.hashId}`, offset)
  if (f.hashId !== header.hashId) bad('another hash function than the header\'s', offset)
  if (!f.k || !f.m || f.k + f.m > MAX_SHARDS || !f.rows || f.rows > MAX_ROWS) bad('no shards or rows, or too many', offset)
  if (f.cell < f.k || f.cell > MAX_CELL) bad(`cells of ${f.cell} bytes`, offset)
  if (f.n > room || f.n <= room - f.rows * f.cell || f.n < SIZE) bad(`a range of ${f.n} bytes`, offset)
  if (f.p >= f.m || f.r >= f.rows) bad('a place beyond the set', offset)
  if (f.flags & ~(AS_CREATED | ONE_PASS) || f.flags === (AS_CREATED | ONE_PASS)) bad('flags of no header', offset)
  if (f.from > 0 && f.flags) bad('flags of a header that is not in the range', offset)
  f.bytes = c.take(f.cell)
  if (!equal(functions[f.hashId].create().update(c.bytes.subarray(0, 96)).update(f.hashes).update(f.bytes).digest(), hash))
    bad('another hash', offset)
  f.common = Buffer.from(c.bytes.subarray(0, 96))
  f.common.fill(0, 72, 74).fill(0, 76, 80) // all but its place in the set
  return f
}

// Elements of the field of the code.
const exp = new Uint8Array(510)
const log = new Uint8Array(256)
for (let i = 0, x = 1; i < 255; i++, x = x << 1 ^ (x & 128 ? 0x11d : 0)) {
  exp[i] = exp[i + 255] = x
  log[x] = i
}

const encode = (cells, k, p) => {
  const out = Buffer.alloc(cells[0].length)
  cells.forEach((d, i) => {
    const a = 255 - log[k + p ^ i] // the logarithm of the inverse
    for (let j = 0; j < out.length; j++) if (d[j]) out[j] ^= exp[a + log[d[j]]]
  })
  return out
}

export function verifyParity(archive, t, before, ends, attempt) {
  const { file, header } = archive
  const end = t.indexOffset
  const first = attempt(() => readFrame(file, t.segment, end, header))
  if (!first) return
  const { k, m, rows, cell, n } = first
  const size = first.head + cell
  attempt(() => {
    if (first.from + n !== t.segment || (first.from && !ends.includes(first.from))) bad('a range that does not fit', t.segment)
    if (m * rows * size !== end - t.segment) bad('another count of frames', t.segment)
  })
  for (let r = 0; r < rows; r++) {
    const cells = Array.from({ length: k }, (_, i) => cellOf(file, first, (i * rows + r) * cell))
    const frames = Array.from({ length: m }, (_, p) => attempt(() => {
      const f = readFrame(file, t.segment + (p * rows + r) * size, end, header)
      if (f.p !== p || f.r !== r) bad(`the frame of shard ${f.p}, row ${f.r}, where another belongs`, f.offset)
      if (!equal(f.common, first.common)) bad('a frame of another set', f.offset)
      return f
    })).filter(Boolean)
    if (frames.length === 0) continue
    attempt(() => {
      for (const f of frames) if (!equal(f.hashes, frames[0].hashes)) bad('other hashes of cells', f.offset)
      cells.forEach((d, i) => {
        if (!equal(archive.hash(d).subarray(0, 16), frames[0].hashes.subarray(16 * i, 16 * i + 16)))
          damaged('protected range', `the cell of shard ${i}, row ${r} has another hash`)
      })
      for (const f of frames) if (!equal(encode(cells, k, f.p), f.bytes)) bad('a cell that is not that of its data', f.offset)
    })
  }
  attempt(() => {
    const base = before.parity ? before.base : before.offset
    const same = ['blocks', 'top', 'snapshots'].every((key) => t[key] === before[key]) && equal(t.topHash, before.topHash)
    if (!same || t.previous !== before.offset || t.base !== base) damaged('trailer', 'it does not repeat the one before', t.offset)
  })
}

function cellOf(file, { from, n, cell }, at) {
  const out = Buffer.alloc(cell)
  file.copy(out, 0, from + at, from + Math.min(n, at + cell))
  if (from === 0) for (const [a, b] of [[16, 24], [60, 64]]) // flags and CRC of the header
    if (at < b && at + cell > a) out.fill(0, Math.max(0, a - at), Math.min(cell, b - at))
  return out
}
