// The vectors: pairs of an archive and its description, neither without the other.
import assert from 'node:assert/strict'
import fs from 'node:fs'

const dir = new URL('../vectors/', import.meta.url)

// JSON with all integers as bigint, since numbers go up to 2^64.
const parse = (text) => JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d+/g, (t) => (t[0] === '"' ? t : `"\\u0000${t}"`)),
  (_, value) => (typeof value === 'string' && value[0] === '\0' ? BigInt(value.slice(1)) : value))

export function vectors() {
  const names = fs.readdirSync(dir).filter((n) => n !== 'README.md')
  const stems = [...new Set(names.map((n) => n.replace(/\.[^.]*$/, '')))]
  assert.deepEqual(names.sort(), stems.flatMap((s) => [`${s}.json`, `${s}.vtd`]).sort())
  return stems.map((stem) => {
    const v = parse(fs.readFileSync(new URL(`${stem}.json`, dir), 'utf8'))
    assert.equal(v.name, stem)
    assert.ok(['ok', 'not-archive', 'unsupported', 'damaged'].includes(v.expect), `${stem} expects ${v.expect}`)
    return Object.defineProperty(v, 'file', { value: fs.readFileSync(new URL(`${stem}.vtd`, dir)) })
  })
}
