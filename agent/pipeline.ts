// Flow -> finding -> record, the same for the live agent and for replay. Pure: lines come in (intake.ts), records go out through `emit`.

import { type Flow, Verdict } from '../collectors/flow.ts'
import { type Admission, createAdmission, type Level, type Proof } from './admission.ts'
import { type Counts, tally, zeroCounts } from './counts.ts'
import { flowRecord } from './forensics/flow-record.ts'
import { createFold, type Folded, MINUTE } from './forensics/fold.ts'
import { foldKey, pairAlone } from './forensics/fold-key.ts'
import {
  type FlowRecord,
  type ForensicRecord,
  followUpRecord,
  policyChangedRecord,
} from './forensics/record.ts'
import { createWatch, type Stance } from './forensics/watch.ts'
import { type Intake, type IntakeOptions, openIntake } from './intake.ts'
import type { PipelineChanges } from './pipeline-state.ts'
import type { Epoch } from './policy/index.ts'
import type { AppliedChange, Timeline, View } from './timeline/index.ts'
import { isContradiction } from './verdict/accusation.ts'
import { openBench } from './verdict/bench.ts'
import { createCases } from './verdict/cases.ts'
import type { Finding } from './verdict/finding.ts'
import { isAwaited } from './verdict/hold.ts'
import { findingOf, judge } from './verdict/judge.ts'
import { createLagLearner } from './verdict/lag.ts'
import { orient } from './verdict/orient.ts'
import { createSides } from './verdict/second-side.ts'
import { overWindow, windowPrecision } from './verdict/window.ts'

export interface PipelineOptions {
  readonly timeline: Pick<Timeline<Epoch>, 'viewAt'>
  /** Only pods of this node are subjects; undefined: all nodes. */
  readonly node: string | undefined
  /** The cluster has policies of kinds that are not evaluated here: then nothing is certain. */
  readonly hasUnsupported?: boolean | (() => boolean)
  /** Allowed flows are counted; `full` also writes them. */
  readonly allowed: 'count' | 'full'
  readonly fold: boolean
  /** Findings that are to be recorded, all by default: for who looks for one connection among millions. The others are only counted. */
  readonly isTold?: (finding: Finding) => boolean
  /** The timeline's enforcement lag, 5 s by default. */
  readonly lagMs?: number
  /** How long nobody is accused and no delay measured, because the timeline may learn late; 0 for a finished one. */
  readonly patienceMs?: number
  /** How long a flow waits for a pod that the timeline does not know yet, in milliseconds of `advance`'s clock; 0: not at all. */
  readonly holdMs?: number
  /** Flows wait as long for the timeline to be whole up to their time. */
  readonly proof?: Proof
  /** The wall's clock in milliseconds, of a live agent: a line that is stamped later says nothing of when it was. */
  readonly now?: () => number
  /** What an earlier one had taken and not written. */
  readonly from?: PipelineChanges
  /** For how long a flow waited, in milliseconds of a clock that nobody sets; undefined: nobody asks. */
  readonly monotonic?: () => number
  /** `time` is the record's, in microseconds, NaN where it has none. `came`: when the line that it answers did, by `monotonic`. */
  readonly emit: (record: ForensicRecord, time: number, came?: number) => void
}

export interface TableFigures {
  readonly entries: number
  readonly capacity: number
  readonly expired?: number
  readonly displaced: number
}

export interface Pipeline {
  open(options: IntakeOptions): Intake
  /** Tells the world of a change that the timeline has learnt. */
  changed(change: AppliedChange): void
  /**
   * The live agent's heartbeat: closes windows of repeats that ended before `time`, and lets go of flows that waited long enough;
   * `now` is milliseconds of any clock.
   */
  advance(time: number, now?: number): void
  /** Lets go of what need not wait any more. */
  release(now: number): void
  /** What was taken and is not written yet: what changed of it since the last call, or `all` of it. Valid between lines. */
  changes(all?: boolean): PipelineChanges
  /** Sheds work, of DESIGN section 12: 0 none, 1 allowed flows are sampled, 2 only counted, 3 denied ones told once per pair of workloads and minute. */
  degrade(level: Level): void
  /** Bounded tables, for metrics: totals since the start where they say `expired` and `displaced`. */
  tables(): Readonly<Record<'held' | 'folds', TableFigures>>
  /** The enforcement lag that was learnt from what was measured, in milliseconds, where it is another now. */
  learnLag(): number | undefined
  close(): void
  readonly counts: Readonly<Counts>
}

/** What the pipeline remembers of a judged connection: few fields, as every line of it touches them and the table is large. */
interface Memo {
  /** Of `Mark`. */
  readonly marks: number
  folded: Folded | undefined
  /** For who watches the data plane; undefined where it shows nothing. */
  readonly stance: Stance | undefined
}

/** Two clocks of one node are no further apart, in milliseconds. */
const AHEAD_MS = 2_000

/** Keys that are folded at a time (DESIGN section 12). */
const FOLDS = 20_000

/** `awaited`: who it was may be known soon. `told`: it is to be recorded. */
const Mark = { contradiction: 1, awaited: 2, told: 4 } as const

export function createPipeline(options: PipelineOptions): Pipeline {
  const { timeline, node } = options
  const { hasUnsupported = false } = options
  const eyes = {
    node,
    get hasUnsupported() {
      return typeof hasUnsupported === 'boolean' ? hasUnsupported : hasUnsupported()
    },
  }
  const counts = zeroCounts()
  // The finding of the flow at hand, when it has just been judged anyway.
  let finding: Finding | undefined
  // When the flow at hand came, where it waited since.
  let came: number | undefined
  let newest = Number.NEGATIVE_INFINITY
  let watched = Number.NEGATIVE_INFINITY
  const sideOf = createSides()
  const lag = createLagLearner(options.lagMs)

  function emit(record: ForensicRecord, time: number): void {
    counts.records++
    options.emit(record, time)
  }

  function emitAnswer(record: FlowRecord, time: number): void {
    counts.records++
    options.emit(record, time, came ?? options.monotonic?.())
  }

  const fold = createFold(followUp => emit(followUpRecord(followUp), followUp.start), FOLDS)

  const cases = createCases<Memo>((flow, view) => {
    const bench = openBench(flow, orient(flow), view, eyes)
    finding = findingOf(bench)
    // The moment of a window's packets is not known, so they show nothing of the data plane.
    const stance = flow.window > 0 ? undefined : watch.stanceOf(finding, bench)
    return { marks: marksOf(finding), folded: undefined, stance }
  })

  const admission: Admission = createAdmission({
    allowed: options.allowed,
    holdMs: options.holdMs,
    proof: options.proof,
    monotonic: options.monotonic,
    counts,
    isAwaited: flow => (memoOf(flow).marks & Mark.awaited) !== 0,
    isTold: flow => memoOf(flow).folded?.live === true,
    judge: settle,
    countOnly(flow) {
      if (sideOf(flow) !== 'repeated') tally(counts, flow.verdict)
    },
  })

  const watch = createWatch({
    node,
    lag: (options.lagMs ?? 5_000) * 1000,
    patience: (options.patienceMs ?? 0) * 1000,
    judge: flow => memoOf(flow).stance,
    findingOf: judged,
    emit,
  })

  function marksOf(found: Finding): number {
    const isTold = options.isTold === undefined || options.isTold(found)
    return (
      (isContradiction(found) ? Mark.contradiction : 0) |
      (isAwaited(found) ? Mark.awaited : 0) |
      (isTold ? Mark.told : 0)
    )
  }

  function memoOf(flow: Flow): Memo {
    if (flow.window > 0) return memoOverWindow(flow)
    finding = undefined
    return cases.find(flow, viewOf(flow))
  }

  function isAhead({ time }: Flow): boolean {
    return options.now !== undefined && time > (options.now() + AHEAD_MS) * 1000
  }

  function viewOf(flow: Flow): View<Epoch> {
    return isAhead(flow) ? timeline.viewAt(Number.NaN) : timeline.viewAt(flow.time, flow.precision)
  }

  function judged(flow: Flow): Finding {
    return finding ?? judge(flow, orient(flow), viewOf(flow), eyes)
  }

  /** Where something changed within the window it is judged by more than one view, and not remembered. */
  function memoOverWindow(flow: Flow): Memo {
    const start = timeline.viewAt(flow.time, flow.precision)
    const whole = timeline.viewAt(flow.time, windowPrecision(flow))
    finding = undefined
    if (start === whole) return cases.find(flow, start)
    const atStart = judge(flow, orient(flow), start, eyes)
    finding = overWindow(atStart, judge(flow, orient(flow), whole, eyes))
    return { marks: marksOf(finding), folded: undefined, stance: undefined }
  }

  /** Judges one flow and writes or counts it; `since`: when it came, where it had to wait. */
  function settle(flow: Flow, since?: number): void {
    came = since
    const side = sideOf(flow)
    if (side === 'overruled') {
      counts.flows--
      counts.allowed--
    }
    if (side !== 'repeated') tally(counts, flow.verdict)
    // Counted, and nobody's to judge: the line does not say what happened.
    if (flow.verdict === Verdict.none) return
    if (flow.time > watched && !isAhead(flow)) {
      watched = flow.time
      watch.advance(watched)
    }
    const memo = memoOf(flow)
    if ((memo.marks & Mark.contradiction) !== 0) counts.contradictions++
    let record: FlowRecord | undefined
    // A second side that contradicts the policies is told all the same.
    const isNew = side !== 'repeated' || (memo.marks & Mark.contradiction) !== 0
    if (isNew && !admission.isOnlyCounted(flow) && (memo.marks & Mark.told) !== 0) record = write(memo, flow)
    const { stance, folded } = memo
    if (stance !== undefined) watch.take(stance, flow, record?.id ?? folded?.of, flow.origin!.stream)
  }

  /** The record, unless the flow was counted into an earlier one. */
  function write(memo: Memo, flow: Flow): FlowRecord | undefined {
    if (options.fold) return foldIn(memo, flow)
    const record = recordOf(judged(flow), flow)
    emitAnswer(record, flow.time)
    return record
  }

  function foldIn(memo: Memo, flow: Flow): FlowRecord | undefined {
    if (flow.time > newest && !isAhead(flow)) {
      newest = flow.time
      fold.advance(newest)
    }
    const { folded } = memo
    if (folded?.live && fold.count(folded, flow.time, flow.count)) return undefined
    const found = judged(flow)
    const key = admission.level < 3 ? foldKey(found) : pairAlone(found)
    // Another connection may be of the same key: the client's other pod, or the same one as an earlier view saw it.
    const known = fold.find(key)
    if (known !== undefined && fold.count(known, flow.time, flow.count)) {
      memo.folded = known
      return undefined
    }
    const record = recordOf(found, flow)
    memo.folded = fold.start(key, record.event, record.id, flow.time, admission.level < 3 ? 0 : MINUTE)
    emitAnswer(record, flow.time)
    return record
  }

  function recordOf(found: Finding, flow: Flow): FlowRecord {
    const { time, count, bytes, reported, offset } = flow
    const { format, stream, file } = flow.origin!
    const evidence = { source: format, ...(file !== undefined && { file }), offset }
    return flowRecord(found, { time, n: count, bytes, reported, evidence, stream }, node)
  }

  if (options.from !== undefined) {
    fold.restore(options.from.fold)
    admission.restore(options.from.held)
  }

  return {
    counts,
    open: intake =>
      openIntake(intake, { take: admission.take, counts, emit, node, isShort: () => admission.level > 1 }),
    changed(change) {
      const record = policyChangedRecord(change)
      if (record !== undefined) emit(record, change.at)
    },
    advance(time, now) {
      if (now !== undefined) admission.advance(now)
      fold.advance(time)
      watch.advance(time)
    },
    changes: all => ({ fold: fold.changes(all), held: admission.changes(all) }),
    tables: () => ({
      held: {
        entries: admission.size,
        capacity: admission.capacity,
        expired: counts.expired,
        displaced: counts.displaced,
      },
      folds: { entries: fold.size, capacity: FOLDS, displaced: fold.evicted },
    }),
    degrade(to) {
      admission.level = to
    },
    release: admission.advance,
    learnLag: () => lag.learn(watch.drainDelays()),
    close() {
      admission.drain()
      watch.close()
      fold.close()
    },
  }
}
