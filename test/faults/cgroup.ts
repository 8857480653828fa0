// A control group of the test's own: version 1, for processor and memory. Needs root and a machine that has these controllers.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const base = '/sys/fs/cgroup'
const controllers = ['cpu', 'cpuacct', 'memory'] as const
const PERIOD_US = 100_000

/** Why this machine has none to give; undefined where it has. */
export function whyNoCgroup(): string | undefined {
  if (process.getuid?.() !== 0) return 'SKIPPED: needs root, to make a control group'
  const missing = controllers.find(each => !existsSync(join(base, each, 'cgroup.procs')))
  return missing && `SKIPPED: needs the version 1 controller "${missing}" at ${join(base, missing)}`
}

export interface TestCgroup extends Disposable {
  /** To be called before the process has done anything. */
  add(pid: number): void
  /** Undefined: no quota. */
  limitCores(cores: number | undefined): void
  /** Bytes in use that the kernel cannot simply take back: the file cache fills any limit. */
  readonly anonymous: number
  readonly oomKills: number
}

export function makeCgroup(name: string, memoryBytes: number): TestCgroup {
  const of = (controller: string, file = ''): string => join(base, controller, name, file)
  for (const each of controllers) mkdirSync(of(each), { recursive: true })
  writeFileSync(of('memory', 'memory.limit_in_bytes'), String(memoryBytes))
  const keyed = (file: string, key: string): number => {
    const [, value] = new RegExp(`^${key} (\\d+)$`, 'm').exec(readFileSync(of('memory', file), 'utf8')) ?? []
    return Number(value)
  }
  return {
    add(pid) {
      for (const each of controllers) writeFileSync(of(each, 'cgroup.procs'), String(pid))
    },
    limitCores(cores) {
      const quota = cores === undefined ? -1 : Math.round(cores * PERIOD_US)
      writeFileSync(of('cpu', 'cpu.cfs_quota_us'), String(quota))
    },
    get anonymous() {
      return keyed('memory.stat', 'rss')
    },
    get oomKills() {
      return keyed('memory.oom_control', 'oom_kill')
    },
    [Symbol.dispose]() {
      for (const pid of readFileSync(of('memory', 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
        process.kill(Number(pid), 'SIGKILL')
      for (const each of controllers) removeEmptied(of(each))
    },
  }
}

/** A group can be removed when the last of its processes is gone. */
function removeEmptied(path: string): void {
  for (let tries = 100; ; tries--) {
    try {
      rmdirSync(path)
      return
    } catch (error) {
      if (tries === 0) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    }
  }
}

export interface Most extends Disposable {
  /** Bytes: the most so far. */
  readonly anonymous: number
}

const LOOK_MS = 200

/** Looks at the group again and again; to be disposed of before it. */
export function watchMost(cgroup: TestCgroup): Most {
  let anonymous = 0
  const timer = setInterval(() => {
    anonymous = Math.max(anonymous, cgroup.anonymous)
  }, LOOK_MS)
  return {
    get anonymous() {
      return anonymous
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
