// Metadata blocks in stored form (section 6). Each decoder gives what the block says, and its columns.
import { Cursor, damaged, isZero, uvarint } from './bytes.mjs'
import { Columns, INDIRECT, palette, refColumns, references, time, times } from './columns.mjs'
import * as limits from './limits.mjs'

export const FILE = 1, DIR = 2, SYMLINK = 3, CHAR = 6, BLOCKDEV = 7, IMPLIED = 9
export const kindNames = [, 'file', 'directory', 'symlink', 'fifo', 'socket', 'char', 'block', 'whiteout', 'implied']
export const isDirectory = (e) => e.kind === DIR || e.kind === IMPLIED
const U32 = 2n ** 32n - 1n

// Decoders by type of block: what a fault is called, whether there are rows, whether there is a level.
const types = {
  1: { structure: 'top block', decode: top },
  2: { structure: 'snapshot record', decode: snapshot },
  3: { structure: 'directory', rows: limits.MaxLeafEntries, decode: leaf },
  4: { structure: 'directory inner node', level: true, rows: limits.MaxNodeChildren, decode: inner },
  5: { structure: 'indirect block', level: true, rows: limits.MaxNodeChildren, decode: indirect },
  6: { structure: 'recipe', decode: recipe },
}
export const structures = Object.values(types).map((t) => t.structure)

// Decodes a block whose place calls for one of the types named; own is its number.
export function decodeBlock(bytes, own, wanted) {
  const type = types[bytes[0]]
  if (!wanted.includes(type?.structure)) damaged(wanted[0], `block ${own} is of type ${bytes[0]}`)
  const c = new Cursor(bytes, type.structure)
  c.take(1)
  const level = type.level && c.count(limits.MaxNodeLevel, 'the level')
  if (level === 0) c.fail('a level of 0')
  const rows = type.rows && c.count(type.rows, 'the count of rows')
  if (type.level && rows < 2) c.fail('fewer than two rows')
  const prefix = bytes.subarray(0, c.pos)
  const node = { number: own, structure: type.structure, level, ...type.decode(c, BigInt(own), rows, level) }
  node.canonical = (hashOf) => Buffer.concat([prefix, node.columns.canonical(hashOf)])
  return node
}

function top(c) {
  const columns = new Columns(c, [1, 2, 3, 4])
  const [snapshot, root, content] = [1, 2, 3].map((id) => columns.read(id, (c) => c.take(32)))
  return { columns, snapshot, root, content, span: columns.read(4, (c) => c.uvarint(limits.MaxSpan)) }
}

function snapshot(c, own) {
  const columns = new Columns(c, [1, 3, 4, 5, 6, 7, 8, 9, 10])
  const optional = (id, reader, none) => (columns.find(id) ? columns.read(id, reader) : none)
  const text = (c) => c.take(c.left > limits.MaxText ? c.fail('a text above the limit') : c.left)
  const s = { columns, content: columns.read(3, (c) => c.take(32)), time: columns.read(4, time) }
  s.root = columns.read(1, (c) => {
    const cols = new Columns(c, rootColumns)
    columns.find(1).inner = cols
    return entries(cols, own, [Buffer.alloc(0)])[0]
  })
  if (!isDirectory(s.root)) c.fail('a root that is not a directory')
  for (const [id, name] of [[5, 'label'], [6, 'message'], [10, 'tool']]) s[name] = optional(id, text, Buffer.alloc(0))
  s.parents = optional(7, (c) => {
    const n = c.count(limits.MaxParents, 'the count of parents')
    if (n === 0) c.fail('a count of no parents')
    let from = own
    const names = Array.from({ length: n }, () => (from = c.delta(from)))
    Object.assign(columns.find(7), { names, before: uvarint(n) })
    return names
  }, [])
  s.replica = optional(8, (c) => c.take(16))
  if (s.replica && isZero(s.replica)) c.fail('a replica id of zeros')
  optional(9, (c) => {
    for (let last, n = 0; c.left; n++) {
      const id = c.take(16)
      if (last && Buffer.compare(last, id) >= 0) c.fail('a version vector out of order')
      if (n === limits.MaxVector) c.fail('a version vector above the limit')
      c.uvarint()
      last = id
    }
  })
  return s
}

const rootColumns = Array.from({ length: 17 }, (_, i) => i + 2)
const leafColumns = [1, ...rootColumns, 19]

function leaf(c, own, rows) {
  const columns = new Columns(c, leafColumns)
  const names = columns.readRows(1, rows, (c) => c.untilNul(limits.MaxName, 'a name'))
  names.forEach((name, i) => {
    if (name.length === 0 || name.includes('/') || name.equals(Buffer.from('.')) || name.equals(Buffer.from('..')))
      c.fail(`a name that no entry can have: ${JSON.stringify(name.toString())}`)
    if (i > 0 && Buffer.compare(names[i - 1], name) >= 0) c.fail('names out of order')
  })
  return { columns, entries: entries(columns, own, names) }
}

// The entries of a leaf, or the root of a snapshot record.
function entries(columns, own, names) {
  const { structure } = columns
  const n = names.length
  const column = (id, rows, reader) => columns.read(id, (c) => palette(c, rows, reader))
  const owner = (c) => ({
    uid: Number(c.uvarint(U32, 'a user id')), gid: Number(c.uvarint(U32, 'a group id')),
    user: c.string(limits.MaxOwnerName, 'a user name'), group: c.string(limits.MaxOwnerName, 'a group name'),
  })
  const modes = column(2, n, (c) => c.count(0xffff, 'a mode'))
  const owners = column(3, n, owner)
  const mtimes = columns.read(4, (c) => times(c, n))
  const list = names.map((name, i) => ({
    name, kind: modes[i].value >> 12, perm: modes[i].value & 0xfff, ...owners[i].value, mtime: mtimes[i],
    raw: { mode: modes[i].bytes, owner: owners[i].bytes, attributes: uvarint(0) }, xattrs: [], link: 0n, size: 0n,
  }))
  for (const e of list) if (!kindNames[e.kind]) damaged(structure, `an entry of kind ${e.kind}`)
  const of = (...kinds) => list.filter((e) => kinds.includes(e.kind))
  const each = (id, rows, reader) => columns.read(id, (c) => rows.forEach((e) => Object.assign(e, reader(c))))

  const files = of(FILE)
  const dirs = list.filter(isDirectory)
  each(5, files, (c) => ({ size: c.uvarint(limits.MaxSpan, 'a size') }))
  each(6, dirs, (c) => ({ size: c.uvarint(limits.MaxSpan, 'a size'), count: c.uvarint(limits.MaxSpan) }))
  columns.names(7, dirs.length, own).forEach((block, i) => (dirs[i].node = block))
  references(columns, 8, files.map((e) => e.size), own).forEach((ref, i) => (files[i].ref = ref))
  each(13, files.filter((e) => e.ref.kind >= 2), (c) => ({ content: c.take(32) }))
  each(14, of(SYMLINK), (c) => ({ target: c.untilNul(limits.MaxTarget, 'a target') }))
  for (const e of of(SYMLINK)) if (e.target.length === 0) damaged(structure, 'a symlink without a target')
  each(15, of(CHAR, BLOCKDEV), (c) => ({ major: Number(c.uvarint(U32)), minor: Number(c.uvarint(U32)) }))
  if (columns.find(16)) columns.read(16, (c) => links(c, list))
  if (columns.find(17)) column(17, n, xattrs).forEach(({ value, bytes }, i) => {
    list[i].xattrs = value
    list[i].raw.attributes = bytes
  })
  if (columns.find(17) && list.every((e) => e.xattrs.length === 0)) damaged(structure, 'attributes, and no entry has any')
  const unknown = (t) => t.sec === 0n && t.nsec === 0
  const born = columns.find(18) ? columns.read(18, (c) => times(c, n)) : []
  if (born.length && born.every(unknown)) damaged(structure, 'times of birth, and none is known')
  born.forEach((t, i) => (list[i].btime = unknown(t) ? undefined : t))
  for (const e of of(IMPLIED)) {
    const owned = e.uid || e.gid || e.user.length || e.group.length
    if (e.perm || owned || !unknown(e.mtime) || e.btime || e.xattrs.length) damaged(structure, 'metadata of an implied directory')
  }
  return list
}

function links(c, list) {
  const count = c.count(list.length, 'the count of links')
  if (count === 0) c.fail('a column of links without rows')
  let group = 0n
  for (let row = -1, i = 0; i < count; i++) {
    row += c.count(list.length, 'the entries skipped') + 1
    group = c.delta(group)
    const e = list[row] ?? c.fail('a link beyond the entries')
    Object.assign(e, { link: group, linkCount: c.uvarint() })
    if (group === 0n || e.linkCount < 2n) c.fail('a link group 0, or of less than two names')
    if (isDirectory(e)) c.fail('a link to a directory')
  }
}

function xattrs(c) {
  let total = 0
  let last
  return Array.from({ length: c.count(limits.MaxXattrTotal, 'the count of attributes') }, () => {
    const a = { name: c.string(limits.MaxXattrName, 'an attribute\'s name'), value: c.string(limits.MaxXattrValue, 'an attribute') }
    if (a.name.length === 0 || (last && Buffer.compare(last, a.name) >= 0)) c.fail('attributes without a name or out of order')
    if ((total += a.name.length + a.value.length) > limits.MaxXattrTotal) c.fail('attributes above the limit')
    last = a.name
    return a
  })
}

function inner(c, own, rows) {
  const columns = new Columns(c, [1, 2, 3])
  const first = columns.readRows(1, rows, (c) => c.untilNul(limits.MaxName, 'a name'))
  const counts = columns.readRows(2, rows, (c) => c.uvarint(limits.MaxSpan, 'the count of a child'))
  const blocks = columns.names(3, rows, own)
  for (let i = 0; i < rows; i++) {
    if (counts[i] === 0n) c.fail('a child without entries')
    if (i > 0 && Buffer.compare(first[i - 1], first[i]) >= 0) c.fail('first names out of order')
  }
  return { columns, children: first.map((name, i) => ({ name, count: counts[i], node: blocks[i] })) }
}

function indirect(c, own, rows, level) {
  const columns = new Columns(c, [1, 2, ...refColumns])
  const spans = columns.readRows(2, rows, (c) => c.uvarint(limits.MaxSpan, 'a span'))
  const refs = references(columns, 1, spans, own)
  if (spans.includes(0n)) c.fail('a span of 0')
  if (refs.some((r) => (r.kind === INDIRECT) !== level > 1)) c.fail(`a reference that level ${level} cannot have`)
  const span = spans.reduce((a, b) => a + b)
  if (span > limits.MaxSpan) c.fail('spans that sum above the limit')
  return { columns, refs, span }
}

function recipe(c, own) {
  const columns = new Columns(c, [1, 2, 3, 4, 8, ...refColumns])
  const transform = columns.read(1, (c) => c.uvarint())
  const params = columns.read(2, (c) => (c.left > limits.MaxRecipeParams ? c.fail('parameters above the limit') : c.take(c.left)))
  const length = columns.read(3, (c) => c.uvarint(limits.MaxSpan, 'the length'))
  const input = columns.read(4, (c) => c.uvarint(limits.MaxSpan, 'the input'))
  if (length === 0n) c.fail('nothing is made')
  if (input > limits.MaxRecipeFree + limits.MaxRecipeRatio * length) c.fail('more input than it may have')
  return { columns, transform, params, length, ref: references(columns, 8, [input], own)[0] }
}
