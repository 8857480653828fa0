// Everything an epoch is made of. Nothing in it changes; state-edit.ts makes the next one.

import { type AddressIndex, type AddressKey, emptyAddressIndex } from './address-index.ts'
import { CidrTrie } from './cidr-trie.ts'
import type { CompiledPolicy } from './compiled-policy.ts'
import type { CompiledTierPolicy } from './compiled-tier.ts'
import type { PodEntry } from './end.ts'
import { Interner, type LabelSet } from './interner.ts'
import { type CompiledRejection, NamespacePolicies } from './namespace-policies.ts'
import type { Labels, Namespace, Node, Pod } from './objects.ts'
import { Overlay } from './overlay.ts'
import { type Profile, type Traits, traits } from './profile.ts'
import type { Policy, RejectedPolicy } from './rejected.ts'

export interface State {
  readonly profile: Profile
  readonly traits: Traits
  readonly interner: Interner
  readonly namespaces: Overlay<string, NamespaceState>
  /** By uid. */
  readonly pods: Overlay<string, PodEntry>
  /** Uids by `ns/name`; a list of several while a pod is replaced by one of its name. */
  readonly podsByName: Overlay<string, string | readonly string[]>
  readonly nodes: Overlay<string, Node>
  readonly podCidrs: CidrTrie
  readonly addresses: AddressIndex
  /** By the key of changes; the value is the policy as it was read. */
  readonly policies: Overlay<string, Policy | RejectedPolicy>
  /** The cluster-scoped policies in order of precedence, by the key of changes. */
  readonly tiers: ReadonlyMap<string, CompiledTierPolicy>
  /** By the key of changes. */
  readonly rejections: ReadonlyMap<string, CompiledRejection>
  /** What DNS calls addresses; undefined where nobody knows. */
  readonly names: ReadonlyMap<AddressKey, readonly string[]> | undefined
}

export interface NamespaceState {
  readonly name: string
  /** Absent for a namespace that is only mentioned. */
  readonly object: Namespace | undefined
  readonly labels: LabelSet
  /** By the key of changes. */
  readonly policies: ReadonlyMap<string, CompiledPolicy>
  /** The interner's number of the name. */
  readonly id: number
  readonly judged: NamespacePolicies
}

export function emptyState(profile: Profile): State {
  return {
    profile,
    traits: traits[profile],
    interner: new Interner(),
    namespaces: new Overlay(),
    pods: new Overlay(),
    podsByName: new Overlay(),
    nodes: new Overlay(),
    podCidrs: new CidrTrie(),
    addresses: emptyAddressIndex,
    policies: new Overlay(),
    tiers: new Map(),
    rejections: new Map(),
    names: undefined,
  }
}

/** S8: the control plane sets the label on every namespace; one that is only mentioned has no other. */
export function namespaceLabels(name: string, labels: Labels = {}): Labels {
  return Object.hasOwn(labels, NAME_LABEL) ? labels : { ...labels, [NAME_LABEL]: name }
}

const NAME_LABEL = 'kubernetes.io/metadata.name'

/** What of a state decides about the pods of a namespace. */
export type Clusterwide = Pick<State, 'interner' | 'tiers' | 'rejections'>

/** Policies sorted by key, those of one name (a policy being replaced) by uid. */
export function judge(
  { interner, tiers, rejections }: Clusterwide,
  ns: string,
  labels: LabelSet,
  policies: ReadonlyMap<string, CompiledPolicy>,
): NamespacePolicies {
  const sorted = [...policies].sort(([keyA, a], [keyB, b]) => {
    const [nameA, nameB] = [a.source.ref.key, b.source.ref.key]
    return nameA < nameB ? -1 : nameA > nameB ? 1 : keyA < keyB ? -1 : 1
  })
  const reaching = [...tiers.values()].filter(({ namespaces }) => interner.selects(namespaces, labels.id))
  const touching = [...rejections.values()].filter(
    ({ rejection, namespaces }) =>
      (rejection.ns === undefined || rejection.ns === ns) &&
      (namespaces === undefined || interner.selects(namespaces, labels.id)),
  )
  return new NamespacePolicies(
    sorted.map(([, policy]) => policy),
    reaching,
    touching,
    interner,
  )
}

export function podEntry(pod: Pod, interner: Interner): PodEntry {
  return {
    pod,
    labels: interner.labelSet(pod.labels),
    ports: interner.portSet(pod.ports),
    addresses: undefined,
  }
}

/** A namespace that no object is known of. */
export function mentioned(state: State, name: string): NamespaceState {
  const { interner } = state
  const policies = new Map<string, CompiledPolicy>()
  const labels = interner.labelSet(namespaceLabels(name))
  return {
    name,
    id: interner.name(name),
    object: undefined,
    labels,
    policies,
    judged: judge(state, name, labels, policies),
  }
}
