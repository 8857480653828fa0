// Does an answer depend on who the peer is? Where it does not (a policy without rules, a rule for everybody), a packet from an
// address that nobody can name still has a certain culprit.

import type { NetworkPolicy, PortMatch, Rule } from '../policy/index.ts'

/** True when some rule selects pods and could match this port: another identity of the peer could change the answer. */
export function peerMatters(
  policies: readonly NetworkPolicy[],
  direction: 'egress' | 'ingress',
  protocol: number,
  port: number,
): boolean {
  return policies.some(policy =>
    policy[direction].some(rule => selectsPods(rule) && mayMatchPort(rule.ports, protocol, port)),
  )
}

function selectsPods(rule: Rule): boolean {
  return rule.peers.some(peer => peer.ipBlock === undefined)
}

/** A name may resolve to any number on a pod that is not known, so it may always match. */
function mayMatchPort(ports: readonly PortMatch[], protocol: number, port: number): boolean {
  return ports.length === 0 || ports.some(match => match.protocol === protocol && mayBe(match, port))
}

function mayBe(match: PortMatch, port: number): boolean {
  // A port that the line does not print may be any.
  if (port < 0 || match.name !== undefined || match.port === undefined) return true
  return port >= match.port && port <= (match.endPort ?? match.port)
}
