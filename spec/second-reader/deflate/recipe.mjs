// The DEFLATE transform of recipes (deflate.md): parameters, parts and check sums.
import { Cursor, crc32c, damaged, unsupported } from '../bytes.mjs'
import { readCorrections, rebuildPart } from './part.mjs'
import { GoModel, GoFastModel } from './go.mjs'
import { KlauspostModel } from './klauspost.mjs'
import { ZlibModel } from './zlib.mjs'

const KiB = 1024
const MAX_BREAKS = 131072
const MAX_PART = 16384 * KiB
const MAX_PART_BITS = 48 * KiB * KiB * 8
const BEFORE = 128 * KiB
const FAR_BEFORE = 512 * KiB
const BEHIND = 512
const GO = 4
const KLAUSPOST = 6

// What each family takes: levels that can be far, window and memory from and to, and strategies.
const families = {
  1: { name: 'zlib', far: [1, 2, 3], window: [9, 15], memory: [1, 9], strategies: [0, 1, 2, 3, 4] },
  2: { name: 'gzip', far: [1, 2, 3], window: [15, 15], memory: [9, 9], strategies: [0, 16] },
  3: { name: 'chromium', far: [1, 2, 3], window: [9, 15], memory: [1, 9], strategies: [0, 1, 2, 3, 4] },
  [GO]: { name: 'go', far: [2, 3], window: [15, 15], memory: [0, 0], strategies: [0, 2] },
  5: { name: 'pigz', window: [15, 15], memory: [8, 8], strategies: [0] },
  [KLAUSPOST]: { name: 'klauspost', versions: 2, window: [15, 15], memory: [0, 0], strategies: [0, 2] },
}

function readModel(c) {
  const [family, version, level, window, memory, strategy] = c.take(6)
  const f = families[family] ?? unsupported('recipe', `a model of family ${family}`)
  const far = version === 2 && f.far?.includes(level) && strategy !== 2 && strategy !== 3
  if (version < 1 || version > (far ? 2 : f.versions ?? 1)) unsupported('recipe', `version ${version} of the model ${f.name}`)
  const within = (n, [min, max]) => n >= min && n <= max
  const known = within(level, [1, 9]) && within(window, f.window) && within(memory, f.memory)
  if (!known || !f.strategies.includes(strategy) || ([GO, KLAUSPOST].includes(family) && strategy === 2 && level !== 1))
    unsupported('recipe', `parameters ${[level, window, memory, strategy]} of the model ${f.name}`)
  return { name: f.name, version, far, level, window, memory, strategy }
}

function readBreaks(c) {
  const breaks = []
  let at = 0
  for (let n = c.count(MAX_BREAKS); n > 0; n--) {
    const gap = c.count(Number.MAX_SAFE_INTEGER)
    if (gap === 0) c.fail('a break where one is already, or before the stream')
    at += gap
    const bytes = c.string(64, 'a break')
    if (bytes.length === 0) c.fail('a break of no octets')
    breaks.push({ at, bytes })
  }
  return breaks
}

// The parts of a stream, of which the last one has what remains.
function readStream(bytes, total) {
  const c = new Cursor(bytes, 'recipe')
  const model = readModel(c)
  const size = c.count(Number.MAX_SAFE_INTEGER)
  const count = c.count(Number.MAX_SAFE_INTEGER) + 1
  const parts = []
  let from = 0
  let bit = 0
  let carry = 0
  for (let i = 1; i <= count; i++) {
    const part = { from, bit, carry, carryBits: bit & 7, last: i === count }
    if (part.last) Object.assign(part, { to: total, bits: size * 8 - bit })
    else {
      part.to = from += c.count(MAX_PART)
      part.bits = c.count(MAX_PART_BITS)
      bit += part.bits
      carry = bit & 7 ? c.u8() : 0
      if (carry >> (bit & 7)) c.fail('a carry of more bits than it has')
      part.nextCarry = carry
      part.corrections = c.count(bytes.length)
    }
    const content = part.to - part.from
    if (content > MAX_PART || part.to > total || (content <= 0 && count > 1)) c.fail('a part of a wrong size')
    if (part.bits < 10 || part.bits > MAX_PART_BITS) c.fail(`a part of ${part.bits} bits`)
    const before = parts.at(-1)
    if (before && part.to - before.from <= 256 * KiB) c.fail('parts that are too short')
    parts.push(part)
  }
  for (const part of parts) part.corrections = c.take(part.last ? c.left : part.corrections)
  return { model, size, parts }
}

// A part may ask for so much work and no more.
class Budget {
  constructor(part) {
    const content = part.to - part.from
    const made = (part.carryBits + part.bits) >> 3
    const each = Math.min(512, Math.max(1, Math.floor((8192 * made) / content)))
    this.steps = KiB * KiB + (content && each * content)
    this.blocks = 4096 + part.bits / 256
  }
  // Gives what is done without counting its steps.
  free(work) {
    const { steps } = this
    this.steps = Infinity
    work()
    this.steps = steps
  }
  spend(steps) {
    if ((this.steps -= steps) < 0) damaged('recipe', 'a part that takes too many steps')
  }
  block() {
    this.spend(2048)
    if (--this.blocks < 0) damaged('recipe', 'a part of too many blocks')
  }
}

const modelOf = (m) => {
  if (m.name === 'klauspost') return KlauspostModel
  return m.name !== 'go' ? ZlibModel : m.level === 1 ? GoFastModel : GoModel
}

// Gives what a recipe makes, part by part.
export function* rebuild(recipe, input) {
  const c = new Cursor(recipe.params, 'recipe')
  const breaks = readBreaks(c)
  const streamBytes = c.string(c.left, 'the stream')
  const sums = c.take(c.left)
  const content = input()
  const { model, size, parts } = readStream(streamBytes, content.length)
  if (sums.length !== 4 * parts.length) c.fail('another count of check sums than of parts')
  if (breaks.length && breaks.at(-1).at >= size) c.fail('a break behind the stream')
  if (BigInt(breaks.reduce((n, b) => n + b.bytes.length, size)) !== recipe.length) c.fail('it makes another length')
  let octet = 0
  for (const [i, part] of parts.entries()) {
    part.lo = Math.max(0, part.from - (model.far ? FAR_BEFORE : BEFORE))
    part.n = Math.min(content.length, part.to + BEHIND)
    part.total = content.length
    const budget = new Budget(part)
    const corrections = readCorrections(part.corrections, part.from, part.to)
    const bits = rebuildPart(new (modelOf(model))(model, content, part, budget), content, part, corrections, budget)
    if (bits.total !== part.bits) damaged('recipe', `a part of ${bits.total} bits, not ${part.bits}`)
    if (!part.last && bits.acc !== part.nextCarry) damaged('recipe', 'a part that ends in other bits than the carry')
    const bytes = bits.done()
    const out = []
    let at = 0
    while (breaks.length && breaks[0].at < octet + bytes.length) {
      const b = breaks.shift()
      out.push(bytes.subarray(at, (at = b.at - octet)), b.bytes)
    }
    const made = Buffer.concat([...out, bytes.subarray(at)])
    if (crc32c(made) !== sums.readUInt32LE(4 * i)) damaged('recipe', `part ${i} has another check sum`)
    octet += bytes.length
    yield made
  }
}
