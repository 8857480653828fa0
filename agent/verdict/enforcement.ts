// How long the data plane took to enforce a change: the last connection that the old state decided and the first that the new one
// did bound the moment. Only minima, maxima and sums are kept, so the order in which flows come does not matter. Purely a state
// machine: it is told the flows' own times and says what it measured through `emit`.

import { type Flow, Verdict } from '../../collectors/flow.ts'
import type { AppliedChange } from '../timeline/index.ts'
import { type Bucket, measure, nothing, type Sum, sumUp } from './enforcement-sum.ts'
import { TRIAL_WINDOW, type Trial } from './trials.ts'

export interface EnforcementOptions {
  /** How long a data plane may take; microseconds. */
  readonly lag: number
  readonly emit: (measured: Measured) => void
  /** Changes that are measured at a time; beyond it the oldest is over. */
  readonly capacity?: number
}

/** What was measured of one change on one node. Times in microseconds. */
export interface Measured {
  readonly change: AppliedChange
  readonly node: string
  /** `pending`: the old state decided even after the lag, and no connection was decided by the new one after that. */
  readonly outcome: 'enforced' | 'pending'
  /** From the API write to the enforcement, at least and at most; while pending, how long that lasted at least, twice. */
  readonly delay: readonly [number, number]
  /** The last connection decided by the old state and the first decided by the new one, NaN where there was none. */
  readonly lastOld: number
  readonly firstNew: number
  /** Old decisions came after new ones: several data planes, or one that is not of one mind. */
  readonly isMixed: boolean
  /** Packets that the old state let through, or blocked, after the change. */
  readonly leaked: number
  readonly blocked: number
  /** Flows that this rests on. */
  readonly flows: number
}

export interface Enforcement {
  /** `source` tells logs apart: what two of them tell of may be the same packets. */
  observe(trials: readonly Trial[], flow: Flow, source: string): void
  /** Ends what nothing more can be learnt about at `time`. */
  advance(time: number): void
  close(): void
  readonly size: number
}

/** Flows of several logs come this much out of order. */
const PATIENCE = 10_000_000

interface Track {
  readonly change: AppliedChange
  readonly node: string
  readonly isAllowedBefore: boolean
  readonly buckets: Map<string, Bucket>
  /** Once it is over. */
  sum: Sum | undefined
}

export function createEnforcement({ lag, emit, capacity = 10_000 }: EnforcementOptions): Enforcement {
  const window = Math.max(lag, TRIAL_WINDOW)
  const tracks = new Map<string, Track>()
  const numbers = new WeakMap<AppliedChange, number>()
  let known = 0
  let nextDue = Number.POSITIVE_INFINITY

  function numberOf(change: AppliedChange): number {
    const number = numbers.get(change) ?? ++known
    numbers.set(change, number)
    return number
  }

  /** The same change may turn one pair's verdict one way and another's the other. */
  function trackOf({ change, node, isAllowedBefore }: Trial): Track {
    const key = `${numberOf(change)} ${isAllowedBefore} ${node}`
    let track = tracks.get(key)
    if (track === undefined) {
      if (tracks.size >= capacity) dropOldest()
      track = { change, node, isAllowedBefore, buckets: new Map(), sum: undefined }
      tracks.set(key, track)
      nextDue = Math.min(nextDue, overAt(change))
    }
    return track
  }

  function overAt(change: AppliedChange): number {
    return change.at + window + PATIENCE
  }

  function dropOldest(): void {
    const [key, { change }] = tracks.entries().next().value!
    finishAll(overAt(change))
    tracks.delete(key)
  }

  function both(change: AppliedChange, node: string): Track[] {
    return [true, false].flatMap(way => tracks.get(`${numberOf(change)} ${way} ${node}`) ?? [])
  }

  function sumOf(change: AppliedChange, node: string): Sum[] {
    return both(change, node).map(
      ({ buckets, sum }) => sum ?? sumUp([...buckets.values()].filter(bucket => isProven(bucket, node))),
    )
  }

  /** Every change that it rests on had been seen enforced before its first flow. */
  function isProven({ needs, first }: Bucket, node: string): boolean {
    return needs.every(change => {
      const sums = sumOf(change, node)
      return (
        isShown(both(change, node), sums) &&
        sums.some(sum => sum.firstNew <= first) &&
        sums.every(sum => !(sum.lastOld >= first))
      )
    })
  }

  /**
   * Did the node decide by policies at all? That it let through what it is to let through from now on, a node that lets everything
   * through would show as well: it takes a denial, by the new state or by the old one.
   */
  function isShown(halves: readonly Track[], sums: readonly Sum[]): boolean {
    return halves.some(({ isAllowedBefore }, i) => {
      const { lastOld, firstNew } = sums[i]!
      return isAllowedBefore ? Number.isFinite(firstNew) : Number.isFinite(lastOld)
    })
  }

  function finish(change: AppliedChange, node: string): void {
    const halves = both(change, node)
    const sums = sumOf(change, node)
    for (const [i, half] of halves.entries()) half.sum = sums[i]!
    const held = (way: boolean) =>
      sums.reduce((n, sum, i) => n + (halves[i]!.isAllowedBefore === way ? sum.held : 0), 0)
    const measured = measure(change, sums, lag)
    if (measured !== undefined && (measured.outcome === 'pending' || isShown(halves, sums)))
      emit({ ...measured, change, node, leaked: held(true), blocked: held(false) })
  }

  /** In the order of the changes: what one rests on is over before it. */
  function finishAll(until: number): void {
    const due = [...tracks.values()].filter(({ change }) => overAt(change) <= until)
    for (const track of due.sort((a, b) => a.change.at - b.change.at))
      if (track.sum === undefined) finish(track.change, track.node)
  }

  return {
    observe(trials, flow, source) {
      for (const trial of trials) {
        const { at, since } = trial.change
        const end = flow.time + flow.precision - 1
        if (flow.time <= at + window && end >= since) note(trackOf(trial), trial, flow, source)
      }
    },
    advance(time) {
      if (!(time >= nextDue)) return
      finishAll(time)
      // A younger change may still need to know whether this one was enforced.
      for (const [key, { change, sum }] of tracks)
        if (sum !== undefined && overAt(change) + 2 * window < time) tracks.delete(key)
      const open = [...tracks.values()]
        .filter(({ sum }) => sum === undefined)
        .map(({ change }) => overAt(change))
      nextDue = Math.min(Number.POSITIVE_INFINITY, ...open)
    },
    close() {
      finishAll(Number.POSITIVE_INFINITY)
      tracks.clear()
    },
    get size() {
      return tracks.size
    },
  }

  function note(track: Track, trial: Trial, flow: Flow, source: string): void {
    if (track.sum !== undefined) return
    const bucket = bucketOf(track, trial.needs)
    const count = bucket.sources.get(source) ?? { flows: 0, held: 0 }
    bucket.sources.set(source, count)
    count.flows++
    const end = flow.time + flow.precision - 1
    bucket.first = Math.min(bucket.first, flow.time)
    if ((flow.verdict === Verdict.allowed) === trial.isAllowedBefore) {
      bucket.lastOld = Math.max(bucket.lastOld, flow.time)
      if (flow.time >= trial.change.at) count.held += flow.count
    } else {
      bucket.firstNew = Math.min(bucket.firstNew, end)
      bucket.lastNew = Math.max(bucket.lastNew, end)
    }
  }

  function bucketOf({ buckets }: Track, needs: readonly AppliedChange[]): Bucket {
    const key = needs.map(numberOf).join()
    let bucket = buckets.get(key)
    if (bucket === undefined) {
      bucket = { needs, sources: new Map(), first: Number.POSITIVE_INFINITY, ...nothing }
      buckets.set(key, bucket)
    }
    return bucket
  }
}
