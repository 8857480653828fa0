// Bounds the past: what was seen of an object before the horizon becomes as little as its future needs.

import { isEqual } from './equal.ts'
import { liveAddresses, podOf } from './ownership.ts'
import type { Seen, Track } from './track.ts'

/** Shortens what was seen, and says what is left; a track that is shorter has to be concluded anew. */
export function forgetSeen(track: Track, horizon: number): 'same' | 'shorter' | 'gone' {
  const last = track.seen.findLastIndex(seen => seen.at <= horizon)
  if (last < 0) return 'same'
  const isOver = track.seen[last]!.observed === undefined && last === track.seen.length - 1
  if (isOver) return 'gone'
  if (track.blind.length > 0) track.blind = track.blind.filter(gap => gap.to > horizon)
  // Nearly every object: it came once, and nothing has happened to it since.
  if (track.seen.length === 1 && (track.kind === 'Pod' || isAlways(track.seen[0]!))) return 'same'
  const { length } = track.seen
  const seen = track.kind === 'Pod' ? withoutNoise(track.seen, last) : fromInForce(track.seen, last)
  // One that grew by push has room for many more.
  track.seen = seen.slice()
  return seen.length < length ? 'shorter' : 'same'
}

/** As fromInForce() leaves it. */
function isAlways({ at, listed, gap }: Seen): boolean {
  return listed === at && Number.isNaN(gap)
}

/** What was in force at the horizon was so before, since when does not matter any more. */
function fromInForce(all: readonly Seen[], last: number): Seen[] {
  const inForce = all[last]!
  const rest = all.slice(last + 1)
  return inForce.observed === undefined
    ? rest
    : [{ ...inForce, listed: inForce.at, gap: Number.NaN }, ...rest]
}

/** When a pod got its address decides who of two has it, however long ago that was: only what says nothing about it goes. */
function withoutNoise(all: readonly Seen[], last: number): Seen[] {
  return all.filter(
    (seen, i) => i >= last || i === 0 || !isEqual(addressState(seen), addressState(all[i - 1]!)),
  )
}

function addressState(seen: Seen): unknown {
  const pod = podOf(seen)
  return [seen.observed === undefined, liveAddresses(seen), pod?.terminating, pod?.ips]
}
