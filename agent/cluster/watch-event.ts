// Watch events as an API server, a timeline file or the quickstart has them -> what the timeline takes.

import { parseTime, type TimelineEvent } from '../timeline/index.ts'
import { readObject } from './objects.ts'

export interface WatchEvent {
  /** When it reached this node: RFC 3339, or microseconds since 1970. */
  readonly at: string | number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: unknown
}

/** Undefined for a kind that is not used. @throws Error naming everything that is wrong with the event. */
export function readWatchEvent({ at, type, object }: WatchEvent): TimelineEvent | undefined {
  const time = typeof at === 'number' ? at : parseTime(at)
  if (!Number.isFinite(time))
    throw new Error(`Cannot read watch event: "at" is ${JSON.stringify(at)}, not a time`)
  const reading = readObject(object)
  if (reading.outcome === 'ignored') return undefined
  if (reading.outcome === 'observed') return { type, at: time, observed: reading.observed }
  throw new Error(`Cannot read watch event: ${reading.issues.map(issue => issue.text).join('; ')}`)
}

/** For a source whose kinds are all used. @throws Error for any other event. */
export function eventReader(): (event: WatchEvent) => TimelineEvent {
  return event => {
    const read = readWatchEvent(event)
    if (read === undefined) throw new Error('Cannot read watch event: its kind is not used')
    return read
  }
}
