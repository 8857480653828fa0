// The options of `culprit query`, read and checked.

import type { Wanted } from '../forensics/query-filter.ts'
import { type GroupKey, groupKeys } from '../forensics/query-group.ts'
import type { QueryForm } from '../forensics/query-rows.ts'
import { parseTime } from '../timeline/time.ts'
import { nearestWords, UsageError } from './errors.ts'

/** What records have to be like. */
export interface Filters {
  readonly since?: string
  readonly until?: string
  readonly verdict?: readonly string[]
  readonly from?: readonly string[]
  readonly to?: readonly string[]
  readonly port?: readonly string[]
  readonly policy?: readonly string[]
  readonly event?: readonly string[]
  readonly groupBy?: readonly string[]
}

export interface QueryCall extends Filters {
  readonly records?: string
  readonly agent?: string
  readonly follow?: boolean
  readonly sql?: string
  readonly output?: QueryForm
}

const verdicts = ['allowed', 'denied', 'rejected', 'audited', 'unanswered']
const events = [
  ...verdicts.map(verdict => `flow.${verdict}`),
  ...['policy.changed', 'policy.enforced', 'policy.unenforced', 'verdict.leak', 'verdict.overblock'],
  ...['evidence.gap', 'agent.started', 'agent.stopped', 'agent.degraded', 'chain.checkpoint'],
]

/** @throws UsageError naming the option, the value and what would be right. */
export function readWanted(call: Filters): Wanted {
  const verdict = call.verdict && checked('--verdict', listOf(call.verdict), verdicts)
  const event = call.event && checked('--event', listOf(call.event), events)
  const port = call.port && listOf(call.port).map(readPort)
  const from = call.from && listOf(call.from).map(each => readEnd('--from', each))
  const to = call.to && listOf(call.to).map(each => readEnd('--to', each))
  const policy = call.policy && listOf(call.policy).map(readPolicy)
  return {
    ...(verdict && { verdict }),
    ...(event && { event }),
    ...(port && { port }),
    ...(from && { from }),
    ...(to && { to }),
    ...(policy && { policy }),
  }
}

/** @throws UsageError */
export function readGroupBy(values: readonly string[] | undefined): readonly GroupKey[] | undefined {
  return values && (checked('--group-by', listOf(values), groupKeys) as GroupKey[])
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 }

/** Microseconds: a time, or how long before `now` (`2h`, `90m`, `7d`). @throws UsageError */
export function readTime(option: string, text: string, now: number): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|min|h|d|w)$/.exec(text)
  if (match !== null) return now - Number(match[1]) * units[match[2]!]! * 1_000_000
  const time = parseTime(text)
  if (!Number.isNaN(time)) return time
  throw new UsageError(
    `Cannot use ${option} "${text}": it is a time such as 2026-11-22T14:41:02Z, or how long ago, such as 90m, 2h or 7d`,
  )
}

/** Options may be repeated, and each may be a list. */
function listOf(values: readonly string[]): readonly string[] {
  return values.flatMap(value => value.split(',')).filter(value => value !== '')
}

function checked(option: string, values: readonly string[], known: readonly string[]): readonly string[] {
  for (const value of values) {
    if (
      known.includes(value) ||
      (value.endsWith('.*') && known.some(each => each.startsWith(value.slice(0, -1))))
    )
      continue
    const near = nearestWords(value, known)
    throw new UsageError(
      `Cannot use ${option} "${value}": ${near.length > 0 ? `did you mean ${near.join(' or ')}` : `it can be ${known.join(', ')}`}`,
    )
  }
  return values
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new UsageError(`Cannot use --port "${text}": it is a number from 1 to 65535`)
}

function readEnd(option: string, text: string): string {
  const parts = text.split('/')
  if (parts.length <= 3 && parts.every(part => part !== '')) return text
  throw new UsageError(
    `Cannot use ${option} "${text}": it is ns, ns/pod, ns/workload, ns/service, ns/Kind/name, an address or a CIDR`,
  )
}

function readPolicy(text: string): string {
  if (/^[^/]+\/[^/]+$/.test(text)) return text
  throw new UsageError(
    `Cannot use --policy "${text}": it is ns/name, ns/*, or Kind/name of one that is cluster-scoped`,
  )
}
