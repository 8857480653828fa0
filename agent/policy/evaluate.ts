// The hot path: both directions of a connection, and what is exempt. Nothing is looked up by name or allocated but the Answer.

import type { Answer, DirectionAnswer } from './answer.ts'
import type { ResolvedEnd } from './end.ts'
import type { Interner, PortSet } from './interner.ts'
import type { Isolation } from './isolation.ts'
import { judgePolicies } from './judge-policies.ts'
import { judgeTiers } from './judge-tiers.ts'
import type { Traits } from './profile.ts'

/** What every evaluation of an epoch has in common. */
export interface Ground {
  readonly interner: Interner
  readonly traits: Traits
  readonly isOwnNode: (source: ResolvedEnd, destination: ResolvedEnd) => boolean
}

function notApplicable(direction: DirectionAnswer['direction']): DirectionAnswer {
  const nothing = Object.freeze([])
  return Object.freeze({
    direction,
    verdict: 'n/a',
    witnesses: nothing,
    leftOut: nothing,
    undefinedChoice: false,
    unknownName: false,
  })
}
const NO_EGRESS = notApplicable('egress')
const NO_INGRESS = notApplicable('ingress')

/** Both directions, each judged for itself, and both must allow (S13). Names of ports are the destination's (S40). */
export function evaluate(
  ground: Ground,
  from: ResolvedEnd,
  to: ResolvedEnd,
  protocol: number,
  port: number,
): Answer {
  let egress = NO_EGRESS
  if (from.egress !== undefined) {
    egress = from.egress.isOpen
      ? from.egress.book.notIsolated
      : judge(ground, from.egress, from, to, to.ports, protocol, port)
  }
  let ingress = NO_INGRESS
  if (to.ingress !== undefined) {
    ingress = to.ingress.isOpen
      ? to.ingress.book.notIsolated
      : judge(ground, to.ingress, to, from, to.ports, protocol, port)
    if (ingress.verdict === 'denied' && ground.isOwnNode(from, to))
      ingress = exemptNode(ground, to.ingress, ingress)
  }
  const isDenied = egress.verdict === 'denied' || ingress.verdict === 'denied'
  return { verdict: isDenied ? 'denied' : 'allowed', egress, ingress }
}

function judge(
  ground: Ground,
  isolation: Isolation,
  subject: ResolvedEnd,
  peer: ResolvedEnd,
  ports: PortSet,
  protocol: number,
  port: number,
): DirectionAnswer {
  return isolation.tiers === undefined
    ? judgePolicies(ground, isolation, subject, peer, ports, protocol, port)
    : judgeTiers(ground, isolation, isolation.tiers, subject, peer, ports, protocol, port)
}

/** S47: ingress from the pod's own node is always allowed. C12: no tier speaks of it, but for rules that fail closed. */
function exemptNode(ground: Ground, isolation: Isolation, denied: DirectionAnswer): DirectionAnswer {
  const isSure = ground.traits.ownNodeIsExempt === 'always' && !denied.undefinedChoice
  if (isolation.tiers !== undefined) return isolation.tiers.book.exempted(denied, 'exempt-node', isSure)
  return isSure ? isolation.book.exemptNode : isolation.unsureBook.exemptNode
}
