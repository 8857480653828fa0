// A spell of packets that went otherwise than the policies say, as a record.

import type { Accusation } from '../verdict/accusation.ts'
import type { Attribution, Finding } from '../verdict/finding.ts'
import type { Spell } from '../verdict/spells.ts'
import { endpoint, protocolName, why } from './flow-record.ts'
import { ulid } from './id.ts'
import type { AccusationRecord } from './record.ts'
import { recordTime } from './time.ts'

/** What a spell's record says of its first packet; plain, so that nothing of the cluster is held. */
export type Told = Pick<AccusationRecord, 'event' | 'src' | 'dst' | 'port' | 'proto' | 'why'>

export function toldOf(finding: Finding, { event, attribution, other }: Accusation): Told {
  const port = finding.port < 0 ? undefined : finding.port
  const said = saidBy(attribution)
  return {
    event,
    src: endpoint(finding.initiator, undefined, undefined),
    dst: endpoint(finding.responder, port, finding.service),
    port,
    proto: protocolName(finding.proto),
    why: other === undefined ? said : { ...said, other: saidBy(other) },
  }
}

/** Who denies or admits; how near others came to it is nobody's question here, and costs most of a record. */
function saidBy(attribution: Attribution): AccusationRecord['why'] {
  return { dir: attribution.direction, ...why({ ...attribution, nearest: () => [] }) }
}

export function accusationRecord(
  { key, since, last, n, of, about }: Spell<Told>,
  node: string | undefined,
): AccusationRecord {
  const { event, src, dst, port, proto, why } = about
  return {
    v: 1,
    id: ulid(since, `${event}\0${node ?? ''}\0${key}\0${since}`),
    ts: recordTime(last),
    event,
    node,
    src,
    dst,
    port,
    proto,
    since: recordTime(since),
    n,
    of,
    why,
  }
}
