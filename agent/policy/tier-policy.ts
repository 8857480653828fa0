// A cluster-scoped policy that has been read: AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1), ClusterNetworkPolicy
// (v1alpha2). Still as its author wrote it, rule by rule; what evaluation needs beyond this is in compiled-tier.ts.

import type { PolicyRef } from './answer.ts'
import type { CidrText, PortMatch } from './network-policy.ts'
import type { Selector } from './selector.ts'

/** Admin policies decide before any NetworkPolicy, baseline ones only where no NetworkPolicy isolates (A1, C1). */
export type TierName = 'Admin' | 'Baseline'

export interface TierPolicy {
  readonly ref: PolicyRef
  readonly tier: TierName
  /** 0-1000, lower first; a BaselineAdminNetworkPolicy has none (A4, A12, C3). */
  readonly priority: number | undefined
  /** Pods that both select; host-network pods are never among them (A2). */
  readonly subjects: { readonly namespaces: Selector; readonly pods: Selector }
  /** In order: the first match wins (A5). None leaves the direction alone (C7). */
  readonly egress: readonly TierRule[]
  readonly ingress: readonly TierRule[]
}

/** v1alpha1 says Allow where v1alpha2 says Accept. */
export type Action = 'Allow' | 'Accept' | 'Deny' | 'Pass'

export interface TierRule {
  readonly action: Action
  /** At least one (A15), ORed. */
  readonly peers: readonly TierPeer[]
  /** ORed; none matches every port and protocol (A10, C6). */
  readonly ports: readonly TierPort[]
}

export type TierPeer =
  | { readonly kind: 'namespaces'; readonly namespaceSelector: Selector }
  | { readonly kind: 'pods'; readonly namespaceSelector: Selector; readonly podSelector: Selector }
  | { readonly kind: 'nodes'; readonly nodeSelector: Selector }
  | { readonly kind: 'networks'; readonly cidrs: readonly CidrText[] }
  | { readonly kind: 'domainNames'; readonly names: readonly string[] }
  /** No field that is known: its whole rule fails closed (A11, C10). */
  | { readonly kind: 'unknown' }

/** A port by number, range or name; a name has no protocol of its own. */
export type TierPort =
  | PortMatch
  | { readonly name: string; readonly protocol?: never; readonly port?: never; readonly endPort?: never }

/** A11, C10: with a peer of unknown kind, a Deny or Pass rule denies everything and an Allow rule matches nothing. */
export function failsClosed({ peers }: TierRule): boolean {
  return peers.some(({ kind }) => kind === 'unknown')
}
