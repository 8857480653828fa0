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
    if (looked === 'settling') await bell.settle(settleMs)
    else await bell.rest(pausesAfter(tookMs, typeof pollMs === 'number' ? pollMs : pollMs()))
  }
  watched.close()
}

/** In a directory where something happens all the time, a burst of changes is one look; and what takes long is not done all the time. */
const BURST_SHARE = 0.1
const LONGEST_BURST_MS = 300

/** Who asks waits for the answer, so a burst of asking is shorter; and looking takes a small share of a core at most. */
const SOON_MS = 20
const LOOKING_SHARE = 0.04

/** How long nothing is looked at after a look: where somebody waits, where something has changed, and where nobody said anything. */
interface Pauses {
  readonly askedMs: number
  readonly toldMs: number
  readonly pollMs: number
}

function pausesAfter(tookMs: number, pollMs: number): Pauses {
  const toldMs = Math.min(pollMs * BURST_SHARE, LONGEST_BURST_MS)
  return { askedMs: Math.min(toldMs, Math.max(SOON_MS, tookMs / LOOKING_SHARE)), toldMs, pollMs }
}

interface Bell {
  /** Something has changed. */
  ring(): void
  /** Somebody waits. */
  ask(): void
  /** Waits for so long whatever happens, but for the end. */
  settle(ms: number): Promise<void>
  rest(pauses: Pauses): Promise<void>
}

/** One timer at a time: each wakes the process, and for one that does nothing that is most of what it costs (test/bench/idle.bench.ts). */
function createBell(end: AbortSignal): Bell {
  let hasRung = false
  let isAsked = false
  let again: (() => void) | undefined
  end.addEventListener('abort', () => again?.(), { once: true })

  function wait(dueMs: () => number): Promise<void> {
    const began = performance.now()
    let timer: NodeJS.Timeout | undefined
    return new Promise(resolve => {
      again = () => {
        clearTimeout(timer)
        const leftMs = end.aborted ? 0 : began + dueMs() - performance.now()
        timer = setTimeout(resolve, Math.max(0, leftMs))
      }
      again()
    })
  }

  return {
    ring() {
      if (hasRung) return
      hasRung = true
      again?.()
    },
    ask() {
      if (isAsked) return
      isAsked = true
      again?.()
    },
    async settle(ms) {
      await wait(() => ms)
      again = undefined
    },
    async rest({ askedMs, toldMs, pollMs }) {
      await wait(() => (isAsked ? askedMs : hasRung ? toldMs : pollMs))
      again = undefined
      hasRung = isAsked = false
    },
  }
}
