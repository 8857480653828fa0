// Events, put in order: each goes to the track of its object. Nothing is concluded here.

import type { Namespace } from '../policy/objects.ts'
import { isEqual } from './equal.ts'
import { addGap, beginRelist, type Listing, noteEvent } from './listing.ts'
import { noStamp, type ObjectEvent, type Observed, type Stamp, type TimelineEvent } from './observed.ts'
import {
  addTrack,
  continues,
  findTrack,
  listingOf,
  push,
  rename,
  replaceSeen,
  type Store,
  trackBy,
} from './store.ts'
import { isPresent, type Seen, type Track } from './track.ts'

/** An object of a manifest: it holds for all time, until an event speaks of it. */
export function addFixed(store: Store, observed: Observed): void {
  const track = findTrack(store, observed) ?? addTrack(store, observed)
  track.fixed = true
  track.implied = false
  replaceSeen(store, track, [seenAlways(observed)], observed)
  implyNamespace(store, observed)
}

/**
 * `isLive`: as it happens, not from a finished file. A file says nothing of the time before its first event; who watches knew
 * the manifests before the first event came that goes on from them.
 */
export function record(store: Store, event: TimelineEvent, isLive: boolean): void {
  const listing = listingOf(store, 'observed' in event ? event.observed.api : event.api)
  if (event.type === 'RELIST') recordRelist(store, listing, event.at, event.lastProof)
  else if (event.type === 'LOST') addGap(listing, event.at, Number.POSITIVE_INFINITY)
  else recordObject(store, event)
  const since = isLive ? listing.knownSince : event.at
  if (since > Number.NEGATIVE_INFINITY && !(store.start <= since)) store.start = since
}

/** Deletes what a relist did not bring back. Called when the next moment has begun, or when somebody looks. */
export function settleRelists(store: Store): void {
  for (const listing of store.listings.values()) settleRelist(store, listing)
}

function settleRelist(store: Store, listing: Listing): void {
  const relist = listing.relist
  if (relist === undefined) return
  for (const track of relist.missing) {
    if (isPresent(track))
      push(store, track, {
        at: relist.at,
        observed: undefined,
        stamp: noStamp,
        listed: Number.NaN,
        gap: relist.from,
      })
  }
  relist.missing.clear()
}

function recordRelist(store: Store, listing: Listing, at: number, lastProof: number): void {
  settleRelist(store, listing)
  const present = [...store.tracks].filter(
    each => each.api === listing.api && !each.fixed && !each.implied && isPresent(each),
  )
  beginRelist(listing, at, lastProof, present)
}

function recordObject(store: Store, event: ObjectEvent): void {
  const { observed, at, type } = event
  const listing = listingOf(store, observed.api)
  if (listing.relist !== undefined && listing.relist.at !== at) {
    settleRelist(store, listing)
    listing.relist = undefined
  }
  store.isClockWrong ||= isAheadOf(observed.stamp, at)
  const known = findTrack(store, observed)
  noteEvent(listing, at, known?.fixed === true && type !== 'ADDED')
  if (known !== undefined && isOfAnother(known, observed, type)) return
  if (type !== 'DELETED') supersede(store, observed, at, listing)
  const track = known ?? addTrack(store, observed)
  rename(store, track, observed, type === 'DELETED')
  if (track.implied || (track.fixed && type === 'ADDED')) track.seen = []
  const wasImplied = track.implied
  track.fixed = false
  track.implied = false
  if (track.seen.length === 0 && (wasImplied || type !== 'ADDED'))
    existedBefore(store, track, event, listing, wasImplied)
  if (type === 'DELETED') recordDeletion(store, track, event)
  else recordState(store, track, event, listing)
  implyNamespace(store, observed)
}

function isAheadOf({ created, written, started, finished, deleting }: Stamp, at: number): boolean {
  return [created, written, started, finished, deleting].some(time => time > at)
}

/** An object whose first event is not ADDED was there before; unless it was only mentioned, that event went missing. */
function existedBefore(
  store: Store,
  track: Track,
  event: ObjectEvent,
  listing: Listing,
  mentioned: boolean,
): void {
  const { observed, at } = event
  push(store, track, { at, observed, stamp: observed.stamp, listed: at, gap: Number.NaN })
  if (!mentioned && listing.first < at) addGap(listing, listing.first, at)
}

function recordState(store: Store, track: Track, event: ObjectEvent, listing: Listing): void {
  const { observed, at, type } = event
  const relist = type === 'ADDED' && listing.relist?.at === at ? listing.relist : undefined
  relist?.missing.delete(track)
  noteResource(store, track, event, relist)
  const last = track.seen.at(-1)
  // The list came in pieces and somebody looked between them.
  if (relist !== undefined && last?.observed === undefined && last?.gap === relist.from && last.at === at) {
    track.seen = track.seen.slice(0, -1)
    store.dirty.add(track)
  }
  const before = track.seen.at(-1)?.observed
  if (before !== undefined && isSameState(before, observed)) return
  const isInitial = type === 'ADDED' && at === listing.first && track.seen.length === 0
  push(store, track, {
    at,
    observed,
    stamp: observed.stamp,
    listed: isInitial ? at : Number.NaN,
    gap: isInitial ? Number.NaN : (relist?.from ?? Number.NaN),
  })
}

/** What a relist brings back may have been edited meanwhile, and back again; the same resource version says that it was not. */
function noteResource(store: Store, track: Track, event: ObjectEvent, relist: Listing['relist']): void {
  const { version } = event.observed.stamp
  const isSame = version !== undefined && version === track.resource
  track.resource = version
  if (relist === undefined || !(relist.from < relist.at) || isSame) return
  track.blind = [...track.blind, { from: relist.from, to: relist.at }]
  store.dirty.add(track)
}

function recordDeletion(store: Store, track: Track, event: ObjectEvent): void {
  if (!isPresent(track)) return
  push(store, track, {
    at: event.at,
    observed: undefined,
    stamp: event.observed.stamp,
    listed: Number.NaN,
    gap: Number.NaN,
  })
}

/** A late DELETED of an earlier object with the same name must not remove the present one. */
function isOfAnother(track: Track, observed: Observed, type: ObjectEvent['type']): boolean {
  if (type !== 'DELETED' || observed.id === observed.name) return false
  const now = track.seen.at(-1)?.observed
  return now !== undefined && now.id !== now.name && now.id !== observed.id
}

/** A name belongs to one living pod: another uid under it means that the deletion of the earlier one was not seen. */
function supersede(store: Store, observed: Observed, at: number, listing: Listing): void {
  if (observed.kind !== 'Pod') return
  const earlier = store.podNames.get(observed.name)
  if (
    earlier === undefined ||
    earlier.ids.includes(observed.id) ||
    continues(earlier, observed) ||
    !isPresent(earlier)
  )
    return
  const gap = listing.relist?.at === at ? listing.relist.from : Number.NaN
  push(store, earlier, { at, observed: undefined, stamp: noStamp, listed: Number.NaN, gap })
}

/** Watches are not ordered with each other: a pod may come before its namespace, which then exists with its one sure label (S8). */
function implyNamespace(store: Store, observed: Observed): void {
  const name = namespaceOf(observed)
  if (name === undefined || trackBy(store, 'Namespace', name) !== undefined) return
  const object: Namespace = { name, labels: { 'kubernetes.io/metadata.name': name } }
  const implied: Observed = { kind: 'Namespace', api: 'Namespace', id: name, name, object, stamp: noStamp }
  const track = addTrack(store, implied)
  track.implied = true
  replaceSeen(store, track, [seenAlways(implied)], implied)
}

function namespaceOf(observed: Observed): string | undefined {
  if (observed.kind === 'Pod' || observed.kind === 'Service') return observed.object.ns
  return observed.kind === 'Policy' ? observed.object.metadata.namespace : undefined
}

/** Most events of a pod are about its status: they say nothing new here. */
function isSameState(a: Observed, b: Observed): boolean {
  if (a.id !== b.id) return false
  if (a.kind === 'Policy' && b.kind === 'Policy') {
    return (
      a.object.metadata.generation === b.object.metadata.generation && isEqual(a.object.spec, b.object.spec)
    )
  }
  const { deleting, finished, started } = a.stamp
  const times =
    Object.is(deleting, b.stamp.deleting) &&
    Object.is(finished, b.stamp.finished) &&
    Object.is(started, b.stamp.started)
  return times && isEqual(a.object, b.object)
}

function seenAlways(observed: Observed): Seen {
  const at = Number.NEGATIVE_INFINITY
  return { at, observed, stamp: observed.stamp, listed: at, gap: Number.NaN }
}
