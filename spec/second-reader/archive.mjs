// An archive whose last trailer and indexes have been found, and its blocks by number.
import { damaged, equal } from './bytes.mjs'
import { METADATA, DATA, readBlocks, readFrame } from './frames.mjs'
import { digest } from './hash.mjs'
import { readHeader } from './header.mjs'
import { decodeBlock } from './nodes.mjs'
import { SIZE, findTrailer, readIndexes, readRows, readTrailer } from './trailer.mjs'

const CACHED = 8 // frames

export class Archive {
  constructor(file) {
    this.file = file
    this.header = readHeader(file)
    const at = findTrailer(file, this.header)
    this.trailer = readTrailer(file, this.header, at)
    this.ignoredTail = file.length - at - SIZE
    this.indexes = readIndexes(file, this.header, this.trailer)
    for (const index of this.indexes) index.rows = readRows(index)
    this.cache = new Map()
  }
  get blocks() {
    return this.trailer.blocks
  }
  hash(...parts) {
    return digest(this.header.hash, ...parts)
  }
  // Numbers come as metadata says them, and so may be anything.
  #indexOf(number) {
    if (number >= this.blocks) damaged('block', `there is no block ${number}`)
    return this.indexes.find((i) => i.first <= number)
  }
  hashOf = (number) => {
    const index = this.#indexOf(number)
    const at = (Number(number) - index.first) * 32
    return index.hashes.subarray(at, at + 32)
  }
  rowOf(number) {
    const { rows } = this.#indexOf(number)
    return rows.find((r) => r.first <= number && number < r.first + r.count) ?? damaged('index', `no row has block ${number}`)
  }
  #blocksOf(row) {
    if (!this.cache.has(row)) {
      const blocks = readBlocks(readFrame(this.file, row, this.header.size))
      if (this.cache.size >= CACHED) this.cache.delete(this.cache.keys().next().value)
      this.cache.set(row, blocks)
    }
    return this.cache.get(row)
  }
  #bytes(number, kind) {
    const row = this.rowOf(number)
    const blocks = this.#blocksOf(row)
    if (row.kind !== kind) damaged('block', `block ${number} is in a frame of the other kind`)
    const bytes = blocks[Number(number) - row.first]
    return bytes.length > 0 ? bytes : damaged('block', `block ${number} is absent`)
  }
  data(number) {
    const bytes = this.#bytes(number, DATA)
    if (!equal(this.hash(bytes), this.hashOf(number))) damaged('block', `block ${number} has another hash`)
    return bytes
  }
  // A metadata block, decoded, with the hash of its canonical form checked.
  node(number, ...wanted) {
    const node = decodeBlock(this.#bytes(number, METADATA), Number(number), wanted)
    if (!equal(this.hash(node.canonical(this.hashOf)), this.hashOf(number)))
      damaged('block', `block ${number} has another hash`)
    return node
  }
  // The tree version that a trailer names.
  version(trailer = this.trailer) {
    const fail = (message) => damaged('trailer', message, trailer.offset)
    const { top: number } = trailer
    if (!equal(this.hashOf(number), trailer.topHash)) fail('its hash of the top block is not the index\'s')
    if (number + 1 >= trailer.blocks) fail('no snapshot record follows its top block')
    if (this.#bytes(number, METADATA)[0] !== 1) fail('what it names is not a top block')
    const top = this.node(number, 'top block')
    const snapshot = this.node(number + 1, 'snapshot record')
    const differ = (what) => damaged('top block', `its ${what} is not that of the snapshot record`)
    if (!equal(top.snapshot, this.hashOf(number + 1))) differ('hash')
    if (!equal(top.root, this.hashOf(snapshot.root.node))) differ('root')
    if (!equal(top.content, snapshot.content)) differ('content id')
    if (top.span !== snapshot.root.size) differ('span')
    return { top, snapshot, root: snapshot.root }
  }
}
