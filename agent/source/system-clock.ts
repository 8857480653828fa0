// The clock and the timer of the machine, as loops take them.

import { setTimeout as wait } from 'node:timers/promises'
import type { LoopClock } from './follow-loop.ts'

export const systemClock: LoopClock = {
  nowMs: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await wait(ms, undefined, { signal })
    } catch {
      // Aborted: the wait is over, which is all that was asked for.
    }
  },
}
