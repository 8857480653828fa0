// Reads AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2) as their custom resource
// definitions would admit them, with what is still known about a refused one.

import type { PolicyObject } from '../../agent/policy/objects.ts'
import { type Direction, dropNulls, type Selector } from './manifest.ts'
import { subjectProblems } from './tier-peers.ts'
import { tierProblems } from './tier-problems.ts'

export type Tier = 'admin' | 'baseline'

export type TierKind = 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy' | 'ClusterNetworkPolicy'

export interface NamespacedPods {
  readonly namespaceSelector?: Selector
  readonly podSelector?: Selector
}

export interface Subject {
  readonly namespaces?: Selector
  readonly pods?: NamespacedPods
}

export interface TierPeer extends Subject {
  readonly nodes?: Selector
  readonly networks?: readonly string[]
  readonly domainNames?: readonly string[]
}

/** One element of `ports` in v1alpha1. */
export interface TierPort {
  readonly portNumber?: { readonly protocol?: string; readonly port: number }
  readonly portRange?: { readonly protocol?: string; readonly start: number; readonly end: number }
  readonly namedPort?: string
}

export interface DestinationPort {
  readonly number?: number
  readonly range?: { readonly start: number; readonly end: number }
}

/** One element of `protocols` in v1alpha2. */
export interface TierProtocol {
  readonly tcp?: { readonly destinationPort?: DestinationPort }
  readonly udp?: { readonly destinationPort?: DestinationPort }
  readonly sctp?: { readonly destinationPort?: DestinationPort }
  readonly destinationNamedPort?: string
}

export interface TierRule {
  readonly name?: string
  readonly action: string
  readonly from?: readonly TierPeer[]
  readonly to?: readonly TierPeer[]
  readonly ports?: readonly TierPort[]
  readonly protocols?: readonly TierProtocol[]
}

export interface TierSpec {
  readonly tier?: string
  readonly priority?: number
  readonly subject?: Subject
  readonly ingress?: readonly TierRule[]
  readonly egress?: readonly TierRule[]
}

export interface TierPolicy {
  readonly key: string
  readonly kind: TierKind
  readonly name: string
  readonly tier: Tier
  /** A4, C3: lower first. A12: the one BaselineAdminNetworkPolicy has none, so it stands last here. */
  readonly priority: number
  readonly spec: TierSpec
  readonly problems: readonly string[]
  /** False where the object is of an API version that is not known: nothing in it can be read. */
  readonly isReadable: boolean
}

const versions: Readonly<Record<TierKind, string>> = {
  AdminNetworkPolicy: 'policy.networking.k8s.io/v1alpha1',
  BaselineAdminNetworkPolicy: 'policy.networking.k8s.io/v1alpha1',
  ClusterNetworkPolicy: 'policy.networking.k8s.io/v1alpha2',
}

/** The cluster-scoped policies among the objects, refused ones too. */
export function readTierPolicies(objects: readonly PolicyObject[]): TierPolicy[] {
  return objects.filter(object => Object.hasOwn(versions, object.kind)).map(readTierPolicy)
}

function readTierPolicy(object: PolicyObject): TierPolicy {
  const kind = object.kind as TierKind
  const { name } = object.metadata
  const isReadable = object.apiVersion === versions[kind]
  const spec = (isReadable ? (dropNulls(object.spec) ?? {}) : {}) as TierSpec
  return {
    key: `${kind}/${name}`,
    kind,
    name,
    tier: tierOf(kind, spec),
    priority: kind === 'BaselineAdminNetworkPolicy' ? Number.POSITIVE_INFINITY : (spec.priority ?? 0),
    spec,
    problems: isReadable ? tierProblems(kind, name, spec) : [`${object.apiVersion} is not evaluated`],
    isReadable,
  }
}

/** C1: ClusterNetworkPolicy is one kind with two tiers. */
function tierOf(kind: TierKind, spec: TierSpec): Tier {
  if (kind === 'ClusterNetworkPolicy') return spec.tier === 'Baseline' ? 'baseline' : 'admin'
  return kind === 'AdminNetworkPolicy' ? 'admin' : 'baseline'
}

export function tierRulesOf(policy: TierPolicy, direction: Direction): readonly TierRule[] {
  return policy.spec[direction] ?? []
}

export function tierPeersOf(rule: TierRule, direction: Direction): readonly TierPeer[] {
  return (direction === 'egress' ? rule.to : rule.from) ?? []
}

/** True when the subject of a refused policy is still known. */
export function hasUsableTierSubject(policy: TierPolicy): boolean {
  return policy.isReadable && subjectProblems(policy.kind, policy.spec.subject).length === 0
}
