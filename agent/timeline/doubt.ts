// Times about which nothing can be certain, whoever the packet was between: before the first event, in the gap of a relist of
// policies or namespaces, while a clock was stepped, and what has been forgotten.

import { isInGap, type Listing } from './listing.ts'
import type { Moment } from './owner.ts'
import { type Certainty, leastCertain, sortReasons, type Unsure } from './unsure.ts'

/** At any moment of [from, to). */
export interface Doubt {
  readonly from: number
  readonly to: number
  readonly reason: Unsure
  readonly certainty: Certainty
}

export interface Sureness {
  readonly certainty: Certainty
  readonly unsure: readonly Unsure[]
}

const never = Number.NEGATIVE_INFINITY

/** Pods, nodes and services answer for themselves (who is it?); policies and namespaces stand behind every verdict. */
export function isStateKind(api: string): boolean {
  return api !== 'Pod' && api !== 'Node' && api !== 'Service'
}

/** `start`: of the first event; `history`: how far before it the cluster may still be guessed at, in microseconds. */
export function startDoubts(start: number, history: number): Doubt[] {
  if (Number.isNaN(start)) return []
  return [
    { from: never, to: start, reason: 'before-timeline', certainty: 'candidates' },
    { from: never, to: start - history, reason: 'too-old', certainty: 'unknown' },
  ]
}

/**
 * `lag`: what came and went unseen in a gap may be enforced for that long after it, in microseconds; 0 for objects that are not
 * enforced.
 */
export function listingDoubts(listing: Listing, lag: number): Doubt[] {
  const gaps = listing.gaps.map(
    ({ from, to }): Doubt => ({ from, to: to + lag, reason: 'sync-gap', certainty: 'candidates' }),
  )
  if (!(listing.knownSince > never)) return gaps
  return [
    { from: never, to: listing.knownSince, reason: 'before-timeline', certainty: 'candidates' },
    ...gaps,
  ]
}

export function forgottenDoubt(before: number): Doubt {
  return { from: never, to: before, reason: 'too-old', certainty: 'unknown' }
}

/** `reach`: no bound on how far apart two things are holds across the step. */
export function clockDoubt(from: number, to: number, reach: number): Doubt {
  return { from: from - reach, to: to + reach, reason: 'clock-uncertain', certainty: 'candidates' }
}

/** What the doubts leave of certainty at some moment of `when`. */
export function sureness(doubts: readonly Doubt[], when: Moment): Sureness {
  const here = doubts.filter(doubt => isInGap(doubt, when.first, when.last))
  const certainty = here.reduce<Certainty>((all, doubt) => leastCertain(all, doubt.certainty), 'certain')
  return { certainty, unsure: sortReasons(here.map(doubt => doubt.reason)) }
}
