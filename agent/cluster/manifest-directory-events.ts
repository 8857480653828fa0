// A state of a directory of manifests as the events of a watch, each with the time of the file it is about.

import type { Observed, TimelineEvent } from '../timeline/index.ts'
import { differences } from './manifest-directory-diff.ts'
import type { DirectoryLook } from './manifest-directory-look.ts'
import type { Contents } from './manifest-directory-read.ts'
import { clamp, fileChange, latestChange } from './manifest-directory-times.ts'
import { readKinds } from './objects.ts'

/** What was told before, and until when it is known to have been so: microseconds since 1970, NaN where nothing was. */
export interface Told {
  readonly objects: ReadonlyMap<string, Observed>
  /** Key -> the file it was in. */
  readonly files: ReadonlyMap<string, string>
  readonly lastProof: number
}

/** What one look has found. */
export interface State {
  readonly look: DirectoryLook
  readonly contents: Contents
  /** With generations. */
  readonly objects: ReadonlyMap<string, Observed>
  /** When the look began. */
  readonly at: number
}

/** Everything anew: at the start, and after a time in which nobody could look. */
export function listEvents(told: Told, { look, objects, at: now }: State): TimelineEvent[] {
  const lastProof = Math.min(told.lastProof, now)
  const latest = latestChange(look)
  const at = Number.isNaN(lastProof) ? Math.min(latest, now) : clamp(latest, { after: lastProof - 1, now })
  return [
    ...readKinds.map((api): TimelineEvent => ({ type: 'RELIST', at, api, lastProof })),
    ...[...objects.values()].map((observed): TimelineEvent => ({ type: 'ADDED', at, observed })),
  ]
}

/** What differs from what was told, in the order of time. */
export function changeEvents(told: Told, { look, contents, objects, at: now }: State): TimelineEvent[] {
  const times = new Map<string, number>()
  const timeOf = (file: string): number => {
    const time = times.get(file) ?? fileChange(file, look, { after: told.lastProof, now })
    times.set(file, time)
    return time
  }
  return differences(told.objects, objects)
    .map(({ type, key, observed }): TimelineEvent => {
      const at = timeOf((contents.objects.get(key)?.file ?? told.files.get(key))!)
      return { type, at, observed: dated(observed, type, at) }
    })
    .sort((a, b) => a.at - b.at)
}

/** A file says when it was written, where its object does not: nothing of it was there before, as a watch's event may have been. */
function dated(observed: Observed, type: 'ADDED' | 'MODIFIED' | 'DELETED', at: number): Observed {
  const field = type === 'ADDED' ? 'created' : type === 'MODIFIED' ? 'written' : 'deleting'
  const { stamp } = observed
  return Number.isNaN(stamp[field]) ? { ...observed, stamp: { ...stamp, [field]: at } } : observed
}
