// `culprit quickstart`, which is what `npm start` runs: the agent on a small node of its own.

import { randomUUID } from 'node:crypto'
import { parseZone } from '../../collectors/clock.ts'
import { formatByName } from '../../collectors/index.ts'
import { type AgentEvents, openAgent } from '../agent.ts'
import { eventReader } from '../cluster/index.ts'
import { manifestsOf, openQuickstart, type QuickstartEvent, QuickstartRefused } from '../quickstart/index.ts'
import { kernelBootTime } from '../quickstart/kernel-log.ts'
import { createLineSink, type LineForm } from '../sink/lines.ts'
import { createFed } from '../source/fed.ts'
import type { SourceSpec } from '../sources.ts'
import { keepHeapSmall, monotonicSeconds } from '../telemetry/process.ts'
import { WorkError } from './errors.ts'
import type { Io } from './io.ts'
import { openWorld } from './world-option.ts'

interface QuickstartOptions {
  readonly recording?: true
  readonly output?: LineForm
}

export async function runQuickstart(options: QuickstartOptions, io: Io): Promise<void> {
  keepHeapSmall()
  const { timeline, input } = await openWorld(manifestsOf(), 'upstream', io)
  const form = options.output ?? (io.isTerminal ? 'lines' : 'json')
  const say = (text: string) => io.stderr(`culprit: ${text}\n`)
  const agent = openAgent({
    timeline,
    node: input.nodeNames[0]!,
    sinks: [createLineSink(form, io.stdout)],
    allowed: 'full',
    now: io.now,
    monotonic: () => monotonicSeconds() * 1000,
    events: quiet(say),
  })
  const fed = new Map(['netfilter-log', 'conntrack'].map(format => [format, createFed(format, randomUUID())]))
  await agent.sources.set([...fed].map(([format, { open }]) => specOf(format, open, io)))
  const readEvent = eventReader()
  const onEvent = (event: QuickstartEvent) => {
    if (event.kind === 'notice') say(event.text)
    else if (event.kind === 'loss')
      fed.get(event.source)?.lose('lost by the kernel before they could be read', event.lost)
    else agent.apply([readEvent(event)])
  }
  try {
    await runNode(options, io, (format, bytes) => fed.get(format)?.feed(bytes), onEvent)
  } finally {
    await agent.stop('asked to')
  }
}

function specOf(format: string, open: SourceSpec['open'], io: Io): SourceSpec {
  const createCollector = () =>
    formatByName(format)!.create({
      zone: parseZone(undefined, io.zone)!,
      year: new Date(io.now()).getUTCFullYear(),
      prefixes: [],
      bootTime: kernelBootTime(),
    })
  return { name: format, title: format, format, identity: '', createCollector, isSpared: false, open }
}

/** Whoever looks on wants to see packets, not how the agent is. */
function quiet(say: (text: string) => void): AgentEvents {
  return {
    opened() {},
    trouble() {},
    gap() {},
    record() {},
    answered() {},
    checkpoint() {},
    sinkError: error => say(`cannot write records: ${error.message}`),
    clockStepped: seconds => say(`the clock was set by ${seconds} s`),
  }
}

async function runNode(
  options: QuickstartOptions,
  io: Io,
  feed: (source: string, bytes: Uint8Array) => void,
  onEvent: (event: QuickstartEvent) => void,
): Promise<void> {
  try {
    const mode = options.recording ? 'recording' : 'auto'
    await using _node = await openQuickstart({ mode, signal: io.signal }, feed, onEvent)
    await new Promise<void>(resolve => {
      if (io.signal.aborted) resolve()
      io.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  } catch (error) {
    if (io.signal.aborted) return
    if (error instanceof QuickstartRefused) throw new WorkError(error.message, { cause: error })
    throw error
  }
}
