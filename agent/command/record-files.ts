// A directory of records: segments with their indexes, and any other `.jsonl`, `.jsonl.zst` or `.jsonl.gz`.

import { closeSync, openSync, readdirSync, readFileSync, readSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { constants, zstdDecompressSync } from 'node:zlib'
import { parseSegmentName, SEGMENT_VERSION, segmentName } from '../forensics/segment.ts'
import { type IndexBlock, readIndex, type SegmentIndex } from '../forensics/segment-index.ts'
import { type Finished, openFinished } from '../source/finished.ts'
import { UsageError, WorkError } from './errors.ts'

export interface RecordFile {
  readonly path: string
  readonly name: string
  /** Of the chain, for a segment. */
  readonly first: number | undefined
  readonly isOpen: boolean
  /** Bytes on the disk. */
  readonly size: number
  readonly index: SegmentIndex | undefined
}

export interface RecordFiles {
  readonly files: readonly RecordFile[]
  /** Names of files of another version: left untouched. */
  readonly foreign: readonly string[]
}

/** It was there when the directory was listed: the agent keeps to its budget by removing the oldest segment. */
export class RecordsGone extends Error {
  override readonly name = 'RecordsGone'
}

/** @throws UsageError where there is nothing of the kind; `mayBeEmpty`: where it may come yet, there is no error. */
export function listRecords(path: string, option: string, mayBeEmpty = false): RecordFiles {
  const isFile = statOf(path, option).isFile()
  const dir = isFile ? dirname(path) : path
  const names = isFile ? [basename(path)] : readdirSync(dir).toSorted()
  const files: RecordFile[] = []
  const foreign: string[] = []
  for (const name of names) {
    const segment = parseSegmentName(name)
    if (segment !== undefined && segment.version !== SEGMENT_VERSION) foreign.push(name)
    else if (isRecords(name, isFile)) {
      // A segment that is just being compressed is there twice.
      if (segment?.kind === 'open' && names.includes(segmentName(segment.first, 'closed'))) continue
      const size = sizeOf(join(dir, name))
      if (size === undefined) continue
      const index = segment?.kind === 'closed' ? indexOf(dir, segment.first, size) : undefined
      files.push({
        path: join(dir, name),
        name,
        first: segment?.first,
        isOpen: segment?.kind === 'open',
        size,
        index,
      })
    }
  }
  if (files.length === 0 && foreign.length === 0 && !mayBeEmpty)
    throw new UsageError(
      `Cannot read "${path}": it holds no records, which are files *.jsonl, *.jsonl.zst or *.jsonl.gz (${option})`,
    )
  return { files, foreign }
}

function isRecords(name: string, isNamed: boolean): boolean {
  return isNamed || /\.jsonl(\.zst|\.gz)?$/.test(name)
}

function statOf(path: string, option: string): Stats {
  try {
    return statSync(path)
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const why = isMissing ? 'there is no such file or directory' : (cause as Error).message
    throw new UsageError(`Cannot read "${path}": ${why} (${option})`, { cause })
  }
}

/** Undefined where it has gone since the directory was read. */
function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size
}

function indexOf(dir: string, first: number, size: number): SegmentIndex | undefined {
  try {
    const path = join(dir, segmentName(first, 'index'))
    return readIndex(readHead(path), size, () => readWhole(path, segmentName(first, 'closed')))
  } catch {
    // Without an index the segment is read whole.
    return undefined
  }
}

/** @throws RecordsGone */
function readWhole(path: string, segment: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw isMissing(cause) ? new RecordsGone(segment, { cause }) : cause
  }
}

/** Room for the first line and the filter of as many terms as an index has: of many indexes, a twelfth (test/bench/query.bench.ts). */
const HEAD = 8 * 1024

function readHead(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    return readExactly(fd, 0, HEAD)
  } finally {
    closeSync(fd)
  }
}

/** One block of a closed segment. @throws RecordsGone, or WorkError naming the file where it is damaged. */
export function readBlock({ path, name }: RecordFile, { offset, bytes, raw }: IndexBlock): Buffer {
  const fd = openBlock(path, name)
  try {
    return unpacked(path, readExactly(fd, offset, bytes), raw)
  } finally {
    closeSync(fd)
  }
}

function openBlock(path: string, name: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw isMissing(cause) ? new RecordsGone(name, { cause }) : cause
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function readExactly(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at))
}

function unpacked(path: string, bytes: Uint8Array, raw: number): Buffer {
  try {
    // One byte to spare: zlib takes a chunk that is just full for one that was too small, and makes another.
    return zstdDecompressSync(bytes, { chunkSize: Math.max(constants.Z_MIN_CHUNK, raw + 1) })
  } catch (cause) {
    throw new WorkError(`Cannot read "${path}": ${(cause as Error).message}`, { cause })
  }
}

/**
 * The whole file in chunks, each valid until the next is asked for; nothing for an empty file. A segment that has been compressed since
 * it was listed is read where it is now. @throws RecordsGone, or WorkError naming the file where it is damaged.
 */
export async function* readRecords(file: RecordFile): AsyncGenerator<Uint8Array> {
  if (file.size === 0) return
  if (file.index !== undefined) {
    for (const block of file.index.body().blocks) yield readBlock(file, block)
    return
  }
  try {
    yield* openWhole(file).chunks()
  } catch (cause) {
    if (cause instanceof RecordsGone) throw cause
    throw new WorkError(asSentence(file.path, cause as Error), { cause })
  }
}

function openWhole({ path, name, isOpen }: RecordFile): Finished {
  try {
    return openFinished(path)
  } catch (error) {
    if (!isMissing((error as Error).cause)) throw error
    const compressed = `${path}.zst`
    if (!isOpen || sizeOf(compressed) === undefined) throw new RecordsGone(name, { cause: error })
    return openFinished(compressed)
  }
}

function asSentence(path: string, { message }: Error): string {
  return message.startsWith('Cannot read') ? message : `Cannot read "${path}": ${message}`
}
