// Who had an address at a time: the answer, and the choice between the pods that may have had it.

import type { Pod } from '../policy/objects.ts'
import { isInGap } from './listing.ts'
import type { Interval } from './ownership.ts'
import { compare } from './sorted.ts'
import { type Track, versionAt } from './track.ts'
import { type Certainty, sortReasons, type Unsure } from './unsure.ts'

export interface Owner {
  readonly kind: 'pod' | 'node' | 'service' | 'external' | 'unknown'
  /** The only pod that it can have been; absent where several can. The same object as in the view's epoch. */
  readonly pod?: Pod
  readonly certainty: Certainty
  /** Why it is not certain, empty where it is. */
  readonly reasons: readonly Unsure[]
  /** All pods that it can have been, the likeliest first. */
  readonly candidates: readonly Pod[]
  /** Kind `node`: its name, empty where only the address is known. */
  readonly node?: string
  readonly service?: { readonly ns: string; readonly name: string }
  /** Since when `pod` has certainly had the address. NaN without a single pod. */
  readonly since: number
  /**
   * Whom else a data plane may take it for, because the address changed hands within the enforcement lag: pods that had it, or nobody
   * (undefined). Empty where that is over.
   */
  readonly takenFor: readonly (Pod | undefined)[]
}

/** An interval and the track that it is part of. */
export interface Claim {
  readonly interval: Interval
  readonly track: Track
  /** The answer while it is certain, as it was given last. */
  certain: Owner | undefined
}

const NONE: readonly never[] = []

/** A stretch of time, both ends included: the moments at which the packet of one log line may have been. */
export interface Moment {
  readonly first: number
  readonly last: number
}

/** Those of an address's claims that may hold at some moment of `when`. */
export function holders(claims: readonly Claim[], when: Moment): readonly Claim[] {
  return claims.filter(
    claim =>
      isPossible(claim.interval, when) &&
      !claims.some(
        ({ interval }) =>
          replaces(interval, claim.interval, when) || precedes(interval, claim.interval, when),
      ),
  )
}

function isPossible({ from, to }: Interval, when: Moment): boolean {
  return from.lo <= when.last && to.hi > when.first
}

/** The next owner has certainly come, so the earlier one has gone, even if its DELETED is still on the way. */
function replaces(next: Interval, earlier: Interval, when: Moment): boolean {
  return next.from.hi <= when.first && isLater(next, earlier)
}

/** The earlier owner certainly has it still, and its end was seen before the next one's address was. */
function precedes(earlier: Interval, next: Interval, when: Moment): boolean {
  const isSure = earlier.from.hi <= when.first && when.last < earlier.to.lo
  return isSure && earlier.to.lo <= next.from.hi && when.last < next.from.hi
}

/** It got the address after the other, by each bound. */
export function isLater(next: Interval, earlier: Interval): boolean {
  return next.from.hi > earlier.from.hi && next.from.lo >= earlier.from.lo
}

/**
 * The certain answer where an address has only ever had this owner, as nearly every address; undefined where there is more to
 * think about. Nothing is allocated: this is what every packet asks.
 */
export function undisputedOwner(claims: readonly Claim[], when: Moment, lag: number): Owner | undefined {
  const claim = claims[0]
  if (claims.length !== 1 || claim === undefined || claim.track.blind.length > 0) return undefined
  const { from, to } = claim.interval
  if (when.first < from.hi || when.last >= to.lo || isNew(claim.interval, when, lag)) return undefined
  const pod = podAt(claim, when.last)
  if (claim.certain?.pod !== pod) claim.certain = podOwner([claim], [], when, false, 0)
  return claim.certain
}

/** The data plane may not know of it yet. What was there before the first list has been there for long. */
function isNew({ from }: Interval, when: Moment, lag: number): boolean {
  return when.first < from.hi + lag && from.reason !== 'before-timeline'
}

/** Pods of an address that a data plane may still think has them. */
function formerPods(all: readonly Claim[], now: Claim, when: Moment, lag: number): Pod[] {
  const former = all.filter(
    ({ track, interval: { from, to } }) =>
      track !== now.track && from.lo <= when.last && to.hi + lag > when.first,
  )
  return [...new Set(former.map(({ interval }) => interval.pod))]
}

/**
 * `claims` are the holders among `all`, one or more. `isStale`: the watch of pods is silent, and what it last said may be over. `lag`:
 * how long a data plane may go on with what is over, in microseconds.
 */
export function podOwner(
  claims: readonly Claim[],
  all: readonly Claim[],
  when: Moment,
  isStale: boolean,
  lag: number,
): Owner {
  if (claims.some(({ track }) => track !== claims[0]!.track)) return severalPods(claims, when)
  // An address that came back to the same pod: whichever interval it was in, it was this pod's.
  const [claim] = [...claims].sort(
    (a, b) => fringes(a.interval, when).length - fringes(b.interval, when).length,
  )
  const isBlind = claim!.track.blind.some(gap => isInGap(gap, when.first - lag, when.last))
  const reasons = [...fringes(claim!.interval, when), ...(isStale || isBlind ? (['sync-gap'] as const) : [])]
  const pod = podAt(claim!, when.last)
  const certainty = reasons.length === 0 ? 'certain' : 'candidates'
  const takenFor = [
    ...(isNew(claim!.interval, when, lag) ? [undefined] : []),
    ...formerPods(all, claim!, when, lag),
  ]
  return {
    kind: 'pod',
    pod,
    certainty,
    // Remembered of every address that has been asked for.
    reasons: reasons.length === 0 ? NONE : sortReasons(reasons),
    candidates: [pod],
    since: claim!.interval.from.hi,
    takenFor: takenFor.length === 0 ? NONE : takenFor,
  }
}

/** Those that seem to be neither beginning nor ending come first, then the latest: nothing that is known says more. */
function severalPods(claims: readonly Claim[], when: Moment): Owner {
  const likeliest = [...claims].sort(
    (a, b) =>
      doubts(a, when) - doubts(b, when) || compare(b.interval.from.hi, a.interval.from.hi) || byUid(a, b),
  )
  const gaps = claims.flatMap(claim => fringes(claim.interval, when)).filter(reason => reason === 'sync-gap')
  const candidates = [...new Map(likeliest.map(claim => [claim.track, podAt(claim, when.last)])).values()]
  const reasons = sortReasons(['address-reused', ...gaps])
  return { kind: 'pod', certainty: 'candidates', reasons, candidates, since: Number.NaN, takenFor: [] }
}

function doubts({ interval }: Claim, when: Moment): number {
  return fringes(interval, when).length
}

function byUid(a: Claim, b: Claim): number {
  return a.interval.pod.uid < b.interval.pod.uid ? -1 : 1
}

/** Why it is not certain that this interval covers all of `when`. */
function fringes({ from, to }: Interval, when: Moment): Unsure[] {
  return [
    ...(when.first < from.hi ? [from.reason] : []),
    ...(when.last >= to.lo && to.lo < Number.POSITIVE_INFINITY ? [to.reason] : []),
  ]
}

/** As the state has it; a pod that has just gone, as it was last seen. */
function podAt({ interval, track }: Claim, time: number): Pod {
  const now = versionAt(track.versions, time)
  return now?.kind === 'Pod' ? now.object : interval.pod
}
