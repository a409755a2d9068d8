// Content: what references stand for (sections 6.6, 6.7, 6.10 and 6.11).
import { BLOCK, INDIRECT, LITERAL, RECIPE, RUN, sumOf } from './blocks.mjs'
import { Cursor, crc32c, damaged, unsupported } from './bytes.mjs'
import { rebuild } from './deflate/recipe.mjs'
import { limits } from './limits.mjs'

const transforms = { 1: rebuild, 2: delta }

// Content piece by piece: bytes, or { byte, length } for a run. A reference in an indirect block has the level due there.
export function* pieces(archive, r, recipes = 0) {
  const named = (what, length) => length === r.size || damaged(what, `block ${r.block} is of ${length} bytes, not ${r.size}`)
  if (r.ref === LITERAL) yield r.bytes
  if (r.ref === RUN) yield { byte: r.byte, length: r.size }
  if (r.ref === BLOCK) {
    const bytes = archive.data(r.block)
    named('block', BigInt(bytes.length))
    yield bytes
  }
  if (r.ref === INDIRECT) {
    const { rows, level } = archive.node(r.block, 'indirect block')
    if (r.due && level !== r.due) damaged('indirect block', `level ${level} for ${r.due}`)
    named('indirect block', sumOf(rows))
    for (const row of rows) yield* pieces(archive, { ...row, due: level - 1 }, recipes)
  }
  if (r.ref === RECIPE) {
    if (recipes === limits.MaxRecipeDepth) damaged('recipe', `more than ${recipes} recipes in one another`)
    const recipe = archive.node(r.block, 'recipe')
    named('recipe', recipe.length)
    const transform = transforms[recipe.transform] ?? unsupported('recipe', `transform ${recipe.transform}`)
    yield* transform(recipe, () => Buffer.concat([...content(archive, recipe, recipes + 1)]))
  }
}

// A piece as bytes, a MiB at a time if it is a run.
export function* bytesOf(piece) {
  if (!('byte' in piece)) return yield piece
  const bytes = Buffer.alloc(Math.min(1 << 20, Number(piece.length)), piece.byte)
  for (let left = Number(piece.length); left > 0; left -= bytes.length) yield bytes.subarray(0, left)
}

export function* content(archive, ref, recipes) {
  for (const p of pieces(archive, ref, recipes)) yield* bytesOf(p)
}

function* delta(recipe, input) {
  const c = new Cursor(recipe.params, 'recipe')
  for (const n of [recipe.length, recipe.size]) if (n > limits.MaxDelta) c.fail(`a delta of ${n} bytes`)
  const count = c.count(c.left, 'a count of copies') || c.fail('a delta that copies nothing')
  const column = (read) => Array.from({ length: count }, read)
  const number = () => c.count(Number.MAX_SAFE_INTEGER)
  const [runs, lengths, places] = [column(number), column(number), column(() => Number(c.svarint()))]
  const literals = new Cursor(c.take(c.left - 4), 'recipe')
  const from = input()
  const out = []
  let left = Number(recipe.length)
  const append = (bytes) => ((left -= bytes.length) < 0 ? c.fail('a delta of more bytes than it makes') : out.push(bytes))
  for (let i = 0, end = 0; i < count; i++) {
    append(literals.take(runs[i]))
    const start = end + places[i]
    end = start + lengths[i]
    if (start < 0 || start >= end || end > from.length) c.fail(`a copy of ${start} to ${end} from ${from.length} bytes`)
    append(from.subarray(start, end))
  }
  append(literals.take(literals.left))
  const made = Buffer.concat(out)
  if (left > 0 || crc32c(made) !== c.u32()) c.fail('a delta of fewer bytes than it makes, or with another check sum')
  yield made
}
