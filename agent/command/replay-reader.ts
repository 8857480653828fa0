// One log of a replay: its bytes to lines, and its lines into the pipeline.

import { parseZone } from '../../collectors/clock.ts'
import type { CollectorOptions } from '../../collectors/collector.ts'
import type { Config } from '../config.ts'
import { HEAD_BYTES } from '../forensics/id.ts'
import type { Pipeline } from '../pipeline.ts'
import { type Finished, looksBinary, withWholeHead } from '../source/finished.ts'
import { guessYear, lacksYear } from '../source/year.ts'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'
import { formatOf, formatsOf } from './log-format.ts'
import { type LogOption, nameOf } from './log-option.ts'
import { type LogStream, openAutoStream, openStream } from './replay-stream.ts'

/** One log on its way through the pipeline. */
export interface Reader {
  /** Of its last line that had one; NaN before. */
  readonly time: () => number
  /** Takes the next chunk; false at the end. */
  next(): Promise<boolean>
  /** What a person should know of it, when it has been read. */
  notes(): readonly string[]
}

export interface ReaderOptions {
  readonly pipeline: Pipeline
  readonly io: Io
  readonly config: Config
}

/** @throws UsageError from `next` when the log turns out to be empty, no text, or (`auto`) of no format. */
export function openReader(log: LogOption, file: Finished, options: ReaderOptions): Reader {
  const { io } = options
  const chunks = withWholeHead(file.chunks(), HEAD_BYTES)
  const opened: { stream?: LogStream; head?: Uint8Array } = {}

  async function next(): Promise<boolean> {
    const chunk = await nextChunk(chunks)
    if (io.signal.aborted) return false
    if (!chunk.done) {
      opened.head ??= chunk.value.slice(0, 4096)
      opened.stream ??= begin(log, file, opened.head, options)
      opened.stream.lines.write(chunk.value)
      return true
    }
    if (opened.stream === undefined)
      throw new UsageError(
        `Cannot read ${nameOf(log)}: ${chunk.error ?? 'it is empty'} (--log ${log.format}:${log.file})`,
      )
    opened.stream.lines.close()
    opened.stream.close(chunk.error)
    return false
  }

  function notes(): readonly string[] {
    const { stream, head } = opened
    if (stream === undefined || head === undefined) return []
    return [stream.found(), assumptions(log, head, file.modified, stream.zoned() > 0, io.zone)]
      .filter(note => note !== undefined)
      .map(note => `${log.format}:${log.file}: ${note}`)
  }

  return { time: () => opened.stream?.time() ?? Number.NaN, next, notes }
}

/** A log whose first bytes are known, and with them its identity and the year of its stamps. */
function begin(
  log: LogOption,
  file: Finished,
  head: Uint8Array,
  { pipeline, io, config }: ReaderOptions,
): LogStream {
  checkText(log, head)
  const collector = collectorOptions(log, head, file.modified, io.zone)
  const format = formatOf(log, config)
  return format === undefined
    ? openAutoStream(formatsOf(config), { log, pipeline, collector, head })
    : openStream(format, { log, pipeline, collector, head })
}

/** @throws UsageError where the log is binary. */
export function checkText(log: LogOption, head: Uint8Array): void {
  if (looksBinary(head))
    throw new UsageError(
      `Cannot read ${nameOf(log)}: it is binary, not a text log (--log ${log.format}:${log.file})`,
    )
}

export function collectorOptions(
  log: LogOption,
  head: Uint8Array,
  modified: number,
  machine: string,
): CollectorOptions {
  return {
    zone: parseZone(log.zone, machine)!,
    year: log.year ?? guessYear(head, modified),
    prefixes: log.prefixes,
    bootTime: Number.NaN,
  }
}

/** The zone and year that were assumed because stamps have none and nobody said; undefined where neither was. */
export function assumptions(
  log: LogOption,
  head: Uint8Array,
  modified: number,
  isZoned: boolean,
  machine: string,
): string | undefined {
  const zone = isZoned && log.zone === undefined ? `zone ${machine}` : ''
  const year =
    isZoned && log.year === undefined && lacksYear(head)
      ? `the year ${guessYear(head, modified)} from the file's date`
      : ''
  const assumed = [zone, year].filter(text => text !== '')
  return assumed.length === 0 ? undefined : `where a stamp has none, assumed ${assumed.join(' and ')}`
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
