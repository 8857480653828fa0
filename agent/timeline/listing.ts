// One API kind is one watch: its initial list, its relists, and the times in which nobody was told anything.

import { compare } from './sorted.ts'
import type { Track } from './track.ts'

/** A time in which objects of the kind may have come, changed and gone unseen. `to` is Infinity while it lasts. */
export interface Gap {
  readonly from: number
  to: number
}

export interface Listing {
  readonly api: string
  /** `at` of the kind's first event; the ADDED events of that moment are the initial list. NaN: nothing yet. */
  first: number
  /** Nothing is known of the kind before; -Infinity where manifests tell what the first event changed. */
  knownSince: number
  /** `at` of the latest event: the last proof of life where a RELIST names none. */
  last: number
  relist: Relist | undefined
  gaps: Gap[]
}

interface Relist {
  readonly at: number
  readonly from: number
  /** What was there and has not come again yet. */
  readonly missing: Set<Track>
}

export function createListing(api: string): Listing {
  return { api, first: Number.NaN, knownSince: Number.NaN, last: Number.NaN, relist: undefined, gaps: [] }
}

/** The first event of the kind decides since when it is known; every event says that the watch was alive. */
export function noteEvent(listing: Listing, at: number, continuesManifests: boolean): void {
  if (Number.isNaN(listing.first)) {
    listing.first = at
    listing.knownSince = continuesManifests ? Number.NEGATIVE_INFINITY : at
  }
  if (!(listing.last > at)) listing.last = at
}

/** A relist of what is `present`. The first event of a kind is its initial list, and leaves no gap. */
export function beginRelist(listing: Listing, at: number, lastProof: number, present: Iterable<Track>): void {
  const initial = Number.isNaN(listing.first)
  const lost = listing.gaps.findLast(gap => gap.to === Number.POSITIVE_INFINITY)
  const proofs = [lost?.from ?? at, Number.isNaN(lastProof) ? listing.last : lastProof, at]
  const from = initial ? Number.NaN : Math.min(...proofs)
  if (lost !== undefined) lost.to = at
  if (from < at) addGap(listing, from, at)
  noteEvent(listing, at, false)
  listing.relist = { at, from, missing: new Set(initial ? [] : present) }
}

export function addGap(listing: Listing, from: number, to: number): void {
  if (listing.gaps.some(gap => gap.from <= from && gap.to >= to)) return
  listing.gaps.push({ from, to })
  listing.gaps.sort((a, b) => compare(a.from, b.from))
}

/** The gap overlaps [from, to]. */
export function isInGap(gap: Gap, from: number, to: number): boolean {
  return gap.from <= to && gap.to > from
}

export function forgetGaps(listing: Listing, horizon: number): void {
  listing.gaps = listing.gaps.filter(gap => gap.to > horizon)
}
