// Flow -> finding -> record, the same for the live agent and for replay. Pure: lines come in, records go out through `emit`.

import { type Collector, Outcome } from '../collectors/collector.ts'
import { createFlow, Event, type Flow, Notice, Verdict } from '../collectors/flow.ts'
import { flowRecord } from './forensics/flow-record.ts'
import { createFold, type Folded } from './forensics/fold.ts'
import { foldKey } from './forensics/fold-key.ts'
import {
  type FlowRecord,
  type ForensicRecord,
  followUpRecord,
  gapRecord,
  policyChangedRecord,
} from './forensics/record.ts'
import type { Epoch } from './policy/index.ts'
import type { AppliedChange, Timeline } from './timeline/index.ts'
import { createCases } from './verdict/cases.ts'
import { type Connections, createConnections } from './verdict/connections.ts'
import { createDuplicates } from './verdict/duplicates.ts'
import type { Finding } from './verdict/finding.ts'
import { judge } from './verdict/judge.ts'
import { orient } from './verdict/orient.ts'
import { overWindow, windowPrecision } from './verdict/window.ts'

export interface PipelineOptions {
  readonly timeline: Pick<Timeline<Epoch>, 'viewAt'>
  /** Only pods of this node are subjects; undefined: all nodes. */
  readonly node: string | undefined
  /** The cluster has policies of kinds that are not evaluated here: then nothing is certain. */
  readonly hasUnsupported?: boolean
  /** Allowed flows are counted; `full` also writes them. */
  readonly allowed: 'count' | 'full'
  readonly fold: boolean
  /** `time` is the record's, in microseconds, NaN where it has none. */
  readonly emit: (record: ForensicRecord, time: number) => void
}

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

/** What went through. `flows` is after de-duplication and joining; `denied` does not include `rejected`. */
export interface Counts {
  lines: number
  flows: number
  allowed: number
  denied: number
  rejected: number
  audited: number
  unanswered: number
  /** Flows of lines that claim no verdict. */
  undecided: number
  foreign: number
  malformed: number
  notes: number
  /** What producers said they lost; those that gave no number count in `losses` only. */
  lost: number
  losses: number
  records: number
  /** Flows that the policies in force do not explain. */
  contradictions: number
  /** Connections forgotten because the table was full. */
  evicted: number
}

export interface Pipeline {
  open(options: IntakeOptions): Intake
  /** Tells the world of a change that the timeline has learnt. */
  changed(change: AppliedChange): void
  /** Closes windows of repeats that ended before `time`: the live agent's heartbeat. */
  advance(time: number): void
  close(): void
  readonly counts: Readonly<Counts>
}

/** What the pipeline remembers of a judged connection. */
interface Memo {
  readonly isContradiction: boolean
  folded: Folded | undefined
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { timeline, node } = options
  const eyes = { node, hasUnsupported: options.hasUnsupported === true }
  const counts = zeroCounts()
  // The finding of the flow at hand, when it has just been judged anyway.
  let finding: Finding | undefined
  let newest = Number.NEGATIVE_INFINITY

  function emit(record: ForensicRecord, time: number): void {
    counts.records++
    options.emit(record, time)
  }

  const fold = createFold(followUp => emit(followUpRecord(followUp), followUp.start))

  const cases = createCases<Memo>((flow, view) => {
    finding = judge(flow, orient(flow), view, eyes)
    return { isContradiction: isContradiction(finding), folded: undefined }
  })

  function judged(flow: Flow): Finding {
    return finding ?? judge(flow, orient(flow), timeline.viewAt(flow.time, flow.precision), eyes)
  }

  /** Not remembered: what it is judged by is more than one view. */
  function judgedOverWindow(flow: Flow): Finding {
    const start = timeline.viewAt(flow.time, flow.precision)
    const whole = timeline.viewAt(flow.time, windowPrecision(flow))
    const atStart = judge(flow, orient(flow), start, eyes)
    return start === whole ? atStart : overWindow(atStart, judge(flow, orient(flow), whole, eyes))
  }

  function memoOf(flow: Flow): Memo {
    finding = flow.window > 0 ? judgedOverWindow(flow) : undefined
    if (finding !== undefined) return { isContradiction: isContradiction(finding), folded: undefined }
    return cases.find(flow, timeline.viewAt(flow.time, flow.precision))
  }

  /** Judges one flow and writes or counts it. */
  function take(flow: Flow, intake: IntakeOptions): void {
    tally(counts, flow.verdict)
    // Counted, and nobody's to judge: the line does not say what happened.
    if (flow.verdict === Verdict.none) return
    const memo = memoOf(flow)
    if (memo.isContradiction) counts.contradictions++
    if (flow.verdict === Verdict.allowed && options.allowed === 'count') return
    if (options.fold) foldIn(memo, flow, intake)
    else emit(recordOf(judged(flow), flow, intake), flow.time)
  }

  function foldIn(memo: Memo, flow: Flow, intake: IntakeOptions): void {
    if (flow.time > newest) {
      newest = flow.time
      fold.advance(newest)
    }
    const { folded } = memo
    if (folded?.live && fold.count(folded, flow.time, flow.count)) return
    const found = judged(flow)
    const key = foldKey(found)
    // Another connection may be of the same key: the client's other pod, or the same one as an earlier view saw it.
    const known = fold.find(key)
    if (known !== undefined && fold.count(known, flow.time, flow.count)) {
      memo.folded = known
      return
    }
    const record = recordOf(found, flow, intake)
    memo.folded = fold.start(key, record.event, record.id, flow.time)
    emit(record, flow.time)
  }

  function recordOf(found: Finding, flow: Flow, intake: IntakeOptions): FlowRecord {
    const evidence = {
      source: intake.format,
      ...(intake.file !== undefined && { file: intake.file }),
      offset: flow.offset,
    }
    const { time, count, bytes, reported } = flow
    return flowRecord(found, { time, n: count, bytes, reported, evidence, stream: intake.stream }, node)
  }

  return {
    counts,
    open: intake => openIntake(intake, { take, counts, emit, node }),
    changed(change) {
      const record = policyChangedRecord(change)
      if (record !== undefined) emit(record, change.at)
    },
    advance: time => fold.advance(time),
    close: () => fold.close(),
  }
}

/** Named counters by a switch: a name looked up per line costs more than all the rest of counting. */
function tally(counts: Counts, verdict: Verdict): void {
  counts.flows++
  switch (verdict) {
    case Verdict.allowed:
      counts.allowed++
      break
    case Verdict.denied:
      counts.denied++
      break
    case Verdict.rejected:
      counts.rejected++
      break
    case Verdict.audited:
      counts.audited++
      break
    case Verdict.unanswered:
      counts.unanswered++
      break
    case Verdict.none:
      counts.undecided++
  }
}

function isContradiction({ deciding, egress, ingress }: Finding): boolean {
  return [deciding, egress, ingress].some(side => side?.agreement === 'contradicts')
}

/** What an intake needs of its pipeline. */
interface Shared {
  readonly take: (flow: Flow, intake: IntakeOptions) => void
  readonly emit: (record: ForensicRecord, time: number) => void
  readonly counts: Counts
  readonly node: string | undefined
}

function openIntake(options: IntakeOptions, { take, emit, counts, node }: Shared): Intake {
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

function zeroCounts(): Counts {
  return {
    lines: 0,
    flows: 0,
    allowed: 0,
    denied: 0,
    rejected: 0,
    audited: 0,
    unanswered: 0,
    undecided: 0,
    foreign: 0,
    malformed: 0,
    notes: 0,
    lost: 0,
    losses: 0,
    records: 0,
    contradictions: 0,
    evicted: 0,
  }
}
