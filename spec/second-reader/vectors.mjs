// Pairs of an archive and its description, neither without the other: the vectors, and the archives of earlier versions.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'

// JSON with all integers as bigint, since numbers go up to 2^64.
const parse = (text) => JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d+/g, (t) => (t[0] === '"' ? t : `"\\u0000${t}"`)),
  (_, value) => (typeof value === 'string' && value[0] === '\0' ? BigInt(value.slice(1)) : value))

export const vectors = () => pairs(new URL('../vectors/', import.meta.url))

export function compat() {
  const dir = new URL('../compat/', import.meta.url)
  const all = pairs(dir, 'SHA256SUMS')
  const sums = all.map((v) => `${createHash('sha256').update(v.file).digest('hex')}  ${v.name}.vtd\n`)
  assert.equal(sums.join(''), fs.readFileSync(new URL('SHA256SUMS', dir), 'utf8'))
  return all
}

function pairs(dir, ...beside) {
  const names = fs.readdirSync(dir).filter((n) => !['README.md', ...beside].includes(n))
  const stems = [...new Set(names.map((n) => n.replace(/\.[^.]*$/, '')))]
  assert.deepEqual(names.sort(), stems.flatMap((s) => [`${s}.json`, `${s}.vtd`]).sort())
  return stems.map((stem) => {
    const v = parse(fs.readFileSync(new URL(`${stem}.json`, dir), 'utf8'))
    assert.equal(v.name, stem)
    assert.ok(['ok', 'not-archive', 'unsupported', 'damaged'].includes(v.expect), `${stem} expects ${v.expect}`)
    return Object.defineProperty(v, 'file', { value: fs.readFileSync(new URL(`${stem}.vtd`, dir)) })
  })
}
