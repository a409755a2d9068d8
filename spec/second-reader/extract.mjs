// Restoring a tree as a directory that is not there yet, so that nothing of an archive can lead out of it.
import fs from 'node:fs'
import { FILE, IMPLIED, SYMLINK, isDirectory, kindNames, split } from './blocks.mjs'
import { bytesOf, pieces } from './content.mjs'
import { walk } from './tree.mjs'

// Gives what the system would not have: entries, or their metadata alone.
export function extract(archive, target) {
  const left = []
  const links = new Map()
  for (const { entry: e, path, done } of walk(archive, archive.version().root)) {
    const at = Buffer.concat([Buffer.from(target), ...path.flatMap((name) => [Buffer.from('/'), name])])
    const attempt = (what, step) => {
      try {
        step()
        return true
      } catch (err) {
        if (!err.code) throw err
        left.push({ entry: e, path, what, why: err.code })
      }
    }
    if (done) attempt('metadata', () => setMetadata(e, at))
    else if (links.has(e.link)) attempt('entry', () => fs.linkSync(links.get(e.link), at))
    else if (attempt('entry', () => make(archive, e, at))) {
      if (!isDirectory(e)) attempt('metadata', () => setMetadata(e, at))
      if (e.link) links.set(e.link, at)
    }
  }
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
  for (const p of pieces(archive, e)) {
    let from = end
    end += Number(p.length)
    if (p.byte === 0) continue // a run of zeros is left to be a hole
    for (const bytes of bytesOf(p)) from += fs.writeSync(fd, bytes, 0, bytes.length, from)
  }
  fs.ftruncateSync(fd, end)
  fs.closeSync(fd)
}

function setMetadata(e, at) {
  if (e.kind === IMPLIED) return
  const { sec, nsec } = split(e.mtime)
  const seconds = `${Number(sec) + Number(nsec) / 1e9}` // as a number, it would not be taken if negative
  if (process.getuid() === 0) fs.lchownSync(at, e.uid, e.gid)
  if (e.kind !== SYMLINK) fs.chmodSync(at, e.perm)
  fs.lutimesSync(at, seconds, seconds)
}
