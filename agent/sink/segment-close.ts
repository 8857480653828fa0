// From a segment that was written to to one that is only read: compressed in blocks that can be read by themselves, with an index.

import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import { segmentName } from '../forensics/segment.ts'
import { readChain } from '../forensics/segment-chain.ts'
import { type IndexBlock, type IndexBody, type Indexer, indexText } from '../forensics/segment-index.ts'
import { readAt, type SegmentFile, type SegmentFs, writeWhole } from './segment-files.ts'

const compress = promisify(zstdCompress)

/** Small enough that a narrow question reads little, large enough to compress within a twentieth of the whole. */
const BLOCK = 512 * 1024
const NEWLINE = 10

/**
 * Compresses and indexes the segment that begins with line `first`. The index comes first, then the compressed file, and only then the
 * other goes, so that a crash leaves one that is whole. @throws what the system says; the open file is then as it was.
 */
export async function closeSegment(
  fs: SegmentFs,
  dir: string,
  first: number,
  indexer: Indexer,
): Promise<void> {
  const open = join(dir, segmentName(first, 'open'))
  const file = await fs.open(open, 'r')
  try {
    const packed = await pack(file, indexer)
    await writeWhole(fs, join(dir, segmentName(first, 'index')), [
      Buffer.from(indexText({ first, bytes: packed.bytes, last: packed.last }, packed.body)),
    ])
    await writeWhole(fs, join(dir, segmentName(first, 'closed')), packed.chunks)
  } finally {
    await file.close()
  }
  await fs.unlink(open)
}

interface Packed {
  readonly bytes: number
  readonly last: number
  readonly body: IndexBody
  readonly chunks: readonly Uint8Array[]
}

async function pack(file: SegmentFile, indexer: Indexer): Promise<Packed> {
  const blocks: IndexBlock[] = []
  const chunks: Uint8Array[] = []
  let offset = 0
  let last = 0
  for await (const lines of wholeLines(file)) {
    const content = indexer.block(lines)
    const chunk = await compress(lines, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
    blocks.push({ offset, bytes: chunk.length, ...content })
    chunks.push(chunk)
    offset += chunk.length
    last = lastChain(lines)?.seq ?? last
  }
  return { bytes: offset, last, body: { terms: indexer.take(), blocks }, chunks }
}

/** The file in blocks that end with a line. */
async function* wholeLines(file: SegmentFile): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    let bytes = await readAt(file, at, BLOCK)
    if (bytes.length === 0) return
    // A line may be longer than a block.
    while (bytes.length % BLOCK === 0 && !bytes.includes(NEWLINE)) {
      const more = await readAt(file, at + bytes.length, BLOCK)
      if (more.length === 0) break
      bytes = Buffer.concat([bytes, more])
    }
    const end = bytes.lastIndexOf(NEWLINE) + 1
    const lines = end === 0 ? bytes : bytes.subarray(0, end)
    yield lines
    at += lines.length
  }
}

/** The chain after the last line of `bytes`, which ends with a newline. */
export function lastChain(bytes: Buffer): ReturnType<typeof readChain> {
  const end = bytes.length - 1
  const start = end <= 0 ? 0 : bytes.lastIndexOf(NEWLINE, end - 1) + 1
  return readChain(bytes.subarray(start, Math.max(0, end)))
}
