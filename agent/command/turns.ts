// Work that is done beside the agent's own takes a quarter of a core at most: it waits three times as long as it worked. Of searches two
// run at once (scan-limit.ts), so half of a core is always the agent's.

import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicSeconds } from '../telemetry/process.ts'

export interface Turns {
  /** To be awaited between pieces of a few milliseconds. */
  next(): Promise<void>
}

/** Waiting for less than this costs more than it gives. */
const TURN_SECONDS = 0.01
const WAITS = 3

export function createTurns(): Turns {
  let began = monotonicSeconds()
  return {
    async next() {
      const worked = monotonicSeconds() - began
      if (worked < TURN_SECONDS) return
      await sleep(worked * 1000 * WAITS)
      began = monotonicSeconds()
    },
  }
}
