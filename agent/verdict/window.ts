// Flows that sum up a stretch of time (VPC flow logs, Antrea's flow records). They are judged at its beginning; where what was known
// changed before its end, in a way that makes a difference to the answer, the line does not say which packets came before it.

import type { Flow } from '../../collectors/flow.ts'
import { leastCertain, sortReasons, type Unsure } from '../timeline/unsure.ts'
import type { Attribution, Finding, Party } from './finding.ts'

const AGGREGATED: readonly Unsure[] = ['aggregated']

/** From a clock's resolution to that of a packet somewhere in the flow's window, in microseconds. */
export function windowPrecision({ precision, window }: Flow): number {
  return precision + window * 1_000_000
}

/** The finding at the window's beginning, no surer than one that holds `throughout` it. */
export function overWindow(atStart: Finding, throughout: Finding): Finding {
  return isSame(atStart, throughout) ? atStart : doubted(atStart)
}

function isSame(a: Finding, b: Finding): boolean {
  return (
    isSameParty(a.initiator, b.initiator) &&
    isSameParty(a.responder, b.responder) &&
    a.service === b.service &&
    a.port === b.port &&
    a.unjudged.reason === b.unjudged.reason &&
    isSameList(a.unjudged.unsure, b.unjudged.unsure) &&
    (['deciding', 'other', 'egress', 'ingress'] as const).every(side => isSameSide(a[side], b[side]))
  )
}

function isSameParty(a: Party, b: Party): boolean {
  return (
    a.kind === b.kind &&
    a.pod?.uid === b.pod?.uid &&
    a.pod?.name === b.pod?.name &&
    a.node === b.node &&
    a.service === b.service
  )
}

function isSameSide(a: Attribution | undefined, b: Attribution | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.verdict !== b.verdict || a.reason !== b.reason || a.direction !== b.direction) return false
  if (a.certainty !== b.certainty || a.agreement !== b.agreement) return false
  return isSameList(a.unsure, b.unsure) && isSameList(a.leftOut, b.leftOut) && isSameWitnesses(a, b)
}

function isSameWitnesses({ witnesses: a }: Attribution, { witnesses: b }: Attribution): boolean {
  return (
    a.length === b.length &&
    a.every(({ policy, rule, role }, i) => {
      const other = b[i]!
      const isSamePolicy = policy.uid === other.policy.uid && policy.generation === other.policy.generation
      return isSamePolicy && policy.key === other.policy.key && rule === other.rule && role === other.role
    })
  )
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

/** The finding as one that is a candidate at most, because the line sums up what may have been different. */
export function doubted(finding: Finding): Finding {
  const { deciding, other, egress, ingress, unjudged } = finding
  return {
    ...finding,
    deciding: deciding && doubtedSide(deciding),
    other: other && doubtedSide(other),
    egress: egress && doubtedSide(egress),
    ingress: ingress && doubtedSide(ingress),
    unjudged: { reason: 'unknown', unsure: sortReasons([...unjudged.unsure, ...AGGREGATED]) },
  }
}

/** Nothing can be held against the data plane in such a window. */
function doubtedSide(side: Attribution): Attribution {
  return {
    ...side,
    certainty: leastCertain(side.certainty, 'candidates'),
    agreement: side.agreement === 'contradicts' ? 'undecided' : side.agreement,
    unsure: sortReasons([...side.unsure, ...AGGREGATED]),
  }
}
