// The NetworkPolicies' word on one direction, where some isolate it. The hot path: nothing is looked up by name or allocated.

import type { DirectionAnswer } from './answer.ts'
import type { ResolvedEnd } from './end.ts'
import type { Ground } from './evaluate.ts'
import type { PortSet } from './interner.ts'
import type { Isolation } from './isolation.ts'
import { hasPolicyPorts, isICMP } from './protocol.ts'
import { matchesPeer, matchesPort, nextRule } from './rule-code.ts'

export function judgePolicies(
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
