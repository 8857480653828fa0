// One direction of a pod that cluster-scoped policies select: admin tier, NetworkPolicies, baseline tier, default allow (A1, C1, SEMANTICS
// Part 5), each direction for itself.

import type { DirectionAnswer } from './answer.ts'
import { type CompiledTierRule, isTied, plainName, type Tier } from './compiled-tier.ts'
import type { ResolvedEnd } from './end.ts'
import type { Ground } from './evaluate.ts'
import type { PortSet } from './interner.ts'
import type { Isolation, Tiers } from './isolation.ts'
import { judgePolicies } from './judge-policies.ts'
import { matchesPeer, matchesPort } from './rule-code.ts'

/** A packet as one direction's rules see it. */
interface Asked {
  readonly ground: Ground
  readonly peer: ResolvedEnd
  readonly ports: PortSet
  readonly protocol: number
  readonly port: number
  /** A policy of equal precedence would have decided too, so it may have (A4, C3). */
  isContested: boolean
  /** A rule was passed over only because nobody knows the names of the peer's address. */
  isUnknownName: boolean
}

export function judgeTiers(
  ground: Ground,
  isolation: Isolation,
  tiers: Tiers,
  subject: ResolvedEnd,
  peer: ResolvedEnd,
  ports: PortSet,
  protocol: number,
  port: number,
): DirectionAnswer {
  const asked = { ground, peer, ports, protocol, port, isContested: false, isUnknownName: false }
  const admin = firstMatch(tiers.admin, asked)
  let baseline: CompiledTierRule | undefined
  let answer: DirectionAnswer
  if (admin !== undefined && admin.effect !== 'passes') {
    answer = tiers.book.decided(admin)
    // A12, C2: where NetworkPolicies isolate the direction their word is final. C9: in this direction.
  } else if (isolation.policies.length > 0) {
    answer = judgePolicies(ground, isolation, subject, peer, ports, protocol, port)
  } else {
    baseline = firstMatch(tiers.baseline, asked)
    const isDecided = baseline !== undefined && baseline.effect !== 'passes'
    // A13: the default is to allow.
    answer = isDecided ? tiers.book.decided(baseline!) : isolation.book.notIsolated
  }
  // S50, C8: a pod's traffic to itself is not subject to any of it.
  if (answer.reason === 'explicit-deny' && subject.pod === peer.pod)
    answer = tiers.book.exempted(answer, 'exempt-self', true)
  return tiers.book.reached(
    answer,
    admin?.effect === 'passes' ? admin : undefined,
    baseline?.effect === 'passes' ? baseline : undefined,
    asked.isContested,
    asked.isUnknownName,
  )
}

/** A5, A6: the first rule that matches, by precedence of its policy and then in the order of its list, decides or passes. */
function firstMatch(tier: Tier, asked: Asked): CompiledTierRule | undefined {
  const { rules, tiesEnd } = tier
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i]!
    if (!matches(rule, asked)) continue
    for (let j = i + 1; j < tiesEnd[i]! && !asked.isContested; j++) {
      if (isTied(rules[j]!.source, rule.source) && matches(rules[j]!, asked)) asked.isContested = true
    }
    return rule
  }
  return undefined
}

function matches(rule: CompiledTierRule, asked: Asked): boolean {
  const { ground, peer, ports, protocol, port } = asked
  if (!matchesPort(rule.code, 0, protocol, port, ports)) return false
  if (!rule.isCodeless && matchesPeer(rule.code, 0, peer, ground.interner)) return true
  return (peer.kind === 'node' || rule.domainNames.length > 0) && matchesOutside(rule, asked)
}

/** A9: peers that are no pods and no networks. */
function matchesOutside({ nodes, domainNames }: CompiledTierRule, asked: Asked): boolean {
  const { interner } = asked.ground
  const { nodeLabels, names } = asked.peer
  // A node is its addresses, whatever runs behind them.
  if (nodes.some(node => nodeLabels.some(labels => interner.selects(node, labels)))) return true
  if (domainNames.length === 0) return false
  // Names are learnt from DNS, which only some callers know.
  if (names === undefined) asked.isUnknownName = true
  return names?.some(name => domainNames.some(wanted => isNamed(plainName(name), wanted))) ?? false
}

/** A9: exact, or `*.` for one or more labels, never for none. */
function isNamed(name: string, wanted: string): boolean {
  if (!wanted.startsWith('*.')) return name === wanted
  return name.length > wanted.length - 1 && name.endsWith(wanted.slice(1))
}
