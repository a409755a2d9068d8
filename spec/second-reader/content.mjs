// Content: what references stand for (sections 6.6, 6.7 and 6.10).
import { damaged, unsupported } from './bytes.mjs'
import { BLOCK, INDIRECT, LITERAL, RECIPE, RUN } from './columns.mjs'
import { rebuild } from './deflate/recipe.mjs'
import { change } from './delta.mjs'
import { MaxRecipeDepth } from './limits.mjs'

const PIECE = 1 << 20

// Content piece by piece: bytes, or { byte, length } for a run.
export function* pieces(archive, ref, recipes = 0) {
  if (ref.kind === LITERAL) yield ref.bytes
  if (ref.kind === RUN) yield { byte: ref.byte, length: ref.span }
  if (ref.kind === BLOCK) {
    const bytes = archive.data(ref.block)
    if (BigInt(bytes.length) !== ref.span) damaged('block', `block ${ref.block} is ${bytes.length} bytes, not ${ref.span}`)
    yield bytes
  }
  if (ref.kind === INDIRECT) {
    const node = archive.node(ref.block, 'indirect block')
    if (ref.level && node.level !== ref.level) damaged('indirect block', `level ${node.level} for ${ref.level}`)
    if (node.span !== ref.span) damaged('indirect block', `spans that sum to ${node.span}, not ${ref.span}`)
    for (const r of node.refs) yield* pieces(archive, { ...r, level: node.level - 1 }, recipes)
  }
  if (ref.kind === RECIPE) yield* made(archive, ref, recipes + 1)
}

function* made(archive, ref, recipes) {
  if (recipes > MaxRecipeDepth) damaged('recipe', `more than ${MaxRecipeDepth} recipes in one another`)
  const recipe = archive.node(ref.block, 'recipe')
  if (recipe.length !== ref.span) damaged('recipe', `it makes ${recipe.length} bytes, not ${ref.span}`)
  const transform = { 1: rebuild, 2: change }[recipe.transform] ?? unsupported('recipe', `transform ${recipe.transform}`)
  yield* transform(recipe, () => Buffer.concat([...bytesOf(archive, recipe.ref, recipes)]))
}

// The same with runs as bytes.
export function* bytesOf(archive, ref, recipes) {
  for (const piece of pieces(archive, ref, recipes)) {
    if (Buffer.isBuffer(piece)) yield piece
    else for (let left = piece.length; left > 0n; left -= BigInt(PIECE))
      yield Buffer.alloc(left < PIECE ? Number(left) : PIECE, piece.byte)
  }
}
