// From a record to the plain facts that metrics are counted from. A follow-up repeats what its first record said.

import type { FlowRecord, ForensicRecord, Why } from './forensics/record.ts'
import { isFlowRecord, isFollowUp } from './forensics/record.ts'
import type { FlowFacts, RecordFacts } from './telemetry/index.ts'

/** First records whose follow-ups are told with what they said. */
const REMEMBERED = 20_000

export function createFacts(): (record: ForensicRecord) => RecordFacts {
  const known = new Map<string, FlowFacts>()
  return record => {
    if (isFlowRecord(record)) {
      const facts = flowFacts(record)
      if (known.size >= REMEMBERED) known.delete(known.keys().next().value!)
      known.set(record.id, facts)
      return facts
    }
    if (!isFollowUp(record)) return record as RecordFacts
    const { event, id, n, of } = record
    const first = known.get(of) ?? { event, verdict: event.slice(5) }
    return { ...first, of, event, id, n, bytes: undefined }
  }
}

function flowFacts(record: FlowRecord): FlowFacts {
  const { event, id, verdict, dir, n, bytes, src, dst } = record
  const sides = record.why === undefined ? [record.egress, record.ingress] : [record.why]
  const told = sides.filter(side => side !== undefined)
  const { reason, certainty, agreement } = told[0] ?? ({} as Partial<Why>)
  return {
    event,
    id,
    verdict,
    dir,
    reason,
    certainty,
    agreement,
    policies: told.flatMap(({ policies }) => policies ?? []),
    n,
    bytes,
    srcNs: src.ns,
    dstNs: dst.ns,
  }
}
