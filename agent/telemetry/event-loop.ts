// How late the event loop is. Not Node's own histogram: each time it is read and begins anew it leaves out what happens until its next
// tick, and with its default of one tick every 10 ms an idle process takes half a percent of a core for it (test/bench/metrics.bench.ts).

import { type Every, interval } from './interval.ts'

export interface LoopDelay {
  /** The longest and the average delay since the last look, in milliseconds. */
  readonly maxMs: number
  readonly meanMs: number
}

export interface EventLoop extends Disposable {
  /** Delays since the last look, which begins anew. */
  take(): LoopDelay
}

/** What is shorter is no trouble of an agent's. */
const EVERY_MS = 250

/** `now` in milliseconds, of a clock that is never set. */
export function watchEventLoop({
  now = () => performance.now(),
  every = interval,
}: {
  readonly now?: () => number
  readonly every?: Every
} = {}): EventLoop {
  let last = now()
  let max = 0
  let sum = 0
  let ticks = 0

  /** How much later it is than the next tick was due. */
  const late = (): number => Math.max(0, now() - last - EVERY_MS)

  function tick(): void {
    const delay = late()
    max = Math.max(max, delay)
    sum += delay
    ticks++
    last = now()
  }

  const stop = every(tick, EVERY_MS)
  return {
    take() {
      // A tick that is overdue already counts now; when it comes it counts for the next look too.
      const taken = { maxMs: Math.max(max, late()), meanMs: ticks === 0 ? late() : sum / ticks }
      max = 0
      sum = 0
      ticks = 0
      return taken
    },
    [Symbol.dispose]: stop,
  }
}
