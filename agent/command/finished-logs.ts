// `--log`, for every command that reads finished logs through the pipeline.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { DEFAULTS } from '../config/defaults.ts'
import type { Config } from '../config.ts'
import type { Pipeline } from '../pipeline.ts'
import { type Finished, openFinished } from '../source/finished.ts'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'
import { formatOf, readable } from './log-format.ts'
import { type LogOption, nameOf, parseLogOption } from './log-option.ts'
import { openReader, type Reader } from './replay-reader.ts'

/** Logs that can be opened and have not been read yet. */
export interface FinishedLogs {
  readonly options: readonly LogOption[]
  /** All of them to their end, or until the command is interrupted; `flush` is awaited between chunks. */
  readInto(pipeline: Pipeline, flush: () => Promise<void>): Promise<void>
  /** What a person should know of each: formats that were told from its content, zone and year that were assumed. */
  notes(): readonly string[]
}

/** @throws UsageError naming the `--log` that is wrong, is named twice or cannot be opened. */
export function openLogs(values: readonly string[], io: Io, config: Config = DEFAULTS): FinishedLogs {
  const options = values.map(value => parseLogOption(value, readable))
  checkTwice(options)
  for (const log of options) formatOf(log, config)
  const files = options.map(log => openLog(log, io))
  let readers: readonly Reader[] = []
  return {
    options,
    readInto(pipeline, flush) {
      readers = options.map((log, i) => openReader(log, files[i]!, { pipeline, io, config }))
      return readAll(readers, io.signal, flush)
    },
    notes: () => readers.flatMap(reader => reader.notes()),
  }
}

/** A log that is read twice would count everything twice; and standard input can be read but once. */
function checkTwice(logs: readonly LogOption[]): void {
  const twice = logs.find((log, i) => logs.slice(0, i).some(other => isSameLog(log, other)))
  if (twice === undefined) return
  throw new UsageError(
    `Cannot read ${nameOf(twice)} twice: name it in one --log only (--log ${twice.format}:${twice.file})`,
  )
}

/** Two formats may share a file; `auto` reads all of it. */
function isSameLog(a: LogOption, b: LogOption): boolean {
  if (a.file !== b.file) return false
  return a.file === '-' || a.format === b.format || a.format === 'auto' || b.format === 'auto'
}

/** @throws UsageError where it cannot be opened. */
export function openLog(log: LogOption, io: Io, option = '--log'): Finished {
  if (log.file === '-') return { name: '-', modified: io.now() * 1000, chunks: io.stdin }
  try {
    return openFinished(log.file)
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (${option} ${log.format}:${log.file})`, {
      cause: error,
    })
  }
}

/** Chunk by chunk, always the log that is furthest behind in time, so that records of several logs come in order. */
async function readAll(
  readers: readonly Reader[],
  signal: AbortSignal,
  flush: () => Promise<void>,
): Promise<void> {
  const open = new Set(readers)
  while (open.size > 0 && !signal.aborted) {
    const reader = [...open].reduce((a, b) => (position(b) < position(a) ? b : a))
    if (!(await reader.next())) open.delete(reader)
    // Reading a plain file never waits: without this neither a signal nor the output would get their turn.
    await flush()
    await nextTurn()
  }
}

/** A log that has not shown a time yet is behind all others. */
function position({ time }: Reader): number {
  return Number.isNaN(time()) ? Number.NEGATIVE_INFINITY : time()
}

/** @throws UsageError where no pod of the world runs on a node of this name. */
export function checkNode(node: string | undefined, known: readonly string[]): void {
  if (node === undefined || known.includes(node)) return
  const hint =
    known.length > 0 ? `it can be ${known.slice(0, 10).join(', ')}` : 'no pod of the world names a node'
  throw new UsageError(`Cannot use --node "${node}": the world has no such node, ${hint}`)
}
