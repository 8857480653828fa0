// The hot path: which rules match a connection. Nothing here is looked up by name or allocated but the Answer.

import type { Answer, DirectionAnswer } from './answer.ts'
import type { ResolvedEnd } from './end.ts'
import type { Interner, PortSet } from './interner.ts'
import type { Isolation } from './isolation.ts'
import type { Traits } from './profile.ts'
import { hasPolicyPorts, isICMP } from './protocol.ts'
import { matchesPeer, matchesPort, nextRule } from './rule-code.ts'

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
  const isJudged = hasPolicyPorts(protocol) || ground.traits.judgedProtocols.includes(protocol)
  const book = isJudged ? isolation.book : isolation.unsureBook
  const code = isolation.code
  const root = book.root
  let matching = root
  for (let rule = 0, at = 0; at < code.length; rule++, at = nextRule(code, at)) {
    // S17: peers AND ports of one rule.
    if (matchesPort(code, at, protocol, port, ports) && matchesPeer(code, at, peer, ground.interner)) {
      matching = book.step(matching, rule)
    }
  }
  if (matching !== root) return book.admitted(matching)
  // S50: a pod is never denied to itself. Reported only where the rules would have denied (S66).
  if (subject.pod === peer.pod) return book.exemptSelf
  return ground.traits.acceptsCommonICMP && isICMP(protocol) ? book.notIsolated : book.denied
}

/** S47: ingress from the pod's own node is always allowed. */
function exemptNode(ground: Ground, isolation: Isolation, denied: DirectionAnswer): DirectionAnswer {
  const isSure = ground.traits.ownNodeIsExempt === 'always' && !denied.undefinedChoice
  return isSure ? isolation.book.exemptNode : isolation.unsureBook.exemptNode
}
