// Labels that a rule asks for and the peer's pod or its namespace lacks.

import type { Direction } from '../answer.ts'
import type { CompiledRule } from '../compiled-policy.ts'
import type { Peer } from '../network-policy.ts'
import type { Labels } from '../objects.ts'
import { matchesPort } from '../rule-code.ts'
import { matchesSelector } from '../selector.ts'
import type { NamespaceState } from '../state.ts'
import { lackingLabels } from './label-additions.ts'
import type { Labelled } from './label-mentions.ts'
import type { Denial } from './scene.ts'

/** Label sets that are tried per denial. */
const MAX_TRIED = 8

/** Labels to add to the peer's pod or to its namespace. */
export interface Candidate {
  readonly of: Labelled
  readonly added: Labels
}

/** What it takes for rules that have the port, fewer labels first, the pod's before the namespace's. */
export function candidatesOf(denial: Denial, namespace: NamespaceState): Candidate[] {
  const { direction, subject, peer, protocol, port } = denial
  const { ports } = direction === 'ingress' ? subject : peer
  const near = subject[direction]!.rules.filter(({ code }) => matchesPort(code, 0, protocol, port, ports))
  const has = { pod: peer.entry!.pod.labels, namespace: namespace.labels.labels }
  const of = (which: Labelled) => near.flatMap(rule => lackingIn(rule, which, direction, has, namespace))
  const all = [...of('pod'), ...of('namespace')].filter(candidate => {
    return withoutOne(candidate, has).every(
      fewer => !near.some(rule => matches(rule, direction, fewer, namespace)),
    )
  })
  // Of those that open as much the first is taken, which should be the fewest labels.
  return all.sort((a, b) => sizeOf(a) - sizeOf(b)).slice(0, MAX_TRIED)
}

function sizeOf({ added }: Candidate): number {
  return Object.keys(added).length
}

/** The labels of the peer's pod and of its namespace. */
type Has = Readonly<Record<Labelled, Labels>>

/** What there would be with one label less: a rule that matches then makes that one superfluous. */
function withoutOne({ of, added }: Candidate, has: Has): Has[] {
  const entries = Object.entries(added)
  if (entries.length === 1) return []
  return entries.map((_, i) => ({
    ...has,
    [of]: { ...has[of], ...Object.fromEntries(entries.toSpliced(i, 1)) },
  }))
}

function lackingIn(
  rule: CompiledRule,
  of: Labelled,
  direction: Direction,
  has: Has,
  namespace: NamespaceState,
): Candidate[] {
  return peersOf(rule, direction).flatMap(peer => {
    if (peer.ipBlock !== undefined) return []
    const isOther =
      of === 'pod' ? isIn(peer, rule, has, namespace) : isPod(peer, has) && namespace.object !== undefined
    const selector = of === 'pod' ? peer.podSelector : peer.namespaceSelector
    const added = isOther && selector !== undefined ? lackingLabels(selector, has[of]) : undefined
    return added === undefined ? [] : [{ of, added }]
  })
}

function matches(rule: CompiledRule, direction: Direction, has: Has, namespace: NamespaceState): boolean {
  return peersOf(rule, direction).some(peer => {
    return peer.ipBlock === undefined && isPod(peer, has) && isIn(peer, rule, has, namespace)
  })
}

function peersOf({ source, index }: CompiledRule, direction: Direction): readonly Peer[] {
  return source[direction][index]!.peers
}

function isPod({ podSelector }: Peer, { pod }: Has): boolean {
  return podSelector === undefined || matchesSelector(podSelector, pod)
}

/** S22: without a namespaceSelector the policy's own namespace. */
function isIn(
  { namespaceSelector }: Peer,
  { source }: CompiledRule,
  has: Has,
  { name }: NamespaceState,
): boolean {
  return namespaceSelector === undefined
    ? name === source.ns
    : matchesSelector(namespaceSelector, has.namespace)
}
