// Restoring a tree as a directory that is not there yet, so that nothing of an archive can lead out of it.
import fs from 'node:fs'
import { pieces } from './content.mjs'
import { DIR, FILE, SYMLINK, isDirectory, kindNames } from './nodes.mjs'
import { walk } from './tree.mjs'

const SLASH = Buffer.from('/')
const PIECE = 1 << 20

// Gives what the system would not have: entries, or their metadata alone.
export function extract(archive, target) {
  const left = []
  const directories = []
  const links = new Map()
  const attempt = (entry, path, what, step) => {
    try {
      step()
      return true
    } catch (e) {
      if (!e.code) throw e
      left.push({ entry, path, what, why: e.code })
    }
  }
  for (const { entry: e, path } of walk(archive, archive.version().root)) {
    const at = Buffer.concat([Buffer.from(target), ...path.flatMap((name) => [SLASH, name])])
    const made = attempt(e, path, 'entry', () => (links.has(e.link) ? fs.linkSync(links.get(e.link), at) : make(archive, e, at)))
    if (!made) continue
    if (isDirectory(e)) directories.unshift({ e, path, at })
    else if (!links.has(e.link)) attempt(e, path, 'metadata', () => setMetadata(e, at))
    if (e.link) links.set(e.link, at)
  }
  for (const { e, path, at } of directories) if (e.kind === DIR) attempt(e, path, 'metadata', () => setMetadata(e, at))
  return left
}

function make(archive, e, at) {
  if (isDirectory(e)) fs.mkdirSync(at)
  else if (e.kind === SYMLINK) fs.symlinkSync(e.target, at)
  else if (e.kind === FILE) writeFile(archive, e, at)
  else throw Object.assign(new Error(), { code: `no way to make a ${kindNames[e.kind]}` })
}

function writeFile(archive, e, at) {
  const fd = fs.openSync(at, 'wx', 0o600)
  let end = 0
  for (const p of pieces(archive, e.ref)) {
    const bytes = Buffer.isBuffer(p) ? p : Buffer.alloc(Math.min(PIECE, Number(p.length)), p.byte)
    const length = Number(p.length)
    if (p.byte !== 0) // a run of zeros is left to be a hole
      for (let n = 0; n < length; n += bytes.length) fs.writeSync(fd, bytes, 0, Math.min(bytes.length, length - n), end + n)
    end += length
  }
  fs.ftruncateSync(fd, end)
  fs.closeSync(fd)
}

function setMetadata(e, at) {
  const seconds = `${Number(e.mtime.sec) + e.mtime.nsec / 1e9}` // as a number, it would not be taken if negative
  if (process.getuid() === 0) fs.lchownSync(at, e.uid, e.gid)
  if (e.kind !== SYMLINK) fs.chmodSync(at, e.perm)
  fs.lutimesSync(at, seconds, seconds)
}
