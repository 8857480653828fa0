// The agent's own ceiling: from readings, once a second, the level of degradation. It rises quickly, falls slowly, one step at a time,
// and never changes more often than its own waiting times allow. Pure: it decides, the agent acts (levels.ts).

import type { Level, Trigger } from './levels.ts'
import { type CeilingReadings, defaultThresholds, demandOf, type Thresholds } from './thresholds.ts'

export type { CeilingReadings } from './thresholds.ts'

export interface LevelChange {
  readonly level: Level
  readonly from: Level
  /** What made it rise; for a fall, what had made it rise. */
  readonly trigger: Trigger
}

export interface CeilingOptions {
  readonly thresholds?: Thresholds
  /** Readings in a row above a threshold before the level rises. */
  readonly riseAfter?: number
  /** The same for memory, which kills. */
  readonly memoryRiseAfter?: number
  /** Readings in a row well below before it falls by one. */
  readonly fallAfter?: number
  /** "Well below" a threshold: below this share of it. */
  readonly release?: number
}

export interface Ceiling {
  readonly level: Level
  /** What holds it above 0. */
  readonly trigger: Trigger | undefined
  /** To be fed once a second; a reading that is not known is NaN. */
  feed(readings: CeilingReadings): LevelChange | undefined
}

/** Memory may take two levels in one step: what is 80 MB away from being killed has no time for three of them. */
const MEMORY_STEP = 2

export function createCeiling({
  thresholds = defaultThresholds,
  riseAfter = 3,
  memoryRiseAfter = 2,
  fallAfter = 20,
  release = 0.8,
}: CeilingOptions = {}): Ceiling {
  let level: Level = 0
  let trigger: Trigger | undefined
  let above = 0
  let memoryAbove = 0
  let below = 0

  function change(next: number, cause: Trigger): LevelChange {
    const from = level
    level = next as Level
    trigger = level === 0 ? undefined : cause
    above = 0
    memoryAbove = 0
    below = 0
    return { level, from, trigger: cause }
  }

  return {
    get level() {
      return level
    },
    get trigger() {
      return trigger
    },
    feed(readings) {
      const demand = demandOf(readings, thresholds, 1)
      above = demand.level > level ? above + 1 : 0
      memoryAbove = demand.memory > level ? memoryAbove + 1 : 0
      below = demandOf(readings, thresholds, release).level < level ? below + 1 : 0
      if (memoryAbove >= memoryRiseAfter)
        return change(Math.min(demand.memory, level + MEMORY_STEP), 'memory')
      if (above >= riseAfter) return change(level + 1, demand.trigger)
      if (below >= fallAfter) return change(level - 1, trigger!)
      return undefined
    },
  }
}
