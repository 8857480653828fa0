// From lines to flows: what one stream's lines say, joined where several speak of one thing, and what is missing from it.

import { type Collector, Outcome } from '../collectors/collector.ts'
import { createFlow, Event, type Flow, type FlowOrigin, Notice, Span, Verdict } from '../collectors/flow.ts'
import type { Counts } from './counts.ts'
import { type ForensicRecord, gapRecord } from './forensics/record.ts'
import { type DuplicatesJson, duplicatesJson, duplicatesOfJson } from './pipeline-state.ts'
import { type Connections, createConnections } from './verdict/connections.ts'
import { createDuplicates } from './verdict/duplicates.ts'

/** One stream of lines, or several that follow each other: a file, and the next one of its name. */
export interface IntakeOptions extends FlowOrigin {
  readonly collector: Collector
  /** Where the collector writes; one of the intake's own by default. */
  readonly flow?: Flow
  /** Its lines can only tell of allowed connections: an agent that is short of means does without them. */
  readonly isSpared?: boolean
  /** Is told each LOG prefix that has no meaning here, once. */
  readonly onUnknownPrefix?: ((prefix: string) => void) | undefined
  /** Of an intake of these lines before a restart. */
  readonly from?: IntakeState | undefined
  /** When a tracked connection is decided: at its end (finished files, so its bytes are known), or at its first reply. */
  readonly decide: 'end' | 'reply'
}

export interface Intake {
  /** One line without its newline, which stands at `bytes[end]`; `offset` is uncompressed, from the stream's beginning. */
  line(bytes: Uint8Array, start: number, end: number, offset: number): void
  /**
   * Evidence that is known to be missing from this stream. `lost` undefined where nobody can know; `from` and `to` in microseconds,
   * by default from the last line's time to an end that is not known.
   */
  gap(cause: string, lost: number | undefined, offset: number, from?: number, to?: number): void
  /** Tells of lines that could not be read up to now, microseconds: a live log may hold nothing else any more. */
  settle(now: number): void
  /** The lines that follow are of this one. */
  turn(origin: FlowOrigin): void
  /** The end of the stream. */
  end(): void
  /** What of the lines so far has not been handed on, as far as a restart has to know; undefined where that is nothing. */
  state(): IntakeState | undefined
  /** Time of the last line that had one, NaN before it. */
  readonly time: number
  /** What its lines were, before any two are joined. */
  readonly totals: Readonly<IntakeTotals>
}

export interface IntakeTotals {
  lines: number
  foreign: number
  malformed: number
  /** By verdict. */
  readonly flows: number[]
}

export interface IntakeState {
  /** Microseconds; absent before the first line that had one. */
  readonly time?: number
  /** A stretch of malformed lines that no gap tells of yet. */
  readonly broken?: { readonly lines: number; readonly offset: number; readonly since?: number }
  readonly duplicates?: DuplicatesJson
}

/** What an intake needs of its pipeline. */
interface Shared {
  readonly take: (flow: Flow) => void
  readonly emit: (record: ForensicRecord, time: number) => void
  readonly counts: Counts
  readonly node: string | undefined
  /** Lines that can only tell of allowed connections are counted and not read. */
  readonly isShort: () => boolean
}

/** Prefixes that are told of: the rest has a cause of its own. */
const MOST_PREFIXES = 10

export function openIntake(options: IntakeOptions, { take, emit, counts, node, isShort }: Shared): Intake {
  const { collector, from, flow = createFlow() } = options
  let at: FlowOrigin = options
  const takeAt = (decided: Flow, offset: number): void => {
    decided.offset = offset
    decided.origin = at
    take(decided)
  }
  // Of formats that print events of connections: conntrack, and ulogd where it does.
  let connections: Connections | undefined
  const duplicates = createDuplicates(take)
  const prefixes = new Set<string>()
  const totals: IntakeTotals = { lines: 0, foreign: 0, malformed: 0, flows: [0, 0, 0, 0, 0, 0, 0, 0] }
  if (from?.duplicates !== undefined) duplicates.restore(duplicatesOfJson(from.duplicates))
  // In an array, because a variable of its own is a new object on the heap for every line.
  const lastTime = Float64Array.of(from?.time ?? Number.NaN)
  // A stretch of malformed lines: how many, where it began, and the time before it.
  let broken = from?.broken?.lines ?? 0
  let brokenAt = from?.broken?.offset ?? 0
  let brokenSince = from?.broken?.since ?? Number.NaN

  function writeGap(cause: string, lost: number | undefined, from: number, to: number, offset: number): void {
    const origin = { node: node ?? '', format: at.format, stream: at.stream, offset }
    emit(gapRecord({ from, to, cause, lost, file: at.file, origin }), Number.isNaN(from) ? to : from)
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
    writeGap('lost by its producer', lost, lastTime[0]!, flow.time, offset)
  }

  /** Such packets are counted and get no record: somebody has to say what the prefix means. */
  function tellPrefix(bytes: Uint8Array): void {
    const [from, to] = [flow.spans[Span.prefix]!, flow.spans[Span.prefix + 1]!]
    if (options.onUnknownPrefix === undefined || to <= from || prefixes.size >= MOST_PREFIXES) return
    let prefix = ''
    for (let at = from; at < to; at++) prefix += String.fromCharCode(bytes[at]!)
    prefix = prefix.trim()
    if (prefix === '' || prefixes.has(prefix)) return
    prefixes.add(prefix)
    options.onUnknownPrefix(prefix)
  }

  function onFlow(offset: number): void {
    totals.flows[flow.verdict]!++
    // A live log is asked now and then: good lines between bad ones would make a gap of each.
    if (broken > 0 && options.decide === 'end') endBrokenStretch(flow.time)
    if (flow.lost > 0) takeLoss(flow.lost, offset)
    if (!Number.isNaN(flow.time)) lastTime[0] = flow.time
    flow.offset = offset
    flow.origin = collector.format === undefined ? at : { ...at, format: collector.format }
    if (flow.notice !== Notice.none && !duplicates.observe(flow)) return
    if (flow.event === Event.none) {
      take(flow)
      return
    }
    connections ??= createConnections({ decide: options.decide, emit: takeAt })
    if (connections.observe(flow, offset)) take(flow)
  }

  function onOther(outcome: Outcome, offset: number): void {
    if (outcome === Outcome.foreign) {
      counts.foreign++
      totals.foreign++
    } else if (outcome === Outcome.note) counts.notes++
    else if (outcome === Outcome.loss) {
      takeLoss(flow.count < 0 ? undefined : flow.count, offset)
    } else {
      counts.malformed++
      totals.malformed++
      if (broken++ === 0) {
        brokenAt = offset
        brokenSince = lastTime[0]!
      }
    }
  }

  return {
    line(bytes, start, end, offset) {
      counts.lines++
      totals.lines++
      if (options.isSpared && isShort()) {
        counts.shedLines++
        return
      }
      const outcome = collector.read(bytes, start, end, flow)
      if (outcome === Outcome.flow) {
        if (flow.verdict === Verdict.none) tellPrefix(bytes)
        onFlow(offset)
      } else onOther(outcome, offset)
    },
    gap(cause, lost, offset, from = lastTime[0]!, to = Number.NaN) {
      counts.losses++
      counts.lost += lost ?? 0
      writeGap(cause, lost, from, to, offset)
    },
    settle: endBrokenStretch,
    turn(origin) {
      at = origin
    },
    end() {
      endBrokenStretch(Number.NaN)
      duplicates.drain()
      connections?.drain(takeAt)
      counts.evicted += connections?.evicted ?? 0
    },
    state() {
      const time = lastTime[0]!
      const remembered = duplicates.state()
      if (Number.isNaN(time) && broken === 0 && remembered === undefined) return undefined
      return {
        ...(!Number.isNaN(time) && { time }),
        ...(broken > 0 && {
          broken: {
            lines: broken,
            offset: brokenAt,
            ...(!Number.isNaN(brokenSince) && { since: brokenSince }),
          },
        }),
        ...(remembered !== undefined && { duplicates: duplicatesJson(remembered) }),
      }
    },
    get time() {
      return lastTime[0]!
    },
    totals,
  }
}
