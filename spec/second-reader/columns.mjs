// What columns of metadata blocks are made of (sections 6.1 to 6.3, and 6.7).
import { Cursor, damaged, unsupported, uvarint } from './bytes.mjs'
import * as limits from './limits.mjs'

const IGNORABLE = 128n
const EMPTY = Buffer.alloc(0)

// Columns holds the columns of a block, or those of the root within a snapshot record, and the blocks that they name.
export class Columns {
  constructor(cursor, known) {
    Object.assign(this, { structure: cursor.structure, list: [] })
    for (let last = -1n; cursor.left; ) {
      const id = cursor.uvarint()
      if (id <= last) cursor.fail('columns out of order')
      if (id < IGNORABLE && !known.includes(Number(id))) cursor.fail(`an unknown column ${id}`)
      const bytes = cursor.string(cursor.left, `column ${id}`)
      if (bytes.length === 0) cursor.fail(`column ${id} is empty`)
      this.list.push({ id, bytes })
      last = id
    }
  }
  find(id) {
    return this.list.find((col) => col.id === BigInt(id))
  }
  // A column that is not there has no bytes; what then cannot be read is missing.
  read(id, reader) {
    const c = new Cursor(this.find(id)?.bytes ?? EMPTY, this.structure)
    const value = reader(c)
    c.end(`column ${id}`)
    return value
  }
  readRows(id, n, reader) {
    return this.read(id, (c) => Array.from({ length: n }, () => reader(c)))
  }
  // Block numbers, the first a delta from the given one.
  names(id, n, from) {
    const names = this.readRows(id, n, (c) => (from = c.delta(from)))
    if (n > 0) Object.assign(this.find(id), { names, before: EMPTY })
    return names
  }
  // The canonical form: with hashes where the stored form has numbers.
  canonical(hashOf) {
    return Buffer.concat(this.list.flatMap(({ id, bytes, names, before, inner }) => {
      const data = inner ? inner.canonical(hashOf) : names ? Buffer.concat([before, ...names.map(hashOf)]) : bytes
      return [uvarint(id), uvarint(data.length), data]
    }))
  }
}

// A palette gives for every row the value and the bytes that encode it.
export function palette(c, n, reader) {
  if (n === 0) return []
  const count = c.count(n, 'the count of a palette')
  const seen = new Set()
  const values = Array.from({ length: count }, () => {
    const start = c.pos
    const value = reader(c)
    const bytes = c.bytes.subarray(start, c.pos)
    seen.add(bytes.toString('latin1'))
    return { value, bytes }
  })
  if (count === 0 || seen.size < count) c.fail('a palette without values, or with a value twice')
  let met = count === 1 ? 1 : 0
  const rows = Array.from({ length: n }, () => {
    const i = count === 1 ? 0 : c.count(count - 1, 'an index of a palette')
    if (i > met) c.fail('a palette that is not in the order of its rows')
    if (i === met) met++
    return values[i]
  })
  if (met < count) c.fail('a value of a palette that no row has')
  return rows
}

const GIGA = 1000000000n

export const time = (c) => ({ sec: c.svarint(), nsec: c.count(999999999, 'nanoseconds') })

export function times(c, n) {
  if (n === 0) return []
  const coding = c.u8()
  if (coding > 2) c.fail(`coding ${coding} of times`)
  if (coding === 0) return Array(n).fill(time(c))
  let total = 0n
  const rows = Array.from({ length: n }, () => {
    if (coding === 1) return { sec: (total = BigInt.asIntN(64, total + c.svarint())), nsec: 0 }
    total += c.signed96()
    const nsec = ((total % GIGA) + GIGA) % GIGA
    const sec = (total - nsec) / GIGA
    if (BigInt.asIntN(64, sec) !== sec) c.fail('a time out of range')
    return { sec, nsec: Number(nsec) }
  })
  if (rows.every((t) => t.sec === rows[0].sec && t.nsec === rows[0].nsec)) c.fail('equal times that are not coded so')
  if (coding === 2 && rows.every((t) => t.nsec === 0)) c.fail('times without nanoseconds that are not coded so')
  return rows
}

export const LITERAL = 0, BLOCK = 1, RUN = 2, INDIRECT = 3, RECIPE = 4
export const refKinds = ['literal', 'block', 'run', 'indirect', 'recipe']
export const refColumns = [9, 10, 11, 12, 19]

// References of given spans, of the kinds that one column says and with the data of the columns 9 to 12 and 19.
export function references(cols, kindColumn, spans, own) {
  const { structure } = cols
  const kinds = cols.read(kindColumn, (c) => palette(c, spans.length, (c) => c.u8())).map((p) => p.value)
  for (const k of kinds) if (k > RECIPE) unsupported(structure, `a reference of kind ${k}`)
  const refs = kinds.map((kind, i) => ({ kind, span: spans[i] }))
  const max = { [LITERAL]: BigInt(limits.MaxLiteral), [BLOCK]: BigInt(limits.MaxBlock) }
  for (const r of refs) {
    if (r.span > (max[r.kind] ?? limits.MaxSpan)) damaged(structure, `a ${refKinds[r.kind]} of ${r.span} bytes`)
    if (r.span === 0n && r.kind !== LITERAL) damaged(structure, `a ${refKinds[r.kind]} of no bytes`)
  }
  const of = (kind) => refs.filter((r) => r.kind === kind)
  cols.read(9, (c) => of(LITERAL).forEach((r) => (r.bytes = c.take(Number(r.span)))))
  cols.read(10, (c) => of(RUN).forEach((r) => (r.byte = c.u8())))
  for (const [kind, id, from] of [[BLOCK, 11, 0n], [INDIRECT, 12, own], [RECIPE, 19, own]]) {
    const names = cols.names(id, of(kind).length, from)
    of(kind).forEach((r, i) => (r.block = names[i]))
  }
  return refs
}
