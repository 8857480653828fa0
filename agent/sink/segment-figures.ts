// How large the records at rest are, and how far back they reach, for who watches over the store.

import * as nodeFs from 'node:fs/promises'
import { join } from 'node:path'
import { segmentName } from '../forensics/segment.ts'
import { readIndex } from '../forensics/segment-index.ts'
import { listSegments, readWhole, type SegmentFiles, type SegmentFs, segmentBytes } from './segment-files.ts'

export interface RestFigures {
  readonly segmentBytes: number
  /** Seconds since 1970 of the oldest record; undefined where there is none. */
  readonly oldestRecord: number | undefined
}

/** @throws what the system says. */
export async function restFigures(dir: string): Promise<RestFigures> {
  const fs = nodeFs as SegmentFs
  const { segments } = await listSegments(fs, dir)
  const sizes = await Promise.all(segments.map(segment => segmentBytes(fs, dir, segment)))
  const [oldest] = segments
  return {
    segmentBytes: sizes.reduce((a, b) => a + b, 0),
    oldestRecord: oldest === undefined ? undefined : await startOf(fs, dir, oldest),
  }
}

async function startOf(fs: SegmentFs, dir: string, segment: SegmentFiles): Promise<number | undefined> {
  const { first, isOpen, isClosed, hasIndex } = segment
  if (isOpen && !isClosed) return firstTime(fs, join(dir, segmentName(first, 'open')))
  if (!hasIndex) return undefined
  const { size } = await fs.stat(join(dir, segmentName(first, 'closed')))
  const from = readIndex(await readWhole(fs, join(dir, segmentName(first, 'index'))), size)?.from
  return from === undefined ? undefined : from / 1_000_000
}

/** A segment begins with a checkpoint, which has the time of its writing. */
async function firstTime(fs: SegmentFs, path: string): Promise<number | undefined> {
  const file = await fs.open(path, 'r')
  try {
    const head = Buffer.alloc(1024)
    const { bytesRead } = await file.read(head, 0, head.length, 0)
    const ts = /"ts":"([^"]+)"/.exec(head.toString('latin1', 0, bytesRead))?.[1]
    return ts === undefined ? undefined : Date.parse(ts) / 1000
  } finally {
    await file.close()
  }
}
