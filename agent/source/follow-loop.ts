// When to look: often while lines come, seldom while none do. A change in a directory only shortens the wait: what is followed is
// found by looking.

import { dirname } from 'node:path'
import { type Watch, watchDirectories } from '../watch-directories.ts'
import type { Follower } from './follow.ts'
import { isNamedAfter } from './follow-names.ts'

export interface LoopClock {
  /** The wall clock, in milliseconds since 1970. */
  nowMs(): number
  /** Resolves after `ms`, or as soon as `signal` is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface LoopOptions {
  readonly clock: LoopClock
  readonly watch?: Watch
  readonly signal: AbortSignal
  /** After each poll: where checkpoints are made. */
  readonly afterPoll?: () => void
  readonly busyMs?: number
  readonly idleMs?: number
}

/** After so many polls that found something, changes are not told of until one finds nothing. */
const UNTOLD_POLLS = 20

/** Polls until the signal is aborted, once more then, and resolves. It does not close the follower. */
export async function pollUntil(follower: Follower, options: LoopOptions): Promise<void> {
  const { clock, signal, afterPoll, busyMs = 50, idleMs = 1000 } = options
  const alarm = createAlarm(signal)
  const concern = createConcern(() => follower.fileNames())
  const watched = watchDirectories(written => {
    if (concern.isOf(written)) alarm.ring()
  }, options.watch)
  let waitMs = busyMs
  let busyPolls = 0
  for (;;) {
    const isLast = signal.aborted
    const polled = follower.poll(clock.nowMs())
    busyPolls = polled === 'idle' ? 0 : busyPolls + 1
    const paths = follower.paths()
    concern.begin(paths.length)
    // Who looks at every chance anyway need not be woken by each write.
    watched.set(busyPolls > UNTOLD_POLLS ? [] : paths.map(dirname))
    afterPoll?.()
    if (isLast) break
    waitMs = polled === 'idle' ? Math.min(waitMs * 2, idleMs) : busyMs
    // Even with more to read the event loop gets its turn, and a burst of changes is one look.
    await clock.sleep(polled === 'more' ? 0 : busyMs, signal)
    if (polled === 'idle') await clock.sleep(waitMs - busyMs, alarm.signal())
  }
  watched.close()
}

/** Names whose answer is remembered: a directory has few that are written to, or many that come and go. */
const MOST_NAMES = 1000

/**
 * Whether a write is worth a look. All logs of a node lie in one directory, and a quiet one beside a busy one would be looked at twenty
 * times a second for the other's lines.
 */
function createConcern(names: () => readonly string[]) {
  let own: ReadonlySet<string> | undefined
  let paths = 0
  const known = new Map<string, boolean>()
  function answerFor(written: string): boolean {
    own ??= new Set(names())
    if (known.size >= MOST_NAMES) known.clear()
    const answer = own.has(written) || isNamedAfter(written, own)
    known.set(written, answer)
    return answer
  }
  function forget(): void {
    own = undefined
    known.clear()
  }
  return {
    /** So many paths are followed now; they are added, and never taken away. */
    begin(count: number): void {
      if (count !== paths) forget()
      paths = count
    },
    isOf(written: string | undefined): boolean {
      if (written !== undefined) return known.get(written) ?? answerFor(written)
      // Names have changed, and a link may lead to another file.
      forget()
      return true
    },
  }
}

/** A signal that is aborted by the next ring, or with `end`. */
function createAlarm(end: AbortSignal): { ring(): void; signal(): AbortSignal } {
  let hasRung = false
  let waiting: AbortController | undefined
  return {
    ring() {
      hasRung = true
      // Aborting once more would cost an error with its stack each time.
      waiting?.abort()
      waiting = undefined
    },
    signal() {
      const controller = new AbortController()
      if (hasRung) controller.abort()
      else waiting = controller
      hasRung = false
      return AbortSignal.any([end, controller.signal])
    },
  }
}
