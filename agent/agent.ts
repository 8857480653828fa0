// The topology on one page: what is opened, how data is pumped, in which order it closes.
//
//   sources --lines--> inlets --> collector --flow--> pipeline (timeline, policies) --record--> outbox --> checkpoint, then sinks

import type { Level, Proof } from './admission.ts'
import type { Counts } from './counts.ts'
import { type AgentFacts, agentRecord } from './forensics/agent-record.ts'
import type { ForensicRecord } from './forensics/record.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'
import type { PipelineChanges } from './pipeline-state.ts'
import type { Epoch } from './policy/index.ts'
import type { Sink } from './sink/lines.ts'
import type { Segments } from './sink/segments.ts'
import type { Checkpoint } from './source/checkpoint.ts'
import { createSources, type SourceEvents, type SourceState, type Sources } from './sources.ts'
import type { Timeline, TimelineEvent } from './timeline/index.ts'

/** What an earlier run left. */
export interface Restored {
  /** Milliseconds since 1970 of its last sign of life. */
  readonly at: number
  readonly sources: ReadonlyMap<string, SourceState>
  readonly pipeline: PipelineChanges
  /** Records that may not be at rest: they are written again where they are not. */
  readonly records: readonly ForensicRecord[]
}

export interface AgentEvents extends SourceEvents {
  /** Every record, once. */
  record(record: ForensicRecord): void
  /** A record that answers a line is written, so many seconds after the line came. */
  answered(seconds: number): void
  /** The checkpoint cannot be written, or can again. */
  checkpoint(problem: Error | undefined): void
  sinkError(error: Error): void
  /** Seconds by which the wall's clock was set; forward is positive. */
  clockStepped(seconds: number): void
}

export interface AgentOptions {
  readonly timeline: Timeline<Epoch>
  /** The cluster has policies of kinds that are not evaluated here. */
  readonly hasUnsupported?: () => boolean
  /** Up to when the timeline is known to be whole, in microseconds, and what asks for more; undefined: it always is. */
  readonly proof?: Proof
  /** The node whose eyes these are. */
  readonly node: string
  readonly checkpoint?: Checkpoint | undefined
  readonly restored?: Restored | undefined
  readonly segments?: Segments | undefined
  readonly sinks: readonly Sink[]
  /** What else a restart is to be told, by name. */
  readonly kept?: () => Readonly<Record<string, SourceState>>
  readonly allowed: 'count' | 'full'
  /** What of a record the world is told, such as without addresses that nobody outside may see. */
  readonly hide?: (record: ForensicRecord) => ForensicRecord
  /** How long a flow waits for a pod that is not known yet; two seconds by default. */
  readonly holdMs?: number
  /** How far back the cluster's past is kept. */
  readonly historyMs?: number
  /** Milliseconds since 1970, and of a clock that nobody sets. */
  readonly now: () => number
  readonly monotonic: () => number
  readonly events: AgentEvents
}

export interface Agent {
  readonly sources: Sources
  /** The timeline is whole up to a later moment. */
  proven(): void
  /** Something changed in the cluster. */
  apply(events: readonly TimelineEvent[]): void
  /** Writes a record of the agent about itself. */
  say(facts: AgentFacts): void
  degrade(level: Level, trigger: string | undefined): void
  readonly counts: Readonly<Counts>
  readonly outbox: Pick<Outbox, 'waitingBytes' | 'capacityBytes' | 'isFull'>
  tables: Pipeline['tables']
  /** For how long some source has been reading what is past: 0 where all keep up. */
  readonly behindSeconds: number
  /** Closes the sources, writes everything and says why. */
  stop(reason: string): Promise<void>
}

/** Records go out at once, but not more often than this; nothing wakes up while there are none (test/bench/idle.bench.ts). */
const TICK_MS = 50
/** How often windows are closed and positions kept, and what could not be opened is tried again. */
const HEARTBEAT_MS = 250
const RETRY_MS = 10_000
/** It takes a tenth of a second with 10,000 pods where something has gone; the history is longer by as much. */
const FORGET_MS = 60_000
/** A flow waits this long for a pod that this node has not been told of yet. */
const HOLD_MS = 2_000
/** A line may come two seconds after its time, and then wait, without finding its window closed. */
const LATE_US = (2_000 + HOLD_MS) * 1000
/** Nobody is accused before what the watch may be late with is known: the timeline's watch delay. */
const PATIENCE_MS = 5_000
const HISTORY_MS = 15 * 60_000
/** The wall's clock runs with the other one, but for what a time service corrects. */
const STEP_MS = 1000
const CLOSE_MS = 2_000

export function openAgent(options: AgentOptions): Agent {
  const { timeline, node, now, monotonic, events, restored } = options
  const emit = (whole: ForensicRecord, _time?: number, came?: number): void => {
    const record = options.hide?.(whole) ?? whole
    outbox.push(record, JSON.stringify(record), came)
    tickSoon()
    events.record(record)
  }
  const outbox = createOutbox({
    checkpoint: options.checkpoint,
    segments: options.segments,
    sinks: options.sinks,
    positions: () => ({ ...sources.positions(), ...options.kept?.() }),
    changes: all => pipeline.changes(all),
    now,
    onProblem: events.checkpoint,
    onWritten: came => events.answered((monotonic() - came) / 1000),
    onSinkError: events.sinkError,
  })
  for (const record of restored?.records ?? []) outbox.push(record, JSON.stringify(record))
  let tick: NodeJS.Timeout | undefined
  let tickedAt = Number.NEGATIVE_INFINITY
  const tickSoon = (): void => {
    const waitMs = Math.max(0, tickedAt + TICK_MS - monotonic())
    tick ??= setTimeout(() => {
      tick = undefined
      tickedAt = monotonic()
      outbox.tick()
    }, waitMs)
  }
  const pipeline = createPipeline({
    timeline,
    node,
    ...(options.hasUnsupported !== undefined && { hasUnsupported: options.hasUnsupported }),
    allowed: options.allowed,
    fold: true,
    patienceMs: PATIENCE_MS,
    now,
    monotonic,
    holdMs: options.holdMs ?? HOLD_MS,
    ...(options.proof !== undefined && { proof: options.proof }),
    ...(restored !== undefined && { from: restored.pipeline }),
    emit,
  })
  const sources = createSources({
    pipeline,
    restored: restored?.sources ?? new Map(),
    restoredAt: restored?.at,
    isFull: () => outbox.isFull,
    now,
    events,
  })
  outbox.commit(true)

  const say = (facts: AgentFacts): void => emit(agentRecord(facts, node, now() * 1000))
  let past = now() * 1000
  let caughtUpAt = monotonic()
  const checkClock = createClockCheck(options, timeline)
  const timers = [
    setInterval(() => {
      outbox.tick()
      checkClock()
      // What is read of the past closes the windows of the past, not today's.
      const behind = sources.behind()
      const time = behind ?? now() * 1000
      if (behind === undefined) caughtUpAt = monotonic()
      pipeline.advance(time - LATE_US, now())
      past = time
    }, HEARTBEAT_MS),
    setInterval(() => timeline.forget(past - (options.historyMs ?? HISTORY_MS) * 1000), FORGET_MS),
    setInterval(() => {
      const learnt = pipeline.learnLag()
      if (learnt !== undefined) timeline.setLag(learnt)
      sources.settle()
      void sources.retry()
    }, RETRY_MS),
  ]

  return {
    sources,
    counts: pipeline.counts,
    outbox,
    tables: pipeline.tables,
    get behindSeconds() {
      return (monotonic() - caughtUpAt) / 1000
    },
    proven: () => pipeline.release(now()),
    apply(all) {
      for (const event of all) timeline.apply(event)
      for (const change of timeline.drainChanges()) pipeline.changed(change)
    },
    say,
    degrade(level, trigger) {
      pipeline.degrade(level)
      say({ event: 'agent.degraded', level, ...(trigger !== undefined && { trigger }) })
    },
    async stop(reason) {
      await sources.close(CLOSE_MS)
      for (const timer of timers) clearInterval(timer)
      pipeline.close()
      say({ event: 'agent.stopped', reason })
      outbox.commit()
      await within(CLOSE_MS, Promise.all([options.segments?.sync(), outbox.flush()]))
      outbox.commit(true)
      clearTimeout(tick)
      options.checkpoint?.close()
      await options.segments?.close()
    },
  }
}

/** Nobody may be there to take what is written. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, promise])
  clearTimeout(timer)
}

/** A stamp from about the time when the wall's clock was set says nothing for certain. */
function createClockCheck({ now, monotonic, events }: AgentOptions, timeline: Timeline<Epoch>): () => void {
  let wall = now()
  let steady = monotonic()
  return () => {
    const [wallNow, steadyNow] = [now(), monotonic()]
    const stepped = wallNow - wall - (steadyNow - steady)
    if (Math.abs(stepped) > STEP_MS) {
      const expected = wallNow - stepped
      timeline.doubtClock(Math.min(wall, wallNow, expected) * 1000, Math.max(wallNow, expected) * 1000)
      events.clockStepped(stepped / 1000)
    }
    wall = wallNow
    steady = steadyNow
  }
}
