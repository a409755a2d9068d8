// The hash of whole content (section 10.1), in which long runs count by their length alone.
import { uvarint } from './bytes.mjs'
import { bytesOf, pieces } from './content.mjs'

const LONG = 16777216n

export function contentHash(archive, ref) {
  const parts = []
  let stretch, length, run // what comes since the last long run, and the run that it ends with
  const begin = () => ([stretch, length] = [archive.header.hash.create(), 0n])
  const add = (bytes) => {
    stretch.update(bytes)
    length += BigInt(bytes.length)
  }
  const endStretch = () => {
    if (length > 0n) parts.push(Buffer.of(0), uvarint(length), stretch.digest())
    begin()
  }
  const endRun = () => {
    if (run?.length > LONG) {
      endStretch()
      parts.push(Buffer.of(1, run.byte), uvarint(run.length))
    } else if (run) for (const bytes of bytesOf(run)) add(bytes)
    run = undefined
  }
  const addRun = (byte, n) => {
    if (byte !== run?.byte) endRun()
    run = { byte, length: (run?.length ?? 0n) + n }
  }
  begin()
  for (const p of pieces(archive, ref)) {
    if ('byte' in p) addRun(p.byte, p.length)
    else if (p.length > 0) {
      const [head, tail] = [p.findIndex((b) => b !== p[0]), p.findLastIndex((b) => b !== p.at(-1)) + 1]
      addRun(p[0], BigInt(head < 0 ? p.length : head))
      if (head < 0) continue
      endRun()
      add(p.subarray(head, tail))
      addRun(p.at(-1), BigInt(p.length - tail))
    }
  }
  endRun()
  if (parts.length === 0) return Buffer.from(stretch.digest())
  endStretch()
  return archive.hash('vtd long runs 1\n', ...parts)
}
