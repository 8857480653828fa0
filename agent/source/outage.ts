// The time in which a source was not there, as gaps: one when it is back or given up, and one now and then meanwhile, so that a
// long one is not first heard of at its end.

import type { Receiver } from './receiver.ts'

export interface Outage {
  /** It is not there since `sinceMs`, for all that is known; where it was not there before, that goes on. */
  goesOn(sinceMs: number | undefined, why: string): void
  over(): void
}

const toldEveryMs = 600_000

/** `what` begins the gap's cause: "conntrack was not running". `now`: milliseconds since 1970. */
export function createOutage(what: string, receiver: Receiver, now: () => number): Outage {
  let beganMs: number | undefined
  let cause = what

  function tell(): void {
    if (beganMs !== undefined) receiver.gap({ cause, from: beganMs * 1000, to: now() * 1000 })
    beganMs = undefined
  }

  return {
    goesOn(sinceMs, why) {
      beganMs ??= sinceMs
      cause = `${what}: ${why}`
      if (beganMs === undefined || now() - beganMs < toldEveryMs) return
      tell()
      beganMs = now()
    },
    over: tell,
  }
}
