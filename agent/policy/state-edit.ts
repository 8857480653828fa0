// How changes make the next state: each part is shared until a change touches it.

import { parseAddress, parseCidr } from '../address.ts'
import { AddressIndexEdit, type AddressKey, addressKey, claimsAlike } from './address-index.ts'
import { CidrTrie } from './cidr-trie.ts'
import { type CompiledPolicy, compilePolicy } from './compiled-policy.ts'
import { type CompiledTierPolicy, comparePrecedence, compileTierPolicy } from './compiled-tier.ts'
import type { PodEntry } from './end.ts'
import type { CompiledRejection } from './namespace-policies.ts'
import type { Change, Namespace, Node, Pod, PolicyObject, World } from './objects.ts'
import type { Overlay, OverlayEdit } from './overlay.ts'
import { parsePolicy, refOf } from './parse.ts'
import { leftOutTier } from './parse-tier.ts'
import type { Profile } from './profile.ts'
import { isRejected, isTierPolicy, type Policy, type RejectedPolicy } from './rejected.ts'
import { matchesSelector, type Selector } from './selector.ts'
import { createSharing } from './sharing.ts'
import {
  type Clusterwide,
  emptyState,
  judge,
  type NamespaceState,
  namespaceLabels,
  podEntry,
  type State,
} from './state.ts'

/** The state of a whole world. Objects that are listed twice under one key count once, the last. */
export function stateOf(world: World, profile: Profile): State {
  const edit = new StateEdit({ ...emptyState(profile), names: world.dns && namesOf(world.dns) })
  for (const namespace of world.namespaces) edit.setNamespace(namespace.name, namespace)
  for (const node of world.nodes) edit.setNode(node.name, node)
  for (const pod of world.pods) edit.setPod(pod.uid, pod)
  // Their parts: two policies of different keys differ, as each holds its own.
  const share = createSharing()
  for (const object of world.policies) edit.setPolicy(policyKey(object), share(parsePolicy(object)))
  return settled(edit)
}

/** What is no address names nothing. */
function namesOf(dns: NonNullable<World['dns']>): NonNullable<State['names']> {
  return new Map(
    Object.entries(dns).flatMap(([text, names]): [AddressKey, readonly string[]][] => {
      const address = parseAddress(text)
      return address === undefined ? [] : [[addressKey(address), names]]
    }),
  )
}

/** The key of a policy's changes: its uid, or what answers call it where a manifest has none. */
export function policyKey(object: PolicyObject): string {
  return object.metadata.uid ?? refOf(object).key
}

/** The state after these changes, in their order. */
export function stateAfter(before: State, changes: readonly Change[]): State {
  const edit = new StateEdit(before)
  for (const change of changes) edit.apply(change)
  const state = edit.done()
  return state.interner.isOvergrown() ? renewed(state) : state
}

/** The same state with a new interner: what was seen and is gone is forgotten. */
function renewed(state: State): State {
  const edit = new StateEdit({ ...emptyState(state.profile), names: state.names })
  for (const { name, object } of state.namespaces.values())
    if (object !== undefined) edit.setNamespace(name, object)
  for (const node of state.nodes.values()) edit.setNode(node.name, node)
  for (const { pod } of state.pods.values()) edit.setPod(pod.uid, pod)
  for (const [key, policy] of state.policies.entries()) edit.setPolicy(key, policy)
  return settled(edit)
}

function settled(edit: StateEdit): State {
  const state = edit.done()
  state.interner.settle()
  return state
}

/** Collects the changes of one step. */
class StateEdit {
  readonly #before: State
  readonly #namespaces = new Map<string, NamespaceEdit>()
  readonly #pods: OverlayEdit<string, PodEntry>
  readonly #podsByName: OverlayEdit<string, string | readonly string[]>
  readonly #nodes: OverlayEdit<string, Node>
  readonly #addresses: AddressIndexEdit
  readonly #policies: OverlayEdit<string, Policy | RejectedPolicy>
  readonly #tiers: Map<string, CompiledTierPolicy>
  readonly #rejections: Map<string, CompiledRejection>
  #haveTiersChanged = false
  #havePodCidrsChanged = false

  constructor(before: State) {
    this.#before = before
    this.#pods = before.pods.edit()
    this.#podsByName = before.podsByName.edit()
    this.#nodes = before.nodes.edit()
    this.#addresses = new AddressIndexEdit(before.addresses)
    this.#policies = before.policies.edit()
    this.#tiers = new Map(before.tiers)
    this.#rejections = new Map(before.rejections)
  }

  apply(change: Change): void {
    if (change.kind === 'Namespace') this.setNamespace(change.key, change.object)
    else if (change.kind === 'Pod') this.setPod(change.key, change.object)
    else if (change.kind === 'Node') this.setNode(change.key, change.object)
    else this.setPolicy(change.key, change.object && parsePolicy(change.object))
  }

  setNamespace(name: string, object: Namespace | undefined): void {
    this.#namespace(name).object = object
  }

  setPod(uid: string, pod: Pod | undefined): void {
    const before = this.#pods.get(uid)
    const entry = pod && podEntry(pod, this.#before.interner)
    if (before === undefined || pod === undefined || !claimsAlike(before.pod, pod)) {
      if (before !== undefined) this.#count(before, -1)
      if (entry !== undefined) this.#count(entry, 1)
    }
    if (pod !== undefined && this.#before.namespaces.get(pod.ns) === undefined) this.#namespace(pod.ns)
    this.#pods.set(uid, entry)
  }

  #count(entry: PodEntry, step: 1 | -1): void {
    const { uid, ns, name: own } = entry.pod
    // A string that is joined from a list is in one piece.
    const name = [ns, own].join('/')
    this.#addresses.countPod(entry, name, step)
    const others = [this.#podsByName.get(name) ?? []].flat().filter(other => other !== uid)
    const all = step === 1 ? [...others, uid] : others
    this.#podsByName.set(name, all.length > 1 ? all : all[0])
  }

  setNode(name: string, node: Node | undefined): void {
    const before = this.#nodes.get(name)
    if (before !== undefined) this.#addresses.countNode(before, -1)
    if (node !== undefined) this.#addresses.countNode(node, 1)
    if (before?.podCIDRs.join() !== node?.podCIDRs.join()) this.#havePodCidrsChanged = true
    this.#nodes.set(name, node)
  }

  setPolicy(key: string, policy: Policy | RejectedPolicy | undefined): void {
    const before = this.#policies.get(key)
    if (before !== undefined) this.#withdraw(key, this.#standing(before))
    if (policy !== undefined) this.#admit(key, this.#standing(policy))
    this.#policies.set(key, policy)
  }

  /** C11: what a data plane is not known to enforce decides nothing, and every answer that it would touch says so. */
  #standing(policy: Policy | RejectedPolicy): Policy | RejectedPolicy {
    const { profile, traits } = this.#before
    if (isRejected(policy) || !isTierPolicy(policy) || traits.enforcesTiers.includes(policy.ref.kind))
      return policy
    return leftOutTier(policy, `kind: ${policy.ref.kind} is not known to be enforced by ${profile}`)
  }

  #withdraw(key: string, policy: Policy | RejectedPolicy): void {
    if (isRejected(policy)) this.#rejections.delete(key)
    else if (isTierPolicy(policy)) this.#tiers.delete(key)
    else this.#namespace(policy.ns).policies.delete(key)
    this.#touch(policy)
  }

  #admit(key: string, policy: Policy | RejectedPolicy): void {
    const { interner, traits } = this.#before
    if (isRejected(policy)) {
      this.#rejections.set(key, {
        rejection: policy,
        namespaces: policy.namespaces && interner.selector(policy.namespaces),
        subjects: policy.subjects && interner.selector(policy.subjects),
      })
    } else if (isTierPolicy(policy)) {
      this.#tiers.set(key, compileTierPolicy(policy, interner, traits))
    } else {
      this.#namespace(policy.ns).policies.set(key, compilePolicy(policy, interner, traits))
    }
    this.#touch(policy)
  }

  /** What is asked about a namespace's pods is asked anew; of a cluster-scoped policy, about the pods of those that it selects. */
  #touch(policy: Policy | RejectedPolicy): void {
    if (isTierPolicy(policy)) {
      this.#haveTiersChanged = true
      this.#touchSelected(policy.subjects.namespaces)
    } else if (policy.ns !== undefined) this.#namespace(policy.ns).isTouched = true
    else this.#touchSelected(isRejected(policy) ? policy.namespaces : undefined)
  }

  /** Namespaces whose labels change in the same step, and new ones, are judged anew anyway. */
  #touchSelected(selector: Selector | undefined): void {
    for (const { name, labels } of this.#before.namespaces.values())
      if (selector === undefined || matchesSelector(selector, labels.labels))
        this.#namespace(name).isTouched = true
  }

  #namespace(name: string): NamespaceEdit {
    let edit = this.#namespaces.get(name)
    if (edit === undefined) {
      const before = this.#before.namespaces.get(name)
      edit = { object: before?.object, policies: new Map(before?.policies), isTouched: false }
      this.#namespaces.set(name, edit)
    }
    return edit
  }

  done(): State {
    const before = this.#before
    const nodes = this.#nodes.done()
    const tiers = this.#haveTiersChanged ? byPrecedence(this.#tiers) : before.tiers
    const clusterwide = { interner: before.interner, tiers, rejections: this.#rejections }
    const namespaces = new Map(
      [...this.#namespaces].map(([name, edit]) => [name, finishNamespace(before, name, edit, clusterwide)]),
    )
    return {
      ...before,
      namespaces: before.namespaces.with(namespaces),
      pods: this.#pods.done(),
      podsByName: this.#podsByName.done(),
      nodes,
      podCidrs: this.#havePodCidrsChanged ? podCidrTrie(nodes) : before.podCidrs,
      addresses: this.#addresses.done(),
      policies: this.#policies.done(),
      tiers,
      rejections: this.#rejections,
    }
  }
}

interface NamespaceEdit {
  object: Namespace | undefined
  readonly policies: Map<string, CompiledPolicy>
  /** Its policies or what was left out of them changed. */
  isTouched: boolean
}

function finishNamespace(
  before: State,
  name: string,
  edit: NamespaceEdit,
  clusterwide: Clusterwide,
): NamespaceState {
  const old = before.namespaces.get(name)
  const labels = before.interner.labelSet(namespaceLabels(name, edit.object?.labels))
  // Labels of namespaces choose the subjects of cluster-scoped policies, and of nothing else.
  const isKept = old !== undefined && !edit.isTouched && (old.labels === labels || isUniform(clusterwide))
  const judged = isKept ? old.judged : judge(clusterwide, name, labels, edit.policies)
  return {
    name,
    id: before.interner.name(name),
    object: edit.object,
    labels,
    policies: edit.policies,
    judged,
  }
}

/** Do the labels of a namespace say nothing about which policies reach it? */
function isUniform({ tiers, rejections }: Clusterwide): boolean {
  return tiers.size === 0 && [...rejections.values()].every(({ namespaces }) => namespaces === undefined)
}

/** Of two policies of one name (a policy being replaced) the first by uid. */
function byPrecedence(
  tiers: ReadonlyMap<string, CompiledTierPolicy>,
): ReadonlyMap<string, CompiledTierPolicy> {
  return new Map(
    [...tiers].sort(
      ([keyA, a], [keyB, b]) => comparePrecedence(a.source, b.source) || (keyA < keyB ? -1 : 1),
    ),
  )
}

function podCidrTrie(nodes: Overlay<string, Node>): CidrTrie {
  const trie = new CidrTrie()
  for (const node of nodes.values()) {
    for (const text of node.podCIDRs) {
      const cidr = parseCidr(text)
      if (cidr !== undefined) trie.add(cidr)
    }
  }
  return trie
}
