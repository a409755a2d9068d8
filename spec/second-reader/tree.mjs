// The tree below a root (sections 6.4 and 6.5).
import { isDirectory } from './blocks.mjs'
import { damaged } from './bytes.mjs'
import { limits } from './limits.mjs'

// The entries of a directory, in order, below a node that must keep within what the node above says of it.
function* entriesOf(archive, number, above) {
  const { structure, level = 0, rows } = archive.node(number, 'directory', 'directory inner node')
  const names = rows.map((r) => r.name)
  if (above) {
    if (level !== above.level) damaged(structure, `block ${number} is of level ${level}, not ${above.level}`)
    if (names.length === 0) damaged(structure, 'an empty leaf below an inner node')
    const first = Buffer.compare(names[0], above.first)
    if (first < 0 || (above.next && Buffer.compare(names.at(-1), above.next) >= 0))
      damaged(structure, 'a name that belongs into another node')
    if (first > 0) damaged('directory inner node', `a first name that is not that of block ${number}`)
  }
  if (level === 0) return yield* rows
  for (const [i, child] of rows.entries()) {
    const below = { level: level - 1, first: child.name, next: names[i + 1] ?? above?.next }
    let count = 0n
    for (const e of entriesOf(archive, child.block, below)) {
      count++
      yield e
    }
    if (count !== child.count) damaged('directory inner node', `block ${number} says ${child.count} entries for ${count}`)
  }
}

// All entries depth first, with the names from the root down; a directory comes again, as done, after what is below it.
// One that is not to be gone into comes once.
export function* walk(archive, root, into = () => true) {
  const open = []
  const enter = (entry, path) => open.push({ entry, path, entries: entriesOf(archive, entry.block) })
  yield { entry: root, path: [] }
  for (enter(root, []); open.length > 0; ) {
    const { entries, ...dir } = open.at(-1)
    const { value: entry, done } = entries.next()
    if (done) {
      open.pop()
      yield { ...dir, done }
      continue
    }
    const path = [...dir.path, entry.name]
    yield { entry, path }
    if (isDirectory(entry) && into(entry) && enter(entry, path) > limits.MaxDepth)
      damaged('directory', `more than ${limits.MaxDepth} directories below one another`)
  }
}
