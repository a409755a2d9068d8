#!/usr/bin/env node
// vtd.mjs list|verify|extract ARCHIVE [DIR]
import fs from 'node:fs'
import { Archive } from './archive.mjs'
import { kindNames } from './blocks.mjs'
import { Fault } from './bytes.mjs'
import { extract } from './extract.mjs'
import { walk } from './tree.mjs'
import { verify } from './verify.mjs'

const show = (path) => (path.length ? path.map((name) => name.toString()).join('/') : '.')

const commands = {
  list(archive) {
    for (const { entry: e, path, done } of walk(archive, archive.version().root)) {
      if (done) continue
      const target = e.target ? ` -> ${e.target}` : ''
      console.log(`${kindNames[e.kind].padEnd(9)} ${e.perm.toString(8).padStart(4, '0')} ${e.size} ${show(path)}${target}`)
    }
  },
  verify(archive) {
    const faults = verify(archive)
    for (const f of faults) console.error(f.message)
    if (faults.length) throw new Fault(faults[0].kind, 'archive', `${faults.length} faults`)
  },
  extract(archive, dir = '.') {
    if (fs.existsSync(dir) && fs.readdirSync(dir).length) throw new Error(`${dir} is not empty`)
    if (fs.existsSync(dir)) fs.rmdirSync(dir)
    const left = extract(archive, dir)
    for (const { path, what, why } of left) console.error(`${show(path)}: ${what} not restored: ${why}`)
    if (left.length) process.exitCode = 1
  },
}

const [command, file, ...rest] = process.argv.slice(2)
if (!Object.hasOwn(commands, command ?? '') || !file) {
  console.error('usage: vtd.mjs list|verify|extract ARCHIVE [DIR]')
  process.exit(2)
}
try {
  const archive = new Archive(fs.readFileSync(file))
  if (archive.ignoredTail) console.error(`${archive.ignoredTail} bytes after the last trailer are disregarded`)
  commands[command](archive, ...rest)
} catch (e) {
  console.error(`${file}: ${e instanceof Fault ? `${e.kind}: ` : ''}${e.message}`)
  process.exitCode = e instanceof Fault ? (e.kind === 'damaged' ? 3 : 4) : 2
}
