// When a rule of a cluster-scoped policy applies to a connection: A8 to A11, C5, C6 and C10.

import type { Pod, World } from '../../agent/policy/objects.ts'
import { contains, type Ip, isSameIp, readBlock, readIp } from './addresses.ts'
import type { Connection } from './ends.ts'
import { matchesSelector, namespaceLabels, type Question } from './matching.ts'
import {
  type DestinationPort,
  type Subject,
  type TierKind,
  type TierPeer,
  type TierPort,
  type TierProtocol,
  type TierRule,
  tierPeersOf,
} from './tier-manifest.ts'
import { isUnknownPeer } from './tier-peers.ts'
import { isAdmitting } from './tier-problems.ts'

/** What a rule does to a connection; `undecided` where it admits names and nobody knows the address's name. */
export type Effect = 'allow' | 'deny' | 'pass' | 'undecided' | undefined

/** A2: a pod by its namespace, or by its namespace and itself. Only pods under policy are asked about: host-network ones are not. */
export function selectsSubject(of: Subject, { world, subject }: Question): boolean {
  return selectsPod(of, world, subject)
}

export function effectOf(kind: TierKind, rule: TierRule, question: Question): Effect {
  const peers = tierPeersOf(rule, question.direction)
  // A11, C10: "an Allow rule matches nothing; a Deny or Pass rule becomes Deny all".
  if (peers.some(peer => isUnknownPeer(kind, question.direction, peer)))
    return isAdmitting(rule) ? undefined : 'deny'
  if (!matchesTierPorts(kind, rule, question.connection)) return undefined
  if (!peers.some(peer => matchesTierPeer(peer, question)))
    return peers.some(peer => isNameless(peer, question)) ? 'undecided' : undefined
  if (isAdmitting(rule)) return 'allow'
  return rule.action === 'Deny' ? 'deny' : 'pass'
}

function matchesTierPeer(peer: TierPeer, { world, direction, peer: end }: Question): boolean {
  // A8: pods on the pod network only; nothing else can be the peer of an ingress rule.
  if (peer.namespaces !== undefined || peer.pods !== undefined)
    return end.pod !== undefined && selectsPod(peer, world, end.pod)
  if (direction === 'ingress') return false
  // A9: "matches the addresses in `node.status.addresses`".
  if (peer.nodes !== undefined)
    return world.nodes.some(
      node =>
        matchesSelector(peer.nodes!, node.labels) &&
        node.addresses.some(text => isSameIp(readIp(text)!, end.ip)),
    )
  // A9: cluster-internal addresses too.
  if (peer.networks !== undefined) return peer.networks.some(cidr => contains(readBlock(cidr)!, end.ip))
  return namesOf(world, end.ip).some(name => matchesName(peer.domainNames ?? [], name))
}

function selectsPod({ namespaces, pods }: Subject, world: World, pod: Pod): boolean {
  const labels = namespaceLabels(world, pod.ns)
  if (namespaces !== undefined) return matchesSelector(namespaces, labels)
  return (
    matchesSelector(pods?.namespaceSelector ?? {}, labels) &&
    matchesSelector(pods?.podSelector ?? {}, pod.labels)
  )
}

/** What DNS was seen to say about the address; where there is a record of DNS, it is the whole of it. */
function namesOf({ dns = {} }: World, ip: Ip): readonly string[] {
  return Object.entries(dns).find(([text]) => isSameIp(readIp(text)!, ip))?.[1] ?? []
}

/** A9: an exact name, or `*.` for one or more labels, never the apex. */
function matchesName(patterns: readonly string[], name: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/\.$/, '')
  return patterns.some(pattern =>
    pattern.startsWith('*.') ? plain(name).endsWith(plain(pattern).slice(1)) : plain(name) === plain(pattern),
  )
}

/**
 * A peer by name, no record of what DNS said, and an address that a name may have: A9 has "no cluster-internal names", so none of
 * a pod, but a node's address may have a public one.
 */
function isNameless({ domainNames }: TierPeer, { world, peer: end }: Question): boolean {
  return domainNames !== undefined && world.dns === undefined && end.pod === undefined
}

/** A10, C6: a missing list matches everything, ICMP included. The other version's field is unknown, so it says nothing. */
function matchesTierPorts(kind: TierKind, { ports, protocols }: TierRule, connection: Connection): boolean {
  if (kind === 'ClusterNetworkPolicy')
    return protocols === undefined || protocols.some(protocol => matchesProtocol(protocol, connection))
  return ports === undefined || ports.some(port => matchesTierPort(port, connection))
}

function matchesTierPort({ portNumber, portRange, namedPort }: TierPort, connection: Connection): boolean {
  if (namedPort !== undefined) return matchesNamedPort(namedPort, connection)
  const protocol = (portNumber ?? portRange)!.protocol ?? 'TCP'
  if (protocol !== connection.protocol) return false
  if (portNumber !== undefined) return portNumber.port === connection.port
  return portRange!.start <= connection.port && connection.port <= portRange!.end
}

function matchesProtocol(
  { tcp, udp, sctp, destinationNamedPort }: TierProtocol,
  connection: Connection,
): boolean {
  if (destinationNamedPort !== undefined) return matchesNamedPort(destinationNamedPort, connection)
  if (tcp !== undefined)
    return connection.protocol === 'TCP' && matchesNumber(tcp.destinationPort, connection)
  if (udp !== undefined)
    return connection.protocol === 'UDP' && matchesNumber(udp.destinationPort, connection)
  return connection.protocol === 'SCTP' && matchesNumber(sctp!.destinationPort, connection)
}

/** C6: a missing `destinationPort` is every port of the protocol. */
function matchesNumber(port: DestinationPort | undefined, connection: Connection): boolean {
  if (port === undefined) return true
  if (port.number !== undefined) return port.number === connection.port
  return port.range!.start <= connection.port && connection.port <= port.range!.end
}

/** A10, C6: resolved on the destination pod, no protocol of its own: the declaration's counts. */
function matchesNamedPort(name: string, { destination, protocol, port }: Connection): boolean {
  return (destination.pod?.ports ?? []).some(
    declared => declared.name === name && declared.protocol === protocol && declared.port === port,
  )
}
