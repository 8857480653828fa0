// Holds the data plane against the policies: spells of packets that went otherwise than they say, and how long each change took
// until it was enforced. Told of every judged flow, it writes its records when a spell or a change's window is over.

import { copyFlow, type Flow, Verdict } from '../../collectors/flow.ts'
import { accusationOf } from '../verdict/accusation.ts'
import { isJudgedNow } from '../verdict/beginning.ts'
import type { Bench } from '../verdict/bench.ts'
import { createEnforcement, type Measured } from '../verdict/enforcement.ts'
import type { Finding } from '../verdict/finding.ts'
import { createSpells, type Open } from '../verdict/spells.ts'
import { TRIAL_WINDOW, type Trial, trialsOf } from '../verdict/trials.ts'
import { accusationRecord, type Told, toldOf } from './accusation-record.ts'
import { enforcementRecord } from './enforcement-record.ts'
import { pairKey } from './fold-key.ts'
import type { ForensicRecord } from './record.ts'

/** What is remembered of a judged connection for the watch. */
export interface Stance {
  readonly isAccusing: boolean
  readonly trials: readonly Trial[]
  /** The workloads that it is between, once somebody asked. */
  pair: Pair | undefined
}

/** A pair of workloads, with port and protocol: all connections of it share this, so a look tells whether it has a spell. */
interface Pair {
  readonly key: string
  leak: Open<TextOfTold> | undefined
  overblock: Open<TextOfTold> | undefined
}

/** Held as text: thousands of spells as objects would keep the garbage collector busy. */
interface TextOfTold {
  readonly ends: string
  /** The longer part, and the same one for all pairs that the same policies part. */
  readonly why: string
}

export interface WatchOptions {
  readonly node: string | undefined
  /** How long a data plane may take, in microseconds. */
  readonly lag: number
  /** How long a flow waits until what the timeline learns late is known, in microseconds; 0 for a world that is whole. */
  readonly patience: number
  /** Judges anew, by what is known now. */
  readonly judge: (flow: Flow) => Stance | undefined
  /** The finding of the flow that was judged last. */
  readonly findingOf: (flow: Flow) => Finding
  readonly emit: (record: ForensicRecord, time: number) => void
}

export interface Watch {
  /** Undefined where the connection shows nothing. */
  stanceOf(finding: Finding, bench: Bench): Stance | undefined
  /** `of`: id of the record that tells of the flow, `source`: its stream. */
  take(stance: Stance, flow: Flow, of: string | undefined, source: string): void
  advance(time: number): void
  close(): void
  /** Delays that were measured since the last call. */
  drainDelays(): readonly Measured[]
}

interface Waiting {
  readonly flow: Flow
  readonly of: string | undefined
  readonly source: string
}

/** Flows that wait at a time; beyond it the oldest is judged by what is known. */
const MOST_WAITING = 4096
const MOST_DELAYS = 1000

/** Pairs that are remembered; beyond it they are met anew. */
const MOST_PAIRS = 50_000
/** Texts that are looked for among the earlier ones. */
const MOST_WHYS = 1000

export function createWatch(options: WatchOptions): Watch {
  const { node, lag, patience, emit } = options
  const spells = createSpells<TextOfTold>(spell => {
    const about: Told = { ...JSON.parse(spell.about.ends), why: JSON.parse(spell.about.why) }
    emit(accusationRecord({ ...spell, about }, node), spell.last)
  })
  const enforcement = createEnforcement({ lag, emit: onMeasured })
  const window = Math.max(lag, TRIAL_WINDOW)
  const waiting: Waiting[] = []
  const pairs = new Map<string, Pair>()
  const whys = new Map<string, string>()
  let delays: Measured[] = []

  function onMeasured(measured: Measured): void {
    if (measured.outcome === 'enforced' && delays.length < MOST_DELAYS) delays.push(measured)
    const { record, time } = enforcementRecord(measured)
    emit(record, time)
  }

  function settle(stance: Stance, flow: Flow, of: string | undefined, source: string): void {
    if (stance.trials.length > 0) enforcement.observe(stance.trials, flow, source)
    if (!stance.isAccusing) return
    stance.pair ??= pairOf(pairKey(options.findingOf(flow)))
    accuse(stance.pair, flow, of)
  }

  function pairOf(key: string): Pair {
    const known = pairs.get(key)
    if (known !== undefined) return known
    if (pairs.size >= MOST_PAIRS) pairs.clear()
    const pair: Pair = { key, leak: undefined, overblock: undefined }
    pairs.set(key, pair)
    return pair
  }

  function accuse(pair: Pair, flow: Flow, of: string | undefined): void {
    const kind = flow.verdict === Verdict.allowed ? 'leak' : 'overblock'
    const known = pair[kind]?.live ? pair[kind] : undefined
    pair[kind] = spells.accuse(
      known,
      known?.key ?? `verdict.${kind} ${pair.key}`,
      flow.time,
      flow.count,
      () => {
        const finding = options.findingOf(flow)
        const { why, ...ends } = toldOf(finding, accusationOf(finding)!)
        return { of, about: { ends: JSON.stringify(ends), why: oneOf(JSON.stringify(why)) } }
      },
    )
  }

  /** Of equal texts the first. */
  function oneOf(text: string): string {
    const known = whys.get(text)
    if (known !== undefined) return known
    if (whys.size >= MOST_WHYS) whys.clear()
    whys.set(text, text)
    return text
  }

  function release(until: number): void {
    while (waiting.length > 0 && (waiting.length > MOST_WAITING || !(waiting[0]!.flow.time > until))) {
      const { flow, of, source } = waiting.shift()!
      const stance = options.judge(flow)
      if (stance !== undefined) settle(stance, flow, of, source)
    }
  }

  return {
    stanceOf: (finding, bench) => stanceOf(finding, bench, window),
    take(stance, flow, of, source) {
      if (!isJudgedNow(flow)) return
      if (patience === 0) settle(stance, flow, of, source)
      else if (waiting.push({ flow: copyFlow(flow), of, source }) > MOST_WAITING)
        release(Number.NEGATIVE_INFINITY)
    },
    advance(time) {
      if (waiting.length > 0) release(time - patience)
      spells.advance(time)
      enforcement.advance(time)
    },
    close() {
      release(Number.POSITIVE_INFINITY)
      spells.close()
      enforcement.close()
    },
    drainDelays() {
      const drained = delays
      delays = []
      return drained
    },
  }
}

function stanceOf(finding: Finding, bench: Bench, window: number): Stance | undefined {
  const isAccusing = accusationOf(finding) !== undefined
  const trials = trialsOf(bench, window)
  return isAccusing || trials.length > 0 ? { isAccusing, trials, pair: undefined } : undefined
}
