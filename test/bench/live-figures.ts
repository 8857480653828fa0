// What another process has used, as the kernel counts it, and how busy the machine is: beside every figure of a live bench.

import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import type { Samples } from '../faults/http.ts'

/** Of the kernel's clock for users, always. */
const TICKS_PER_SECOND = 100

/** User and system seconds of a process, and of its children that have ended. */
export function processorSeconds(pid: number): number {
  // The name may hold blanks and brackets; what follows it does not.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
  const ticks = [11, 12, 13, 14].map(i => Number(fields[i])).reduce((a, b) => a + b)
  return ticks / TICKS_PER_SECOND
}

export interface Memory {
  readonly peakMebibytes: number
  readonly nowMebibytes: number
}

export function residentMemory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const mebibytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)![1]) / 1024
  return { peakMebibytes: mebibytes('VmHWM'), nowMebibytes: mebibytes('VmRSS') }
}

/** Of the samples of a metric that have all of these values of labels. */
export function sumOf(samples: Samples, metric: string, ...labels: string[]): number {
  return [...samples]
    .filter(([name]) => name.startsWith(metric) && labels.every(value => name.includes(`"${value}"`)))
    .reduce((sum, [, value]) => sum + value, 0)
}

/** Processes that ran or waited to, on average over the last minute. */
export function load(): string {
  return loadavg()[0]!.toFixed(1)
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
