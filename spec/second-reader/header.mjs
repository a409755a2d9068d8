// The header (section 4).
import { Cursor, Fault, crc32c, damaged, equal, unsupported } from './bytes.mjs'
import { functions } from './hash.mjs'
import { MaxHeader } from './limits.mjs'

const MAGIC = Buffer.from('895654440d0a1a0a', 'hex')
const FIXED = 64
export const AS_CREATED = 1n
export const ONE_PASS = 2n
const records = { feature: 1, chunker: 2, layout: 3 }
const atLeast = { [records.chunker]: 21, [records.layout]: 11 } // bytes of the fields of 1.0

export function readHeader(file) {
  if (file.length === 0 || !equal(file.subarray(0, MAGIC.length), MAGIC.subarray(0, file.length)))
    throw new Fault('not-archive', 'header', 'the magic is not that of a .vtd archive')
  const bytes = file.subarray(0, FIXED)
  const c = new Cursor(bytes, 'header')
  c.take(8)
  if (bytes.length < FIXED) c.fail('ends early')
  if (crc32c(bytes.subarray(0, 60)) !== bytes.readUInt32LE(60)) c.fail('wrong CRC')
  const major = c.u16()
  if (major !== 1) unsupported('header', `major version ${major}`)
  const h = { minor: c.u16(), size: c.u32(), flags: c.u64(), ignorable: c.u64(), readOnly: c.u64(), hashId: c.u8() }
  c.zero(3)
  h.id = c.take(16)
  if (h.size !== FIXED && (h.size < FIXED + 8 || h.size > MaxHeader)) c.fail(`a size of ${h.size}`)
  h.records = h.size === FIXED ? [] : readExtension(file.subarray(FIXED, h.size), h.size - FIXED)
  for (const r of h.records)
    if (r.type === records.feature) unsupported('header', `this reader lacks the feature ${r.data}`)
  if (h.flags & ~(AS_CREATED | ONE_PASS)) c.fail('an unknown flag')
  if (h.flags === (AS_CREATED | ONE_PASS)) c.fail('both AS_CREATED and ONE_PASS')
  h.hash = functions[h.hashId] ?? unsupported('header', `hash function ${h.hashId}`)
  return h
}

function readExtension(bytes, size) {
  if (bytes.length < size) damaged('header', 'the file ends inside the extension')
  if (crc32c(bytes.subarray(0, size - 4)) !== bytes.readUInt32LE(size - 4)) damaged('header', 'wrong CRC of extension')
  const c = new Cursor(bytes.subarray(0, size - 4), 'header')
  const out = []
  while (c.left) {
    const r = { type: c.u16(), data: c.take(c.u16()) }
    const last = out.at(-1)
    const again = r.type === records.feature && last?.type === r.type && Buffer.compare(last.data, r.data) < 0
    if (last && r.type <= last.type && !again) c.fail('extension records out of order')
    if (r.data.length < (atLeast[r.type] ?? 0)) c.fail(`a record of type ${r.type} is too short`)
    out.push(r)
  }
  return out
}
