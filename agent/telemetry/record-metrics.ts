// What the network policies do, counted from the records: every record that is made passes here once. Records that differ only in their
// numbers share their counters, which are looked up by one text.

import { policyKinds } from './closed-sets.ts'
import type {
  EnforcementFacts,
  FlowFacts,
  PolicyChangeFacts,
  PolicyFacts,
  RecordFacts,
} from './record-facts.ts'
import { createKinds } from './record-kinds.ts'
import type { Families } from './registry.ts'
import type { Series } from './series.ts'

/** The counters that one kind of flow record goes to; absent where it has no part in them. */
interface Shares {
  readonly events: Series
  readonly attributions: Series
  readonly drops?: Series
  readonly packets?: Series
  readonly bytes?: Series
  readonly namespaces?: Series
  readonly unanswered?: Series
  readonly mismatches?: Series
  readonly allows: readonly Series[]
}

/** More kinds than metrics have series do not occur; beyond it all are looked up anew. */
const KINDS = 10_000

export function recordCounter(families: Families): (facts: RecordFacts) => void {
  const kinds = createKinds(facts => sharesOf(families, facts), {
    hasNamespaces: families.has('culprit_namespace_drops_total'),
    hasRules: families.has('culprit_allows_total'),
    limit: KINDS,
  })
  const folded = families.family('culprit_forensic_folded_events_total').series()

  function countFlow(facts: FlowFacts): void {
    const shares = kinds(facts)
    const { n, id, of, bytes } = facts
    shares.events.add(1)
    shares.attributions.add(n)
    shares.drops?.add(n, id)
    shares.packets?.add(n)
    if (bytes !== undefined) shares.bytes?.add(bytes)
    shares.namespaces?.add(n)
    shares.unanswered?.add(n)
    shares.mismatches?.add(n, id)
    for (const allow of shares.allows) allow.add(n)
    if (of !== undefined) folded.add(n)
  }

  return facts => {
    if (facts.event.startsWith('flow.')) return countFlow(facts as FlowFacts)
    families.family('culprit_forensic_records_total').series(facts.event).add(1)
    if (facts.event === 'policy.changed') countChange(families, facts as PolicyChangeFacts)
    if (facts.event === 'policy.enforced') countEnforcement(families, facts as EnforcementFacts)
  }
}

function sharesOf(families: Families, facts: FlowFacts): Shares {
  const { event, verdict, dir = '', reason = 'unknown', certainty = 'unknown' } = facts
  const isDrop = verdict === 'denied' || verdict === 'rejected'
  return {
    events: families.family('culprit_forensic_records_total').series(event),
    attributions: families.family('culprit_attributions_total').series(verdict, certainty),
    ...(isDrop && {
      drops: families.family('culprit_drops_total').series(...decisive(facts), dir, reason, certainty),
      packets: families.family('culprit_dropped_packets_total').series(dir, reason),
      bytes: families.family('culprit_dropped_bytes_total').series(dir, reason),
      ...namespacesOf(families, facts),
    }),
    ...(verdict === 'unanswered' && {
      unanswered: families.family('culprit_unanswered_connections_total').series(dir),
    }),
    ...(facts.agreement === 'contradicts' && { mismatches: mismatchOf(families, facts) }),
    allows: verdict === 'allowed' ? allowsOf(families, facts) : [],
  }
}

function namespacesOf(families: Families, { srcNs = '', dstNs = '', dir = '' }: FlowFacts): Partial<Shares> {
  const name = 'culprit_namespace_drops_total'
  return families.has(name) ? { namespaces: families.family(name).series(srcNs, dstNs, dir) } : {}
}

/** Kind, namespace and name of the policy that a drop is charged to. */
function decisive({ policies = [] }: FlowFacts): readonly [string, string, string] {
  const deciding = policies.filter(({ role }) => role === 'isolates' || role === 'denies')
  return charged(deciding.length > 0 ? deciding : policies.filter(({ role }) => role === 'candidate'))
}

/** One policy may stand there several times, for several rules. */
function charged(policies: readonly PolicyFacts[]): readonly [string, string, string] {
  const [first] = policies
  if (first === undefined) return ['__none__', '', '__none__']
  const isOne = policies.every(
    ({ kind, ns, name }) => kind === first.kind && ns === first.ns && name === first.name,
  )
  return isOne
    ? [first.kind ?? 'NetworkPolicy', first.ns ?? '', first.name]
    : ['__multiple__', '__multiple__', '__multiple__']
}

function mismatchOf(families: Families, { policies = [], dir = '', verdict }: FlowFacts): Series {
  const expected = verdict === 'allowed' ? 'denied' : 'allowed'
  const [, namespace, name] = charged(policies)
  return families.family('culprit_verdict_mismatches_total').series(namespace, name, dir, expected, verdict)
}

/** A policy that admits by several rules of one direction counts once. */
function allowsOf(families: Families, { policies = [] }: FlowFacts): readonly Series[] {
  if (!families.has('culprit_allows_total')) return []
  const admitting = policies.filter(({ role }) => role === 'admits')
  const series = admitting.map(({ kind = 'NetworkPolicy', ns = '', name, rule = '' }) =>
    families.family('culprit_allows_total').series(kind, ns, name, rule.slice(0, rule.indexOf('['))),
  )
  return [...new Set(series)]
}

function countChange(families: Families, { policy, op, ts }: PolicyChangeFacts): void {
  const name = namedPolicy(policy)
  families.family('culprit_policy_changes_total').series(name[0], op).add(1)
  const changed = families.family('culprit_policy_last_change_timestamp_seconds')
  if (op === 'deleted') changed.remove(...name)
  else if (ts !== undefined) changed.series(...name).set(Date.parse(ts) / 1000)
}

/** `ns/name` of a NetworkPolicy, or `AdminNetworkPolicy/NAME`: a namespace is never written with capitals. */
function namedPolicy(text: string): readonly [string, string, string] {
  const slash = text.indexOf('/')
  const [before, name] = [text.slice(0, Math.max(0, slash)), text.slice(slash + 1)]
  const isKind = (policyKinds as readonly string[]).includes(before)
  return isKind ? [before, '', name] : ['NetworkPolicy', before, name]
}

function countEnforcement(families: Families, { id, delay_s, gen, deleted }: EnforcementFacts): void {
  if (delay_s === undefined) return
  const operation = deleted ? 'deleted' : gen === 1 ? 'created' : 'changed'
  const [least, most] = delay_s
  families
    .family('culprit_policy_enforcement_delay_seconds')
    .series(operation, 'first_packet')
    .observe(most, id)
  families
    .family('culprit_policy_enforcement_delay_least_seconds')
    .series(operation, 'first_packet')
    .observe(least)
}
