// Keeps all segments together within a budget: the oldest go first, and a gap says which.

import { join } from 'node:path'
import { segmentName } from '../forensics/segment.ts'
import { readIndex } from '../forensics/segment-index.ts'
import type { RestGap } from '../forensics/segment-records.ts'
import {
  filesOf,
  listSegments,
  readWhole,
  type SegmentFiles,
  type SegmentFs,
  segmentBytes,
} from './segment-files.ts'

/** Removes segments until the rest fits; never the one that begins with line `current`, which is being written. */
export async function overBudget(
  fs: SegmentFs,
  dir: string,
  budget: number,
  current: number,
): Promise<readonly RestGap[]> {
  const { segments } = await listSegments(fs, dir)
  const sizes = await Promise.all(segments.map(segment => segmentBytes(fs, dir, segment)))
  let total = sizes.reduce((a, b) => a + b, 0)
  const gaps: RestGap[] = []
  for (const [i, segment] of segments.entries()) {
    if (total <= budget || segment.first === current) break
    const next = segments[i + 1]?.first ?? current
    gaps.push(await gapOf(fs, dir, segment, next, budget))
    for (const name of filesOf(segment)) await fs.unlink(join(dir, name))
    total -= sizes[i]!
  }
  return gaps
}

async function gapOf(
  fs: SegmentFs,
  dir: string,
  { first, hasIndex, isClosed }: SegmentFiles,
  next: number,
  budget: number,
): Promise<RestGap> {
  const closed = segmentName(first, 'closed')
  const index =
    hasIndex && isClosed
      ? readIndex(
          await readWhole(fs, join(dir, segmentName(first, 'index'))),
          (await fs.stat(join(dir, closed))).size,
        )
      : undefined
  return {
    from: index?.from ?? Number.NaN,
    to: index?.to ?? Number.NaN,
    cause: `removed, lines ${first} to ${next - 1} of the chain: all segments together may take ${budget} bytes`,
    lost: next - first,
    file: isClosed ? closed : segmentName(first, 'open'),
  }
}
