// What the timeline was told, by object: where each one's track is found, whatever it is called by. Tracks that have something
// new are left in `dirty`.

import { appended } from './appended.ts'
import type { AppliedChange } from './change.ts'
import { createListing, type Listing } from './listing.ts'
import type { Observed } from './observed.ts'
import { createTrack, type Seen, type Track } from './track.ts'

export interface Store {
  readonly tracks: Set<Track>
  /** By API kind, and id (pods: uid) or name. */
  readonly byKey: Map<string, Map<string, Track>>
  /** The pod that has this `ns/name` now. */
  readonly podNames: Map<string, Track>
  readonly listings: Map<string, Listing>
  readonly dirty: Set<Track>
  /** `at` of the earliest event, NaN without events. What goes on from manifests as it happens was known before as well. */
  start: number
  /** An object came that says it was written later than that: other clocks are ahead of this node's. */
  isClockWrong: boolean
}

export function createStore(): Store {
  return {
    tracks: new Set(),
    byKey: new Map(),
    podNames: new Map(),
    listings: new Map(),
    dirty: new Set(),
    start: Number.NaN,
    isClockWrong: false,
  }
}

export function listingOf(store: Store, api: string): Listing {
  let listing = store.listings.get(api)
  if (listing === undefined) {
    listing = createListing(api)
    store.listings.set(api, listing)
  }
  return listing
}

export function findTrack(store: Store, observed: Observed): Track | undefined {
  const track = trackBy(store, observed.api, keyOf(observed))
  if (track !== undefined || observed.kind !== 'Pod') return track
  const named = store.podNames.get(observed.name)
  return named !== undefined && continues(named, observed) ? named : undefined
}

/** Same name, and at most one of the two knows a uid: one pod, described twice. */
export function continues(track: Track, observed: Observed): boolean {
  return observed.id === observed.name || (track.ids.length === 1 && track.ids.includes(track.name))
}

function keyOf(observed: Observed): string {
  return observed.kind === 'Pod' ? observed.id : observed.name
}

/** `key`: the uid of a pod, the name of anything else. */
export function trackBy(store: Store, api: string, key: string): Track | undefined {
  return store.byKey.get(api)?.get(key)
}

function setTrack(store: Store, api: string, key: string, track: Track): void {
  const known = store.byKey.get(api)
  if (known === undefined) store.byKey.set(api, new Map([[key, track]]))
  else known.set(key, track)
}

export function addTrack(store: Store, observed: Observed): Track {
  const track = createTrack(observed)
  store.tracks.add(track)
  return track
}

/** A pod that goes may be an earlier one of its name. */
export function rename(store: Store, track: Track, observed: Observed, isGoing: boolean): void {
  if (!track.ids.includes(observed.id)) track.ids = track.ids.concat(observed.id)
  setTrack(store, observed.api, keyOf(observed), track)
  if (observed.kind === 'Pod' && !isGoing) store.podNames.set(observed.name, track)
}

export function replaceSeen(store: Store, track: Track, seen: readonly Seen[], observed: Observed): void {
  track.seen = seen
  rename(store, track, observed, false)
  store.dirty.add(track)
}

export function push(store: Store, track: Track, seen: Seen): void {
  const last = track.seen.at(-1)
  track.seen = appended(track.seen, last !== undefined && last.at > seen.at ? { ...seen, at: last.at } : seen)
  store.dirty.add(track)
}

/** The track that a change is part of, while it is held. */
export function trackOf(store: Store, change: AppliedChange): Track | undefined {
  const key = change.kind === 'pod' ? (change.after ?? change.before)!.uid : change.key
  return trackBy(store, change.api, key)
}

/** An object that has gone, and whose past nobody will ask for. */
export function removeTrack(store: Store, track: Track): void {
  store.tracks.delete(track)
  const byKey = store.byKey.get(track.api)
  for (const key of [track.name, ...track.ids]) if (byKey?.get(key) === track) byKey.delete(key)
  if (store.podNames.get(track.name) === track) store.podNames.delete(track.name)
}
