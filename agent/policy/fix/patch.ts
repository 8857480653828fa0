// JSON patches (RFC 6902) that add to lists and labels, whatever of them is there already.

import { formatCidr } from '../../address.ts'
import type { Direction, PatchOperation } from '../answer.ts'
import type { ResolvedEnd } from '../end.ts'
import type { NetworkPolicy } from '../network-policy.ts'
import type { Labels } from '../objects.ts'
import { hasPolicyPorts, protocolName } from '../protocol.ts'
import type { Target } from './tight-peer.ts'

export type Json = Readonly<Record<string, unknown>>

/** The peer as a policy of this namespace writes it (S22). */
export function peerOf(target: Target, own: string): Json {
  if ('cidr' in target) return { ipBlock: { cidr: target.cidr } }
  const podSelector = selectorOf(target.labels)
  if (target.ns === own) return { podSelector }
  return { namespaceSelector: selectorOf({ 'kubernetes.io/metadata.name': target.ns }), podSelector }
}

export function selectorOf(labels: Labels): Json {
  return Object.keys(labels).length === 0 ? {} : { matchLabels: labels }
}

/** `203.0.113.10/32`, `2001:db8::1/128` */
export function singleCidr({ address }: ResolvedEnd): string {
  return formatCidr({ address, bits: 128 })
}

/** `ports` of a rule for one port; undefined for a protocol that no port of a policy can name (S46). */
export function portsFor(protocol: number, port: number): readonly Json[] | undefined {
  return hasPolicyPorts(protocol) ? [portFor(protocol, port)] : undefined
}

export function portFor(protocol: number, port: number): Json {
  return { protocol: protocolName(protocol), port }
}

/** A rule for one peer; without ports it is for all of them. */
export function ruleFor(direction: Direction, peer: Json, ports: readonly Json[] | undefined): Json {
  const peers = direction === 'ingress' ? { from: [peer] } : { to: [peer] }
  return ports === undefined ? peers : { ...peers, ports }
}

export function peerField(direction: Direction): 'from' | 'to' {
  return direction === 'ingress' ? 'from' : 'to'
}

export function addPeer(direction: Direction, rule: number, peer: Json): PatchOperation {
  return { op: 'add', path: `/spec/${direction}/${rule}/${peerField(direction)}/-`, value: peer }
}

export function addPort(direction: Direction, rule: number, port: Json): PatchOperation {
  return { op: 'add', path: `/spec/${direction}/${rule}/ports/-`, value: port }
}

/** The list may be absent, null or empty, which a policy's rules do not tell: `add` to a member replaces it. */
export function addRule(policy: NetworkPolicy, direction: Direction, rule: Json): PatchOperation {
  if (policy[direction].length > 0) return { op: 'add', path: `/spec/${direction}/-`, value: rule }
  if (policy.hasSpec) return { op: 'add', path: `/spec/${direction}`, value: [rule] }
  return { op: 'add', path: '/spec', value: { [direction]: [rule] } }
}

/** Labels added to those that an object has. */
export function addLabels(has: Labels, added: Labels): PatchOperation[] {
  if (Object.keys(has).length === 0) return [{ op: 'add', path: '/metadata/labels', value: added }]
  return Object.entries(added).map(([key, value]) => {
    return { op: 'add', path: `/metadata/labels/${escapePointer(key)}`, value }
  })
}

/** RFC 6901: `~` and `/` of a member's name. */
function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
