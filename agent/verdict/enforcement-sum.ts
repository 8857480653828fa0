// What the flows of one change add up to, and what that says about its enforcement.

import type { AppliedChange } from '../timeline/index.ts'
import type { Measured } from './enforcement.ts'

/** What flows with the same needs show. */
export interface Bucket {
  readonly needs: readonly AppliedChange[]
  readonly sources: Map<string, { flows: number; held: number }>
  first: number
  lastOld: number
  firstNew: number
  lastNew: number
}

export type Sum = Omit<Bucket, 'needs' | 'sources' | 'first'> & {
  readonly flows: number
  readonly held: number
}

/** Minima and maxima of no flow at all. */
export const nothing = {
  lastOld: Number.NEGATIVE_INFINITY,
  firstNew: Number.POSITIVE_INFINITY,
  lastNew: Number.NEGATIVE_INFINITY,
}

/** Two logs may tell of the same packets, so of several the one that tells most is believed. */
export function sumUp(buckets: readonly Bucket[]): Sum {
  const totals = new Map<string, { flows: number; held: number }>()
  const sum = { ...nothing }
  for (const bucket of buckets) {
    sum.lastOld = Math.max(sum.lastOld, bucket.lastOld)
    sum.firstNew = Math.min(sum.firstNew, bucket.firstNew)
    sum.lastNew = Math.max(sum.lastNew, bucket.lastNew)
    for (const [source, { flows, held }] of bucket.sources) {
      const total = totals.get(source) ?? { flows: 0, held: 0 }
      totals.set(source, { flows: total.flows + flows, held: total.held + held })
    }
  }
  const counts = [...totals.values()]
  return {
    ...sum,
    flows: counts.reduce((all, { flows }) => all + flows, 0),
    held: Math.max(0, ...counts.map(({ held }) => held)),
  }
}

type Outcome = Pick<Measured, 'outcome' | 'delay' | 'lastOld' | 'firstNew' | 'isMixed' | 'flows'>

/** Undefined where nothing can be said. */
export function measure(
  { at, since }: AppliedChange,
  sums: readonly Sum[],
  lag: number,
): Outcome | undefined {
  const lastOld = Math.max(...sums.map(sum => sum.lastOld))
  const firstNew = Math.min(...sums.map(sum => sum.firstNew))
  const lastNew = Math.max(...sums.map(sum => sum.lastNew))
  const rest = {
    lastOld: finite(lastOld),
    firstNew: finite(firstNew),
    isMixed: lastOld > firstNew,
    flows: sums.reduce((all, sum) => all + sum.flows, 0),
  }
  if (lastNew > lastOld) {
    // Which of several data planes was how late nobody knows: at the last new decision all had it.
    const delay = rest.isMixed ? [0, lastNew - since] : [Math.max(0, lastOld - at), firstNew - since]
    return { outcome: 'enforced', delay: [delay[0]!, Math.max(delay[0]!, delay[1]!)], ...rest }
  }
  if (!(lastOld - at > lag)) return undefined
  return { outcome: 'pending', delay: [lastOld - at, lastOld - at], ...rest }
}

function finite(time: number): number {
  return Number.isFinite(time) ? time : Number.NaN
}
