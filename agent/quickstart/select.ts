// Which pods a selector means, for the quickstart's enforcer. Written apart from culprit's policy engine; see shop.ts.

import type { Peer, Selector, Shop, ShopPod, ShopPolicy } from './shop.ts'

type Labels = Readonly<Record<string, string>>

/** True when every term of the selector holds; an empty selector selects everything. */
export function selects(selector: Selector, labels: Labels): boolean {
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return exact && (selector.matchExpressions ?? []).every(term => holds(term, labels))
}

function holds(term: NonNullable<Selector['matchExpressions']>[number], labels: Labels): boolean {
  const value = labels[term.key]
  const listed = value !== undefined && (term.values ?? []).includes(value)
  if (term.operator === 'In') return listed
  if (term.operator === 'NotIn') return !listed
  if (term.operator === 'Exists') return value !== undefined
  if (term.operator === 'DoesNotExist') return value === undefined
  throw new Error(`Cannot read a selector: unknown operator "${term.operator}"`)
}

/** The pods that a policy governs. */
export function subjectsOf(policy: ShopPolicy, shop: Shop): ShopPod[] {
  const selector = policy.spec.podSelector ?? {}
  return shop.pods.filter(pod => pod.ns === policy.metadata.namespace && selects(selector, pod.labels))
}

/** The pods that a peer with selectors means; a podSelector alone means the policy's own namespace. */
export function podsOf(peer: Peer, policy: ShopPolicy, shop: Shop): ShopPod[] {
  const { namespaceSelector, podSelector } = peer
  const namespaces = namespaceSelector
    ? shop.namespaces.filter(({ labels }) => selects(namespaceSelector, labels)).map(({ name }) => name)
    : [policy.metadata.namespace]
  return shop.pods.filter(pod => namespaces.includes(pod.ns) && selects(podSelector ?? {}, pod.labels))
}
