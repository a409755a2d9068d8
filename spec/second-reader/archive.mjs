// An archive: its last trailer and indexes, its blocks by number, its tree versions.
import { FILE, decodeBlock } from './blocks.mjs'
import { damaged, equal } from './bytes.mjs'
import * as structures from './structures.mjs'

const CACHED = 8 // frames

export class Archive {
  constructor(file) {
    this.file = file
    this.header = structures.readHeader(file)
    this.trailer = structures.findLastTrailer(file, this.header)
    this.ignoredTail = file.length - this.trailer.offset - structures.TRAILER_SIZE
    this.indexes = structures.readIndexes(file, this.header, this.trailer)
    this.cache = new Map()
  }
  hash(...parts) {
    const h = this.header.hash.create()
    for (const p of parts) h.update(p)
    return Buffer.from(h.digest())
  }
  // Numbers come as metadata says them, and so may be anything.
  #indexOf(number) {
    if (number >= this.trailer.blocks) damaged('block', `there is no block ${number}`)
    return this.indexes.find((i) => i.first <= number)
  }
  hashOf = (number) => {
    const index = this.#indexOf(number)
    const at = (Number(number) - index.first) * 32
    return index.hashes.subarray(at, at + 32)
  }
  rowOf(number) {
    const row = this.#indexOf(number).rows.find((r) => r.first <= number && number < r.first + r.count)
    return row ?? damaged('index', `no row has block ${number}`)
  }
  #bytes(number, kind) {
    const row = this.rowOf(number)
    if (!this.cache.has(row)) {
      if (this.cache.size >= CACHED) this.cache.delete(this.cache.keys().next().value)
      this.cache.set(row, structures.readBlocks(structures.readFrame(this.file, row, this.header)))
    }
    const bytes = this.cache.get(row)[Number(number) - row.first]
    if (row.kind !== kind) damaged('block', `block ${number} is in a frame of the other kind`)
    return bytes.length > 0 ? bytes : damaged('block', `block ${number} is absent`)
  }
  #check(number, bytes) {
    return equal(this.hash(bytes), this.hashOf(number)) ? bytes : damaged('block', `block ${number} has another hash`)
  }
  data(number) { return this.#check(number, this.#bytes(number, structures.DATA)) }
  // A metadata block, decoded, with the hash of its canonical form checked.
  node(number, ...wanted) {
    const node = decodeBlock(this.#bytes(number, structures.METADATA), Number(number), wanted)
    this.#check(number, node.canonical(this.hashOf))
    return node
  }
  // The file that a tree was made from (section 6.9).
  original({ original }) {
    if (!original) return undefined
    const fail = (message) => damaged('snapshot record', message)
    for (let number = this.trailer.blocks - 1; number >= 0; number--) {
      if (!equal(this.hashOf(number), original) || this.rowOf(number).kind !== structures.METADATA) continue
      if (this.#bytes(number, structures.METADATA)[0] !== 3) fail(`block ${number} is not the leaf of an original`)
      const { rows } = this.node(number, 'directory')
      return rows.length === 1 && rows[0].kind === FILE && !rows[0].link ? rows[0] : fail('the original is not one file')
    }
    return fail('the original is not in the archive')
  }
  // The tree version that a trailer names.
  version({ top: number, topHash, blocks, offset } = this.trailer) {
    const fail = (message) => damaged('trailer', message, offset)
    if (!equal(this.hashOf(number), topHash)) fail('its hash of the top block is not the index\'s')
    if (number + 1 >= blocks) fail('no snapshot record follows its top block')
    if (this.#bytes(number, structures.METADATA)[0] !== 1) fail('what it names is not a top block')
    const top = this.node(number, 'top block')
    const snapshot = this.node(number + 1, 'snapshot record')
    const { root } = snapshot
    const same = equal(top.snapshot, this.hashOf(number + 1)) && equal(top.root, this.hashOf(root.block)) &&
      equal(top.content, snapshot.content) && top.size === root.size
    if (!same) damaged('top block', 'its hash, root, content id or span is not that of the snapshot record')
    return { top, snapshot, root }
  }
}
