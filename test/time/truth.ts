// What really was: who held which address, and which state of policies and labels the data plane enforced, at any moment. Times
// are seconds after the beginning. Nothing here knows what a watch told of it.

import type { Labels, Namespace, Node, Pod, PolicyObject, World } from '../../agent/policy/objects.ts'

/** A state of something, from the moment on at which the data plane enforces it. */
export interface Enforced<T> {
  readonly from: number
  /** Absent: deleted. */
  readonly state: T | undefined
}

/** A pod as it was made; its labels are `labels` until the first of `edits` is enforced. */
export interface TruePod {
  readonly uid: string
  readonly ns: string
  readonly name: string
  readonly labels: Labels
  readonly edits: Enforced<Labels>[]
}

/** `pod` held `address` in [from, to), and the data plane took whom it met there for that pod in [known, dropped). */
export interface Tenancy {
  readonly pod: TruePod
  readonly address: string
  readonly from: number
  readonly to: number
  readonly known: number
  readonly dropped: number
}

export interface Truth {
  readonly node: Node
  readonly namespaces: ReadonlyMap<string, Enforced<Labels>[]>
  /** By `ns/name`, in the order of the writes. */
  readonly policies: ReadonlyMap<string, Enforced<PolicyObject>[]>
  readonly tenancies: Tenancy[]
}

/** The newest state that is enforced: a data plane that took a later write does not go back to an earlier one. */
export function enforcedAt<T>(states: readonly Enforced<T>[], time: number): T | undefined {
  return states.findLast(each => each.from <= time)?.state
}

export function tenantOf({ tenancies }: Truth, address: string, time: number): TruePod | undefined {
  return tenancies.find(each => each.address === address && each.from <= time && time < each.to)?.pod
}

/** The cluster as the data plane took it to be where `subject`'s own policies are enforced. */
export function worldAt(truth: Truth, time: number, subject: TruePod | undefined): World {
  const names = [...truth.namespaces]
  return {
    nodes: [truth.node],
    namespaces: names.map(([name, labels]): Namespace => ({ name, labels: enforcedAt(labels, time) ?? {} })),
    pods: podsAt(truth, time, subject),
    policies: [...truth.policies.values()].flatMap(states => enforcedAt(states, time) ?? []),
  }
}

/** A pod's own policies are there before it starts; others learn of its address, and of its end, a while after. */
function podsAt({ tenancies, node }: Truth, time: number, subject: TruePod | undefined): Pod[] {
  const own = tenancies.filter(each => each.pod === subject && each.from <= time && time < each.to)
  const peers = tenancies.filter(
    each => each.known <= time && time < each.dropped && !own.some(({ address }) => address === each.address),
  )
  // The newest of two is the one that is believed.
  const believed = peers.filter(each => peers.findLast(({ address }) => address === each.address) === each)
  const held = [...own, ...believed.filter(each => each.pod !== subject)]
  return [...new Set(held.map(each => each.pod))].map(pod => ({
    uid: pod.uid,
    ns: pod.ns,
    name: pod.name,
    labels: enforcedAt(pod.edits, time) ?? pod.labels,
    ips: held.filter(each => each.pod === pod).map(each => each.address),
    hostIPs: [],
    node: node.name,
    hostNetwork: false,
    phase: 'Running',
    terminating: false,
    ports: [],
    workload: `Pod/${pod.name}`,
  }))
}
