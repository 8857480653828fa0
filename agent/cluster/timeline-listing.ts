// Timeline events as lines, and the state after them listed anew.

import { formatTime, type Observed, type TimelineEvent } from '../timeline/index.ts'
import { writeObject } from './write-object.ts'

export function lineOf(event: TimelineEvent): string {
  // That a watch fell silent is told by the RELIST that ends it.
  if (event.type === 'LOST') return ''
  const at = formatTime(event.at)
  if (event.type !== 'RELIST')
    return `${JSON.stringify({ at, type: event.type, object: writeObject(event.observed) })}\n`
  const proof = Number.isNaN(event.lastProof) ? {} : { lastProof: formatTime(event.lastProof) }
  return `${JSON.stringify({ at, type: 'RELIST', kind: event.api, ...proof })}\n`
}

/** The state after these events, listed at `at`; what happened after `lastProof` up to it was not written down. */
export function* listing(events: readonly TimelineEvent[], at: number, lastProof: number): Generator<string> {
  for (const [api, objects] of lastState(events)) {
    yield lineOf({ type: 'RELIST', at, api, lastProof })
    for (const observed of objects.values()) yield lineOf({ type: 'ADDED', at, observed })
  }
}

/** Of each object the last event: as many as there are objects, however long nothing can be written. */
export function latest(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  const kept = new Map<string, TimelineEvent>()
  for (const event of events) {
    if (event.type === 'LOST') continue
    const api = event.type === 'RELIST' ? event.api : event.observed.api
    const key = event.type === 'RELIST' ? `${api}/` : `${api}/${event.observed.id}`
    if (event.type === 'RELIST') for (const each of kept.keys()) if (each.startsWith(key)) kept.delete(each)
    kept.delete(key)
    kept.set(key, event)
  }
  return [...kept.values()]
}

/** The objects of each kind that was told of, as they were at last. */
export function lastState(events: readonly TimelineEvent[]): Map<string, Map<string, Observed>> {
  const kinds = new Map<string, Map<string, Observed>>()
  for (const event of events) {
    if (event.type === 'LOST') continue
    const api = event.type === 'RELIST' ? event.api : event.observed.api
    // What a list does not name is gone.
    if (event.type === 'RELIST' || !kinds.has(api)) kinds.set(api, new Map())
    if (event.type === 'RELIST') continue
    const { observed } = event
    if (event.type === 'DELETED') kinds.get(api)!.delete(observed.id)
    else kinds.get(api)!.set(observed.id, observed)
  }
  return kinds
}
