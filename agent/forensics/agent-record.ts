// What the agent writes about itself between its records, because it says something about evidence: from when to when it watched, with
// which configuration, and when it shed work.

import { ulid } from './id.ts'
import { recordTime } from './time.ts'

interface AgentRecordBase {
  readonly v: 1
  readonly id: string
  readonly ts?: string | undefined
  readonly node?: string | undefined
}

export interface AgentStarted extends AgentRecordBase {
  readonly event: 'agent.started'
  readonly version: string
  /** The first hexadecimal digits of the configuration's SHA-256. */
  readonly config: string
  /** What is read, as a person would call it. */
  readonly sources: readonly string[]
  readonly profile: string
}

export interface AgentStopped extends AgentRecordBase {
  readonly event: 'agent.stopped'
  readonly reason: string
}

export interface AgentDegraded extends AgentRecordBase {
  readonly event: 'agent.degraded'
  /** 0 to 3 (DESIGN section 12). */
  readonly level: number
  /** What was short: `cpu`, `memory`, `queue` or `disk`; absent when all is well again. */
  readonly trigger?: string | undefined
}

export type AgentRecord = AgentStarted | AgentStopped | AgentDegraded

type Without<R, K extends PropertyKey> = R extends unknown ? Omit<R, K> : never

/** What such a record says, without when and where. */
export type AgentFacts = Without<AgentRecord, keyof AgentRecordBase>

/** `at` in microseconds. */
export function agentRecord({ event, ...rest }: AgentFacts, node: string, at: number): AgentRecord {
  const ts = recordTime(at)
  const id = ulid(at, `${event}\0${node}\0${at}\0${JSON.stringify(rest)}`)
  return { v: 1, id, ...(ts !== undefined && { ts }), event, node, ...rest } as AgentRecord
}
