// Part 5 of the semantics: one direction of a connection through all tiers, in the order of the algorithm that stands there.

import { isSameIp, readIp } from './addresses.ts'
import type { Policy } from './manifest.ts'
import { matchesPeers, matchesPorts, matchesSelector, type Question, rulesOf } from './matching.ts'
import { type Tier, type TierPolicy, tierRulesOf } from './tier-manifest.ts'
import { effectOf, selectsSubject } from './tier-matching.ts'

export type Reason =
  | 'rule-matched'
  | 'not-isolated'
  | 'no-rule-matched'
  | 'explicit-deny'
  | 'exempt-node'
  | 'exempt-self'

export interface Witness {
  readonly policy: string
  readonly role: 'admits' | 'isolates' | 'denies' | 'passes'
  /** -1 for `isolates`. */
  readonly rule: number
}

export interface Policies {
  readonly namespaced: readonly Policy[]
  readonly tiers: readonly TierPolicy[]
}

export interface Decision {
  readonly reason: Reason
  /** By policy, then rule. */
  readonly witnesses: readonly Witness[]
  /** NetworkPolicies had the last word. */
  readonly isNetworkPolicy: boolean
  /** A rule that was asked admits a name that the address may or may not have. */
  readonly isNameUnknown: boolean
}

export interface Judgement extends Decision {
  /** A4, C3: another order of policies of equal priority would have given another answer. */
  readonly isUndefined: boolean
}

/** The decision by name order, and whether any other order of equal priorities decides otherwise. */
export function judge(policies: Policies, question: Question): Judgement {
  const byOrder = ordersOf(policies, question, 'admin').flatMap(admin =>
    ordersOf(policies, question, 'baseline').map(baseline =>
      decide(admin, isolatingPolicies(policies.namespaced, question), baseline, question),
    ),
  )
  const [byName] = byOrder as [Decision]
  const isOther = ({ reason, witnesses }: Decision) =>
    JSON.stringify([reason, witnesses]) !== JSON.stringify([byName.reason, byName.witnesses])
  const isNameUnknown = byOrder.some(decision => decision.isNameUnknown)
  return { ...byName, isNameUnknown, isUndefined: byOrder.some(isOther) }
}

/** S50, C8: a pod cannot be blocked from itself. S47, C12: nor from its own node, as ingress. S66: said where it was needed. */
function decide(
  admin: readonly TierPolicy[],
  isolating: readonly Policy[],
  baseline: readonly TierPolicy[],
  question: Question,
): Decision {
  const decision = walkTiers(admin, isolating, baseline, question)
  if (!isDenial(decision.reason)) return decision
  if (isSelf(question)) return { ...decision, reason: 'exempt-self' }
  if (isOwnNode(question)) return { ...decision, reason: 'exempt-node' }
  return decision
}

function walkTiers(
  admin: readonly TierPolicy[],
  isolating: readonly Policy[],
  baseline: readonly TierPolicy[],
  question: Question,
): Decision {
  const first = walkTier(admin, question)
  if (first.reason !== undefined) return decisionOf(first.reason, [first], false)
  if (isolating.length > 0) {
    const matched = isolating.flatMap(policy => admissions(policy, question))
    // S10: additive; one matching rule of one isolating policy is enough, and all that match are named.
    if (matched.length > 0)
      return decisionOf('rule-matched', [first, { ...nothing, witnesses: matched }], true)
    const witnesses = isolating.map(({ key }) => ({ policy: key, role: 'isolates' as const, rule: -1 }))
    // A12: implicit denials are final and do not reach the baseline.
    return decisionOf('no-rule-matched', [first, { ...nothing, witnesses }], true)
  }
  const last = walkTier(baseline, question)
  // A13: allow.
  return decisionOf(last.reason ?? 'not-isolated', [first, last], false)
}

interface Walk {
  /** Absent where the tier leaves the decision to the next one. */
  readonly reason?: Reason
  readonly witnesses: readonly Witness[]
  readonly isNameUnknown: boolean
}

const nothing: Walk = { witnesses: [], isNameUnknown: false }

/** A5, A6: in order, the first rule that matches; A3: none may match. */
function walkTier(policies: readonly TierPolicy[], question: Question): Walk {
  let isNameUnknown = false
  for (const policy of policies) {
    for (const [rule, one] of tierRulesOf(policy, question.direction).entries()) {
      const witness = { policy: policy.key, rule }
      switch (effectOf(policy.kind, one, question)) {
        case 'allow':
          return { reason: 'rule-matched', witnesses: [{ ...witness, role: 'admits' }], isNameUnknown }
        case 'deny':
          return { reason: 'explicit-deny', witnesses: [{ ...witness, role: 'denies' }], isNameUnknown }
        // A6: "skips all remaining rules of any priority". C4: of the tier.
        case 'pass':
          return { witnesses: [{ ...witness, role: 'passes' }], isNameUnknown }
        case 'undecided':
          isNameUnknown = true
      }
    }
  }
  return { witnesses: [], isNameUnknown }
}

function decisionOf(reason: Reason, walks: readonly Walk[], isNetworkPolicy: boolean): Decision {
  const witnesses = walks
    .flatMap(walk => walk.witnesses)
    .toSorted((a, b) => byText(a.policy, b.policy) || a.rule - b.rule)
  return { reason, witnesses, isNetworkPolicy, isNameUnknown: walks.some(walk => walk.isNameUnknown) }
}

/** The valid policies of a tier that select the subject, in every order that the API leaves open; the one by name first. */
function ordersOf({ tiers }: Policies, question: Question, tier: Tier): TierPolicy[][] {
  const selecting = tiers
    .filter(policy => policy.tier === tier && policy.problems.length === 0)
    .filter(policy => selectsSubject(policy.spec.subject ?? {}, question))
    .toSorted((a, b) => a.priority - b.priority || byText(a.name, b.name) || byText(a.key, b.key))
  const [withPriority, without] = [selecting.filter(hasPriority), selecting.filter(one => !hasPriority(one))]
  const groups = Object.values(Object.groupBy(withPriority, policy => policy.priority)) as TierPolicy[][]
  const orders = groups.reduce<TierPolicy[][]>(
    (orders, group) => orders.flatMap(order => permutations(group).map(more => [...order, ...more])),
    [[]],
  )
  // Beside policies of v1alpha2, nothing says where the baseline without a priority stands.
  return without.reduce((orders, one) => orders.flatMap(order => insertions(order, one)), orders)
}

function hasPriority({ priority }: TierPolicy): boolean {
  return Number.isFinite(priority)
}

/** The last place first. */
function insertions<T>(list: readonly T[], one: T): T[][] {
  return [...list, one].map((_, index) => list.toSpliced(list.length - index, 0, one))
}

/** The given order first. */
function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]]
  return list.flatMap((one, index) => permutations(list.toSpliced(index, 1)).map(rest => [one, ...rest]))
}

function admissions(policy: Policy, question: Question): Witness[] {
  // S16: no rules, nothing matches. S17: rules are ORed; inside a rule peers AND ports must match.
  return rulesOf(policy, question.direction).flatMap((rule, index) =>
    matchesPeers(rule, policy, question) && matchesPorts(rule, question.connection)
      ? [{ policy: policy.key, role: 'admits' as const, rule: index }]
      : [],
  )
}

/** The valid policies that isolate the subject in this direction, by key. */
export function isolatingPolicies(policies: readonly Policy[], question: Question): Policy[] {
  const { direction, subject } = question
  return policies
    .filter(policy => policy.problems.length === 0)
    .filter(policy => policy.ns === subject.ns) // S1
    .filter(policy => matchesSelector(policy.spec.podSelector ?? {}, subject.labels)) // S2
    .filter(policy => policy.directions.includes(direction)) // S11, S14, S15
    .toSorted((a, b) => byText(a.key, b.key))
}

/** S50, S51: through a Service too. */
function isSelf({ connection }: Question): boolean {
  return connection.source.pod !== undefined && connection.source.pod === connection.destination.pod
}

/** S47: any address of the node that runs the subject, and host-network pods there. S48: not egress to it. S49: no other node. */
function isOwnNode({ world, direction, subject, peer }: Question): boolean {
  if (direction === 'egress' || peer.pod !== undefined) return false
  if (peer.hosts.some(host => host.node !== undefined && host.node === subject.node)) return true
  const node = world.nodes.find(one => one.name === subject.node)
  return [...subject.hostIPs, ...(node?.addresses ?? [])].some(text => isSameIp(readIp(text)!, peer.ip))
}

export function isDenial(reason: Reason): boolean {
  return reason === 'no-rule-matched' || reason === 'explicit-deny'
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
