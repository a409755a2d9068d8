// The tree below a root (sections 6.4 and 6.5).
import { damaged } from './bytes.mjs'
import { MaxDepth } from './limits.mjs'
import { isDirectory } from './nodes.mjs'

const anyNode = ['directory', 'directory inner node']

// The leaves of a directory, in order, each entry within the names that the nodes above leave it.
export function* leaves(archive, number, above = { level: Infinity }) {
  const node = archive.node(number, ...anyNode)
  const depth = node.level || 0
  const wrong = above.level !== Infinity && depth !== above.level - 1
  if (wrong) damaged(node.structure, `block ${number} is of level ${depth} below level ${above.level}`)
  const names = (node.entries ?? node.children).map((x) => x.name)
  if (above.first) {
    if (names.length === 0) damaged(node.structure, 'an empty leaf below an inner node')
    const first = Buffer.compare(names[0], above.first)
    const beyond = above.next && Buffer.compare(names.at(-1), above.next) >= 0
    if (first < 0 || beyond) damaged(node.structure, 'a name that belongs into another node')
    if (first > 0) damaged('directory inner node', `a first name that is not that of block ${number}`)
  }
  if (node.entries) return yield node
  for (const [i, child] of node.children.entries()) {
    const bounds = { level: node.level, first: child.name, next: names[i + 1] ?? above.next }
    let count = 0n
    for (const leaf of leaves(archive, child.node, bounds)) {
      count += BigInt(leaf.entries.length)
      yield leaf
    }
    if (count !== child.count) damaged('directory inner node', `block ${number} says ${child.count} entries for ${count}`)
  }
}

export function* entriesOf(archive, dir) {
  for (const leaf of leaves(archive, dir.node)) yield* leaf.entries
}

// All entries depth first, with the names from the root down.
export function* walk(archive, root) {
  yield { entry: root, path: [] }
  const open = [{ path: [], entries: entriesOf(archive, root) }]
  while (open.length) {
    const { path, entries } = open.at(-1)
    const { value: entry, done } = entries.next()
    if (done) {
      open.pop()
      continue
    }
    const inside = [...path, entry.name]
    yield { entry, path: inside }
    if (!isDirectory(entry)) continue
    if (open.length >= MaxDepth) damaged('directory', `more than ${MaxDepth} directories below one another`)
    open.push({ path: inside, entries: entriesOf(archive, entry) })
  }
}
