// A rule as a few integers in a row, and the questions that evaluation asks of them. The rules of all policies that isolate a pod
// lie behind one another, so judging a connection reads memory in one stretch instead of following references.
//
//   length, number of ports, number of peers, flags,
//   ports:  protocol, first, last        or  NAMED + protocol, name id, 0
//   peers:  namespace, pods              (below)

import type { ResolvedEnd } from './end.ts'
import type { Interner, PortSet } from './interner.ts'
import type { Peer, PortMatch, Rule } from './network-policy.ts'
import { coveredBy, type Traits } from './profile.ts'

const PORTS = 1
const PEERS = 2
const FLAGS = 3
const HEADER = 4
const PORT_SIZE = 3
const PEER_SIZE = 2

const INCLUDES_NODES = 1
const NAMED = 256
/** In place of a selector's number, which is 0 or more. */
const ANY = -1
/** A namespace is the number of its name, or SELECTED + the number of a namespaceSelector, or ANY for the empty one. */
const SELECTED = 2 ** 30
/** The namespace of a peer that is an ipBlock, whose number stands in the place of the pods. */
const BLOCK = -2

export function encodeRule(
  { peers, ports }: Rule,
  ns: string,
  interner: Interner,
  traits: Traits,
): Int32Array {
  const portCode = ports.flatMap(port => encodePort(port, interner))
  const peerCode = peers.flatMap(peer => encodePeer(peer, ns, interner, traits))
  const flags = traits.everyNamespaceIncludesNodes && peers.some(isEveryNamespace) ? INCLUDES_NODES : 0
  const length = HEADER + portCode.length + peerCode.length
  return Int32Array.of(length, ports.length, peers.length, flags, ...portCode, ...peerCode)
}

/** S38: no port means every port, also that of a packet whose port is not known; S39: `endPort` is inclusive. */
function encodePort({ protocol, port, endPort, name }: PortMatch, interner: Interner): number[] {
  if (name !== undefined) return [NAMED + protocol, interner.name(name), 0]
  return port === undefined ? [protocol, -1, 65535] : [protocol, port, endPort ?? port]
}

function encodePeer(peer: Peer, ns: string, interner: Interner, traits: Traits): number[] {
  const { namespaceSelector, podSelector, ipBlock } = peer
  if (ipBlock !== undefined) {
    const except = ipBlock.except.map(({ cidr }) => cidr)
    return [BLOCK, interner.block({ cidrs: coveredBy(ipBlock.cidr.cidr, traits), except })]
  }
  const pods = (podSelector?.requirements.length ?? 0) === 0 ? ANY : interner.selector(podSelector!)
  // S22, S25: without a namespaceSelector the policy's own namespace; an empty one is every namespace.
  if (namespaceSelector === undefined) return [interner.name(ns), pods]
  if (namespaceSelector.requirements.length === 0) return [ANY, pods]
  return [SELECTED + interner.selector(namespaceSelector), pods]
}

function isEveryNamespace({ namespaceSelector, podSelector }: Peer): boolean {
  return namespaceSelector?.requirements.length === 0 && (podSelector?.requirements.length ?? 0) === 0
}

/** Where the rule after the one at `at` begins. */
export function nextRule(code: Int32Array, at: number): number {
  return at + code[at]!
}

/** Does the packet match one of the ports of the rule at `at` (S36-S46)? `ports` are the destination's. */
export function matchesPort(
  code: Int32Array,
  at: number,
  protocol: number,
  port: number,
  ports: PortSet,
): boolean {
  const count = code[at + PORTS]!
  // S19: no ports, every port of every protocol.
  if (count === 0) return true
  const end = at + HEADER + PORT_SIZE * count
  for (let i = at + HEADER; i < end; i += PORT_SIZE) {
    if (code[i] === protocol && port >= code[i + 1]! && port <= code[i + 2]!) return true
    if (code[i] === NAMED + protocol && declares(ports, code[i + 1]!, protocol, port)) return true
  }
  return false
}

/** S41, S44: rule, declaration and packet agree in protocol; any declaration of the name counts. */
function declares(ports: PortSet, name: number, protocol: number, port: number): boolean {
  for (let i = 0; i < ports.length; i += 3) {
    if (ports[i] === name && ports[i + 1] === protocol && ports[i + 2] === port) return true
  }
  return false
}

/** Does the rule at `at` match this peer (S18, S26-S31)? */
export function matchesPeer(code: Int32Array, at: number, peer: ResolvedEnd, interner: Interner): boolean {
  const count = code[at + PEERS]!
  // S18: no peers, every peer.
  if (count === 0) return true
  if (peer.kind === 'node' && (code[at + FLAGS]! & INCLUDES_NODES) !== 0) return true
  const start = at + HEADER + PORT_SIZE * code[at + PORTS]!
  for (let i = start; i < start + PEER_SIZE * count; i += PEER_SIZE) {
    const namespace = code[i]!
    const pods = code[i + 1]!
    if (namespace === BLOCK) {
      if (interner.holds(pods, peer.addressClass)) return true
      // S26, S53: selectors match pods on the pod network and nothing else.
    } else if (peer.labels >= 0 && isIn(namespace, peer, interner) && isAmong(pods, peer, interner))
      return true
  }
  return false
}

/** On how many terms peer `index` of an encoded rule fails that does not match. */
export function failedTerms(code: Int32Array, index: number, peer: ResolvedEnd, interner: Interner): number {
  const at = HEADER + PORT_SIZE * code[PORTS]! + PEER_SIZE * index
  // What cannot match at all fails on one term: an ipBlock, or selectors where there is no pod.
  if (code[at] === BLOCK || peer.labels < 0) return 1
  return isIn(code[at]!, peer, interner) || isAmong(code[at + 1]!, peer, interner) ? 1 : 2
}

function isIn(namespace: number, peer: ResolvedEnd, interner: Interner): boolean {
  if (namespace < SELECTED) return namespace === peer.namespace || namespace === ANY
  return interner.selects(namespace - SELECTED, peer.namespaceLabels)
}

function isAmong(pods: number, peer: ResolvedEnd, interner: Interner): boolean {
  return pods === ANY || interner.selects(pods, peer.labels)
}
