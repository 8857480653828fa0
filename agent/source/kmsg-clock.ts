// When the kernel's stamps began, on the wall's clock. The stamps come from a clock that nobody disciplines, so over days it runs
// away from the wall's by seconds; and the wall's clock may be set. Both are told from fresh records: one that was not there
// at one look and is there at the next was stamped between the two.

import { hrtime } from 'node:process'
import type { BootClock } from '../../collectors/collector.ts'

/** Plain data, of one boot of the machine: what its next reader goes on with, so that a record keeps its time. */
export interface ClockState {
  /** Microseconds between 1970 and the zero of the kernel's stamps. */
  readonly bootTime: number
  /** The wall's clock less the monotonic one at that time, in microseconds. */
  readonly offset: number
}

export interface KernelClock extends BootClock {
  /**
   * A record stamped `stamp` microseconds after boot was there at `beforeMs` on the wall, and not yet at `afterMs`, NaN where
   * nobody had looked. Costs nothing worth mentioning; correct it before the record's line is read.
   */
  observe(stamp: number, afterMs: number, beforeMs: number): void
  state(): ClockState
  /** Goes on with the state of an earlier reader in the same boot. */
  restore(state: ClockState): void
}

export interface ClockSources {
  /** Milliseconds since 1970, `Date.now` by default. */
  readonly now?: () => number
  /** Microseconds of a clock that is never set. */
  readonly monotonic?: () => number
  /** The first estimate, `kernelBootTime` by default. */
  readonly bootTime?: number
}

/** Both clocks are read one after the other, and the wall's in milliseconds: smaller differences are no step. */
const STEP_MICROS = 3_000
const MILLISECOND = 1000

export function createKernelClock(sources: ClockSources = {}): KernelClock {
  const { now = Date.now, monotonic = monotonicMicros } = sources
  let bootTime = sources.bootTime ?? kernelBootTime()
  let offset = measure()

  function measure(): number {
    return now() * MILLISECOND - monotonic()
  }

  /** The wall's clock was set: records read late move with it. */
  function followSteps(): void {
    const measured = measure()
    if (Math.abs(measured - offset) <= STEP_MICROS) return
    bootTime += measured - offset
    offset = measured
  }

  return {
    get bootTime() {
      return bootTime
    },
    observe(stamp, afterMs, beforeMs) {
      followSteps()
      const latest = (beforeMs + 1) * MILLISECOND - stamp
      const earliest = (afterMs - 1) * MILLISECOND - stamp
      if (bootTime > latest) bootTime = latest
      else if (bootTime < earliest) bootTime = earliest
    },
    state: () => ({ bootTime, offset }),
    restore(state) {
      bootTime = state.bootTime
      offset = state.offset
      followSteps()
    },
  }
}

function monotonicMicros(): number {
  return Number(hrtime.bigint() / 1000n)
}

/**
 * Microseconds between 1970 and the zero of the stamps in the kernel log. Measured: 0.2 to 0.4 ms off, which is the time that
 * passes between a message and its stamp.
 */
export function kernelBootTime(): number {
  // Losing the processor between the two clocks makes the difference smaller, never greater.
  return Math.max(...Array.from({ length: 5 }, clockDifference))
}

/** Date.now() has milliseconds; right after it has changed it is exact. */
function clockDifference(): number {
  const before = Date.now()
  let now = Date.now()
  while (now === before) now = Date.now()
  return now * MILLISECOND - monotonicMicros()
}
