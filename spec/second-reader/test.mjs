// Goes through all vectors and the archives of earlier versions: what is valid must be listed, verified and extracted as
// its description says, and what is broken must be rejected, in the class and by the step that the description names.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Archive } from './archive.mjs'
import { FILE, IMPLIED, SYMLINK, isDirectory, kindNames, refKinds, split } from './blocks.mjs'
import { Fault } from './bytes.mjs'
import { content } from './content.mjs'
import { extract } from './extract.mjs'
import { walk } from './tree.mjs'
import { compat, vectors } from './vectors.mjs'
import { verify } from './verify.mjs'

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'vtd-second-'))
const steps = ['open', 'tree', 'data', 'verify']

// The description of an entry, as vectors/README.md has it.
function describe(archive, e, names) {
  const bytes = (key, b) => (Buffer.from(b.toString()).equals(b) ? { [key]: b.toString() } : { [`${key}_hex`]: b.toString('hex') })
  const d = { ...bytes('path', names.length ? join(names) : Buffer.from('.')), kind: kindNames[e.kind] }
  if (e.kind !== IMPLIED) {
    Object.assign(d, { perm: e.perm.toString(8).padStart(4, '0'), uid: BigInt(e.uid), gid: BigInt(e.gid) })
    Object.assign(d, { user: e.user.toString(), group: e.group.toString(), mtime: split(e.mtime) })
    if (e.btime) d.btime = split(e.btime)
  }
  d.size = e.size
  if (isDirectory(e)) d.count = e.count
  if (e.target) Object.assign(d, bytes('target', e.target))
  if (e.device) [d.major, d.minor] = e.device.map(BigInt)
  if (e.link) Object.assign(d, { link_id: e.link, link_count: e.linkCount })
  if (e.xattrs.length) d.xattrs = e.xattrs.map((a) => ({ name: a.name.toString(), value_hex: a.value.toString('hex') }))
  if (e.kind === FILE) {
    const h = createHash('sha256')
    for (const b of content(archive, e)) h.update(b)
    Object.assign(d, { ref: refKinds[e.ref], sha256: h.digest('hex') })
  }
  return d
}

const join = (names) => Buffer.concat(names.flatMap((n, i) => (i ? [Buffer.from('/'), n] : [n])))
// Fields that are zero or empty may stand or not.
const plain = (d) => Object.fromEntries(Object.entries(d).filter(([, v]) => v !== 0n && v !== '').sort())

function compare(archive, v) {
  const { top, snapshot, root } = archive.version()
  const hex = (b) => b.toString('hex')
  const got = {
    hash: archive.header.hash.name, top_hash: hex(archive.trailer.topHash), root_hash: hex(top.root),
    content_id: hex(top.content), blocks: BigInt(archive.trailer.blocks), snapshots: BigInt(archive.trailer.snapshots),
    label: snapshot.label.toString(), ignored_tail: BigInt(archive.ignoredTail),
  }
  const { name, comment, expect, entries, ...wanted } = v
  const original = archive.original(snapshot)
  if (original) got.original = plain(describe(archive, original, [original.name]))
  if (wanted.original) wanted.original = plain(wanted.original)
  assert.deepEqual(plain(got), plain(wanted))
  const listed = [...walk(archive, root)].filter((w) => !w.done).map(({ entry, path }) => describe(archive, entry, path))
  assert.deepEqual(listed.map(plain), entries.map(plain))
  assert.deepEqual(verify(archive).map(String), [])
  compareExtracted(archive, path.join(fs.mkdtempSync(path.join(temporary, name)), 'tree'), entries)
}

// Times that every file system can hold.
const held = (t) => t.sec === BigInt.asIntN(32, t.sec)

// What no system, or not every one, lets a program make.
const excused = ({ entry: e, path, what }) => (what === 'entry'
  ? !isDirectory(e) && ![FILE, SYMLINK].includes(e.kind) || path.at(-1).length > 255
  : !held(split(e.mtime)))

function compareExtracted(archive, dir, entries) {
  const left = extract(archive, dir)
  for (const l of left) assert.ok(excused(l), `${join(l.path)}: ${l.what}: ${l.why}`)
  const missing = new Map(left.map(({ path, what }) => [hexOf(join(path)), what]))
  const found = new Set()
  for (const d of entries) {
    const name = bytesOfField(d, 'path')
    if (missing.get(hexOf(name)) === 'entry') continue
    const at = Buffer.concat([Buffer.from(`${dir}/`), name])
    const st = fs.lstatSync(at, { bigint: true })
    const type = { directory: 0o40000n, implied: 0o40000n, file: 0o100000n, symlink: 0o120000n }[d.kind]
    assert.equal(st.mode & 0o170000n, type)
    if (d.kind === 'file') assert.equal(createHash('sha256').update(fs.readFileSync(at)).digest('hex'), d.sha256)
    if (d.kind === 'symlink') assert.ok(fs.readlinkSync(at, 'buffer').equals(bytesOfField(d, 'target')))
    else if (d.perm) assert.equal((st.mode & 0o7777n).toString(8).padStart(4, '0'), d.perm)
    if (d.link_count) assert.equal(st.nlink, d.link_count)
    if (d.mtime && held(d.mtime)) assert.equal(st.mtimeNs / 1000n, (d.mtime.sec * 1000000000n + d.mtime.nsec) / 1000n)
    found.add(name.toString('latin1'))
  }
  const inside = (below) => fs.readdirSync(Buffer.from(below, 'latin1'), { encoding: 'latin1', withFileTypes: true })
    .flatMap((f) => [`${below}/${f.name}`, ...(f.isDirectory() ? inside(`${below}/${f.name}`) : [])])
  for (const at of inside(dir)) assert.ok(found.has(at.slice(dir.length + 1)), `${at} is not in the archive`)
}

const bytesOfField = (d, key) => (d[key] === undefined ? Buffer.from(d[`${key}_hex`], 'hex') : Buffer.from(d[key]))
const hexOf = (b) => Buffer.from(b).toString('hex')

// The step at which a broken archive is rejected, and the faults.
function reject(file) {
  let archive
  const run = {
    open: () => (archive = new Archive(file)),
    tree: () => [...walk(archive, archive.version().root)],
    data: () => {
      for (const { entry } of walk(archive, archive.version().root))
        if (entry.kind === FILE) for (const _ of content(archive, entry));
    },
    verify: () => {
      const faults = verify(archive)
      if (faults.length) throw Object.assign(faults[0], { all: faults })
    },
  }
  for (const step of steps) {
    try {
      run[step]()
    } catch (e) {
      if (!(e instanceof Fault)) throw e
      return { step, faults: e.all ?? [e] }
    }
  }
  return { step: 'never', faults: [] }
}

function check(v, file) {
  if (v.expect === 'ok') return compare(new Archive(file), v)
  const { step, faults } = reject(file)
  const found = `${step}: ${faults.map((f) => `${f.kind}: ${f.message}`).join('; ')}`
  assert.ok(steps.indexOf(step) >= 0 && steps.indexOf(step) <= steps.indexOf(v.scope), `noticed by step ${found}`)
  assert.ok(faults.some((f) => f.kind === v.expect), `a fault of another class: ${found}`)
  if (step === v.scope) assert.ok(faults.some((f) => f.structure === v.structure), `another structure: ${found}`)
}

let failed = 0
const [all, earlier] = [vectors(), compat()]
for (const v of [...all, ...earlier]) {
  try {
    check(v, v.file)
  } catch (e) {
    failed++
    console.error(`${v.name}: ${v.comment}: expected ${v.expect} ${v.structure ?? ''} ${v.scope ?? ''}\n  ${e.stack.split('\n').slice(0, process.env.VERBOSE ? 40 : 4).join('\n  ')}`)
  }
}
fs.rmSync(temporary, { recursive: true })
console.log(`${all.length} vectors and ${earlier.length} archives of earlier versions, ${failed} failed`)
process.exitCode = failed || all.length === 0 || earlier.length === 0 ? 1 : 0
