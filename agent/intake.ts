// From lines to flows: what one stream's lines say, joined where several speak of one thing, and what is missing from it.

import { type Collector, Outcome } from '../collectors/collector.ts'
import { createFlow, Event, type Flow, Notice } from '../collectors/flow.ts'
import type { Counts } from './counts.ts'
import { type ForensicRecord, gapRecord } from './forensics/record.ts'
import { type Connections, createConnections } from './verdict/connections.ts'
import { createDuplicates } from './verdict/duplicates.ts'

/** One stream of lines. */
export interface IntakeOptions {
  /** The FORMAT's name. */
  readonly format: string
  readonly collector: Collector
  /** Where the collector writes; one of the intake's own by default. */
  readonly flow?: Flow
  /** As records name it. */
  readonly file: string | undefined
  /** Identifies the stream in record ids (`forensics/id.ts`). */
  readonly stream: string
  /** When a tracked connection is decided: at its end (finished files, so its bytes are known), or at its first reply. */
  readonly decide: 'end' | 'reply'
}

export interface Intake {
  /** One line without its newline, which stands at `bytes[end]`; `offset` is uncompressed, from the stream's beginning. */
  line(bytes: Uint8Array, start: number, end: number, offset: number): void
  /** Evidence that is known to be missing from this stream. Times in microseconds, `lost` undefined where nobody can know. */
  gap(cause: string, lost: number | undefined, offset: number): void
  /** The end of the stream. */
  end(): void
  /** Time of the last line that had one, NaN before it. */
  readonly time: number
}

/** What an intake needs of its pipeline. */
interface Shared {
  readonly take: (flow: Flow, intake: IntakeOptions) => void
  readonly emit: (record: ForensicRecord, time: number) => void
  readonly counts: Counts
  readonly node: string | undefined
}

export function openIntake(options: IntakeOptions, { take, emit, counts, node }: Shared): Intake {
  const { collector, flow = createFlow() } = options
  const takeAt = (decided: Flow, offset: number): void => {
    decided.offset = offset
    take(decided, options)
  }
  // Of formats that print events of connections: conntrack, and ulogd where it does.
  let connections: Connections | undefined
  const duplicates = createDuplicates(flow => take(flow, options))
  let time = Number.NaN
  // A stretch of malformed lines: how many, where it began, and the time before it.
  let broken = 0
  let brokenAt = 0
  let brokenSince = Number.NaN

  function writeGap(cause: string, lost: number | undefined, from: number, to: number, offset: number): void {
    const origin = { node: node ?? '', format: options.format, stream: options.stream, offset }
    emit(gapRecord({ from, to, cause, lost, file: options.file, origin }), Number.isNaN(from) ? to : from)
  }

  function endBrokenStretch(until: number): void {
    if (broken === 0) return
    const lost = broken
    broken = 0
    writeGap('lines could not be read', lost, brokenSince, until, brokenAt)
  }

  function takeLoss(lost: number | undefined, offset: number): void {
    counts.losses++
    counts.lost += lost ?? 0
    writeGap('lost by its producer', lost, time, flow.time, offset)
  }

  function onFlow(offset: number): void {
    if (broken > 0) endBrokenStretch(flow.time)
    if (flow.lost > 0) takeLoss(flow.lost, offset)
    if (!Number.isNaN(flow.time)) time = flow.time
    flow.offset = offset
    if (flow.notice !== Notice.none && !duplicates.observe(flow)) return
    if (flow.event === Event.none) {
      take(flow, options)
      return
    }
    connections ??= createConnections({ decide: options.decide, emit: takeAt })
    if (connections.observe(flow, offset)) take(flow, options)
  }

  function onOther(outcome: Outcome, offset: number): void {
    if (outcome === Outcome.foreign) counts.foreign++
    else if (outcome === Outcome.note) counts.notes++
    else if (outcome === Outcome.loss) {
      takeLoss(flow.count < 0 ? undefined : flow.count, offset)
    } else {
      counts.malformed++
      if (broken++ === 0) {
        brokenAt = offset
        brokenSince = time
      }
    }
  }

  return {
    line(bytes, start, end, offset) {
      counts.lines++
      const outcome = collector.read(bytes, start, end, flow)
      if (outcome === Outcome.flow) onFlow(offset)
      else onOther(outcome, offset)
    },
    gap(cause, lost, offset) {
      counts.losses++
      counts.lost += lost ?? 0
      writeGap(cause, lost, time, Number.NaN, offset)
    },
    end() {
      endBrokenStretch(Number.NaN)
      duplicates.drain()
      connections?.drain(takeAt)
      counts.evicted += connections?.evicted ?? 0
    },
    get time() {
      return time
    },
  }
}
