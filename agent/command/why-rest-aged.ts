// A record as it would have been written for a later packet of the same: the change that decided is further back by then.

import { timeOf } from '../forensics/query-facts.ts'
import type { ChangedEntry, FlowRecord, Why } from '../forensics/record.ts'

/** `then` as records write times; undefined where the packet has none. */
export function aged(record: FlowRecord, then: string | undefined): FlowRecord {
  if (then === undefined) return record
  const { why, egress, ingress } = record
  return {
    ...record,
    ts: then,
    ...(why && { why: agedWhy(why, then) }),
    ...(egress && { egress: agedWhy(egress, then) }),
    ...(ingress && { ingress: agedWhy(ingress, then) }),
  }
}

function agedWhy<T extends Why>(why: T, then: string): T {
  return {
    ...why,
    ...(why.changed && { changed: agedChange(why.changed, then) }),
    ...(why.other && { other: agedWhy(why.other, then) }),
  }
}

function agedChange(changed: ChangedEntry, then: string): ChangedEntry {
  const seconds = Math.floor((timeOf(then) - timeOf(changed.at)) / 1_000_000)
  return {
    ...changed,
    ...(!Number.isNaN(seconds) && { ago_s: Math.max(0, seconds) }),
    ...(changed.with && { with: changed.with.map(each => agedChange(each, then)) }),
  }
}
