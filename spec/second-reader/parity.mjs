// Verification of parity segments (section 9.2). Reading passes them over.
import { Cursor, damaged, equal, sealed, unsupported } from './bytes.mjs'
import { limits } from './limits.mjs'
import { TRAILER_SIZE, areFlags, hashFunctions } from './structures.mjs'

const MAGIC = Buffer.from('f556544470610d0a', 'hex')
const HEAD = 'magic:8 head:u32 cell:u32 id:16 set:16 from:place n:place k:u16 m:u16 rows:u32 p:u16 hashId:u8 code:u8 r:u32 ' +
  'flags:u64 zero:8 hash:32'
const bad = (message, offset) => damaged('parity frame', message, offset)

function readFrame(archive, offset, end) {
  const { file, header } = archive
  const c = new Cursor(file.subarray(offset, end), 'parity frame', offset)
  const f = { ...c.fields(HEAD), offset }
  f.hashes = c.take(16 * f.k)
  c.take(4)
  const head = c.bytes.subarray(0, c.pos)
  if (!equal(f.magic, MAGIC) || !sealed(head)) c.fail('another magic, or another CRC')
  if (f.head !== head.length || !equal(f.id, header.id)) c.fail('another size, or of another archive')
  if (f.code !== 1) unsupported('parity frame', `code ${f.code}`, offset)
  if (!hashFunctions[f.hashId]) unsupported('parity frame', `hash function ${f.hashId}`, offset)
  if (f.hashId !== header.hashId) c.fail('another hash function than the header\'s')
  const room = f.k * f.rows * f.cell
  if (!f.k || !f.m || f.k + f.m > limits.MaxParityShards) c.fail(`${f.k} and ${f.m} shards`)
  if (!f.rows || f.rows > limits.MaxParityRows) c.fail(`${f.rows} rows`)
  if (f.cell < f.k || f.cell > limits.MaxParityCell) c.fail(`cells of ${f.cell} bytes`)
  if (f.n > room || f.n <= room - f.rows * f.cell || f.n < TRAILER_SIZE) c.fail(`a range of ${f.n} bytes`)
  if (f.p >= f.m || f.r >= f.rows) c.fail('a place beyond the set')
  if (!areFlags(f.flags) || (f.from > 0 && f.flags)) c.fail('flags that no header has, or of none')
  f.bytes = c.take(f.cell)
  f.common = Buffer.from(head.subarray(0, 96))
  if (!equal(archive.hash(f.common, f.hashes, f.bytes), f.hash)) c.fail('another hash')
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

export function verifyParity(archive, t, before, trailers, attempt) {
  const end = t.indexOffset
  const first = attempt(() => readFrame(archive, t.segment, end))
  if (!first) return
  const { k, m, rows, cell, n } = first
  const size = first.head + cell
  attempt(() => {
    const begins = first.from === 0 || trailers.some((o) => o.end === first.from)
    if (!begins || first.from + n !== t.segment) bad('a range that does not fit', t.segment)
    if (m * rows * size !== end - t.segment) bad('another count of frames', t.segment)
  })
  for (let r = 0; r < rows; r++) {
    const cells = Array.from({ length: k }, (_, i) => cellOf(archive.file, first, (i * rows + r) * cell))
    const frames = Array.from({ length: m }, (_, p) => attempt(() => {
      const f = readFrame(archive, t.segment + (p * rows + r) * size, end)
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
