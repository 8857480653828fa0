// What a flow of Calico says of the policies that saw it: which of them decided, and whose decision that was.

import { type CalicoPolicy, calicoCause, calicoPolicies } from './calico-policy.ts'
import type { Clock } from './clock.ts'
import { Cause, Direction, type Flow, type Reported, Verdict } from './flow.ts'
import { integerIn, takeTime } from './json-object.ts'

export interface Decision {
  readonly cause: Cause
  readonly reported: Reported
}

/** A policy that was hit. */
export interface Hit {
  readonly policy: CalicoPolicy
  readonly action: 'allow' | 'deny' | 'pass'
  /** Its place among those that saw the packet. */
  readonly index: number
}

const words = { allow: 'allowed', deny: 'denied' } as const

/** Tiers pass a packet on until one decides, so that the last hit with the flow's own action has decided. */
export function deciding<T extends Hit>(hits: readonly T[], action: 'allow' | 'deny'): T | undefined {
  return hits
    .filter(hit => hit.action === action && !hit.policy.isStaged)
    .reduce<T | undefined>(
      (last, hit) => (last !== undefined && last.index > hit.index ? last : hit),
      undefined,
    )
}

/** `policy`: the one that decided, or that made the end of its tier decide; undefined where the line names none. */
export function decisionOf(
  action: 'allow' | 'deny',
  policy: CalicoPolicy | undefined,
  as: string | undefined,
): Decision {
  const cause = policy === undefined ? Cause.none : calicoCause(policy)
  return {
    // What a profile lets in, no policy selects.
    cause: action === 'allow' && cause === Cause.notPolicy ? Cause.none : cause,
    reported: {
      by: 'calico',
      verdict: words[action],
      policies: policy === undefined ? [] : calicoPolicies(policy),
      ...(as !== undefined && { as }),
    },
  }
}

export function decide(flow: Flow, action: 'allow' | 'deny', { cause, reported }: Decision): void {
  flow.verdict = action === 'allow' ? Verdict.allowed : Verdict.denied
  flow.cause = cause
  flow.reported = reported
}

/** The reporter's policies are those of the line; its own direction is theirs. */
export function takeReporter(flow: Flow, reporter: string): boolean {
  if (reporter !== 'src' && reporter !== 'dst') return false
  flow.direction = reporter === 'src' ? Direction.egress : Direction.ingress
  return true
}

/** Ten years: a flow of which it is said that it took longer has a broken time. */
const LONGEST = 315_360_000

/** The time of a flow is the start of its window. */
export function takeWindow(flow: Flow, start: unknown, end: unknown, clock: Clock): boolean {
  const until = end !== undefined && takeTime(end, flow, clock) ? flow.time : Number.NaN
  if (!takeTime(start, flow, clock)) return false
  const seconds = Math.ceil((until - flow.time) / 1_000_000)
  if (seconds > 0 && seconds < LONGEST) flow.window = seconds
  return true
}

/** `in` and `out` are as the reporter sees them: what the initiator sent goes out of the one end and into the other. */
export function takeCounters(flow: Flow, object: Readonly<Record<string, unknown>>): boolean {
  const way = flow.direction === Direction.egress ? 'out' : 'in'
  flow.packets = counterIn(object[`packets_${way}`])
  flow.bytes = counterIn(object[`bytes_${way}`])
  return flow.packets >= 0 && flow.bytes >= 0
}

/** 0 where it is absent, -1 where it is no number. */
export function counterIn(value: unknown): number {
  return value === undefined || value === null ? 0 : integerIn(value, Number.MAX_SAFE_INTEGER)
}
