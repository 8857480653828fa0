// What a search asks for, whether it came from the command line or as parameters of a URL.

import type { Wanted } from '../forensics/query-filter.ts'
import type { GroupKey } from '../forensics/query-group.ts'
import { type Filters, readGroupBy, readTime, readWanted } from './query-options.ts'

export interface Asked {
  readonly wanted: Wanted
  /** Microseconds; infinite where every time is wanted. */
  readonly since: number
  readonly until: number
  readonly groupBy: readonly GroupKey[] | undefined
}

/** `nowMs`: relative times count from it. @throws UsageError naming the option, the value and what would be right. */
export function readAsked(filters: Filters, nowMs: number): Asked {
  const { since, until } = filters
  const groupBy = readGroupBy(filters.groupBy)
  return {
    groupBy,
    wanted: flowsOnly(readWanted(filters), groupBy),
    since: since === undefined ? Number.NEGATIVE_INFINITY : readTime('--since', since, nowMs * 1000),
    until: until === undefined ? Number.POSITIVE_INFINITY : readTime('--until', until, nowMs * 1000),
  }
}

/** Leaks and the like count packets that flows count too: they are summed only where they are asked for. */
function flowsOnly(wanted: Wanted, groupBy: readonly GroupKey[] | undefined): Wanted {
  if (groupBy === undefined || wanted.event !== undefined || groupBy.includes('event')) return wanted
  return { ...wanted, event: ['flow.*'] }
}

/** Pods or addresses are named or counted by, which folding does not tell apart. */
export function isOfPods({ wanted: { from = [], to = [] }, groupBy = [] }: Asked): boolean {
  return (
    groupBy.includes('pod') || [...from, ...to].some(end => end.split('/').length === 2 || /[.:]/.test(end))
  )
}
