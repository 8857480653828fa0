// From which reading on each level is asked for. Each row is a reading, its trigger, and the least values for levels 1, 2 and 3.

import type { Trigger } from './levels.ts'

/** Each is NaN where it is not known: what is not known asks for nothing. */
export interface CeilingReadings {
  /** Processor time used, of what the limit allows. */
  readonly cpuShareOfLimit: number
  /** Scheduling periods in which the kernel stopped the agent, of all periods. */
  readonly throttledShare: number
  readonly memoryShareOfLimit: number
  readonly eventLoopDelayMs: number
  /** 0 to 1, of the fullest bounded queue. */
  readonly queueShare: number
  /** Of the slowest source. */
  readonly lagSeconds: number
  /** 0 to 1: how full the memory is that holds records which the disk does not take. */
  readonly heldShare?: number
}

interface Row {
  readonly trigger: Trigger
  readonly levels: readonly [number, number, number]
}

export type Thresholds = { readonly [Reading in keyof CeilingReadings]-?: Row }

/**
 * A busy processor alone never folds denials: at its quota the agent is slow, not wrong. It is what a full queue, a growing lag or a
 * kernel that stops it every other period say that matters. Memory ends in a kill, so its levels come before the limit.
 */
export const defaultThresholds: Thresholds = {
  cpuShareOfLimit: { trigger: 'cpu', levels: [0.8, 0.95, Number.POSITIVE_INFINITY] },
  throttledShare: { trigger: 'cpu', levels: [0.1, 0.3, 0.6] },
  memoryShareOfLimit: { trigger: 'memory', levels: [0.75, 0.85, 0.92] },
  eventLoopDelayMs: { trigger: 'cpu', levels: [250, 1000, 4000] },
  queueShare: { trigger: 'queue', levels: [0.5, 0.75, 0.95] },
  lagSeconds: { trigger: 'queue', levels: [10, 60, 300] },
  heldShare: { trigger: 'disk', levels: [0.5, 0.75, 0.95] },
}

export interface Demand {
  readonly level: number
  /** The level that memory alone asks for. */
  readonly memory: number
  /** What asks for the highest level; meaningless at 0. */
  readonly trigger: Trigger
}

/** What the readings ask for, with every threshold taken times `factor`. */
export function demandOf(readings: CeilingReadings, thresholds: Thresholds, factor: number): Demand {
  const memory = levelOf(readings.memoryShareOfLimit, thresholds.memoryShareOfLimit.levels, factor)
  let level = memory
  let trigger: Trigger = 'memory'
  for (const reading of Object.keys(thresholds) as (keyof CeilingReadings)[]) {
    const row = thresholds[reading]
    const asked = levelOf(readings[reading] ?? Number.NaN, row.levels, factor)
    if (asked > level) {
      level = asked
      trigger = row.trigger
    }
  }
  return { level, memory, trigger }
}

function levelOf(value: number, levels: readonly number[], factor: number): number {
  return levels.filter(least => value >= least * factor).length
}
