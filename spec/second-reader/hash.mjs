// Hash functions, and the hash of whole content (section 10.1).
import { createHash } from 'node:crypto'
import { blake3 } from '@noble/hashes/blake3'
import { uvarint } from './bytes.mjs'

const sha256 = () => createHash('sha256')
export const functions = {
  1: { name: 'blake3', create: () => blake3.create() },
  2: { name: 'sha256', create: sha256 },
}

export function digest(fn, ...parts) {
  const h = fn.create()
  for (const p of parts) h.update(p)
  return Buffer.from(h.digest())
}

const LONG = 16777216n
const STEP = 1 << 20

// A ContentHash is fed with bytes and with runs, and hashes long runs by their length alone.
export class ContentHash {
  constructor(fn) {
    Object.assign(this, { fn, parts: [], stretch: fn.create(), length: 0n, byte: -1, run: 0n })
  }
  #plain(bytes) {
    this.stretch.update(bytes)
    this.length += BigInt(bytes.length)
  }
  #closeStretch() {
    if (this.length > 0n) this.parts.push(Buffer.of(0), uvarint(this.length), Buffer.from(this.stretch.digest()))
    this.stretch = this.fn.create()
    this.length = 0n
  }
  #closeRun() {
    if (this.run > LONG) {
      this.#closeStretch()
      this.parts.push(Buffer.of(1, this.byte), uvarint(this.run))
    } else {
      const piece = Buffer.alloc(Math.min(STEP, Number(this.run)), this.byte)
      for (let n = Number(this.run); n > 0; n -= piece.length) this.#plain(piece.subarray(0, n))
    }
    this.run = 0n
  }
  addRun(byte, n) {
    if (byte !== this.byte) this.#closeRun()
    this.byte = byte
    this.run += n
  }
  add(bytes) {
    if (bytes.length === 0) return
    let head = 0
    while (head < bytes.length && bytes[head] === bytes[0]) head++
    this.addRun(bytes[0], BigInt(head))
    if (head === bytes.length) return
    let tail = bytes.length - 1
    while (bytes[tail - 1] === bytes[tail]) tail--
    this.#closeRun()
    this.#plain(bytes.subarray(head, tail))
    this.addRun(bytes[tail], BigInt(bytes.length - tail))
  }
  digest() {
    this.#closeRun()
    if (this.parts.length === 0) return Buffer.from(this.stretch.digest())
    this.#closeStretch()
    return digest(this.fn, 'vtd long runs 1\n', ...this.parts)
  }
}
