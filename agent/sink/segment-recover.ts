// What a directory of segments is after whatever happened to it, and where its chain goes on.

import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { parseSegmentName, segmentName } from '../forensics/segment.ts'
import { type Chain, GENESIS, readChain } from '../forensics/segment-chain.ts'
import { readIndex } from '../forensics/segment-index.ts'
import type { RestGap } from '../forensics/segment-records.ts'
import { lastChain } from './segment-close.ts'
import { listSegments, readWhole, type SegmentFiles, type SegmentFs } from './segment-files.ts'

export interface Recovered {
  readonly chain: Chain
  /** The segment that was being written and can be written on. */
  readonly open: { readonly first: number; readonly size: number; readonly since: number } | undefined
  /** Segments that were not compressed yet. */
  readonly unfinished: readonly number[]
  /** What was found missing. */
  readonly gaps: readonly RestGap[]
  /** Files of another version: left untouched. */
  readonly foreign: readonly string[]
}

const NEWLINE = 10

/** Takes a torn tail off, and away what a crash left half written. @throws what the system says. */
export async function recover(fs: SegmentFs, dir: string): Promise<Recovered> {
  const { segments, parts, foreign } = await listSegments(fs, dir)
  for (const part of parts) await fs.unlink(join(dir, part))
  // The compressed one is there only whole: the crash came between the two.
  for (const { first, isOpen, isClosed } of segments)
    if (isOpen && isClosed) await fs.unlink(join(dir, segmentName(first, 'open')))
  const whole = segments.filter(({ isOpen, isClosed }) => isOpen || isClosed)
  const gaps: RestGap[] = []
  let open: Recovered['open']
  let chain: Chain | undefined
  // From the newest back, until one says where the chain stands: one that a crash left without a line says nothing.
  for (let i = whole.length - 1; i >= 0 && chain === undefined; i--) {
    const segment = whole[i]!
    if (segment.isClosed) chain = await closedChain(fs, dir, segment, gaps)
    else {
      const tail = await mendTail(fs, dir, segment.first, gaps)
      chain = tail?.chain
      if (tail !== undefined && i === whole.length - 1)
        open = { first: segment.first, size: tail.size, since: tail.since }
      if (tail === undefined) whole.splice(i, 1)
    }
  }
  const unfinished = whole
    .filter(({ isClosed, first }) => !isClosed && first !== open?.first)
    .map(({ first }) => first)
  return { chain: chain ?? GENESIS, open, unfinished, gaps, foreign }
}

interface Tail {
  readonly chain: Chain
  readonly size: number
  /** Microseconds: when its first line was written. */
  readonly since: number
}

/** Undefined where no whole line was left: the file is then gone. */
async function mendTail(
  fs: SegmentFs,
  dir: string,
  first: number,
  gaps: RestGap[],
): Promise<Tail | undefined> {
  const name = segmentName(first, 'open')
  const path = join(dir, name)
  const bytes = await readWhole(fs, path)
  const size = wholeEnd(bytes)
  const torn = bytes.length - size
  if (torn > 0)
    gaps.push({
      from: timeOf(bytes.subarray(0, size).subarray(-LONG)),
      to: Number.NaN,
      cause: `the last ${torn} bytes were not whole after a crash and were taken off`,
      lost: undefined,
      file: name,
    })
  if (size === 0) {
    await fs.unlink(path)
    return undefined
  }
  if (torn > 0) await cut(fs, path, size)
  const chain = lastChain(bytes.subarray(0, size))
  // Somebody else's line at its end: it stays as it is, for `verify` to name, and the chain goes on after what was ours.
  const { seq, hash } = chain ?? chainBefore(bytes.subarray(0, size)) ?? { seq: first, hash: '' }
  return { chain: { seq, hash }, size, since: timeOf(bytes.subarray(0, bytes.indexOf(NEWLINE) + 1)) }
}

/** Enough for the last line. */
const LONG = 64 * 1024

/** Where the last whole line ends. After a power cut a file may end in NUL bytes where data had not reached the disk. */
function wholeEnd(bytes: Buffer): number {
  let end = bytes.lastIndexOf(NEWLINE) + 1
  while (end > 0) {
    const start = end < 2 ? 0 : bytes.lastIndexOf(NEWLINE, end - 2) + 1
    const line = bytes.subarray(start, end - 1)
    if (readChain(line) !== undefined || !line.includes(0)) return end
    end = start
  }
  return 0
}

function chainBefore(bytes: Buffer): Chain | undefined {
  for (let end = bytes.length; end > 0; ) {
    const start = end < 2 ? 0 : bytes.lastIndexOf(NEWLINE, end - 2) + 1
    const chain = readChain(bytes.subarray(start, end - 1))
    if (chain !== undefined) return chain
    end = start
  }
  return undefined
}

async function cut(fs: SegmentFs, path: string, size: number): Promise<void> {
  const file = await fs.open(path, 'r+')
  try {
    await file.truncate(size)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The last `ts` in a text, in microseconds; NaN where there is none. */
function timeOf(bytes: Buffer): number {
  const text = bytes.toString('latin1')
  const at = text.lastIndexOf('"ts":"')
  return at < 0 ? Number.NaN : Date.parse(text.slice(at + 6, text.indexOf('"', at + 6))) * 1000
}

async function closedChain(
  fs: SegmentFs,
  dir: string,
  { first, hasIndex }: SegmentFiles,
  gaps: RestGap[],
): Promise<Chain> {
  const name = segmentName(first, 'closed')
  const bytes = await readWhole(fs, join(dir, name))
  const index = hasIndex
    ? readIndex(await readWhole(fs, join(dir, segmentName(first, 'index'))), bytes.length)
    : undefined
  try {
    const block = index?.body().blocks.at(-1)
    const chain = lastChain(
      zstdDecompressSync(block === undefined ? lastFrame(bytes) : bytes.subarray(block.offset)),
    )
    if (chain !== undefined) return { seq: chain.seq, hash: chain.hash }
  } catch {
    // Said below: records go on, and `verify` names the segment.
  }
  const cause = 'the end of the newest segment cannot be read: the chain begins anew after it'
  gaps.push({ from: Number.NaN, to: Number.NaN, cause, lost: undefined, file: name })
  return { seq: index?.last ?? first, hash: '' }
}

/** Of a segment whose index is gone: the last place where a frame can begin. */
function lastFrame(bytes: Buffer): Buffer {
  const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
  for (let at = bytes.lastIndexOf(magic); at > 0; at = bytes.lastIndexOf(magic, at - 1)) {
    try {
      zstdDecompressSync(bytes.subarray(at))
      return bytes.subarray(at)
    } catch {
      // These four bytes were content.
    }
  }
  return bytes
}

/** The version of a file that is not ours, for a sentence. */
export function versionOf(name: string): number {
  return parseSegmentName(name)?.version ?? 0
}
