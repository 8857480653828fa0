// Figures and settings of this process: the only place besides main.ts that touches it.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Resident memory in bytes. */
export function rssBytes(): number {
  return process.memoryUsage.rss()
}

/** Processor time used so far by all threads, user and system, in seconds. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** A monotonic clock, in seconds. */
export function monotonicSeconds(): number {
  return performance.now() / 1000
}

/**
 * For what runs on a node all the time. V8 lets its heap grow as long as the machine has memory: half of it is garbage that is not
 * collected yet. Collecting more often costs a tenth of replay's speed and saves a third of its memory (test/bench/replay.bench.ts).
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size')
  setFlagsFromString('--semi-space-growth-factor=1')
}

/**
 * Gives back what reading a whole cluster left behind: V8 waits for as much garbage as there is of everything else before it looks. A
 * quarter of a second of one core with 10,000 pods, for a tenth of the memory from then on (test/bench/rss.bench.ts).
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: object) => void
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
