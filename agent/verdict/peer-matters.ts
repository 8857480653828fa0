// Does an answer depend on who the peer is? Where it does not (a policy without rules, a rule for everybody), a packet from an
// address that nobody can name still has a certain culprit.

import {
  failsClosed,
  type PortMatch,
  type Rule,
  type TierPeer,
  type TierPort,
  type TierRule,
} from '../policy/index.ts'

/** `rules`: every one that is asked about the subject. True when some could match this port and tells pods from others, or from one another. */
export function peerMatters(rules: readonly (Rule | TierRule)[], protocol: number, port: number): boolean {
  return rules.some(rule => tellsApart(rule) && mayMatchPort(rule.ports, protocol, port))
}

/** A11: a rule that fails closed asks nobody who the peer is. */
function tellsApart(rule: Rule | TierRule): boolean {
  return !('action' in rule && failsClosed(rule)) && rule.peers.some(isIdentity)
}

/** Addresses say for themselves whether they are inside a CIDR. */
function isIdentity(peer: Rule['peers'][number] | TierPeer): boolean {
  return 'kind' in peer ? peer.kind !== 'networks' : peer.ipBlock === undefined
}

/** A name may resolve to any number on a pod that is not known, so it may always match. */
function mayMatchPort(ports: readonly (PortMatch | TierPort)[], protocol: number, port: number): boolean {
  return (
    ports.length === 0 || ports.some(match => (match.protocol ?? protocol) === protocol && mayBe(match, port))
  )
}

function mayBe(match: PortMatch | TierPort, port: number): boolean {
  // A port that the line does not print may be any.
  if (port < 0 || match.name !== undefined || match.port === undefined) return true
  return port >= match.port && port <= (match.endPort ?? match.port)
}
