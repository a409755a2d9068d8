// Verification of a whole file (section 14): every fault that is found, not the first alone.
import { Fault, damaged, equal, string, svarint, uvarint } from './bytes.mjs'
import { LITERAL } from './columns.mjs'
import { pieces } from './content.mjs'
import { DATA, readBlocks, readFrame } from './frames.mjs'
import { ContentHash } from './hash.mjs'
import { MaxDepth } from './limits.mjs'
import { BLOCKDEV, CHAR, DIR, FILE, IMPLIED, SYMLINK, isDirectory, structures } from './nodes.mjs'
import { verifyParity } from './parity.mjs'
import { SIZE, readIndex, readRows, readTrailer } from './trailer.mjs'
import { entriesOf } from './tree.mjs'

const CONTENT = 'vtd content 1\n'

export function verify(archive) {
  const faults = []
  const attempt = (step) => {
    try {
      return step()
    } catch (e) {
      if (!(e instanceof Fault)) throw e
      if (!faults.some((f) => f.message === e.message)) faults.push(e)
    }
  }
  const trailers = [archive.trailer]
  attempt(() => {
    while (trailers[0].previous) trailers.unshift(readTrailer(archive.file, archive.header, trailers[0].previous))
  })
  // A segment whose index covers no block is one of parity.
  for (const t of trailers) t.parity = attempt(() => readIndex(archive.file, t).count === 0)
  const ends = trailers.map((t) => t.offset + SIZE)
  trailers.forEach((t, i) => attempt(() => verifySegment(t, trailers[i - 1])))
  for (const t of trailers) attempt(() => verifyIndex(archive, t, trailers))
  trailers.forEach((t, i) => t.parity && i > 0 && verifyParity(archive, t, trailers[i - 1], ends, attempt))
  verifyBlocks(archive, attempt)
  for (const t of trailers) if (!t.parity) attempt(() => verifyTree(archive, archive.version(t), attempt))
  return faults
}

function verifySegment(t, before) {
  const [end, snapshots] = before ? [before.offset + SIZE, before.snapshots + (t.parity ? 0 : 1)] : [0, 1]
  if (t.segment !== end) damaged('trailer', `its segment begins at ${t.segment}, not ${end}`, t.offset)
  if (t.snapshots !== snapshots) damaged('trailer', `${t.snapshots} snapshots, not ${snapshots}`, t.offset)
}

// An index by itself: its hash, and that its rows are the frames, one after another, with nothing between them.
function verifyIndex(archive, t, trailers) {
  const { file, header } = archive
  if (!equal(archive.hash(file.subarray(t.indexOffset, t.offset)), t.indexHash))
    damaged('index', 'its hash is not that in its trailer', t.indexOffset)
  const index = readIndex(file, t)
  if (t.parity) return
  let [block, at] = index.first ? [index.first, t.base + SIZE] : [0, header.size]
  // From the end of one segment to where the next one begins that is not of parity.
  const goOn = () => {
    for (const o of trailers) if (o !== t && (o.indexOffset === at || (o.parity && o.segment === at))) at = o.offset + SIZE
  }
  for (const row of readRows(index)) {
    goOn()
    if (row.first !== block) damaged('index', `a row for block ${row.first} where ${block} is due`, t.indexOffset)
    if (row.offset !== at) damaged('index', `a frame at ${row.offset} where ${at} is due`, t.indexOffset)
    block += row.count
    at += row.head + row.stored
  }
  if (block !== t.blocks || at !== t.indexOffset) damaged('index', 'frames that do not end where the index begins', at)
}

function verifyBlocks(archive, attempt) {
  const rows = archive.indexes.flatMap((i) => i.rows).sort((a, b) => a.first - b.first)
  const seen = { 1: new Map(), 2: new Map() }
  let absent = false
  const twice = []
  for (const row of rows) attempt(() => {
    const frame = readFrame(archive.file, row, archive.header.size)
    if (!equal(archive.hash(frame.bytes), frame.hash)) damaged('frame', 'its stored bytes have another hash', frame.offset)
    readBlocks(frame).forEach((bytes, i) => attempt(() => {
      const number = row.first + i
      if (bytes.length === 0 && row.kind !== DATA) damaged('block', `metadata block ${number} has no bytes`)
      if (bytes.length === 0) absent = true
      else if (row.kind === DATA) archive.data(number)
      else if (verifyNode(archive, number)) return
      const hash = archive.hashOf(number).toString('hex')
      if (bytes.length > 0 && seen[row.kind].has(hash)) twice.push({ kind: row.kind, number })
      if (bytes.length > 0) seen[row.kind].set(hash, number)
    }))
  })
  for (const { kind, number } of twice)
    if (kind === DATA || !absent) attempt(() => damaged('index', `block ${number} is stored twice`))
}

// A metadata block by itself, and whether it is one that every tree version has for its own.
function verifyNode(archive, number) {
  const node = archive.node(number, ...structures)
  return node.structure === 'top block' || node.structure === 'snapshot record'
}

function verifyTree(archive, { snapshot, root }, attempt) {
  const seen = new Map() // sums of directories by number of their block
  const content = new Map() // hashes of content by number of block
  const links = new Map()
  const fn = archive.header.hash

  const hashContent = (ref) => {
    const h = new ContentHash(fn)
    for (const p of pieces(archive, ref)) Buffer.isBuffer(p) ? h.add(p) : h.addRun(p.byte, p.length)
    return h.digest()
  }
  const contentOf = (e) => {
    const { ref } = e
    if (ref.kind === LITERAL) return archive.hash(ref.bytes)
    const key = `${ref.block ?? ref.byte} ${ref.kind} ${ref.span}`
    if (!content.has(key)) content.set(key, attempt(() => hashContent(ref)))
    const hash = content.get(key)
    if (!hash) return e.content ?? archive.hashOf(ref.block)
    if (e.content && !equal(hash, e.content)) damaged('directory', `another hash of the content of ${e.name}`)
    return hash
  }
  const record = (name, e, inside) => {
    if (e.kind === IMPLIED) return Buffer.concat([string(name), uvarint(IMPLIED << 12), inside.id])
    const rest = {
      [FILE]: () => [uvarint(e.size), contentOf(e)], [DIR]: () => [inside.id], [SYMLINK]: () => [string(e.target)],
      [CHAR]: () => [uvarint(e.major), uvarint(e.minor)], [BLOCKDEV]: () => [uvarint(e.major), uvarint(e.minor)],
    }[e.kind] ?? (() => [])
    const { mode, owner, attributes } = e.raw
    return Buffer.concat([string(name), mode, owner, svarint(e.mtime.sec), uvarint(e.mtime.nsec), attributes,
      uvarint(e.link), ...rest()])
  }
  const link = (e, without) => {
    const same = Buffer.concat([without, uvarint(e.linkCount), svarint(e.btime?.sec ?? 0n), uvarint(e.btime?.nsec ?? 0)])
    const group = links.get(e.link) ?? { same, names: 0n, count: e.linkCount }
    if (!equal(group.same, same)) damaged('directory', `names of link group ${e.link} that differ`)
    links.set(e.link, group)
    group.names++
  }
  const begin = (dir) => ({ dir, entries: entriesOf(archive, dir), h: fn.create().update(CONTENT), size: 0n, count: 0n })
  const add = (sum, e, inside) => {
    if (inside) attempt(() => checkTotals('directory', e, inside))
    const bytes = attempt(() => record(e.name, e, inside))
    if (bytes) sum.h.update(bytes)
    if (e.link) attempt(() => link(e, record(Buffer.alloc(0), e)))
    sum.links ||= e.link > 0n || inside?.links
    sum.size += e.size
    sum.count += 1n + (inside?.count ?? 0n)
    sum.only = sum.only === undefined ? e : null
  }
  // Goes through all directories, from the leaves up. One that is in several places is gone through once, unless
  // there are link groups below, whose names count at each place.
  const open = [begin(root)]
  while (open.length) {
    const sum = open.at(-1)
    const { value: e, done } = sum.entries.next()
    if (done) {
      sum.id = Buffer.from(sum.h.digest())
      seen.set(sum.dir.node, sum)
      open.pop()
      if (open.length) add(open.at(-1), sum.dir, sum)
      continue
    }
    const known = isDirectory(e) ? seen.get(e.node) : undefined
    if (!isDirectory(e) || (known && !known.links)) add(sum, e, known)
    else if (open.push(begin(e)) > MaxDepth) damaged('directory', `more than ${MaxDepth} below one another`)
  }
  const sums = (dir) => seen.get(dir.node)
  checkTotals('snapshot record', root, sums(root))
  let start = root
  for (let only; start.kind === IMPLIED && (only = sums(start).only) && isDirectory(only); ) start = only
  const id = archive.hash(CONTENT, record(Buffer.alloc(0), start, sums(start)))
  if (!equal(id, snapshot.content)) damaged('snapshot record', 'a content id that the tree does not have')
  for (const [number, { names, count }] of links)
    if (names !== count) damaged('directory', `link group ${number} has ${names} names, not ${count}`)
}

function checkTotals(structure, e, { size, count }) {
  if (e.size !== size || e.count !== count)
    damaged(structure, `totals of ${e.size} bytes and ${e.count} entries for ${size} and ${count}`)
}
