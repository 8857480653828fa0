// Follows every file that some patterns mean, through any rotation, and loses nothing in silence: each line is handed on once, or a gap
// is said. Nothing in here waits or has a clock; `poll` is called again and again (follow-loop.ts does), and the disk is passed in.

import { basename } from 'node:path'
import type { Disk, FileStat } from './disk.ts'
import type { Consumer } from './follow-consumer.ts'
import type { Held } from './follow-held.ts'
import { Lists } from './follow-lists.ts'
import { FollowedName } from './follow-name.ts'
import { pathsOf } from './follow-names.ts'
import type { Begin, NameOptions, Polled } from './follow-options.ts'
import { parseSnapshot, type Snapshot } from './follow-position.ts'
import { Troubles } from './follow-troubles.ts'

export interface FollowOptions {
  readonly disk: Disk
  /** Paths, `*` standing for any part of a name. */
  readonly patterns: readonly string[]
  readonly consumer: Consumer
  /** For files that are there at the first poll without a snapshot: `rotated` ones too, the `file` itself, or its `end`. */
  readonly begin?: Begin
  /** Result of an earlier `snapshot()`; @throws ZodError when it is none. */
  readonly from?: unknown
  readonly graceMs?: number
  readonly readsPerPoll?: number
  readonly maxHeld?: number
}

export interface Follower {
  /** Reads what is there. `nowMs`: the wall clock, in milliseconds since 1970. */
  poll(nowMs: number): Polled
  /** Where each file stands after everything that was handed on; valid between polls, plain JSON. */
  snapshot(): Snapshot
  /** The paths that are followed now, whether there is a file or not. */
  paths(): string[]
  /** Names, without directories, that these files have now: of the paths, and of what lies behind links. */
  fileNames(): string[]
  close(): void
}

const MINUTE_MS = 60_000

export function createFollower(options: FollowOptions): Follower {
  const { patterns, consumer, begin = 'file' } = options
  const names = new Map<string, FollowedName>()
  const lists = new Lists(options.disk)
  const disk: Disk = { ...options.disk, list: directory => lists.list(directory) }
  const troubles = new Troubles(consumer)
  let lastId = 0
  let isStart = options.from === undefined

  const nameOptions: NameOptions = {
    disk,
    consumer,
    begin,
    graceMs: options.graceMs ?? MINUTE_MS,
    readsPerPoll: options.readsPerPoll ?? 16,
    maxHeld: options.maxHeld ?? 32,
    nextId: () => ++lastId,
    adopt,
  }

  if (!isStart) {
    for (const { path, files } of parseSnapshot(options.from).names)
      names.set(path, new FollowedName(path, nameOptions, files))
  }

  /** One file under two names is one file; one that moved from a name to another goes on where it stood. */
  function adopt(stat: FileStat, by: string): Held | 'taken' | undefined {
    for (const name of names.values()) {
      const found = name.path === by ? undefined : name.release(stat)
      if (found) return found
    }
    return undefined
  }

  /** New names first: a file may have moved to them. */
  function discover(): FollowedName[] {
    const added = patterns
      .flatMap(pathsNow)
      .filter(path => !names.has(path))
      .map(path => {
        const name = new FollowedName(path, nameOptions, isStart ? undefined : [])
        names.set(path, name)
        return name
      })
    isStart = false
    return added
  }

  function pathsNow(pattern: string): string[] {
    try {
      return pathsOf(disk, pattern)
    } catch (cause) {
      troubles.note(pattern, cause)
      return []
    }
  }

  function realPathOf(path: string): string {
    try {
      return disk.realPath(path) ?? path
    } catch {
      // A look says why.
      return path
    }
  }

  return {
    poll(nowMs) {
      lists.begin(nowMs)
      const added = discover()
      troubles.tell()
      const rest = [...names.values()].filter(name => !added.includes(name))
      const polled = [...added, ...rest].map(name => name.poll(nowMs))
      return polled.find(one => one === 'more') ?? polled.find(one => one === 'read') ?? 'idle'
    },
    snapshot: () => ({
      version: 1,
      names: [...names.values()].map(name => ({ path: name.path, files: name.positions() })),
    }),
    paths: () => [...names.keys()],
    fileNames: () => [...names.keys()].flatMap(path => [basename(path), basename(realPathOf(path))]),
    close() {
      for (const name of names.values()) name.close()
    },
  }
}
