// Looks at something on the disk again and again: at a steady pace, sooner when the kernel tells of a change, and soon once more while
// what was seen may still be half written. Being told is nobody's promise, so it only shortens the wait.

import { type Watch, watchDirectories } from './watch-directories.ts'

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
  /** Is given what asks for a look soon: somebody waits for it. */
  readonly ringer?: (ask: () => void) => void
}

export const POLL_MS = 1000
export const SETTLE_MS = 500

/** Resolves when the signal is aborted, after the look that was under way. */
export async function lookAgain(look: () => Looked | Promise<Looked>, options: LookOptions): Promise<void> {
  const { signal, pollMs = POLL_MS, settleMs = SETTLE_MS } = options
  const bell = createBell(signal)
  const watched = watchDirectories(bell.ring, options.watch)
  options.ringer?.(bell.ask)
  while (!signal.aborted) {
    watched.set(options.directories())
    const began = performance.now()
    const looked = await look()
    const tookMs = performance.now() - began
    if (looked === 'settling') await bell.wait(settleMs, 'only the end')
    else await rest(bell, typeof pollMs === 'number' ? pollMs : pollMs(), tookMs)
  }
  watched.close()
}

/** In a directory where something happens all the time, a burst of changes is one look; and what takes long is not done all the time. */
const BURST_SHARE = 0.1
const LONGEST_BURST_MS = 300

/** Who asks waits for the answer, so a burst of asking is shorter; and looking takes a small share of a core at most. */
const SOON_MS = 20
const LOOKING_SHARE = 0.04

async function rest(bell: Bell, pollMs: number, tookMs: number): Promise<void> {
  const atLeast = Math.min(pollMs * BURST_SHARE, LONGEST_BURST_MS)
  const soon = Math.min(atLeast, Math.max(SOON_MS, tookMs / LOOKING_SHARE))
  await bell.wait(soon, 'only the end')
  await bell.wait(atLeast - soon, 'being asked too')
  await bell.wait(pollMs - atLeast, 'a change too')
}

interface Bell {
  /** Something has changed. */
  ring(): void
  /** Somebody waits. */
  ask(): void
  wait(ms: number, by: WakenBy): Promise<void>
}

/** Each by what the ones before it are, too. */
type WakenBy = 'only the end' | 'being asked too' | 'a change too'

function createBell(end: AbortSignal): Bell {
  let hasRung = false
  let isAsked = false
  let waitsFor: WakenBy = 'only the end'
  let finish: (() => void) | undefined
  const isOver = (by: WakenBy): boolean =>
    end.aborted || (isAsked && by !== 'only the end') || (hasRung && by === 'a change too')
  const wake = (): void => {
    if (isOver(waitsFor)) finish?.()
  }
  end.addEventListener('abort', wake, { once: true })
  return {
    ring() {
      hasRung = true
      wake()
    },
    ask() {
      isAsked = true
      wake()
    },
    async wait(ms, by) {
      waitsFor = by
      if (!isOver(by)) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, ms)
          finish = () => {
            clearTimeout(timer)
            resolve()
          }
        })
        finish = undefined
      }
      if (by === 'a change too') hasRung = isAsked = false
    },
  }
}
