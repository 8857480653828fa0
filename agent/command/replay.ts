// `culprit replay`: the agent's pipeline over finished logs.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { formats } from '../../collectors/index.ts'
import { createOrdered } from '../forensics/ordered.ts'
import { createPipeline } from '../pipeline.ts'
import type { Profile } from '../policy/index.ts'
import { createLineWriter, type LineForm, recordText } from '../sink/lines.ts'
import { type Finished, openFinished } from '../source/finished.ts'
import { cpuSeconds, keepHeapSmall, monotonicSeconds } from '../telemetry/process.ts'
import { UsageError, WorkError } from './errors.ts'
import type { Io } from './io.ts'
import { type LogOption, nameOf, parseLogOption } from './log-option.ts'
import { openReader, type Reader } from './replay-reader.ts'
import { stats, summary } from './replay-summary.ts'
import { openWorld } from './world-option.ts'

interface ReplayOptions {
  readonly world: string
  readonly log: readonly string[]
  readonly node?: string
  readonly profile: Profile
  readonly allowed: 'count' | 'full'
  readonly fold: 'on' | 'off'
  readonly output: LineForm
  readonly stats?: 'json'
}

export async function runReplay(options: ReplayOptions, io: Io): Promise<void> {
  keepHeapSmall()
  const logs = options.log.map(value =>
    parseLogOption(
      value,
      formats.map(format => format.name),
    ),
  )
  checkTwice(logs)
  const files = logs.map(log => openLog(log, io))
  const { timeline, input, hasUnsupported } = await openWorld(options.world, options.profile, io)
  checkNode(options.node, input.nodeNames)
  const writer = createLineWriter(io.stdout)
  const toText = recordText(options.output)
  // Held as text: a record as an object takes several times as much memory.
  const ordered = createOrdered<string>(writer.line)
  const pipeline = createPipeline({
    timeline,
    node: options.node,
    hasUnsupported,
    allowed: options.allowed,
    fold: options.fold === 'on',
    emit: (record, time) => ordered.push(time, toText(record)),
  })
  const began = { wall: monotonicSeconds(), cpu: cpuSeconds() }
  for (const change of timeline.changes()) pipeline.changed(change)
  const readers = logs.map((log, i) => openReader(log, files[i]!, pipeline, io))
  await readAll(readers, io.signal, writer.flush)
  pipeline.close()
  ordered.flush()
  await writer.flush()
  const seconds = monotonicSeconds() - began.wall
  if (options.stats === 'json') io.stderr(`${stats(pipeline.counts, seconds, cpuSeconds() - began.cpu)}\n`)
  else io.stderr(summary(pipeline.counts, ordered.late, logs, io.zone))
  // A reader that has seen enough has what it wanted.
  if (io.signal.aborted && io.signal.reason !== 'EPIPE')
    throw new WorkError('interrupted: what had been read is written')
}

/** A log that is read twice would count everything twice; and standard input can be read but once. */
function checkTwice(logs: readonly LogOption[]): void {
  const twice = logs.find(
    (log, i) =>
      logs.findIndex(other => other.file === log.file && (log.file === '-' || other.format === log.format)) <
      i,
  )
  if (twice === undefined) return
  throw new UsageError(
    `Cannot read ${nameOf(twice)} twice: name it in one --log only (--log ${twice.format}:${twice.file})`,
  )
}

function openLog(log: LogOption, io: Io): Finished {
  if (log.file === '-') return { name: '-', modified: io.now() * 1000, chunks: io.stdin }
  try {
    return openFinished(log.file)
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (--log ${log.format}:${log.file})`, { cause: error })
  }
}

function checkNode(node: string | undefined, known: readonly string[]): void {
  if (node === undefined || known.includes(node)) return
  const hint =
    known.length > 0 ? `it can be ${known.slice(0, 10).join(', ')}` : 'no pod of the world names a node'
  throw new UsageError(`Cannot use --node "${node}": the world has no such node, ${hint}`)
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
