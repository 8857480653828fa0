// What the ceiling is fed with: the agent's own use of processor and memory as a share of what it may use, from its control group where
// there is one, from the process where there is none. Limits from the configuration win where they are lower.

import type { CeilingReadings } from './ceiling.ts'
import type { Cgroup, CgroupFigures } from './cgroup.ts'
import type { EventLoop, LoopDelay } from './event-loop.ts'
import { cpuSeconds, monotonicSeconds, rssBytes } from './process.ts'

export interface Limits {
  readonly cpuCores?: number | undefined
  readonly memoryBytes?: number | undefined
}

export interface SelfSample {
  readonly figures: CgroupFigures
  readonly loop: LoopDelay
  /** The limits that hold, undefined where there is none. */
  readonly limits: Limits
  readonly readings: Omit<CeilingReadings, 'queueShare' | 'lagSeconds' | 'heldShare'>
}

export interface Self {
  /** Once a second: what was used since the last call. */
  sample(): SelfSample
}

/** Passed in by tests. */
export interface ProcessFigures {
  cpuSeconds(): number
  rssBytes(): number
  monotonicSeconds(): number
}

export interface SelfOptions {
  readonly cgroup: Cgroup | undefined
  readonly loop: Pick<EventLoop, 'take'>
  readonly limits?: Limits
  readonly process?: ProcessFigures
}

const thisProcess: ProcessFigures = { cpuSeconds, rssBytes, monotonicSeconds }
const none: CgroupFigures = { cpu: {}, memory: { events: {} }, pressure: [] }

interface Totals {
  readonly at: number
  readonly used: number
  readonly periods: number
  readonly throttled: number
}

export function createSelf({ cgroup, loop, limits = {}, process = thisProcess }: SelfOptions): Self {
  const read = (): CgroupFigures => cgroup?.read() ?? none
  const totalsOf = ({ cpu }: CgroupFigures): Totals => ({
    at: process.monotonicSeconds(),
    used: cpu.usageSeconds ?? process.cpuSeconds(),
    periods: cpu.periods ?? 0,
    throttled: cpu.throttledPeriods ?? 0,
  })
  let last = totalsOf(read())
  return {
    sample() {
      const figures = read()
      const delay = loop.take()
      const now = totalsOf(figures)
      const cpuCores = lower(limits.cpuCores, figures.cpu.limitCores)
      const memoryBytes = lower(limits.memoryBytes, figures.memory.limitBytes)
      const readings = {
        cpuShareOfLimit: (now.used - last.used) / (now.at - last.at) / (cpuCores ?? Number.NaN),
        throttledShare: throttledShare(last, now),
        memoryShareOfLimit:
          (figures.memory.workingSetBytes ?? process.rssBytes()) / (memoryBytes ?? Number.NaN),
        eventLoopDelayMs: delay.maxMs,
      }
      last = now
      return { figures, loop: delay, limits: { cpuCores, memoryBytes }, readings }
    },
  }
}

function throttledShare(last: Totals, now: Totals): number {
  const periods = now.periods - last.periods
  return periods > 0 ? (now.throttled - last.throttled) / periods : 0
}

function lower(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}
