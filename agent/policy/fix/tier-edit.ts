// The edit of an admin policy whose rule denies: a rule for the tight peer and the port before it.

import type { Direction, DirectionAnswer, Fix, Witness } from '../answer.ts'
import type { CompiledTierPolicy } from '../compiled-tier.ts'
import type { ResolvedEnd } from '../end.ts'
import type { State } from '../state.ts'
import type { TierPolicy } from '../tier-policy.ts'
import { tierSchemas } from '../tier-schema.ts'
import type { Cast } from './cast.ts'
import { countPods, Pairs } from './count.ts'
import { none, opensOf } from './opens.ts'
import { addTierRule } from './patch-tier.ts'
import type { Denial } from './scene.ts'
import type { TightPeer } from './tight-peer.ts'

/** The rule that denies. */
export interface Deny {
  readonly policy: CompiledTierPolicy
  readonly rule: number
}

/** Undefined where no rule of a tier denies. */
export function denyOf({ witnesses }: DirectionAnswer, { tiers }: State): Deny | undefined {
  const denies = witnesses.find(({ role }) => role === 'denies')
  const policy = denies && [...tiers.values()].find(({ source }) => source.ref === denies.policy)
  return policy && { policy, rule: denies!.rule }
}

/** Which answers a rule before this one changes: those of rules behind it, and all where no rule of its tier has a say. */
export function opensBefore(direction: Direction, { policy: { source }, rule }: Deny): Denial['opens'] {
  return (answer, subject) => {
    if (answer.verdict !== 'denied') return false
    const said = answer.witnesses.map(witness => placeOf(witness, source, direction, subject))
    const at = Math.max(-1, ...said)
    // A1, A12: what is not of the admin tier comes after it; the baseline tier has a say only where nothing else has.
    if (at < 0) return source.tier === 'Admin'
    return at >= firstPlace(source, rule, direction, subject)
  }
}

/** Where the rule of a witness stands in the policy's tier, -1 for one that is not of it. */
function placeOf(witness: Witness, source: TierPolicy, direction: Direction, subject: ResolvedEnd): number {
  return rulesOf(source, direction, subject).findIndex(rule => {
    return rule.source.ref === witness.policy && rule.index === witness.rule
  })
}

/** The place before which a new rule of this index would stand. */
function firstPlace(source: TierPolicy, rule: number, direction: Direction, subject: ResolvedEnd): number {
  return rulesOf(source, direction, subject).findIndex(one => one.source === source && one.index >= rule)
}

function rulesOf({ tier }: TierPolicy, direction: Direction, subject: ResolvedEnd) {
  const { admin, baseline } = subject[direction]!.tiers!
  return tier === 'Admin' ? admin.rules : baseline.rules
}

export function tierEdit({ policy, rule }: Deny, denial: Denial, tight: TightPeer, cast: Cast): Fix {
  const { direction, peer, protocol, port } = denial
  const { ref } = policy.source
  const schema = tierSchemas[ref.kind]!
  // A8, C5: sources are pods.
  if (direction === 'ingress' && peer.kind !== 'pod')
    return none(`no rule of ${ref.kind} can name an address as a source`)
  if (policy.source[direction].length >= schema.limit)
    return none(`${ref.key} has ${schema.limit} ${direction} rules, and no more are allowed`)
  const pairs = new Pairs(cast.ground, denial, cast.subjectsOf(policy, denial), tight.matched)
  const all = { subjects: pairs.subjects.map((_, i) => i), peers: pairs.everyPeer }
  return {
    kind: 'policy',
    target: ref.key,
    patch: [addTierRule(schema, direction, rule, tight.target, protocol, port)],
    opens: opensOf(denial, countPods(pairs, all)),
  }
}
