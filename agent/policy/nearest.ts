// The nearest miss of a denied direction: per isolating policy the rule that failed on the fewest terms, and which terms they were.
// The texts are a contract: DESIGN section 12. Peers are asked first, in the order of the rule, then ports.

import { type Cidr, formatAddress, inCidr } from '../address.ts'
import type { Direction, NearestMiss } from './answer.ts'
import type { CompiledRule } from './compiled-policy.ts'
import type { ResolvedEnd } from './end.ts'
import type { Interner } from './interner.ts'
import type { Isolation } from './isolation.ts'
import type { IpBlock, Peer, PortMatch, Rule } from './network-policy.ts'
import type { Labels } from './objects.ts'
import { coveredBy, type Traits } from './profile.ts'
import { formatPort, protocolName } from './protocol.ts'
import { failedTerms, matchesPeer, matchesPort } from './rule-code.ts'
import { formatRequirement, formatSelector, holds, labelOf, type Selector } from './selector.ts'

/** The connection that was denied, as the subject's rules see it. */
export interface Missed {
  readonly direction: Direction
  readonly peer: ResolvedEnd
  /** Of the peer's namespace. */
  readonly namespaceLabels: Labels
  readonly destination: ResolvedEnd
  readonly protocol: number
  readonly port: number
  readonly traits: Traits
  readonly interner: Interner
}

interface Term {
  readonly failed: string
  readonly want: string
  readonly have: string
}

export interface NearRule {
  readonly rule: CompiledRule
  readonly terms: number
  /** The nearest peer, -1 where one matched. */
  readonly peer: number
}

/** A policy's rule that came nearest, and to what. */
export interface Miss {
  readonly near: NearRule
  readonly missed: Missed
}

/** The first `most` in words. Fewest terms first; ties by namespace/name, then rule index, then peer index; egress before ingress. */
export function nearestFirst(misses: Miss[], most: number): NearestMiss[] {
  if (misses.length > 1) misses.sort(compareMisses)
  return misses.slice(0, most).map(inWords)
}

function compareMisses({ near: a }: Miss, { near: b }: Miss): number {
  if (a.terms !== b.terms) return a.terms - b.terms
  const [keyA, keyB] = [a.rule.source.ref.key, b.rule.source.ref.key]
  return keyA < keyB ? -1 : keyA > keyB ? 1 : a.rule.index - b.rule.index || a.peer - b.peer
}

/** One miss per policy that has rules in the direction. */
export function missesOf(isolation: Isolation, missed: Missed): Miss[] {
  const misses: Miss[] = []
  let nearest: NearRule | undefined
  for (const rule of isolation.rules) {
    if (nearest !== undefined && nearest.rule.source !== rule.source) {
      misses.push({ near: nearest, missed })
      nearest = undefined
    }
    const near = nearRule(rule, missed)
    // Strictly fewer: of equals the first rule stays.
    if (nearest === undefined || near.terms < nearest.terms) nearest = near
  }
  if (nearest !== undefined) misses.push({ near: nearest, missed })
  return misses
}

/** On how many terms a rule that does not match fails, and which peer came nearest. */
export function nearRule(rule: CompiledRule, missed: Missed): NearRule {
  const { protocol, port, destination, peer, interner } = missed
  const ports = matchesPort(rule.code, 0, protocol, port, destination.ports) ? 0 : 1
  if (matchesPeer(rule.code, 0, peer, interner)) return { rule, terms: ports, peer: -1 }
  const nearest = nearestPeer(rule, missed)
  return { rule, terms: failedTerms(rule.code, nearest, peer, interner) + ports, peer: nearest }
}

/** The peer that failed on the fewest terms, which are one or two; the first of equals. */
function nearestPeer(rule: CompiledRule, { direction, peer, interner }: Missed): number {
  const { peers } = rule.source[direction][rule.index]!
  for (let i = 0; i < peers.length; i++) if (failedTerms(rule.code, i, peer, interner) === 1) return i
  return 0
}

function inWords({ near: { rule: compiled, terms, peer }, missed }: Miss): NearestMiss {
  const { direction } = missed
  const { source } = compiled
  const rule = source[direction][compiled.index]!
  const path = `${direction === 'ingress' ? 'from' : 'to'}[${peer}]`
  const words = peer < 0 ? [] : peerTerms(rule.peers[peer]!, source.ns, path, missed)
  if (words.length < terms) words.push(portTerm(rule, missed))
  const { failed, want, have } = words[0]!
  const where = `${direction}[${compiled.index}]`
  return { direction, policy: source.ref, rule: where, failed, want, have, also: words.slice(1) }
}

function peerTerms(peer: Peer, ns: string, path: string, missed: Missed): Term[] {
  if (peer.ipBlock !== undefined) return [blockTerm(peer.ipBlock, `${path}.ipBlock`, missed)]
  const { entry, kind, address } = missed.peer
  // A selector cannot match what is no pod: one term, the first selector the peer has.
  if (kind !== 'pod') return [cannotMatch(peer, path, formatAddress(address))]
  const terms = namespaceTerms(peer.namespaceSelector, ns, entry!.pod.ns, path, missed.namespaceLabels)
  return [...terms, ...selectorTerms(peer.podSelector, `${path}.podSelector`, entry!.pod.labels)]
}

function cannotMatch({ namespaceSelector, podSelector }: Peer, path: string, have: string): Term {
  if (namespaceSelector !== undefined) {
    return {
      failed: `${path}.namespaceSelector`,
      want: formatSelector(namespaceSelector) || 'any namespace',
      have,
    }
  }
  return { failed: `${path}.podSelector`, want: formatSelector(podSelector!) || 'any pod', have }
}

/** S22: a peer without namespaceSelector means the policy's own namespace. */
function namespaceTerms(
  selector: Selector | undefined,
  own: string,
  have: string,
  path: string,
  labels: Labels,
): Term[] {
  const failed = `${path}.namespaceSelector`
  if (selector !== undefined) return selectorTerms(selector, failed, labels)
  return own === have ? [] : [{ failed, want: `namespace ${own}`, have: `namespace ${have}` }]
}

/** One term for all requirements of a selector that failed; what held is not shown. */
function selectorTerms(selector: Selector | undefined, failed: string, labels: Labels): Term[] {
  const broken = selector?.requirements.filter(requirement => !holds(requirement, labels)) ?? []
  if (broken.length === 0) return []
  const have = new Set(broken.map(({ key }) => formatLabel(key, labelOf(labels, key))))
  return [{ failed, want: broken.map(formatRequirement).join(','), have: [...have].join(',') }]
}

function formatLabel(key: string, value: string | undefined): string {
  return value === undefined ? `${key} absent` : `${key}=${value}`
}

/** Outside the CIDR, or inside it and in one of its excepts. */
function blockTerm(block: IpBlock, path: string, { peer, traits }: Missed): Term {
  const have = formatAddress(peer.address)
  const isInside = (cidr: Cidr) => peer.addressClass > 0 && inCidr(cidr, peer.address)
  if (!coveredBy(block.cidr.cidr, traits).some(isInside)) return { failed: path, want: block.cidr.text, have }
  const excepts = block.except.filter(({ cidr }) => isInside(cidr))
  return { failed: `${path}.except`, want: excepts.map(({ text }) => `not ${text}`).join(','), have }
}

/** Of several ports the one with the packet's protocol, else the first. */
function portTerm(rule: Rule, { protocol, port }: Missed): Term {
  const sameProtocol = rule.ports.findIndex(match => match.protocol === protocol)
  const i = Math.max(0, sameProtocol)
  return { failed: `ports[${i}]`, want: formatPortMatch(rule.ports[i]!), have: formatPort(protocol, port) }
}

/** `5432/TCP`, `8000-8080/TCP`, `http/TCP`, or `UDP` for every port of it. */
function formatPortMatch({ protocol, port, endPort, name }: PortMatch): string {
  if (port !== undefined && endPort !== undefined) return `${port}-${endPort}/${protocolName(protocol)}`
  if (port !== undefined || name !== undefined) return `${port ?? name}/${protocolName(protocol)}`
  return protocolName(protocol)
}
