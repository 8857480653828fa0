// Files that are followed, as a live source: their lines, what is missing of them, and what cannot be read, until it is closed. Its
// position holds between two turns of the event loop: it is that of a line's start in each file, and no part of a line is kept.

import type { Watch } from '../watch-directories.ts'
import type { Disk } from './disk.ts'
import { realDisk } from './disk.ts'
import { createFollower, type Follower, type FollowOptions } from './follow.ts'
import type { Consumer } from './follow-consumer.ts'
import { type LoopClock, pollUntil } from './follow-loop.ts'
import type { Begin } from './follow-options.ts'
import { isSnapshot } from './follow-position.ts'
import { FollowedStreams, type LineCounts } from './followed-streams.ts'
import { FollowedTroubles } from './followed-troubles.ts'
import { causeOf } from './followed-words.ts'
import type { LineLimits } from './lines.ts'
import type { LiveSource, Receiver } from './receiver.ts'
import { systemClock } from './system-clock.ts'

export interface FollowedFilesOptions {
  readonly format: string
  /** Paths, `*` standing for any part of a name. */
  readonly patterns: readonly string[]
  readonly receiver: Receiver
  /** Result of an earlier `position()`. */
  readonly from?: unknown
  /** Where to begin with files that are there at the start, without such a position. */
  readonly begin?: Begin
  /** Identifies a stream by its first line. */
  readonly identify: (head: Uint8Array) => string
  readonly signal?: AbortSignal
  readonly clock?: LoopClock
  readonly disk?: Disk
  readonly watch?: Watch
  readonly limits?: LineLimits
}

export interface FollowedFiles extends LiveSource {
  counts(): LineCounts
  /** The names that are followed now, whether there is a file or not. */
  paths(): readonly string[]
}

/** Begins to read in a later turn of the event loop. After it was closed, its position is the last one. */
export function openFollowedFiles(options: FollowedFilesOptions): FollowedFiles {
  const { format, patterns, clock = systemClock, watch } = options
  const closing = new AbortController()
  const signal = options.signal ? AbortSignal.any([closing.signal, options.signal]) : closing.signal
  const streams = new FollowedStreams({ ...options, limits: options.limits })
  const follower = followerOf(options, streams)
  let last: unknown

  async function run(): Promise<void> {
    await clock.sleep(0, signal)
    await pollUntil(follower, { clock, signal, ...(watch && { watch }) })
    last = follower.snapshot()
    follower.close()
  }
  const ended = run()

  return {
    format,
    name: patterns.join(', '),
    position: () => last ?? follower.snapshot(),
    counts: () => streams.counts(),
    paths: () => follower.paths(),
    async [Symbol.asyncDispose]() {
      closing.abort()
      await ended
    },
  }
}

function followerOf(options: FollowedFilesOptions, streams: FollowedStreams): Follower {
  const { receiver, patterns, disk = realDisk, begin, from } = options
  const troubles = new FollowedTroubles(receiver)
  const consumer: Consumer = {
    get isFull() {
      return streams.isFull
    },
    write: (generation, bytes, offset) => streams.write(generation, bytes, offset),
    end: generation => streams.end(generation),
    gap: gap => receiver.gap({ cause: causeOf(gap) }),
    trouble: (path, reason) => troubles.set(path, reason),
  }
  // One read is a thousand lines, each of which may have to be judged, explained and written: others get their turn after it.
  const follow: FollowOptions = { disk, patterns, consumer, readsPerPoll: 1, ...(begin && { begin }) }
  if (from === undefined) return createFollower(follow)
  if (isSnapshot(from)) return createFollower({ ...follow, from })
  receiver.gap({
    cause: `the place where reading ${patterns.map(one => `"${one}"`).join(', ')} stood was written by another version of culprit that this one cannot read, so reading begins anew and lines may be missing or repeated`,
  })
  return createFollower(follow)
}
