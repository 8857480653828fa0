// `culprit replay`: the agent's pipeline over finished logs.

import { createOrdered } from '../forensics/ordered.ts'
import { createPipeline } from '../pipeline.ts'
import type { Profile } from '../policy/index.ts'
import { createLineWriter } from '../sink/line-writer.ts'
import { type LineForm, recordText } from '../sink/lines.ts'
import { cpuSeconds, keepHeapSmall, monotonicSeconds } from '../telemetry/process.ts'
import { openConfig } from './config-option.ts'
import { WorkError } from './errors.ts'
import { checkNode, openLogs } from './finished-logs.ts'
import type { Io } from './io.ts'
import { openRest } from './records-option.ts'
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
  readonly config?: string
  readonly records?: string
  readonly stats?: 'json'
}

export async function runReplay(options: ReplayOptions, io: Io): Promise<void> {
  keepHeapSmall()
  const logs = openLogs(options.log, io, await openConfig(options.config))
  const { timeline, input, hasUnsupported } = await openWorld(options.world, options.profile, io)
  checkNode(options.node, input.nodeNames)
  const rest = await openRest(options.records, io)
  const writer = createLineWriter(io.stdout)
  const toText = recordText(options.output)
  // Held as text: a record as an object takes several times as much memory.
  const ordered = createOrdered<string>(writer.line)
  const kept = rest && createOrdered<string>(rest.line)
  const pipeline = createPipeline({
    timeline,
    node: options.node,
    hasUnsupported,
    allowed: options.allowed,
    fold: options.fold === 'on',
    emit(record, time) {
      ordered.push(time, toText(record))
      kept?.push(time, JSON.stringify(record))
    },
  })
  const began = { wall: monotonicSeconds(), cpu: cpuSeconds() }
  for (const change of timeline.changes()) pipeline.changed(change)
  await logs.readInto(pipeline, async () => {
    await writer.flush()
    await rest?.flush()
  })
  pipeline.close()
  ordered.flush()
  kept?.flush()
  await writer.flush()
  await rest?.finish()
  const seconds = monotonicSeconds() - began.wall
  if (options.stats === 'json') io.stderr(`${stats(pipeline.counts, seconds, cpuSeconds() - began.cpu)}\n`)
  else io.stderr(summary(pipeline.counts, ordered.late, logs.options, logs.notes()))
  // A reader that has seen enough has what it wanted.
  if (io.signal.aborted && io.signal.reason !== 'EPIPE')
    throw new WorkError('interrupted: what had been read is written')
}
