// How long this node's data plane may take to enforce a change, learnt from the changes that it was seen to enforce. It is only ever
// longer than what is taken for granted: a data plane that was quick ten times may be slow the eleventh, and a packet that is called a
// leak too early is a wrong accusation.

import type { Measured } from './enforcement.ts'

export interface LagLearner {
  /** Takes what was measured; the lag in milliseconds where it is another now. */
  learn(measured: readonly Pick<Measured, 'delay'>[]): number | undefined
  /** Milliseconds. */
  readonly lagMs: number
}

/** Measurements that are remembered. */
const REMEMBERED = 100
/** The next change may take longer than the longest one seen. */
const MARGIN = 1.5
const MOST_MS = 60_000

export function createLagLearner(leastMs = 5_000): LagLearner {
  let delays: number[] = []
  let lagMs = leastMs
  return {
    learn(measured) {
      if (measured.length === 0) return undefined
      // At least so long: what it took at most may be all the time without traffic.
      delays = [...delays, ...measured.map(({ delay }) => delay[0] / 1000)].slice(-REMEMBERED)
      const learnt = Math.min(MOST_MS, Math.max(leastMs, Math.ceil(Math.max(...delays) * MARGIN)))
      if (learnt === lagMs) return undefined
      lagMs = learnt
      return lagMs
    },
    get lagMs() {
      return lagMs
    },
  }
}
