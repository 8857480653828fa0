// When something in the directory changed: never earlier than the last look that found it as it was, never later than this one.

import { dirname } from 'node:path'
import type { Observed } from '../timeline/index.ts'
import { isAnother } from './manifest-directory-diff.ts'
import { changedAt, type DirectoryLook } from './manifest-directory-look.ts'
import { isSameObject } from './same-object.ts'

/** Microseconds since 1970. */
export interface Window {
  /** The latest look that found the earlier state. */
  readonly after: number
  readonly now: number
}

/** A file system's clock lags behind the wall's by up to a tick of the kernel. */
const TICK_US = 10_000

/** When all of the directory had become what it is. */
export function latestChange({ files, directories }: DirectoryLook): number {
  const times = [...files.keys(), ...directories].map(changedAt).filter(time => !Number.isNaN(time))
  return Math.max(...times)
}

/**
 * When a file changed, or (where it has gone) the directory it was in. Of a directory that was moved here with old files in it only the
 * directory's own time tells; where nothing does, it is this look's.
 */
export function fileChange(file: string, look: DirectoryLook, window: Window): number {
  const parents = parentsOf(file).filter(path => look.directories.includes(path))
  const candidates = [...(look.files.has(file) ? [file] : []), ...parents].map(changedAt)
  const found = candidates.find(time => time > window.after - TICK_US && time <= window.now)
  return clamp(found ?? window.now, window)
}

/** Innermost first. */
function parentsOf(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [] : [parent, ...parentsOf(parent)]
}

/** Where the clock was set back there is no time in between: then it is now. */
export function clamp(time: number, { after, now }: Window): number {
  return Math.min(Math.max(time, after + 1), now)
}

/** What is known of an object's times from when it was told before, where it says nothing itself. */
export function withStamp(before: Observed | undefined, now: Observed): Observed {
  if (before === undefined || isAnother(before, now)) return now
  const { created, written } = now.stamp
  const stamp = {
    ...now.stamp,
    created: Number.isNaN(created) ? before.stamp.created : created,
    written: Number.isNaN(written) && isSameObject(before, now) ? before.stamp.written : written,
  }
  return { ...now, stamp }
}
