// Verification of a whole file (section 14): every fault that is found, not the first alone.
import { BLOCKDEV, CHAR, DIR, FILE, IMPLIED, LITERAL, SYMLINK, isDirectory, split } from './blocks.mjs'
import { Fault, damaged, equal, string, svarint, uvarint } from './bytes.mjs'
import { contentHash } from './hash.mjs'
import { verifyParity } from './parity.mjs'
import { AS_CREATED, DATA, TRAILER_SIZE, readBlocks, readFrame, readIndex, readTrailer } from './structures.mjs'
import { walk } from './tree.mjs'

export function verify(archive) {
  const { file, header } = archive
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
    while (trailers[0].previous) trailers.unshift(readTrailer(file, header, trailers[0].previous))
  })
  for (const t of trailers) {
    t.end = t.offset + TRAILER_SIZE
    t.index = attempt(() => readIndex(file, t))
    t.parity = t.index?.count === 0
  }
  trailers.forEach((t, i) => attempt(() => verifySegment(archive, t, trailers[i - 1])))
  for (const t of trailers) if (t.index && !t.parity) attempt(() => verifyRows(archive, t, trailers))
  trailers.forEach((t, i) => t.parity && i > 0 && verifyParity(archive, t, trailers[i - 1], trailers, attempt))
  verifyBlocks(archive, attempt)
  for (const t of trailers) if (!t.parity) attempt(() => verifyTree(archive, archive.version(t), attempt))
  return faults
}

function verifySegment(archive, t, before = { end: 0, snapshots: 0, blocks: 0 }) {
  const snapshots = before.snapshots + (t.parity ? 0 : 1)
  if (t.segment !== before.end) damaged('trailer', `its segment begins at ${t.segment}, not ${before.end}`, t.offset)
  if (t.snapshots !== snapshots) damaged('trailer', `${t.snapshots} snapshots, not ${snapshots}`, t.offset)
  if (!equal(archive.hash(archive.file.subarray(t.indexOffset, t.offset)), t.indexHash))
    damaged('index', 'its hash is not that in its trailer', t.indexOffset)
  if (t.parity) return
  if (t.previous && archive.header.flags & AS_CREATED) damaged('header', 'it says that nothing was appended')
  if (t.top < before.blocks) damaged('trailer', 'its top block is of a segment before', t.offset)
  const { first, count } = archive.rowOf(t.top)
  if (first !== t.top || count !== 2) damaged('frame', `top block ${t.top} and its snapshot record are not alone in it`)
}

// That the rows of an index are the frames, one after another, with nothing between them but what ends segments.
function verifyRows({ header }, t, trailers) {
  let [block, at] = t.base ? [t.index.first, t.base + TRAILER_SIZE] : [0, header.size]
  for (const row of t.index.rows) {
    for (const o of trailers) if (o !== t && (o.indexOffset === at || (o.parity && o.segment === at))) at = o.end
    if (row.first !== block) damaged('index', `a row for block ${row.first} where ${block} is due`, t.indexOffset)
    if (row.offset !== at) damaged('index', `a frame at ${row.offset} where ${at} is due`, t.indexOffset)
    block += row.count
    at += row.head + row.stored
  }
  if (block !== t.blocks || at !== t.indexOffset) damaged('index', 'frames that do not end where the index begins', at)
}

function verifyBlocks(archive, attempt) {
  const seen = new Set()
  const twice = []
  let absent = false
  const verifyBlock = (bytes, number, isData) => {
    if (bytes.length === 0 && isData) return void (absent = true)
    const { structure } = isData ? archive.data(number) : archive.node(number)
    if (['top block', 'snapshot record'].includes(structure)) return // every tree version has its own
    const key = `${isData} ${archive.hashOf(number).toString('hex')}`
    if (seen.has(key)) twice.push({ number, isData })
    seen.add(key)
  }
  for (const row of archive.indexes.flatMap((i) => i.rows).sort((a, b) => a.first - b.first)) attempt(() => {
    const frame = readFrame(archive.file, row, archive.header)
    if (!equal(archive.hash(frame.bytes), frame.hash)) damaged('frame', 'its stored bytes have another hash', frame.offset)
    readBlocks(frame).forEach((bytes, i) => attempt(() => verifyBlock(bytes, row.first + i, row.kind === DATA)))
  })
  for (const { number, isData } of twice)
    if (isData || !absent) attempt(() => damaged('index', `block ${number} is stored twice`))
}

const CONTENT = 'vtd content 1\n'
const NONE = Buffer.alloc(0)
const timeBytes = (t) => Buffer.concat([svarint(split(t).sec), uvarint(split(t).nsec)])

// The record of an entry (section 10), with what is known of its content or of the directory that it is.
function record(name, e, { id }) {
  if (e.kind === IMPLIED) return Buffer.concat([string(name), uvarint(IMPLIED << 12), id])
  const rest = {
    [FILE]: () => [uvarint(e.size), id], [DIR]: () => [id], [SYMLINK]: () => [string(e.target)],
    [CHAR]: () => e.device.map(uvarint), [BLOCKDEV]: () => e.device.map(uvarint),
  }[e.kind]?.() ?? []
  return Buffer.concat([string(name), e.modeBytes, e.ownerBytes, timeBytes(e.mtime), e.xattrBytes ?? uvarint(0),
    uvarint(e.link), ...rest])
}

// A tree version: totals, hashes of content, link groups and content id. A directory that is in several places is gone
// through once, unless there are link groups below, whose names count at each place.
function verifyTree(archive, { snapshot, root }, attempt) {
  const contents = new Map() // hashes of content
  const sums = new Map() // of directories, by number of their block
  const groups = new Map() // of links

  const contentOf = (e) => {
    if (e.ref === LITERAL) return archive.hash(e.bytes)
    const key = `${e.ref} ${e.block ?? e.byte} ${e.size}`
    if (!contents.has(key)) contents.set(key, attempt(() => contentHash(archive, e)))
    const hash = contents.get(key)
    if (hash && e.content && !equal(hash, e.content))
      attempt(() => damaged('directory', `another hash of the content of ${e.name}`))
    return hash ?? e.content ?? attempt(() => archive.hashOf(e.block)) ?? NONE
  }
  const addLink = (e, sum) => {
    const same = Buffer.concat([record(NONE, e, sum), uvarint(e.linkCount), timeBytes(e.btime ?? 0n)])
    const group = groups.get(e.link) ?? { same, names: 0n, count: e.linkCount }
    if (!equal(group.same, same)) damaged('directory', `names of link group ${e.link} that differ`)
    groups.set(e.link, { ...group, names: group.names + 1n })
  }
  const checkTotals = (structure, e, { size, count }) => e.size === size && e.count === count ||
    damaged(structure, `totals of ${e.size} bytes and ${e.count} entries for ${size} and ${count}`)
  const add = (sum, e, own) => {
    sum.h.update(record(e.name, e, own))
    sum.links ||= own.links || e.link > 0n
    sum.size += e.size
    sum.only = sum.count === 0n ? e : undefined
    sum.count += 1n + own.count
    if (e.link) attempt(() => addLink(e, own))
    if (isDirectory(e)) attempt(() => checkTotals('directory', e, own))
  }
  const known = (e) => sums.get(e.block)?.links === false
  const open = []
  for (const { entry: e, done } of walk(archive, root, (dir) => !known(dir))) {
    if (done) {
      const sum = open.pop()
      sum.id = Buffer.from(sum.h.digest())
      sums.set(e.block, sum)
      if (open.length > 0) add(open.at(-1), e, sum)
    } else if (!isDirectory(e)) add(open.at(-1), e, { id: e.kind === FILE && contentOf(e), count: 0n })
    else if (known(e)) add(open.at(-1), e, sums.get(e.block))
    else open.push({ h: archive.header.hash.create().update(CONTENT), size: 0n, count: 0n, links: false })
  }
  attempt(() => {
    const original = archive.original(snapshot)
    if (original) contentOf(original)
  })
  checkTotals('snapshot record', root, sums.get(root.block))
  let start = root
  for (let only; start.kind === IMPLIED && (only = sums.get(start.block).only) && isDirectory(only); ) start = only
  if (!equal(archive.hash(CONTENT, record(NONE, start, sums.get(start.block))), snapshot.content))
    damaged('snapshot record', 'a content id that the tree does not have')
  for (const [number, { names, count }] of groups)
    if (names !== count) damaged('directory', `link group ${number} has ${names} names, not ${count}`)
  for (const number of snapshot.parents)
    if (archive.node(number, 'snapshot record').time > snapshot.time) damaged('snapshot record', 'it is older than a parent')
}
