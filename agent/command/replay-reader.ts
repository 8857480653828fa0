// One log of a replay: its bytes to lines, and its lines into the pipeline.

import { parseZone } from '../../collectors/clock.ts'
import { formatByName } from '../../collectors/index.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { fingerprint, HEAD_BYTES } from '../forensics/id.ts'
import type { Intake, Pipeline } from '../pipeline.ts'
import { type Finished, looksBinary, withWholeHead } from '../source/finished.ts'
import { createLines, type Lines } from '../source/lines.ts'
import { guessYear } from '../source/year.ts'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'
import { type LogOption, nameOf } from './log-option.ts'
import { plural } from './plural.ts'

/** One log on its way through the pipeline. */
export interface Reader {
  /** Of its last line that had one; NaN before. */
  readonly time: () => number
  /** Takes the next chunk; false at the end. */
  next(): Promise<boolean>
}

/** @throws UsageError from `next` when the log turns out to be empty or no text. */
export function openReader(log: LogOption, file: Finished, pipeline: Pipeline, io: Io): Reader {
  const chunks = withWholeHead(file.chunks(), HEAD_BYTES)
  const opened: { stream?: Stream } = {}

  async function next(): Promise<boolean> {
    const chunk = await nextChunk(chunks)
    if (io.signal.aborted) return false
    if (!chunk.done) {
      opened.stream ??= openStream(log, file, chunk.value, pipeline, io)
      opened.stream.lines.write(chunk.value)
      return true
    }
    if (opened.stream !== undefined) closeStream(opened.stream, chunk.error)
    else
      throw new UsageError(
        `Cannot read ${nameOf(log)}: ${chunk.error ?? 'it is empty'} (--log ${log.format}:${log.file})`,
      )
    return false
  }

  return { time: () => opened.stream?.intake.time ?? Number.NaN, next }
}

/** A log whose first bytes are known, and with them its identity and the year of its stamps. */
interface Stream {
  readonly intake: Intake
  readonly lines: Lines
}

function openStream(log: LogOption, file: Finished, first: Uint8Array, pipeline: Pipeline, io: Io): Stream {
  if (looksBinary(first.subarray(0, 4096)))
    throw new UsageError(
      `Cannot read ${nameOf(log)}: it is binary, not a text log (--log ${log.format}:${log.file})`,
    )
  const format = formatByName(log.format)!
  const collector = format.create({
    zone: parseZone(log.zone, io.zone)!,
    year: log.year ?? guessYear(first.subarray(0, 4096), file.modified),
    prefixes: log.prefixes,
    bootTime: Number.NaN,
  })
  const intake = pipeline.open({
    format: log.format,
    collector: createUnwrapper(collector),
    file: log.file === '-' ? undefined : log.file,
    stream: fingerprint(first.slice(0, HEAD_BYTES)),
    decide: 'end',
  })
  return { intake, lines: createLines(intake.line) }
}

function closeStream({ intake, lines }: Stream, error: string | undefined): void {
  lines.close()
  if (error !== undefined) intake.gap(`the file ends early: ${error}`, undefined, lines.offset)
  if (lines.cut > 0) intake.gap(`${plural(lines.cut, 'line')} longer than 1 MiB cut`, undefined, lines.offset)
  intake.end()
}

type Chunk =
  | { readonly done: false; readonly value: Uint8Array }
  | { readonly done: true; readonly error?: string }

/** Compressed data that is cut short ends the file: what came before counts, and the rest is a gap. */
async function nextChunk(chunks: AsyncIterator<Uint8Array>): Promise<Chunk> {
  try {
    const result = await chunks.next()
    return result.done ? { done: true } : { done: false, value: result.value }
  } catch (error) {
    return { done: true, error: (error as Error).message }
  }
}
