// From a finding to its record.

import { Proto } from '../../collectors/flow.ts'
import type { Witness } from '../policy/answer.ts'
import type { Attribution, Finding, Party } from '../verdict/finding.ts'
import { changedEntry } from './changed-entry.ts'
import { recordId } from './id.ts'
import type { Endpoint, Evidence, FlowRecord, NearestEntry, PolicyEntry, Why } from './record.ts'
import { recordTime } from './time.ts'

/** What the line itself adds to its finding. */
export interface Occurrence {
  /** Microseconds since 1970, NaN where not known. */
  readonly time: number
  readonly n: number
  /** Bytes of the original direction, 0 where not known. */
  readonly bytes: number
  readonly reported: FlowRecord['reported'] | undefined
  readonly evidence: Evidence
  /** Identity of the stream the evidence stands in (`id.ts`). */
  readonly stream: string
}

const MAX_POLICIES = 5

const protocolNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(Proto).map(([name, number]) => [number, name]),
)

/** Lower-case protocol name, the IANA number where it has none here, undefined where the line named none. */
export function protocolName(proto: number): string | undefined {
  return proto < 0 ? undefined : (protocolNames[proto] ?? String(proto))
}

/** The record of a flow's first occurrence. `node` is the agent's, or undefined in a replay with the eyes of all nodes. */
export function flowRecord(finding: Finding, occurrence: Occurrence, node: string | undefined): FlowRecord {
  const verdict = finding.verdict === 'none' ? 'unanswered' : finding.verdict
  const id = recordId(occurrence.time, {
    node: node ?? '',
    format: occurrence.evidence.source,
    stream: occurrence.stream,
    offset: occurrence.evidence.offset ?? 0,
  })
  return {
    v: 1,
    id,
    ts: recordTime(occurrence.time),
    event: `flow.${verdict}`,
    node,
    verdict,
    dir: finding.deciding?.direction,
    src: endpoint(finding.initiator, undefined, undefined),
    dst: endpoint(finding.responder, finding.port < 0 ? undefined : finding.port, finding.service),
    proto: protocolName(finding.proto),
    nat: finding.nat,
    ...causes(finding, verdict),
    reported: reportedEntry(occurrence.reported, finding),
    n: occurrence.n,
    bytes: occurrence.bytes > 0 ? occurrence.bytes : undefined,
    evidence: occurrence.evidence,
  }
}

/** What the CNI said, and whether it is another answer than ours. */
function reportedEntry(reported: Occurrence['reported'], finding: Finding): FlowRecord['reported'] {
  if (reported === undefined || reported.policies === undefined) return reported
  const sides = [finding.egress, finding.ingress, finding.deciding].filter(side => side !== undefined)
  if (sides.length === 0 || !sides.every(isComparable)) return reported
  const ours = new Set(sides.flatMap(side => side.witnesses.map(({ policy }) => policy.key)))
  return reported.policies.every(name => ours.has(name)) ? reported : { ...reported, differs: true }
}

/** Policies of kinds that are evaluated here decided it. */
function isComparable({ reason, certainty }: Attribution): boolean {
  const isPolicies =
    reason === 'rule-matched' ||
    reason === 'not-isolated' ||
    reason === 'no-rule-matched' ||
    reason === 'explicit-deny'
  return isPolicies && certainty !== 'unknown'
}

function causes(
  finding: Finding,
  verdict: FlowRecord['verdict'],
): Pick<FlowRecord, 'why' | 'egress' | 'ingress'> {
  if (verdict === 'allowed') {
    const egress = finding.egress && why(finding.egress)
    const ingress = finding.ingress && why(finding.ingress)
    return { egress, ingress }
  }
  if (finding.deciding === undefined) return { why: unjudged(finding) }
  const decided = whyDenied(finding.deciding)
  if (finding.other === undefined) return { why: decided }
  return { why: { ...decided, other: { dir: finding.other.direction, ...whyDenied(finding.other) } } }
}

/** Nobody's policies were asked: certain only where both ends are known to be under none. */
function unjudged({ unjudged: { reason, unsure } }: Finding): Why {
  const certainty = reason === 'unknown' ? 'unknown' : 'certain'
  return { reason, certainty, agreement: 'undecided', unsure: unsure.length > 0 ? unsure : undefined }
}

/** With the smallest edit and the change that decided, where policies denied it. */
function whyDenied(attribution: Attribution): Why {
  const { reason, certainty } = attribution
  const said = why(attribution)
  if (certainty === 'unknown' || (reason !== 'no-rule-matched' && reason !== 'explicit-deny')) return said
  const { unsure, leftOut, ...first } = said
  return { ...first, fix: attribution.fix(), changed: changedEntry(attribution.changed()), unsure, leftOut }
}

/** What the policies say about one direction. */
export function why(attribution: Attribution): Why {
  const policies = attribution.witnesses.map(witness => policyEntry(witness, attribution))
  return {
    reason: attribution.reason,
    certainty: attribution.certainty,
    agreement: attribution.agreement,
    policies: policies.length > 0 ? policies.slice(0, MAX_POLICIES) : undefined,
    more: policies.length > MAX_POLICIES ? policies.length - MAX_POLICIES : undefined,
    nearest: nearestEntry(attribution),
    unsure: attribution.unsure.length > 0 ? attribution.unsure : undefined,
    leftOut: attribution.leftOut.length > 0 ? attribution.leftOut : undefined,
  }
}

function policyEntry(witness: Witness, attribution: Attribution): PolicyEntry {
  const { policy } = witness
  const isCandidate = witness.role === 'isolates' && attribution.certainty !== 'certain'
  return {
    kind: policy.kind === 'NetworkPolicy' ? undefined : policy.kind,
    ns: policy.ns,
    name: policy.name,
    uid: policy.uid === policy.key ? undefined : policy.uid,
    gen: policy.generation,
    role: isCandidate ? 'candidate' : witness.role,
    rule: witness.rule < 0 ? undefined : `${attribution.direction}[${witness.rule}]`,
  }
}

function nearestEntry(attribution: Attribution): NearestEntry | undefined {
  if (attribution.reason !== 'no-rule-matched') return undefined
  const nearest = attribution.nearest()[0]
  if (nearest === undefined) return undefined
  return {
    policy: nearest.policy.key,
    rule: nearest.rule,
    failed: nearest.failed,
    want: nearest.want,
    have: nearest.have,
    also: nearest.also.length > 0 ? nearest.also : undefined,
  }
}

/** One end as records have it. */
export function endpoint(party: Party, port: number | undefined, service: string | undefined): Endpoint {
  const { pod, named } = party
  return {
    ip: party.ip,
    port,
    kind: party.kind,
    ns: pod?.ns ?? named?.ns,
    pod: pod?.name ?? named?.pod,
    uid: pod === undefined || pod.uid === `${pod.ns}/${pod.name}` ? undefined : pod.uid,
    wl: pod?.workload ?? named?.workload,
    svc: service ?? party.service,
    node: party.node,
    as: named?.as,
  }
}
