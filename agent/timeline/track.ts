// One object through time: what was seen of it, and the versions that follow from that. Pods are followed by uid (the same name
// may be another pod), everything else by name (a policy that is deleted and made again is one story).

import type { AppliedChange } from './change.ts'
import type { Gap } from './listing.ts'
import type { Observed } from './observed.ts'
import type { Interval } from './ownership.ts'

/** One observation, in the order of the watch, which is the order of the commits. */
export interface Seen {
  /** When this node learnt of it: the upper bound of when it became true. -Infinity: it was so before anything was seen. */
  readonly at: number
  /** Absent: deleted. A DELETED event's last state stays readable in `stamp`. */
  readonly observed: Observed | undefined
  readonly stamp: Observed['stamp']
  /** When the object was first listed; the state is taken to have been so before, since when is not known. NaN: not from a list. */
  readonly listed: number
  /** Found by a relist: it became true somewhere since then. NaN: not so. */
  readonly gap: number
}

/** The state from `from` on, until the next version's. */
export interface Version {
  readonly from: number
  readonly observed: Observed | undefined
}

export interface Track {
  readonly kind: Observed['kind']
  readonly api: string
  name: string
  /** Only manifests have told of it so far: it holds for all time. */
  fixed: boolean
  /** Only mentioned (the namespace of a pod): it exists, and nothing else is known. */
  implied: boolean
  /** `resourceVersion` of the latest event, if it had one. */
  resource: string | undefined
  /** Gaps of the watch in which it may have been edited back and forth. */
  blind: readonly Gap[]
  seen: readonly Seen[]
  /** Every id the engine may know it by: one, or two when a timeline went on where a manifest without uid began. */
  ids: readonly string[]
  versions: readonly Version[]
  intervals: readonly Interval[]
  changes: readonly AppliedChange[]
}

/** There is a track for every object of a cluster: what most of them have none of, they share. */
const NONE: readonly never[] = []

export function createTrack(observed: Observed): Track {
  const { kind, api, name } = observed
  return {
    kind,
    api,
    name,
    fixed: false,
    implied: false,
    resource: undefined,
    blind: NONE,
    seen: NONE,
    ids: NONE,
    versions: NONE,
    intervals: NONE,
    changes: NONE,
  }
}

/** What there was of it at a time; undefined before it came and after it went. */
export function versionAt(versions: readonly Version[], time: number): Observed | undefined {
  for (let i = versions.length - 1; i >= 0; i--) if (versions[i]!.from <= time) return versions[i]!.observed
  return undefined
}

/** The latest observation says that it exists. */
export function isPresent(track: Track): boolean {
  return track.seen.at(-1)?.observed !== undefined
}

/**
 * A pod stays in the state for this long after its DELETED event, because a log line whose clock shows whole seconds may
 * still be about it. The state never says who owned an address, so nothing else can see it.
 */
const lingerUs = 1_000_000

/** The versions that follow from what was seen. A pod is there, with its address, from the first moment it may have had it. */
export function versionsOf(track: Track): readonly Version[] {
  const versions: Version[] = []
  for (const [i, seen] of track.seen.entries()) {
    const from = versionStart(track, seen, i)
    while (versions.length > 0 && versions.at(-1)!.from >= from) versions.pop()
    versions.push({ from, observed: seen.observed })
  }
  // An array that grew by push has room for many more.
  return versions.slice()
}

function versionStart(track: Track, seen: Seen, index: number): number {
  if (!Number.isNaN(seen.listed)) return Number.NEGATIVE_INFINITY
  if (track.kind !== 'Pod') return seen.at
  if (seen.observed === undefined) return seen.at + lingerUs
  const begins = track.intervals.filter(each => each.opened === index).map(each => each.from.lo)
  return Math.min(seen.at, ...begins)
}
