// Looks at something on the disk again and again: at a steady pace, sooner when the kernel tells of a change, and soon once more while
// what was seen may still be half written. Being told is nobody's promise, so it only shortens the wait.

import { watch } from 'node:fs'

/** `settling`: it changed, and has to be the same in the next look before it is believed. */
export type Looked = 'settled' | 'settling'

export interface LookOptions {
  /** Directories whose changes are worth a look at once; asked after each look. */
  readonly directories: () => readonly string[]
  readonly signal: AbortSignal
  /** Between two looks where nothing is told; a function where it depends on how much there is to look at. */
  readonly pollMs?: number | (() => number)
  /** Between two looks of which the second confirms the first. */
  readonly settleMs?: number
  readonly watch?: Watch
  /** Is given what asks for a look soon. */
  readonly ringer?: (ring: () => void) => void
}

/** Tells of changes in a directory until it is closed; `undefined` where it cannot be watched. */
export type Watch = (directory: string, onChange: () => void) => { close(): void } | undefined

export const POLL_MS = 1000
export const SETTLE_MS = 500

/** Resolves when the signal is aborted, after the look that was under way. */
export async function lookAgain(look: () => Looked | Promise<Looked>, options: LookOptions): Promise<void> {
  const { signal, pollMs = POLL_MS, settleMs = SETTLE_MS } = options
  const bell = createBell(signal)
  const watched = createWatched(options.watch ?? watchDirectory, bell.ring)
  options.ringer?.(bell.ring)
  while (!signal.aborted) {
    watched.set(options.directories())
    const looked = await look()
    if (looked === 'settling') await bell.wait(settleMs, 'only the end')
    else await rest(bell, typeof pollMs === 'number' ? pollMs : pollMs())
  }
  watched.close()
}

/** In a directory where something happens all the time, a burst of changes is one look; and what takes long is not done all the time. */
const BURST_SHARE = 0.1
const LONGEST_BURST_MS = 300

async function rest(bell: Bell, pollMs: number): Promise<void> {
  const atLeast = Math.min(pollMs * BURST_SHARE, LONGEST_BURST_MS)
  await bell.wait(atLeast, 'only the end')
  await bell.wait(pollMs - atLeast, 'a change too')
}

interface Bell {
  ring(): void
  wait(ms: number, by: WakenBy): Promise<void>
}

type WakenBy = 'only the end' | 'a change too'

function createBell(end: AbortSignal): Bell {
  let hasRung = false
  let wake: (() => void) | undefined
  let finish: (() => void) | undefined
  end.addEventListener('abort', () => finish?.(), { once: true })
  return {
    ring() {
      hasRung = true
      wake?.()
    },
    async wait(ms, by) {
      if (end.aborted || (hasRung && by === 'a change too')) ms = 0
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, ms)
        finish = () => {
          clearTimeout(timer)
          resolve()
        }
        wake = by === 'a change too' ? finish : undefined
      })
      if (by === 'a change too') hasRung = false
      wake = finish = undefined
    },
  }
}

function createWatched(watchOne: Watch, onChange: () => void) {
  const open = new Map<string, { close(): void }>()
  return {
    /** One that cannot be watched yet is tried again. */
    set(directories: readonly string[]): void {
      const wanted = new Set(directories)
      for (const [directory, watcher] of open) {
        if (wanted.has(directory)) continue
        watcher.close()
        open.delete(directory)
      }
      for (const directory of wanted) {
        const watcher = open.get(directory) ?? watchOne(directory, onChange)
        if (watcher !== undefined) open.set(directory, watcher)
      }
    },
    close(): void {
      for (const watcher of open.values()) watcher.close()
    },
  }
}

const watchDirectory: Watch = (directory, onChange) => {
  try {
    const watcher = watch(directory, { persistent: false }, onChange)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    // No directory yet, or no watch left on this node: looking is what counts.
    return undefined
  }
}
