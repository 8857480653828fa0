// Edits of a rule that came near: the peer into a rule that has the port, the port into a rule that has the peer. They count only
// where they open nobody and nothing beyond what a new rule for the tight peer and the port would.

import { equalAddresses } from '../../address.ts'
import type { CompiledRule } from '../compiled-policy.ts'
import type { PortSet } from '../interner.ts'
import type { IpBlock, Peer, PortMatch, Rule } from '../network-policy.ts'
import { hasPolicyPorts } from '../protocol.ts'
import { matchesPeer, matchesPort } from '../rule-code.ts'
import type { Cast } from './cast.ts'
import { hasOther, type Pairs, type Reach } from './count.ts'
import type { PodGroup } from './pod-index.ts'
import { type Denial, destinationPorts, isOpened } from './scene.ts'
import type { TightPeer } from './tight-peer.ts'

/** Everything that the edits of one denial have in common. */
export interface Case {
  readonly denial: Denial
  readonly cast: Cast
  readonly tight: TightPeer
  readonly pairs: Pairs
}

/** What the tight peer opens in a rule whose ports matched; undefined where these ports are more than the one that was asked about. */
export function reachOfPeer(rule: CompiledRule, all: Reach, asked: Case): Reach | undefined {
  const { protocol, port, direction } = asked.denial
  if (!isOnlyAsked(rule, all, asked)) return undefined
  if (sourceOf(rule, asked).ports.every(({ name }) => name === undefined)) return all
  const admits: Reach['admits'] = (subject, peer) =>
    matchesPort(rule.code, 0, protocol, port, destinationPorts(direction, subject, peer))
  return { ...all, admits }
}

/** Are the ports of a rule, at all destinations of this reach, the one that was asked about and no others? */
export function isOnlyAsked(rule: CompiledRule, reach: Reach, asked: Case): boolean {
  const { ports } = sourceOf(rule, asked)
  // S46: what has no policy ports is matched by rules without ports only.
  if (ports.length === 0) return !hasPolicyPorts(asked.denial.protocol)
  return destinations(reach, asked).every(declared => ports.every(one => isOnly(one, declared, asked)))
}

function sourceOf({ source, index }: CompiledRule, { denial }: Case): Rule {
  return source[denial.direction][index]!
}

/** The named ports of all destinations. */
function destinations({ subjects, peers }: Reach, { denial, pairs }: Case): PortSet[] {
  if (denial.direction === 'ingress') return [...new Set(subjects.map(i => pairs.subjects[i]!.end.ports))]
  return [...new Set(peers.map(j => pairs.peers[j]!.ends[0]!.ports))]
}

/** Is a port of a rule, at a destination that declares these names, the port that was asked about, or none? */
function isOnly(match: PortMatch, declared: PortSet, { denial, cast }: Case): boolean {
  const { protocol, port } = denial
  if (match.name === undefined)
    return match.protocol === protocol && match.port === port && (match.endPort ?? port) === port
  const name = cast.ground.interner.name(match.name)
  for (let i = 0; i < declared.length; i += 3) {
    const isIt = declared[i + 1] === protocol && declared[i + 2] === port
    if (declared[i] === name && declared[i + 1] === match.protocol && !isIt) return false
  }
  return true
}

/** What the port opens in a rule whose peers matched; undefined where they are more than the tight peer. */
export function reachOfPort(rule: CompiledRule, all: Reach, asked: Case): Reach | undefined {
  const { denial, cast, pairs } = asked
  const { peers } = sourceOf(rule, asked)
  if (!hasPolicyPorts(denial.protocol) || peers.length === 0) return undefined
  const { traits, interner } = cast.ground
  const isForNodes = traits.everyNamespaceIncludesNodes && peers.some(isEverywhere)
  if (isForNodes || !peers.every(({ ipBlock }) => ipBlock === undefined || isAsked(ipBlock, asked)))
    return undefined
  if (opensBeyond(rule, all, asked)) return undefined
  if (denial.peer.kind !== 'pod') return all
  const reached = all.peers.filter(j => {
    return matchesPeer(rule.code, 0, pairs.peers[j]!.plain, interner)
  })
  return { ...all, peers: reached }
}

/** S53: in some profiles the peer that is every pod is every node too. */
function isEverywhere({ namespaceSelector, podSelector }: Peer): boolean {
  return namespaceSelector?.requirements.length === 0 && (podSelector?.requirements.length ?? 0) === 0
}

/** A block that is nothing but the address that was asked about, which is no pod's. */
function isAsked({ cidr: { cidr } }: IpBlock, { denial: { peer } }: Case): boolean {
  return peer.kind !== 'pod' && cidr.bits === 128 && equalAddresses(cidr.address, 0, peer.address, 0)
}

/** Would the port let in pods that the tight peer is not, and opens to? */
function opensBeyond(rule: CompiledRule, { subjects }: Reach, asked: Case): boolean {
  const { denial, cast, tight } = asked
  const own = denial.peer.entry?.pod.ns
  const namespaces = own === undefined ? cast.index.namespaces : [own, ...cast.index.namespaces]
  for (const ns of namespaces) {
    for (const group of cast.index.groups(ns)) {
      if (tight.groups.includes(group) || !matchesGroup(rule, group, cast)) continue
      if (subjects.some(i => isGroupOpened(i, group, asked))) return true
    }
  }
  return false
}

/** By its selectors: what its ipBlocks match is another question. */
function matchesGroup({ code }: CompiledRule, { members }: PodGroup, cast: Cast): boolean {
  return matchesPeer(code, 0, cast.peer(members[0]!).plain, cast.ground.interner)
}

function isGroupOpened(i: number, { members }: PodGroup, { denial, cast, pairs }: Case): boolean {
  const subject = pairs.subjects[i]!
  return members.some(member => {
    const peer = cast.peer(member)
    return isOpened(cast.ground, denial, subject.end, peer) && hasOther(subject, peer)
  })
}
