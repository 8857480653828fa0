// When a rule's peers and ports match: S17 to S46, each number above the branch that implements it.

import type { Labels, Pod, World } from '../../agent/policy/objects.ts'
import { contains, type Ip, readBlock } from './addresses.ts'
import type { Connection, End } from './ends.ts'
import type { Direction, Expression, Peer, Policy, PortTerm, Rule, Selector } from './manifest.ts'

/** One direction of a connection as its subject sees it. */
export interface Question {
  readonly world: World
  readonly direction: Direction
  readonly subject: Pod
  readonly peer: End
  readonly connection: Connection
}

export function rulesOf(policy: Policy, direction: Direction): readonly Rule[] {
  return (direction === 'egress' ? policy.spec.egress : policy.spec.ingress) ?? []
}

export function peersOf(rule: Rule, direction: Direction): readonly Peer[] {
  return (direction === 'egress' ? rule.to : rule.from) ?? []
}

export function matchesPeers(rule: Rule, policy: Policy, question: Question): boolean {
  const peers = peersOf(rule, question.direction)
  // S18: missing or empty from / to matches every peer. S21: elements are ORed.
  return peers.length === 0 || peers.some(peer => matchesPeer(peer, policy, question))
}

function matchesPeer(peer: Peer, policy: Policy, { world, peer: end }: Question): boolean {
  // S28, S30, S31: the address decides, whoever owns it.
  if (peer.ipBlock !== undefined) return matchesBlock(peer.ipBlock, end.ip)
  // S26, S53: selector peers match pods only.
  if (end.pod === undefined) return false
  // S22, S25: without a namespaceSelector it is the policy's own namespace. S23: with one it is every selected namespace.
  if (peer.namespaceSelector === undefined && end.pod.ns !== policy.ns) return false
  if (
    peer.namespaceSelector !== undefined &&
    !matchesSelector(peer.namespaceSelector, namespaceLabels(world, end.pod.ns))
  )
    return false
  // S23, S24: a missing podSelector is all pods, a present one is ANDed.
  return peer.podSelector === undefined || matchesSelector(peer.podSelector, end.pod.labels)
}

/** S29: except removes ranges of its own element only. */
function matchesBlock(ipBlock: NonNullable<Peer['ipBlock']>, ip: Ip): boolean {
  return (
    contains(readBlock(ipBlock.cidr)!, ip) &&
    !(ipBlock.except ?? []).some(text => contains(readBlock(text)!, ip))
  )
}

/** S8: the control plane sets `kubernetes.io/metadata.name` on every namespace, also on one that is not known here. */
export function namespaceLabels(world: World, name: string): Labels {
  const labels = world.namespaces.find(namespace => namespace.name === name)?.labels
  return { ...labels, 'kubernetes.io/metadata.name': name }
}

/** S7: all entries and expressions are ANDed; an empty selector selects everything. */
export function matchesSelector(selector: Selector, labels: Labels): boolean {
  return (
    // S3: exact equality, and the key must be present.
    Object.entries(selector.matchLabels ?? {}).every(
      ([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
    ) && (selector.matchExpressions ?? []).every(expression => matchesExpression(expression, labels))
  )
}

export function matchesExpression({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const present = Object.hasOwn(labels, key)
  switch (operator) {
    // S4: the key is present and its value is listed.
    case 'In':
      return present && values.includes(labels[key]!)
    // S5: true if the key is missing.
    case 'NotIn':
      return !present || !values.includes(labels[key]!)
    // S6: presence only.
    case 'Exists':
      return present
    case 'DoesNotExist':
      return !present
    default:
      throw new Error(`Cannot evaluate operator "${operator}": validation should have refused it`)
  }
}

export function matchesPorts(rule: Rule, connection: Connection): boolean {
  const ports = rule.ports ?? []
  // S19: missing or empty ports matches every port and protocol. S46: ICMP and the rest match only such rules.
  return ports.length === 0 || ports.some(term => matchesPort(term, connection))
}

export function matchesPort(term: PortTerm, { destination, protocol, port }: Connection): boolean {
  // S36: protocol defaults to TCP; protocols never mix.
  if ((term.protocol ?? 'TCP') !== protocol) return false
  // S38: a protocol without a port is all its ports.
  if (term.port === undefined) return true
  // S37, S39, S45: the number, or the inclusive range; nothing need be declared.
  if (typeof term.port === 'number') return term.port <= port && port <= (term.endPort ?? term.port)
  // S40, S41, S44: any declaration of that name and protocol on the destination pod. S42, S43: else nothing.
  return (destination.pod?.ports ?? []).some(
    declared => declared.name === term.port && declared.protocol === protocol && declared.port === port,
  )
}
