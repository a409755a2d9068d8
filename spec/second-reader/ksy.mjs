// Compiles vtd.ksy, parses all valid archives with what comes out of it, and compares that with what the second reader
// has found; and lets it parse the broken vectors whose defect a description can express.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import vm from 'node:vm'
import { Archive } from './archive.mjs'
import { decodeBlock } from './blocks.mjs'
import { METADATA, readBlocks, readFrame, readIndex, readTrailer } from './structures.mjs'
import { compat, vectors } from './vectors.mjs'

const require = createRequire(import.meta.url)
const compiler = require('kaitai-struct-compiler')
const KaitaiStream = require('kaitai-struct/KaitaiStream')
const yaml = require('js-yaml')

const files = await compiler.compile('javascript', yaml.load(fs.readFileSync(new URL('../vtd.ksy', import.meta.url), 'utf8')), {}, false)
const module = { exports: {} }
vm.runInThisContext(`(function (module, exports, require) {${files['Vtd.js']}\n})`)(module, module.exports, require)
const { Vtd } = module.exports
const parse = (file) => new Vtd(new KaitaiStream(file.buffer.slice(file.byteOffset, file.byteOffset + file.length)))
const hex = (bytes) => Buffer.from(bytes).toString('hex')

// What both say of a file, once as the compiled description has it and once as the second reader has.
function described(vtd) {
  const { StructureKind, FrameKind } = Vtd
  const of = (kind) => vtd.structures.filter((s) => s.kind === kind)
  return {
    header: { size: vtd.header.lenHeader, hash: vtd.header.hashFunction, flags: vtd.header.flags, id: hex(vtd.header.archiveId),
      records: vtd.header.extension?.records.map((r) => [r.type, r.lenData]) ?? [] },
    frames: of(StructureKind.FRAME).map(({ offset, body: f }) => ({
      offset, kind: f.kind, codec: f.codec, head: f.lenHead, first: f.firstBlock, count: f.numBlocks, raw: f.lenRaw,
      stored: f.lenStored, hash: hex(f.storedHash), lengths: f.lengths.values.map((v) => v.value),
      blocks: f.kind === FrameKind.METADATA && f.codec === Vtd.Codec.STORED ? f.stored.blocks.map(blockDescribed) : [],
    })),
    trailers: of(StructureKind.TRAILER).map(({ body: t }) => ({
      offset: t.ofsTrailer, segment: t.ofsSegment, indexOffset: t.ofsIndex, indexLength: t.lenIndex, previous: t.ofsPrevious,
      base: t.ofsBase, blocks: t.numBlocks, top: t.topBlock, topHash: hex(t.topHash), indexHash: hex(t.indexHash),
      snapshots: t.numSnapshots,
    })),
    indexes: of(StructureKind.INDEX).map(({ offset, body: i }) => ({
      offset, first: i.firstBlock, count: i.numBlocks, hashes: hex(Buffer.concat(i.hashes)),
      rows: i.rows.map((r) => [r.ofsFrame, r.firstBlock, r.numBlocks, r.lenHead, r.lenStored, r.lenRaw, r.kind, r.codec]),
    })),
    last: vtd.lastTrailer.offset,
  }
}

function blockDescribed(block) {
  const { DIR_LEAF, DIR_INNER, INDIRECT, RECIPE } = Vtd.BlockType
  const named = block.type === DIR_LEAF || block.type === DIR_INNER
  const names = named && block.columns.find((c) => c.id.value === 1)
  const { type } = block
  const naming = { [DIR_LEAF]: [7, 11, 12, 19], [DIR_INNER]: [3], [INDIRECT]: [11, 12, 19], [RECIPE]: [11, 12, 19] }[type] ?? []
  return { type, level: block.level?.value, rows: block.numRows?.value, columns: block.columns.map((c) => c.id.value),
    named: block.columns.filter((c) => naming.includes(c.id.value)).map((c) => c.data.values.length),
    names: names ? names.data.values.map(hex) : [] }
}

function read(file) {
  const archive = new Archive(file)
  const { header } = archive
  const trailers = [archive.trailer]
  while (trailers[0].previous) trailers.unshift(readTrailer(file, header, trailers[0].previous))
  const indexes = trailers.map((t) => readIndex(file, t))
  const frames = archive.indexes.flatMap((i) => i.rows).sort((a, b) => a.first - b.first).map((r) => readFrame(file, r, header))
  const { offset } = archive.trailer
  return {
    header: { size: header.size, hash: header.hashId, flags: Number(header.flags), id: hex(header.id),
      records: header.records.map((r) => [r.type, r.data.length]) },
    frames: frames.map(({ offset, kind, codec, head, first, count, raw, stored, hash, lengths, ...f }) => ({
      offset, kind, codec, head, first, count, raw, stored, hash: hex(hash), lengths,
      blocks: kind === METADATA && codec === 0 ? readBlocks({ codec, raw, lengths, ...f }).map((b, i) => blockRead(b, first + i)) : [],
    })),
    trailers: trailers.map(({ magic, size, zero, id, crc, topHash, indexHash, ...t }) => (
      { ...t, topHash: hex(topHash), indexHash: hex(indexHash) })),
    indexes: indexes.map((i) => ({ offset: i.offset, first: i.first, count: i.count, hashes: hex(i.hashes),
      rows: i.rows.map((r) => [r.offset, r.first, r.count, r.head, r.stored, r.raw, r.kind, r.codec]) })),
    last: offset,
  }
}

function blockRead(bytes, number) {
  const node = decodeBlock(bytes, number)
  const { rows } = node
  return { type: bytes[0], level: node.level, rows: rows?.length, columns: node.columns.map((c) => Number(c.id)),
    named: bytes[0] === 2 ? [] : node.columns.flatMap((c) => (c.names ? [c.names.length] : [])),
    names: (rows ?? []).flatMap((r) => (r.name ? [hex(r.name)] : [])) }
}

// Defects of headers, trailers and heads that a description cannot see.
const unseen = new Set([
  // a wrong check sum
  'frame-data-crc', 'frame-top-crc', 'frame-tree-crc', 'header-extension-crc', 'parity-flag', 'parity-flag-appended',
  // order, sums, and numbers that are longer than they need to be
  'frame-lengths-overlong', 'frame-raw-length', 'header-records-order',
  // a feature, which the description need not have
  'feature-unknown',
  // what only another structure contradicts
  'index-first', 'index-hash-of-top', 'index-overlap', 'trailer-base-missing', 'trailer-base-nothing', 'trailer-blocks',
  'trailer-index-in-header', 'trailer-index-length', 'trailer-top-hash', 'trailer-top-last', 'trailer-top-other',
])

function check(v) {
  if (v.expect === 'ok') {
    const file = v.file.subarray(0, v.file.length - Number(v.ignored_tail ?? 0))
    assert.deepEqual(described(parse(file)), read(file))
    return true
  }
  const seen = ['header', 'trailer', 'index', 'frame head'].includes(v.structure) && v.scope !== 'verify'
  if (!seen) return false
  const parsed = () => parse(v.file).lastTrailer
  if (unseen.has(v.name)) assert.doesNotThrow(parsed, 'vtd.ksy sees it, and yet it is listed as unseen')
  else assert.throws(parsed, undefined, 'vtd.ksy lets it pass; if it cannot but do so, list it as unseen')
  return true
}

let failed = 0
let checked = 0
for (const v of [...vectors(), ...compat()]) {
  try {
    if (check(v)) checked++
  } catch (e) {
    failed++
    console.error(`${v.name}: ${v.comment}\n  ${e.stack.split('\n').slice(0, 12).join('\n  ')}`)
  }
}
console.log(`vtd.ksy: ${checked} archives, ${failed} failed`)
process.exitCode = failed || checked === 0 ? 1 : 0
