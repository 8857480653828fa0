// The agent's ceiling at work: what it uses and how far it is behind, once a second, and the level that follows from it.

import type { Agent } from '../agent.ts'
import type { Config } from '../config.ts'
import type { Segments } from '../sink/segments.ts'
import {
  actionsAt,
  createCeiling,
  createSelf,
  openCgroup,
  type Telemetry,
  watchCeiling,
  watchEventLoop,
} from '../telemetry/index.ts'

export interface AgentCeiling extends Disposable {
  /** One sentence where work is shed. */
  readonly note: string | undefined
}

interface CeilingOptions {
  readonly agent: Agent
  readonly segments: Segments | undefined
  readonly limits: Config['limits']
  readonly telemetry: Telemetry
}

const MIB = 1024 * 1024
/**
 * What a flood has made of the heap and the tables stays: after one, the agent rests at 60 % of a limit of 200 MiB (test/faults/ceiling.test.ts),
 * and a level that is only left below that would never be left.
 */
const RELEASE = 0.9

export function openCeiling({ agent, segments, limits, telemetry }: CeilingOptions): AgentCeiling {
  const loop = watchEventLoop()
  const self = createSelf({
    cgroup: openCgroup(),
    loop,
    limits: {
      ...(limits.cpuCores !== undefined && { cpuCores: limits.cpuCores }),
      ...(limits.memoryMebibytes !== undefined && { memoryBytes: limits.memoryMebibytes * MIB }),
    },
  })
  const ceiling = createCeiling({ release: RELEASE })
  const watching = watchCeiling({
    ceiling,
    read() {
      const { figures, loop: delay, readings } = self.sample()
      telemetry.metrics.observeCgroup(figures)
      telemetry.metrics.observeLoop(delay)
      return {
        ...readings,
        queueShare: agent.outbox.waitingBytes / agent.outbox.capacityBytes,
        lagSeconds: agent.behindSeconds,
        heldShare: segments?.heldShare ?? Number.NaN,
      }
    },
    onLevel({ level, trigger }) {
      agent.degrade(level, level === 0 ? undefined : trigger)
      telemetry.degraded({ level, trigger })
      const { allowedShare } = actionsAt(level)
      telemetry.metrics.observeSampling('allowed', allowedShare)
    },
    onError: error => telemetry.internalError({ component: 'ceiling', error }),
  })
  return {
    get note() {
      const { level, trigger } = ceiling
      return level === 0 ? undefined : `degraded to level ${level} for want of ${trigger}`
    },
    [Symbol.dispose]() {
      watching[Symbol.dispose]()
      loop[Symbol.dispose]()
    },
  }
}
