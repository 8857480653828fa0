// Records at rest: appended line by line to the newest segment, which is closed at a size and an age; the oldest go when all together
// are larger than their budget. A disk that is full or broken stops nothing: records are held, then discarded and counted, and when
// writing works again a gap says so.

import * as nodeFs from 'node:fs/promises'
import { join } from 'node:path'
import type { ForensicRecord } from '../forensics/record.ts'
import { segmentName } from '../forensics/segment.ts'
import { type Chain, chained, GENESIS } from '../forensics/segment-chain.ts'
import { createIndexer } from '../forensics/segment-index.ts'
import { checkpointRecord, type RestGap, restGapRecord } from '../forensics/segment-records.ts'
import type { Sink } from './lines.ts'
import { overBudget } from './segment-budget.ts'
import { closeSegment } from './segment-close.ts'
import { DIRECTORY_MODE, FILE_MODE, type SegmentFile, type SegmentFs, writeAt } from './segment-files.ts'
import { createHeld } from './segment-held.ts'
import { recover, versionOf } from './segment-recover.ts'

export interface SegmentOptions {
  readonly dir: string
  /** Bytes and milliseconds after which a segment is closed. */
  readonly maxBytes?: number
  readonly maxAgeMs?: number
  /** Bytes of all segments together, as they lie on the disk. */
  readonly budgetBytes?: number
  /** Bytes of records that wait in memory while they cannot be written. */
  readonly heldBytes?: number
  /** A checkpoint is written, and everything before it is safe on the disk, after so many records or milliseconds. */
  readonly checkpointRecords?: number
  readonly checkpointMs?: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly fs?: SegmentFs
  /** What a person should know: something was repaired, removed, or could not be written. */
  readonly say: (text: string) => void
  /** Records cannot be written now, as a sentence; undefined: they can again. Without it a problem is said as all else. */
  readonly onProblem?: (text: string | undefined) => void
  readonly onDiscarded?: (records: number) => void
  /** A directory that cannot be made or read now is a problem like any other: it is tried again with the next records. */
  readonly isPatient?: boolean
}

export interface Segments extends Sink {
  /** A record's JSON. */
  line(json: string): void
  /** Writes what it can and makes it safe on the disk. */
  sync(): Promise<void>
  /** How many of the lines that were given to it are safe on the disk. */
  readonly safe: number
  /** Writes what it can and closes the file; the next to open this directory writes on in it. */
  close(): Promise<void>
  /** Like close, and compresses the last segment as well: nobody will write on. */
  finish(): Promise<void>
  /** 0 to 1: how full the memory is that holds what is not written. */
  readonly heldShare: number
  /** Number of the chain's last line. */
  readonly sequence: number
  /** Since it was opened. */
  readonly writtenBytes: number
  /** What keeps records from being written now; undefined where all is well. */
  readonly problem: Error | undefined
}

const MIB = 1024 * 1024
const BATCH = 256 * 1024

interface Current {
  readonly file: SegmentFile
  readonly first: number
  /** Milliseconds. */
  readonly since: number
  size: number
}

/** Opens a directory of segments, creates it, or repairs it. @throws what the system says where it cannot be read or made, unless patient. */
export async function openSegments(options: SegmentOptions): Promise<Segments> {
  const { dir, now, say, fs = nodeFs as SegmentFs } = options
  const { maxBytes = 16 * MIB, maxAgeMs = 3_600_000, budgetBytes = 256 * MIB } = options
  const { checkpointRecords = 10_000, checkpointMs = 60_000 } = options
  const held = createHeld(options.heldBytes ?? 8 * MIB, options.onDiscarded)
  const indexer = createIndexer()
  let chain: Chain = GENESIS
  let current: Current | undefined
  let unfinished: number[] = []
  let gaps: RestGap[] = []
  let sinceCheckpoint = 0
  let checkpointAt = now()
  let isKnown = false
  let written = 0
  let writtenBytes = 0
  let safe = 0
  let problem: Error | undefined
  let running: Promise<void> = Promise.resolve()

  async function takeOver(): Promise<void> {
    await fs.mkdir(dir, { recursive: true, mode: DIRECTORY_MODE })
    const found = await recover(fs, dir)
    for (const name of found.foreign)
      say(`"${name}" is of version ${versionOf(name)}, which is not known here: left untouched`)
    for (const gap of found.gaps) say(`"${gap.file}": ${gap.cause}`)
    gaps.push(...found.gaps)
    if (found.chain.seq < chain.seq) gaps.push(removedGap(chain.seq - found.chain.seq))
    chain = found.chain
    unfinished = [...found.unfinished]
    isKnown = true
    if (found.open === undefined) return
    const { first, size, since } = found.open
    const file = await fs.open(join(dir, segmentName(first, 'open')), 'r+')
    current = { file, first, size, since: Number.isNaN(since) ? now() : since / 1000 }
  }

  async function begin(): Promise<Current> {
    const first = chain.seq + 1
    const file = await fs.open(join(dir, segmentName(first, 'open')), 'wx', FILE_MODE)
    current = { file, first, size: 0, since: now() }
    await append([checkpoint()])
    return current
  }

  function checkpoint(): string {
    return JSON.stringify(checkpointRecord(chain, sinceCheckpoint, now() * 1000))
  }

  /** All of these records or none. */
  async function append(records: readonly string[]): Promise<void> {
    const segment = current!
    let next = chain
    let text = ''
    for (const record of records) {
      const { line, chain } = chained(next, record)
      text += `${line}\n`
      next = chain
    }
    const bytes = Buffer.from(text)
    try {
      const { size, nlink = 1 } = await segment.file.stat()
      // What is written to a file without a name is gone with it.
      if (nlink === 0) throw new Error('somebody removed it')
      // Somebody else who wrote here would be overwritten.
      if (size !== segment.size) throw new Error('somebody else writes to it')
      await writeAt(segment.file, segment.size, bytes)
    } catch (error) {
      await undo(segment)
      throw error
    }
    segment.size += bytes.length
    writtenBytes += bytes.length
    chain = next
    sinceCheckpoint += records.length
  }

  /** Takes off what was written of a batch; where even that fails, the file is looked at anew before the next. */
  async function undo({ file, size }: Current): Promise<void> {
    try {
      const { nlink = 1 } = await file.stat()
      if (size === 0 || nlink === 0) throw new Error('nothing of it stands')
      await file.truncate(size)
    } catch {
      isKnown = false
      current = undefined
      await file.close().catch(() => {
        // What it was asked to do has been reported already.
      })
    }
  }

  async function mark(): Promise<void> {
    if (sinceCheckpoint === 0 || current === undefined) return
    await append([checkpoint()])
    sinceCheckpoint = 0
    checkpointAt = now()
    await secure()
  }

  async function secure(): Promise<void> {
    const upTo = written
    await current?.file.sync()
    safe = upTo
  }

  async function rotate(): Promise<void> {
    const { file, first } = current!
    await secure()
    await file.close()
    current = undefined
    unfinished.push(first)
    await compressAll()
  }

  async function compressAll(): Promise<void> {
    for (const first of unfinished.splice(0)) {
      try {
        await closeSegment(fs, dir, first, indexer)
      } catch (error) {
        unfinished.push(first)
        say(`Cannot compress "${segmentName(first, 'open')}": ${(error as Error).message}, it stays as it is`)
        break
      }
    }
    const removed = await overBudget(fs, dir, budgetBytes, current?.first ?? chain.seq + 1)
    for (const gap of removed) say(`"${gap.file}": ${gap.cause}`)
    gaps.push(...removed)
  }

  async function ready(): Promise<Current> {
    if (!isKnown) await takeOver()
    if (current !== undefined && (current.size >= maxBytes || now() - current.since >= maxAgeMs))
      await rotate()
    return current ?? begin()
  }

  async function writeGaps(): Promise<void> {
    if (gaps.length === 0) return
    await append(gaps.map(gap => JSON.stringify(restGapRecord(gap, now() * 1000))))
    gaps = []
  }

  async function drain(): Promise<void> {
    while (held.size > 0 || gaps.length > 0 || held.discarded !== undefined) {
      const { size } = await ready()
      await writeGaps()
      const batch = held.peek(Math.min(BATCH, maxBytes - size))
      if (batch.length > 0) await append(batch)
      held.drop(batch.length)
      written += batch.length
      if (held.size === 0 && held.discarded !== undefined) {
        // Nobody need keep them for a restart any more.
        written += held.discarded
        gaps.push(held.takeDiscarded(problem))
      }
      if (sinceCheckpoint >= checkpointRecords) await mark()
    }
    if (now() - checkpointAt >= checkpointMs) await mark()
    if (problem !== undefined) options.onProblem?.(undefined)
    problem = undefined
  }

  function run(work: () => Promise<void>): Promise<void> {
    running = running.then(work).catch((error: Error) => {
      const text = `Cannot write records to "${dir}": ${error.message}`
      if (problem?.message !== error.message) (options.onProblem ?? say)(text)
      problem = error
    })
    return running
  }

  function line(json: string): void {
    held.push(json)
    if (held.isDue(BATCH) && problem === undefined) void run(drain)
  }

  async function shut(): Promise<void> {
    await drain()
    await mark()
    await current?.file.close()
  }

  async function start(): Promise<void> {
    await takeOver()
    await compressAll()
  }

  if (options.isPatient) await run(start)
  else await start()
  return {
    line,
    write: (_: ForensicRecord, json: string) => line(json),
    sync: () =>
      run(async () => {
        await drain()
        if (safe < written) await secure()
      }),
    get safe() {
      return safe
    },
    flush: () => run(drain),
    close: () => run(shut),
    finish: () =>
      run(async () => {
        await drain()
        await mark()
        if (current !== undefined) await rotate()
        // What was removed to make room for the last one has to be said as well.
        if (gaps.length > 0) await shut()
      }),
    get heldShare() {
      return held.share
    },
    get sequence() {
      return chain.seq
    },
    get writtenBytes() {
      return writtenBytes
    },
    get problem() {
      return problem
    },
  }
}

/** Seen where the directory holds less than was written to it. */
function removedGap(lines: number): RestGap {
  const cause = `the last ${lines} lines of the chain are gone: somebody removed or changed segments`
  return { from: Number.NaN, to: Number.NaN, cause, lost: lines, file: undefined }
}
