// The agent's own control group: what it may use and what it used. Found through /proc/self/cgroup and mountinfo, as the kernel mounted
// it here: version 2, version 1, or the mixture of both, and in a container with or without a namespace of its own. What cannot be
// known is absent: a figure of the whole machine is never passed off as the agent's.

import { type CpuFigures, cpuReader } from './cgroup-cpu.ts'
import { locateGroups } from './cgroup-locate.ts'
import { type MemoryFigures, memoryReader } from './cgroup-memory.ts'
import { type PressureFigures, pressureReader } from './cgroup-pressure.ts'
import { openRoot } from './small-file.ts'

export interface CgroupFigures {
  readonly cpu: CpuFigures
  readonly memory: MemoryFigures
  readonly pressure: PressureFigures
}

export interface Cgroup {
  /** In words, for the log: `cgroup v1 at /sys/fs/cgroup/memory`. */
  readonly name: string
  read(): CgroupFigures
}

/**
 * `root` stands before every path: recorded files in tests, the host's mount elsewhere. Undefined where there are no control groups.
 * Reading costs a few system calls on a memory file system: it blocks for less than a millisecond.
 */
export function openCgroup({ root = '' }: { readonly root?: string } = {}): Cgroup | undefined {
  const files = openRoot(root)
  const groups = locateGroups(files)
  if (groups.v2 === undefined && groups.v1.size === 0) return undefined
  const cpu = cpuReader(files, groups)
  const memory = memoryReader(files, groups)
  const pressure = pressureReader(files, groups)
  return {
    name: memory.name ?? cpu.name ?? 'no controllers',
    read: () => ({ cpu: cpu.read(), memory: memory.read(), pressure: pressure() }),
  }
}
