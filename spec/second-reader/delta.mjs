// The delta transform of recipes (section 6.11): copies from the input, and literals.
import { Cursor, crc32c, damaged } from './bytes.mjs'
import { MaxDelta } from './limits.mjs'

const LARGEST = Number.MAX_SAFE_INTEGER

export function* change(recipe, input) {
  const length = Number(recipe.length)
  if (Math.max(length, Number(recipe.ref.span)) > MaxDelta) damaged('recipe', `a delta of ${recipe.length} bytes from ${recipe.ref.span}`)
  const c = new Cursor(recipe.params, 'recipe')
  const count = c.count(c.left, 'a count of copies')
  if (count === 0) c.fail('a delta that copies nothing')
  const column = () => Array.from({ length: count }, () => c.count(LARGEST))
  const runs = column()
  const lengths = column()
  const places = Array.from({ length: count }, () => Number(c.svarint()))
  if (c.left < 4) c.fail('no room for the check sum')
  const literals = c.take(c.left - 4)
  const sum = c.u32()
  const total = (numbers) => numbers.reduce((a, b) => a + b, 0)
  if (lengths.includes(0)) damaged('recipe', 'a copy of nothing')
  if (total(runs) > literals.length) damaged('recipe', 'fewer literals than the copies have before them')
  if (total(lengths) + literals.length !== length) damaged('recipe', `a delta of ${total(lengths) + literals.length} bytes, not ${length}`)
  const from = input()
  const out = []
  let literal = 0
  let end = 0
  for (let i = 0; i < count; i++) {
    out.push(literals.subarray(literal, (literal += runs[i])))
    const start = end + places[i]
    end = start + lengths[i]
    if (start < 0 || end > from.length) damaged('recipe', `a copy of ${start} to ${end} from ${from.length} bytes`)
    out.push(from.subarray(start, end))
  }
  out.push(literals.subarray(literal))
  const made = Buffer.concat(out)
  if (crc32c(made) !== sum) damaged('recipe', 'its check sum is another')
  yield made
}
