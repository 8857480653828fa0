// Reads what a search needs and no more: blocks that the index rules out are skipped; then, where repeats were found whose first record
// was not, those blocks that it can lie in.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Query } from '../forensics/query.ts'
import type { Wanted } from '../forensics/query-filter.ts'
import { type IndexBlock, isInTime, mayHold, type SegmentIndex } from '../forensics/segment-index.ts'
import { createLines, type OnLine } from '../source/lines.ts'
import { type RecordFile, RecordsGone, readBlock, readRecords } from './record-files.ts'

export interface Scan {
  readonly wanted: Wanted
  /** Microseconds. */
  readonly since: number
  readonly until: number
  readonly signal: AbortSignal
  /** Awaited between chunks; told the bytes of files that are done with. */
  readonly onProgress: (bytesDone: number) => Promise<void>
}

export interface Scanned {
  /** Files whose last line has no newline. */
  readonly torn: readonly string[]
  /** Of files without an index, by path: bytes up to the end of the last whole line that was read. */
  readonly read: ReadonlyMap<string, number>
  /** Files that were removed while they were read. */
  readonly gone: readonly string[]
  /** Blocks that were skipped hold gaps of this time. */
  readonly hasSkippedGaps: boolean
}

/** A block, or a whole segment whose blocks were not looked at. */
interface Skipped {
  readonly file: RecordFile
  readonly block: IndexBlock | undefined
  readonly times: Times
  readonly isRuledOut: boolean
}

type Times = Pick<IndexBlock, 'from' | 'to' | 'timeless'>

export async function scan(files: readonly RecordFile[], query: Query, options: Scan): Promise<Scanned> {
  const { wanted, signal, since, until, onProgress } = options
  const torn: string[] = []
  const gone: string[] = []
  const whole = new Map<string, number>()
  const skipped: Skipped[] = []
  let hasSkippedGaps = false
  let done = 0

  // Their times are in no index.
  const isOfCheckpoints = wanted.event?.some(event => /^(chain\.|\*)/.test(event)) ?? false

  function isThen(times: Times): boolean {
    return isOfCheckpoints || isInTime(times, since, until) || (times.timeless ?? 0) > 0
  }

  /** The blocks to be read; notes the others. */
  function* blocksOf(file: RecordFile, index: SegmentIndex): Generator<IndexBlock> {
    const isRuledOut = !index.mayHold(wanted)
    if (isRuledOut || !isThen(index)) {
      skipped.push({ file, block: undefined, times: index, isRuledOut })
      if (index.gaps && isThen(index)) hasSkippedGaps = true
      return
    }
    const mayBe = mayHold(index.body(), wanted)
    for (const block of index.body().blocks) {
      const isRuledOut = !mayBe(block)
      if (isThen(block) && !isRuledOut) yield block
      else {
        skipped.push({ file, block, times: block, isRuledOut })
        if (index.gaps && isThen(block)) hasSkippedGaps = true
      }
    }
  }

  async function read(file: RecordFile): Promise<void> {
    if (file.index === undefined) {
      const { isTorn, bytes } = await readAll(file, lineOf(query.line), options, done)
      if (isTorn) torn.push(file.name)
      whole.set(file.path, bytes)
      return
    }
    for (const block of blocksOf(file, file.index)) {
      if (signal.aborted) break
      readLines(file, block, query.line)
      await onProgress(done + block.offset)
      await nextTurn()
    }
  }

  for (const file of files) {
    if (signal.aborted) break
    await unlessGone(read(file), () => gone.push(file.name))
    done += file.size
  }
  if (!signal.aborted) await lookUp(query, skipped, files, options)
  return { torn, gone, read: whole, hasSkippedGaps }
}

async function unlessGone(reading: Promise<void>, onGone: () => void): Promise<void> {
  try {
    await reading
  } catch (error) {
    if (!(error instanceof RecordsGone)) throw error
    onGone()
  }
}

/** First records of repeats that were found before them: behind the edge of the time, or too far back to be remembered. */
export async function lookUp(
  query: Query,
  skipped: readonly Skipped[],
  files: readonly RecordFile[],
  options: Pick<Scan, 'signal' | 'onProgress'>,
): Promise<void> {
  const ruledOut = skipped.filter(({ isRuledOut }) => isRuledOut)

  async function resolveIn(file: RecordFile, times: ReadonlySet<number>): Promise<void> {
    const { index } = file
    if (index === undefined) return void (await readAll(file, lineOf(query.resolve), options, 0))
    if (ruledOut.some(each => each.file === file && each.block === undefined)) return
    if (!holdsOne(index, times)) return
    for (const block of index.body().blocks)
      if (holdsOne(block, times) && !ruledOut.some(each => each.block === block))
        readLines(file, block, query.resolve)
  }

  for (const file of files) {
    const times = query.missing()
    if (times.size === 0 || options.signal.aborted) break
    // What has gone has been told of already.
    await unlessGone(resolveIn(file, times), () => {})
  }
  query.close(millis => ruledOut.some(each => holds(each.times, millis)))
}

function holdsOne(block: Times, times: ReadonlySet<number>): boolean {
  for (const millis of times) if (holds(block, millis)) return true
  return false
}

/** An id knows its record's time to the millisecond; 0 stands for none. */
function holds(block: Times, millis: number): boolean {
  if (millis === 0 && (block.timeless ?? 0) > 0) return true
  return isInTime(block, millis * 1000, millis * 1000 + 999)
}

type OnRecord = (bytes: Buffer, start: number, end: number) => void

/** Lines are handed on where they lie, which is always in a Buffer. */
function lineOf(onRecord: OnRecord): OnLine {
  return (bytes, start, end) => {
    if (end > start) onRecord(bytes as Buffer, start, end)
  }
}

function readLines(file: RecordFile, block: IndexBlock, onRecord: OnRecord): void {
  const lines = createLines(lineOf(onRecord))
  lines.write(readBlock(file, block))
  lines.close()
}

interface WholeRead {
  /** Its last line has no newline. */
  readonly isTorn: boolean
  /** Up to the end of the last line that has one. */
  readonly bytes: number
}

async function readAll(
  file: RecordFile,
  onLine: OnLine,
  options: Pick<Scan, 'signal' | 'onProgress'>,
  before: number,
): Promise<WholeRead> {
  const lines = createLines(onLine)
  let last = 10
  let bytes = 0
  for await (const chunk of readRecords(file)) {
    lines.write(chunk)
    last = chunk.at(-1) ?? last
    bytes += chunk.length
    await options.onProgress(before + Math.min(bytes, file.size))
    await nextTurn()
    if (options.signal.aborted) return { isTorn: false, bytes: lines.offset }
  }
  const whole = lines.offset
  // A segment's line without an end is still being written, or was torn.
  if (!(file.first !== undefined && last !== 10)) lines.close()
  return { isTorn: last !== 10, bytes: whole }
}
