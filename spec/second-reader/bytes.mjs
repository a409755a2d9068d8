// Bytes and numbers as section 1 of the specification has them, and the one kind of error there is.

// Fault says what is wrong: kind is 'not-archive', 'unsupported' or 'damaged', structure where it lies.
export class Fault extends Error {
  constructor(kind, structure, message, offset) {
    super(`${structure}${offset === undefined ? '' : ` at ${offset}`}: ${message}`)
    Object.assign(this, { kind, structure })
  }
}

export const damaged = (structure, message, offset) => { throw new Fault('damaged', structure, message, offset) }
export const unsupported = (structure, message, offset) => { throw new Fault('unsupported', structure, message, offset) }
export const equal = (a, b) => Buffer.compare(a, b) === 0

const castagnoli = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1
  return n
})

export function crc32c(bytes) {
  let crc = ~0
  for (const b of bytes) crc = castagnoli[(crc ^ b) & 255] ^ (crc >>> 8)
  return ~crc >>> 0
}

// Whether bytes end with the CRC of those before it.
export const sealed = (bytes) => bytes.length > 4 && crc32c(bytes.subarray(0, -4)) === bytes.readUInt32LE(bytes.length - 4)

const U64 = (1n << 64n) - 1n
const signed = (u) => (u & 1n ? -((u + 1n) / 2n) : u / 2n)

// A Cursor reads bytes from the front; whatever it cannot read is damage of its structure.
export class Cursor {
  constructor(bytes, structure, offset) {
    Object.assign(this, { bytes, structure, offset, pos: 0 })
  }
  fail(message) { damaged(this.structure, message, this.offset) }
  get left() { return this.bytes.length - this.pos }
  take(n) {
    if (n < 0 || n > this.left) this.fail('ends early')
    return this.bytes.subarray(this.pos, (this.pos += Number(n)))
  }
  u8() { return this.take(1)[0] }
  u16() { return this.take(2).readUInt16LE() }
  u32() { return this.take(4).readUInt32LE() }
  u64() { return this.take(8).readBigUInt64LE() }
  // A u64 that is a place or a count in the file, and so far below 2^53; what is not is beyond all that are.
  place() {
    const n = this.u64()
    return n <= Number.MAX_SAFE_INTEGER ? Number(n) : Infinity
  }
  // What a table of the specification lists: name:type, or name:size for bytes. Those called zero must be so.
  fields(table) {
    const out = {}
    for (const [name, type] of table.split(' ').map((f) => f.split(':'))) {
      out[name] = type in this ? this[type]() : this.take(Number(type))
      if (name === 'zero' && out.zero.some((b) => b)) this.fail('a reserved byte is not zero')
    }
    return out
  }
  // LEB128 of at most so many bits, in the shortest form.
  leb(bits) {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const b = this.u8()
      value |= BigInt(b & 127) << shift
      if (value >> bits || shift > bits) this.fail('a number is too large')
      if (b === 0 && shift > 0n) this.fail('a number is longer than it needs to be')
      if (b < 128) return value
    }
  }
  uvarint(max = U64, what = 'a number') {
    const n = this.leb(64n)
    return n <= max ? n : this.fail(`${what} is ${n}, above the limit of ${max}`)
  }
  // A uvarint that is small enough for a number of JavaScript.
  count(max, what = 'a count') { return Number(this.uvarint(BigInt(max), what)) }
  svarint() { return signed(this.leb(64n)) }
  signed96() { return signed(this.leb(97n)) }
  delta(from) { return BigInt.asUintN(64, from + this.svarint()) }
  string(max, what) { return this.take(this.count(max, `the length of ${what}`)) }
  rest(max, what) { return this.left > max ? this.fail(`${what} of ${this.left} bytes`) : this.take(this.left) }
  untilNul(max, what) {
    const n = this.bytes.indexOf(0, this.pos) - this.pos
    if (n < 0 || n > max) this.fail(`${what} without an end, or of more than ${max} bytes`)
    return this.take(n + 1).subarray(0, n)
  }
  // Names and ids that stand in ascending order, each once.
  ascending(list) {
    if (list.some((b, i) => i > 0 && Buffer.compare(list[i - 1], b) >= 0)) this.fail('names or ids out of order')
    return list
  }
  end(what) { if (this.left) this.fail(`${this.left} bytes left over in ${what}`) }
}

export function uvarint(n) {
  const out = []
  for (n = BigInt(n); n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128)
  return Buffer.from([...out, Number(n)])
}

export const svarint = (n) => uvarint(n < 0n ? -2n * n - 1n : 2n * n)
export const string = (bytes) => Buffer.concat([uvarint(bytes.length), bytes])
