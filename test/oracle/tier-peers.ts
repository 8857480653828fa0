// Subjects and peers of the cluster-scoped kinds: what is known, what no version knows, and what would be refused.

import { readBlock } from './addresses.ts'
import { type Direction, selectorProblems } from './manifest.ts'
import type { NamespacedPods, Subject, TierKind, TierPeer } from './tier-manifest.ts'

/** A2, C5: exactly one of `namespaces` or `pods`. */
export function subjectProblems(kind: TierKind, subject: Subject | undefined): string[] {
  const { namespaces, pods } = subject ?? {}
  if ((namespaces === undefined) === (pods === undefined)) return ['not exactly one subject']
  if ([namespaces, pods?.namespaceSelector, pods?.podSelector].some(isUnknownSelector) || isUnknownPods(pods))
    return ['an unknown subject']
  return namespaces === undefined ? podsProblems(kind, pods!) : selectorProblems(namespaces)
}

/** v1alpha1 demands both selectors, v1alpha2 the one for pods. */
function podsProblems(kind: TierKind, pods: NamespacedPods): string[] {
  const problems = [...selectorProblems(pods.namespaceSelector), ...selectorProblems(pods.podSelector)]
  if (pods.podSelector === undefined) problems.push('pods without podSelector')
  if (pods.namespaceSelector === undefined && kind !== 'ClusterNetworkPolicy')
    problems.push('pods without namespaceSelector')
  return problems
}

/** A8, A9, A12: the fields of a peer that are known where it stands. */
export function fieldsOf(kind: TierKind, direction: Direction, peer: TierPeer): (keyof TierPeer)[] {
  const known: readonly (keyof TierPeer)[] =
    direction === 'ingress'
      ? ['namespaces', 'pods']
      : kind === 'BaselineAdminNetworkPolicy'
        ? ['namespaces', 'pods', 'nodes', 'networks']
        : ['namespaces', 'pods', 'nodes', 'networks', 'domainNames']
  return known.filter(field => peer[field] !== undefined)
}

/** A11, C10: no known field set. A14: or one that holds the shape of an older version. */
export function isUnknownPeer(kind: TierKind, direction: Direction, peer: TierPeer): boolean {
  const { namespaces, pods, nodes } = peer
  return (
    fieldsOf(kind, direction, peer).length === 0 ||
    isUnknownPods(pods) ||
    [namespaces, pods?.namespaceSelector, pods?.podSelector, nodes].some(isUnknownSelector)
  )
}

function isUnknownSelector(selector: object | undefined): boolean {
  return Object.keys(selector ?? {}).some(field => field !== 'matchLabels' && field !== 'matchExpressions')
}

function isUnknownPods(pods: object | undefined): boolean {
  return Object.keys(pods ?? {}).some(field => field !== 'namespaceSelector' && field !== 'podSelector')
}

export function peerProblems(kind: TierKind, direction: Direction, peer: TierPeer): string[] {
  if (fieldsOf(kind, direction, peer).length > 1) return ['a peer of two kinds']
  if (isUnknownPeer(kind, direction, peer)) return []
  const { namespaces, pods, nodes, networks, domainNames } = peer
  return [
    ...selectorProblems(namespaces),
    ...(pods === undefined ? [] : podsProblems(kind, pods)),
    ...selectorProblems(nodes),
    ...(networks === undefined ? [] : listProblems(networks, isNetwork)),
    ...(domainNames === undefined ? [] : listProblems(domainNames, isDomainName)),
  ]
}

/** A9: up to 25; the definitions call both lists sets. */
function listProblems(list: readonly string[], isRight: (text: string) => boolean): string[] {
  if (list.length === 0 || list.length > 25) return [`${list.length} elements`]
  if (new Set(list).size < list.length) return ['twice the same']
  return list.filter(text => !isRight(text)).map(text => `not readable: ${text}`)
}

/** The definitions' own checks of a CIDR want IPv4 written as IPv4. */
function isNetwork(text: string): boolean {
  const block = readBlock(text)
  return block !== undefined && !(block.family === 4 && text.includes(':'))
}

/** A9: an exact name, or the prefix `*.`. */
function isDomainName(text: string): boolean {
  const label = '[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?'
  return new RegExp(`^(\\*\\.)?(${label}\\.)+${label}\\.?$`).test(text)
}
