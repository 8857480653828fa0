// The topology on one page: what is opened, how data is pumped, in which order it closes.
//
//   sources --bytes--> lines --> collector --flow--> pipeline (timeline, policies) --record--> sinks

import type { Collector } from '../collectors/collector.ts'
import type { Counts } from './counts.ts'
import type { Intake } from './intake.ts'
import { createPipeline } from './pipeline.ts'
import type { Epoch } from './policy/index.ts'
import type { Sink } from './sink/lines.ts'
import { createLines, type Lines } from './source/lines.ts'
import type { Timeline, TimelineEvent } from './timeline/index.ts'

export interface AgentSource {
  /** The FORMAT's name. */
  readonly format: string
  readonly collector: Collector
  /** As records name it. */
  readonly file: string | undefined
  /** Identifies the stream in record ids. */
  readonly stream: string
}

export interface AgentOptions {
  readonly timeline: Timeline<Epoch>
  /** The node whose eyes these are. */
  readonly node: string
  readonly sources: readonly AgentSource[]
  readonly sinks: readonly Sink[]
  readonly allowed: 'count' | 'full'
  /** How long a flow waits for a pod that is not known yet; two seconds by default. */
  readonly holdMs?: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Called with what a sink could not do; the agent goes on. */
  readonly onSinkError: (error: Error) => void
}

export interface Agent extends AsyncDisposable {
  /** Bytes of a source, by its format's name. */
  feed(format: string, bytes: Uint8Array): void
  /** Something changed in the cluster. */
  apply(event: TimelineEvent): void
  /** Evidence that a source knows to be missing. */
  lose(format: string, cause: string, lost: number | undefined): void
  readonly counts: Readonly<Counts>
}

/** How often windows of repeats are closed and sinks are flushed. */
const HEARTBEAT_MS = 250
/** A flow waits this long for a pod that this node has not been told of yet. */
const HOLD_MS = 2_000
/** A line may come two seconds after its time, and then wait, without finding its window closed. */
const LATE_US = (2_000 + HOLD_MS) * 1000
/** Nobody is accused before what the watch may be late with is known: the timeline's watch delay. */
const PATIENCE_MS = 5_000

export function openAgent(options: AgentOptions): Agent {
  const { sinks } = options
  const pipeline = createPipeline({
    timeline: options.timeline,
    node: options.node,
    allowed: options.allowed,
    fold: true,
    patienceMs: PATIENCE_MS,
    holdMs: options.holdMs ?? HOLD_MS,
    emit: record => {
      for (const sink of sinks) sink.write(record)
    },
  })
  const streams = new Map<string, { intake: Intake; lines: Lines }>()
  for (const source of options.sources) {
    const intake = pipeline.open({ ...source, decide: 'reply' })
    streams.set(source.format, { intake, lines: createLines(intake.line) })
  }
  const flush = () => Promise.all(sinks.map(sink => sink.flush().catch(options.onSinkError)))
  const heartbeat = setInterval(() => {
    pipeline.advance(options.now() * 1000 - LATE_US, options.now())
    void flush()
  }, HEARTBEAT_MS)

  return {
    counts: pipeline.counts,
    feed: (format, bytes) => streams.get(format)?.lines.write(bytes),
    apply(event) {
      options.timeline.apply(event)
      for (const change of options.timeline.drainChanges()) pipeline.changed(change)
    },
    lose(format, cause, lost) {
      const stream = streams.get(format)
      stream?.intake.gap(cause, lost, stream.lines.offset)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(heartbeat)
      for (const { intake, lines } of streams.values()) {
        lines.close()
        intake.end()
      }
      pipeline.close()
      await flush()
    },
  }
}
