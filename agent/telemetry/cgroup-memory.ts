// Memory, its limit and what happened at it. What counts towards a kill is all but the inactive part of the file cache, which the kernel
// takes back first: the working set, as the kubelet has it too.

import { isWholeMachine, lowest } from './cgroup-cpu.ts'
import { type Group, type Groups, lineage } from './cgroup-locate.ts'
import type { SmallFiles } from './small-file.ts'

export interface MemoryFigures {
  readonly workingSetBytes?: number | undefined
  readonly limitBytes?: number | undefined
  /** Totals: `high`, `max`, `oom`, `oom_kill`. */
  readonly events: Readonly<Record<string, number>>
}

export interface MemoryReader {
  readonly name: string | undefined
  read(): MemoryFigures
}

export function memoryReader(files: SmallFiles, { v1, v2 }: Groups): MemoryReader {
  const memory = v1.get('memory')
  if (memory !== undefined)
    return { name: `cgroup v1 at ${memory.path}`, read: () => version1(files, memory) }
  if (v2 !== undefined) return { name: `cgroup v2 at ${v2.path}`, read: () => version2(files, v2) }
  return { name: undefined, read: () => ({ events: {} }) }
}

function version2(files: SmallFiles, group: Group): MemoryFigures {
  const used = files.number(`${group.path}/memory.current`)
  const inactive = files.keyed(`${group.path}/memory.stat`).get('inactive_file') ?? 0
  const events = files.keyed(`${group.path}/memory.events`)
  return {
    workingSetBytes: workingSet(used, inactive),
    limitBytes: lowest(lineage(group).map(path => files.number(`${path}/memory.max`))),
    events: chosen({
      high: events.get('high'),
      max: events.get('max'),
      oom: events.get('oom'),
      oom_kill: events.get('oom_kill'),
    }),
  }
}

/** What stands for "no limit" in version 1: the largest number of bytes in whole pages. No machine has a pebibyte. */
const NO_LIMIT = 2 ** 50

function version1(files: SmallFiles, group: Group): MemoryFigures {
  const stat = files.keyed(`${group.path}/memory.stat`)
  const limit = stat.get('hierarchical_memory_limit') ?? files.number(`${group.path}/memory.limit_in_bytes`)
  const events = {
    max: files.number(`${group.path}/memory.failcnt`),
    oom_kill: files.keyed(`${group.path}/memory.oom_control`).get('oom_kill'),
  }
  const isWhole = isWholeMachine(files, group)
  const used = isWhole ? undefined : files.number(`${group.path}/memory.usage_in_bytes`)
  return {
    workingSetBytes: workingSet(used, stat.get('total_inactive_file') ?? 0),
    limitBytes: limit === undefined || limit >= NO_LIMIT ? undefined : limit,
    events: isWhole ? {} : chosen(events),
  }
}

function workingSet(used: number | undefined, inactive: number): number | undefined {
  return used === undefined ? undefined : Math.max(0, used - inactive)
}

function chosen(events: Readonly<Record<string, number | undefined>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(events).flatMap(([name, n]) => (n === undefined ? [] : [[name, n]])),
  )
}
