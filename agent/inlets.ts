// What one source hands on, into the pipeline: an intake for every file it reads or stream it has, that goes on with the next file of
// the name after a rotation.

import type { Collector } from '../collectors/collector.ts'
import type { FlowOrigin } from '../collectors/flow.ts'
import type { Intake, IntakeState, IntakeTotals } from './intake.ts'
import type { Pipeline } from './pipeline.ts'
import type { Inlet, Receiver, SourceGap, StreamName } from './source/receiver.ts'

export interface InletOptions {
  readonly pipeline: Pipeline
  /** The FORMAT's name. */
  readonly format: string
  readonly createCollector: () => Collector
  /** Its lines tell of allowed connections only. */
  readonly isSpared: boolean
  /** Names the source in ids of gaps that belong to no stream. */
  readonly name: string
  /** Of each stream before a restart. */
  readonly from: Readonly<Record<string, IntakeState>> | undefined
  readonly isFull: () => boolean
  readonly onGap: (gap: SourceGap) => void
  /** Another file is read under the name of an earlier one. */
  readonly onRotated?: () => void
  readonly onTrouble: (text: string | undefined) => void
  readonly onUnknownPrefix?: (prefix: string) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export interface Inlets {
  readonly receiver: Receiver
  /** What of the lines so far is not handed on, by stream; undefined where that is nothing. */
  states(): Record<string, IntakeState> | undefined
  /** Microseconds: time of the last line that had one, NaN before it. */
  readonly time: number
  /** Lines so far. */
  readonly lines: number
  /** What its lines were since the start. */
  totals(): IntakeTotals
  /** Tells of lines that could not be read up to now. */
  settle(): void
  /** Nothing more will come. */
  end(): void
}

/** Files that were read to their end are remembered, for the next one of their name; beyond so many the oldest are not. */
const MOST = 1000

interface Stream {
  readonly intake: Intake
  open: number
  opened: number
}

export function createInlets(options: InletOptions): Inlets {
  const { pipeline, format, from, now } = options
  const streams = new Map<string, Stream>()
  const forgotten = zero()
  let gaps = 0
  let lines = 0
  let last: Intake | undefined

  function streamOf(name: StreamName): Stream {
    const key = name.file ?? ''
    const known = streams.get(key)
    if (known !== undefined) return known
    if (streams.size >= MOST) forgetOne()
    const intake = pipeline.open({
      format,
      ...name,
      collector: options.createCollector(),
      isSpared: options.isSpared,
      onUnknownPrefix: options.onUnknownPrefix,
      decide: 'reply',
      from: from?.[key],
    })
    const stream = { intake, open: 0, opened: 0 }
    streams.set(key, stream)
    return stream
  }

  function forgetOne(): void {
    for (const [key, { intake, open }] of streams) {
      if (open > 0) continue
      intake.end()
      addTo(forgotten, intake.totals)
      streams.delete(key)
      return
    }
  }

  function open(name: StreamName): Inlet {
    const stream = streamOf(name)
    const { intake } = stream
    if (name.file !== undefined && stream.opened++ > 0) options.onRotated?.()
    const origin: FlowOrigin = { format, ...name }
    let offset = 0
    stream.open++
    return {
      line(bytes, start, end, at) {
        lines++
        offset = at
        last = intake
        intake.turn(origin)
        intake.line(bytes, start, end, at)
      },
      gap(gap) {
        intake.turn(origin)
        tell(intake, gap, offset)
      },
      end() {
        stream.open--
      },
    }
  }

  function tell(intake: Intake, gap: SourceGap, offset: number): void {
    intake.gap(gap.cause, gap.lost, offset, gap.from, gap.to ?? now() * 1000)
    options.onGap(gap)
  }

  return {
    receiver: {
      open,
      gap(gap) {
        // Told by the clock and a number: nothing of it can be read again.
        const name = { stream: `${options.name}\0${now()}\0${gaps++}`, file: undefined }
        const intake = last ?? streamOf({ ...name, file: undefined }).intake
        intake.turn({ format, ...name })
        tell(intake, gap, 0)
      },
      get isFull() {
        return options.isFull()
      },
      trouble: options.onTrouble,
    },
    states() {
      const states = [...streams].flatMap(([key, { intake }]) => {
        const state = intake.state()
        return state === undefined ? [] : [[key, state] as const]
      })
      return states.length === 0 ? undefined : Object.fromEntries(states)
    },
    get time() {
      return last?.time ?? Number.NaN
    },
    get lines() {
      return lines
    },
    totals() {
      const sum = zero()
      addTo(sum, forgotten)
      for (const { intake } of streams.values()) addTo(sum, intake.totals)
      return sum
    },
    settle() {
      for (const { intake } of streams.values()) intake.settle(now() * 1000)
    },
    end() {
      for (const { intake } of streams.values()) {
        intake.settle(now() * 1000)
        intake.end()
      }
    },
  }
}

function zero(): IntakeTotals {
  return { lines: 0, foreign: 0, malformed: 0, flows: [] }
}

function addTo(sum: IntakeTotals, { lines, foreign, malformed, flows }: Readonly<IntakeTotals>): void {
  sum.lines += lines
  sum.foreign += foreign
  sum.malformed += malformed
  for (const [verdict, n] of flows.entries()) sum.flows[verdict] = (sum.flows[verdict] ?? 0) + n
}
