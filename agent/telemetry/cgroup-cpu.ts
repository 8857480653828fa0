// Processor time and its quota: `cpu.stat` and `cpu.max` of version 2; `cpuacct.usage`, `cpu.stat` and `cpu.cfs_quota_us` of version 1
// (the kernel's Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst).

import { type Group, type Groups, lineage } from './cgroup-locate.ts'
import type { SmallFiles } from './small-file.ts'

export interface CpuFigures {
  readonly usageSeconds?: number | undefined
  readonly periods?: number | undefined
  readonly throttledPeriods?: number | undefined
  readonly throttledSeconds?: number | undefined
  /** The lowest quota that holds for the agent, in cores. */
  readonly limitCores?: number | undefined
}

export interface CpuReader {
  readonly name: string | undefined
  read(): CpuFigures
}

export function cpuReader(files: SmallFiles, { v1, v2 }: Groups): CpuReader {
  const cpu = v1.get('cpu')
  if (cpu !== undefined)
    return { name: `cgroup v1 at ${cpu.path}`, read: () => version1(files, cpu, v1.get('cpuacct')) }
  if (v2 !== undefined) return { name: `cgroup v2 at ${v2.path}`, read: () => version2(files, v2) }
  return { name: undefined, read: () => ({}) }
}

function version2(files: SmallFiles, group: Group): CpuFigures {
  const limitCores = lowest(lineage(group).map(path => quota(files.text(`${path}/cpu.max`))))
  // The highest group of all has a cpu.stat too, of the whole machine; only it has no cgroup.type.
  if (files.text(`${group.path}/cgroup.type`) === undefined) return { limitCores }
  const stat = files.keyed(`${group.path}/cpu.stat`)
  return {
    usageSeconds: scaled(stat.get('usage_usec'), 1e6),
    periods: stat.get('nr_periods'),
    throttledPeriods: stat.get('nr_throttled'),
    throttledSeconds: scaled(stat.get('throttled_usec'), 1e6),
    limitCores,
  }
}

function version1(files: SmallFiles, group: Group, accounting: Group | undefined): CpuFigures {
  const stat = files.keyed(`${group.path}/cpu.stat`)
  const isWhole = accounting === undefined || isWholeMachine(files, accounting)
  return {
    usageSeconds: isWhole ? undefined : scaled(files.number(`${accounting.path}/cpuacct.usage`), 1e9),
    periods: stat.get('nr_periods'),
    throttledPeriods: stat.get('nr_throttled'),
    throttledSeconds: scaled(stat.get('throttled_time'), 1e9),
    limitCores: lowest(lineage(group).map(path => quota1(files, path))),
  }
}

/** Only the highest group of a version 1 hierarchy has a release agent. */
export function isWholeMachine(files: SmallFiles, { path }: Group): boolean {
  return files.text(`${path}/release_agent`) !== undefined
}

/** `max 100000`, `50000 100000` */
function quota(text: string | undefined): number | undefined {
  const [, allowed, period] = /^(\d+) (\d+)/.exec(text ?? '') ?? []
  return allowed === undefined ? undefined : Number(allowed) / Number(period)
}

/** -1 is no quota. */
function quota1(files: SmallFiles, path: string): number | undefined {
  const allowed = files.number(`${path}/cpu.cfs_quota_us`)
  const period = files.number(`${path}/cpu.cfs_period_us`)
  return allowed === undefined || allowed <= 0 || !period ? undefined : allowed / period
}

function scaled(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by
}

export function lowest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
