// Metadata blocks in stored form (section 6): for each type, a table of its columns and of how they are read.
import { Cursor, damaged, unsupported, uvarint } from './bytes.mjs'
import { limits } from './limits.mjs'

const IGNORABLE = 128n // ids of columns from here on
const EMPTY = Buffer.alloc(0)
export const FILE = 1, DIR = 2, SYMLINK = 3, CHAR = 6, BLOCKDEV = 7, IMPLIED = 9
export const kindNames = [, 'file', 'directory', 'symlink', 'fifo', 'socket', 'char', 'block', 'whiteout', 'implied']
export const LITERAL = 0, BLOCK = 1, RUN = 2, INDIRECT = 3, RECIPE = 4
export const refKinds = ['literal', 'block', 'run', 'indirect', 'recipe']
export const isDirectory = (e) => e.kind === DIR || e.kind === IMPLIED

// A row is an entry, a child, a reference, or all that a block without rows says. The reader of a column is given the
// column's bytes and the rows, to which it adds what it has read, and what else a decoder knows: the block's own number
// and the column, where it notes the blocks named.
const all = () => true
const one = (...kinds) => (e) => kinds.includes(e.kind)
const ref = (...kinds) => (r) => kinds.includes(r.ref)

const value = (key, read, of = all) => (c, rows) => rows.filter(of).forEach((r) => (r[key] = read(c, r)))
const hash = (key, of) => value(key, (c) => c.take(32), of)
const text = (key) => optional(value(key, (c) => c.rest(limits.MaxText, `a ${key}`)))
const count = (c) => c.uvarint(limits.MaxSpan, 'a size or count')

// Columns that may be left out, but are not written without need.
const optional = (read) => Object.assign((...args) => read(...args), { optional: true })

const numbers = (c, n, from) => Array.from({ length: n }, () => (from = c.delta(from)))
const names = (of, isData) => (c, rows, { own, column }) => {
  const naming = rows.filter(of)
  column.names = numbers(c, naming.length, isData ? 0n : own)
  naming.forEach((r, i) => (r.block = column.names[i]))
}

// Each row gets its value, and the bytes that encode it for the content id.
const palette = (key, read, of = all) => (c, rows) => {
  const having = rows.filter(of)
  if (having.length === 0) return
  const values = Array.from({ length: c.count(having.length, 'the count of a palette') }, () => {
    const start = c.pos
    return { ...read(c), [key]: c.bytes.subarray(start, c.pos) }
  })
  const indexes = having.map(() => (values.length > 1 ? c.count(values.length - 1, 'an index of a palette') : 0))
  const met = [...new Set(indexes)]
  const distinct = new Set(values.map((v) => v[key].toString('latin1')))
  if (distinct.size < values.length || met.length !== values.length || met.some((v, i) => v !== i))
    c.fail('a palette with a value twice or for no row, or not in the order of its rows')
  having.forEach((r, i) => Object.assign(r, values[indexes[i]]))
}

// Times are held in nanoseconds, and said in seconds and the rest.
const GIGA = 1000000000n
const time = (c) => c.svarint() * GIGA + c.uvarint(GIGA - 1n, 'nanoseconds')
export function split(t) {
  const nsec = ((t % GIGA) + GIGA) % GIGA
  return { sec: (t - nsec) / GIGA, nsec }
}
const times = (key) => (c, rows) => {
  if (rows.length === 0) return
  const coding = c.u8()
  let t = coding === 0 ? time(c) : 0n
  for (const r of rows) {
    if (coding === 1) t = BigInt.asIntN(64, t / GIGA + c.svarint()) * GIGA
    if (coding === 2) t += c.signed96()
    r[key] = t
  }
  const every = (test) => rows.every((r) => test(r[key]))
  if (coding > 2) c.fail(`coding ${coding} of times`)
  if (!every((t) => BigInt.asIntN(64, split(t).sec) === split(t).sec)) c.fail('a time out of range')
  if (coding > 0 && every((t) => t === rows[0][key])) c.fail('equal times that are not coded so')
  if (coding > 1 && every((t) => t % GIGA === 0n)) c.fail('times without nanoseconds that are not coded so')
}

// References (section 6.7): a row has its kind as ref, its size, and what columns 9 to 12 and 19 say.
const references = (of) => palette('refBytes', (c) => {
  const kind = c.u8()
  return kind < refKinds.length ? { ref: kind } : unsupported(c.structure, `a reference of kind ${kind}`)
}, of)
const referenceColumns = {
  9: value('bytes', (c, r) => c.take(r.size), ref(LITERAL)),
  10: value('byte', (c) => c.u8(), ref(RUN)),
  11: names(ref(BLOCK), true),
  12: names(ref(INDIRECT)),
  19: names(ref(RECIPE)),
}
function checkReferences(c, rows) {
  const most = { [LITERAL]: limits.MaxLiteral, [BLOCK]: limits.MaxBlock }
  for (const r of rows)
    if (r.ref >= 0 && (r.size > (most[r.ref] ?? limits.MaxSpan) || (r.size === 0n && r.ref !== LITERAL)))
      c.fail(`a ${refKinds[r.ref]} of ${r.size} bytes`)
}

// Entries (section 6.4), in a leaf or, without names, as the root in a snapshot record (6.9).
const entryNames = (c, rows) => {
  for (const r of rows) r.name = c.untilNul(limits.MaxName, 'a name')
  c.ascending(rows.map((r) => r.name))
  const bad = rows.find(({ name }) => ['', '.', '..'].includes(`${name}`) || name.includes('/'))
  if (bad) c.fail(`a name that no entry can have: ${JSON.stringify(`${bad.name}`)}`)
}
const id = (c) => c.count(0xffffffff, 'an id or device number')
const mode = (c) => {
  const n = c.count(0xffff, 'a mode')
  return kindNames[n >> 12] ? { kind: n >> 12, perm: n & 0xfff } : c.fail(`an entry of kind ${n >> 12}`)
}
const owner = (c) => {
  const name = () => c.string(limits.MaxOwnerName, 'the name of an owner')
  return { uid: id(c), gid: id(c), user: name(), group: name() }
}
const xattrs = (c) => {
  const attribute = () => ({ name: c.string(limits.MaxXattrName, 'its name'), value: c.string(limits.MaxXattrValue, 'a value') })
  const list = Array.from({ length: c.count(limits.MaxXattrTotal, 'the count of attributes') }, attribute)
  if (c.ascending(list.map((a) => a.name))[0]?.length === 0) c.fail('an attribute without a name')
  if (list.reduce((n, a) => n + a.name.length + a.value.length, 0) > limits.MaxXattrTotal) c.fail('attributes above the limit')
  return { xattrs: list }
}
const links = (c, rows) => {
  const n = c.count(rows.length, 'the count of links') || c.fail('a column of links without rows')
  for (let row = -1, group = 0n, i = 0; i < n; i++) {
    row += c.count(rows.length, 'the entries skipped') + 1
    group = c.delta(group)
    const e = Object.assign(rows[row] ?? c.fail('a link beyond the entries'), { link: group, linkCount: c.uvarint() })
    if (group === 0n || e.linkCount < 2n || isDirectory(e)) c.fail('a link group 0, of less than two names, or of a directory')
  }
}
const entryColumns = {
  2: palette('modeBytes', mode),
  3: palette('ownerBytes', owner),
  4: times('mtime'),
  5: value('size', count, one(FILE)),
  6: (c, rows) => rows.filter(isDirectory).forEach((e) => Object.assign(e, { size: count(c), count: count(c) })),
  7: names(isDirectory),
  8: references(one(FILE)),
  ...referenceColumns,
  13: hash('content', ref(RUN, INDIRECT, RECIPE)),
  14: value('target', (c) => c.untilNul(limits.MaxTarget, 'a target'), one(SYMLINK)),
  15: value('device', (c) => [id(c), id(c)], one(CHAR, BLOCKDEV)),
  16: optional(links),
  17: optional(palette('xattrBytes', xattrs)),
  18: optional(times('btime')),
}
const blankEntry = { size: 0n, link: 0n, xattrs: [] }
function checkEntries(c, rows) {
  checkReferences(c, rows)
  if (rows.some((e) => e.target?.length === 0)) c.fail('a symlink without a target')
  if (rows[0]?.xattrBytes && !rows.some((e) => e.xattrs.length)) c.fail('attributes, and no entry has any')
  if (rows[0]?.btime !== undefined && !rows.some((e) => e.btime)) c.fail('times of birth, and none is known')
  const hasMetadata = (e) => e.perm || e.uid || e.gid || e.user.length || e.group.length || e.mtime || e.btime || e.xattrs.length
  if (rows.some((e) => e.kind === IMPLIED && hasMetadata(e))) c.fail('metadata of an implied directory')
}
const root = (c, [s], { own, column }) => {
  s.root = { name: EMPTY, ...blankEntry }
  column.inner = readColumns(c, entryColumns, [s.root], own)
  checkEntries(c, [s.root])
  if (!isDirectory(s.root)) c.fail('a root that is not a directory')
}

// What snapshot records say beside the root.
const parents = (c, [s], { own, column }) => {
  const n = c.count(limits.MaxParents, 'the count of parents') || c.fail('a count of no parents')
  s.parents = column.names = numbers(c, n, own)
  column.before = uvarint(n)
}
const replica = (c) => {
  const id = c.take(16)
  return id.some((b) => b) ? id : c.fail('a replica id of zeros')
}
const original = (c) => {
  const hash = c.take(32)
  return hash.some((b) => b) ? hash : c.fail('an original with a hash of zeros')
}
const vector = (c) => {
  const rows = []
  while (c.left) rows.push({ id: c.take(16), count: c.uvarint() })
  if (rows.length > limits.MaxVector) c.fail('a version vector above the limit')
  c.ascending(rows.map((r) => r.id))
  return rows
}

export const sumOf = (refs) => refs.reduce((n, r) => n + r.size, 0n)
function checkIndirect(c, rows, level) {
  checkReferences(c, rows)
  if (rows.some((r) => r.size === 0n)) c.fail('a span of 0')
  if (sumOf(rows) > limits.MaxSpan) c.fail('spans that sum above the limit')
  if (rows.some((r) => (r.ref === INDIRECT) !== level > 1)) c.fail(`a reference that level ${level} cannot have`)
}
function checkRecipe(c, [r]) {
  checkReferences(c, [r])
  if (r.length === 0n) c.fail('nothing is made')
  if (r.size > limits.MaxRecipeFree + limits.MaxRecipeRatio * r.length) c.fail('more input than it may have')
}

// Types of blocks: with how many rows, if they have rows, and whether with a level; their columns; what else must hold.
const types = {
  1: { structure: 'top block', columns: { 1: hash('snapshot'), 2: hash('root'), 3: hash('content'), 4: value('size', count) } },
  2: { structure: 'snapshot record', blank: { label: EMPTY, parents: [] }, columns: {
    1: root, 3: hash('content'), 4: value('time', time), 5: text('label'), 6: text('message'), 7: optional(parents),
    8: optional(value('replica', replica)), 9: optional(value('vector', vector)), 10: text('tool'),
    128: optional(value('original', original)) } },
  3: { structure: 'directory', most: limits.MaxLeafEntries, blank: blankEntry, check: checkEntries,
    columns: { 1: entryNames, ...entryColumns } },
  4: { structure: 'directory inner node', most: limits.MaxNodeChildren, levels: true,
    columns: { 1: entryNames, 2: value('count', (c) => count(c) || c.fail('a child without entries')), 3: names(all) } },
  5: { structure: 'indirect block', most: limits.MaxNodeChildren, levels: true, check: checkIndirect,
    columns: { 1: references(), 2: value('size', count), ...referenceColumns } },
  6: { structure: 'recipe', check: checkRecipe, columns: {
    1: value('transform', (c) => c.uvarint()), 2: value('params', (c) => c.rest(limits.MaxRecipeParams, 'parameters')),
    3: value('length', count), 4: value('size', count), 8: references(), ...referenceColumns } },
}

// Decodes a block whose place calls for one of the types named; own is its number. It says what its row says, or has rows.
export function decodeBlock(bytes, own, wanted = []) {
  const type = types[bytes[0]]
  if (!type || (wanted.length && !wanted.includes(type.structure)))
    damaged(wanted[0] ?? 'block', `block ${own} is of type ${bytes[0]}`)
  const c = new Cursor(bytes, type.structure)
  c.take(1)
  const level = type.levels && c.count(limits.MaxNodeLevel, 'the level')
  const count = type.most ? c.count(type.most, 'the count of rows') : 1
  if (type.levels && (level === 0 || count < 2)) c.fail('a level of 0, or fewer than two rows')
  const before = bytes.subarray(0, c.pos)
  const rows = Array.from({ length: count }, () => ({ ...type.blank }))
  const columns = readColumns(c, type.columns, rows, BigInt(own))
  type.check?.(c, rows, level)
  const canonical = (hashOf) => Buffer.concat([before, canonicalColumns(columns, hashOf)])
  return { ...(type.most ? { rows } : rows[0]), structure: type.structure, level, columns, canonical }
}

function readColumns(c, table, rows, own) {
  const columns = {}
  for (let last = -1n; c.left; ) {
    const id = c.uvarint()
    if (id <= last) c.fail('columns out of order')
    if (id < IGNORABLE && !(id in table)) c.fail(`an unknown column ${id}`)
    columns[(last = id)] = { id, bytes: c.string(c.left, `column ${id}`) }
    if (columns[id].bytes.length === 0) c.fail(`column ${id} is empty`)
  }
  for (const [id, read] of Object.entries(table)) {
    if (!columns[id] && read.optional) continue
    const column = columns[id] ?? { bytes: EMPTY } // without bytes, it must have no rows
    const inside = new Cursor(column.bytes, c.structure)
    read(inside, rows, { own, column })
    inside.end(`column ${id}`)
  }
  return Object.values(columns)
}

// The canonical form, with hashes where the stored form has numbers.
function canonicalColumns(columns, hashOf) {
  return Buffer.concat(columns.flatMap(({ id, bytes, names, before = EMPTY, inner }) => {
    const data = inner ? canonicalColumns(inner, hashOf) : names ? Buffer.concat([before, ...names.map(hashOf)]) : bytes
    return [uvarint(id), uvarint(data.length), data]
  }))
}
