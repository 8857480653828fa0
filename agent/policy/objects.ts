// The objects that policies are about, as plain data: what is left of the Kubernetes objects once everything that no policy
// looks at is gone. `agent/cluster` makes them from manifests and watch events; nothing here reads a file.

export type Labels = Readonly<Record<string, string>>

export interface Namespace {
  readonly name: string
  /** With `kubernetes.io/metadata.name`, which the reader adds where it is missing (S8). */
  readonly labels: Labels
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP'

export interface ContainerPort {
  readonly name?: string
  readonly port: number
  readonly protocol: Protocol
}

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'

export interface Pod {
  /** `metadata.uid`, or `ns/name` where a manifest has none. */
  readonly uid: string
  readonly ns: string
  readonly name: string
  readonly labels: Labels
  /** Canonical text (agent/address.ts), the primary address first; empty while the pod has none (S58). */
  readonly ips: readonly string[]
  readonly hostIPs: readonly string[]
  readonly node?: string
  readonly hostNetwork: boolean
  readonly phase: Phase
  /** Has a deletionTimestamp; keeps identity and policy until its address is released (S59). */
  readonly terminating: boolean
  /** Of regular and restartable init containers (S44). */
  readonly ports: readonly ContainerPort[]
  /** `Kind/name` of what owns it: Deployment/cart, StatefulSet/pg, or Pod/name. */
  readonly workload: string
}

export interface Node {
  readonly name: string
  readonly labels: Labels
  /** Every address of the object's status: all of them are the "own node" of its pods (S47). */
  readonly addresses: readonly string[]
  readonly podCIDRs: readonly string[]
}

/** A policy object as its manifest has it, `null` meaning absent. Only `agent/policy` looks inside `spec`. */
export interface PolicyObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly generation?: number
    readonly managedFields?: readonly unknown[]
  }
  readonly spec?: unknown
}

/** The state of a cluster that policies are judged in. */
export interface World {
  readonly namespaces: readonly Namespace[]
  readonly pods: readonly Pod[]
  readonly nodes: readonly Node[]
  readonly policies: readonly PolicyObject[]
  /** What DNS calls addresses, by their text; absent where nobody knows. A cluster does not say; hand-written cases do. */
  readonly dns?: Readonly<Record<string, readonly string[]>>
}

/** One object that came, changed or went; `key` is the uid for pods and policies, the name for namespaces and nodes. */
export type Change =
  | { readonly kind: 'Namespace'; readonly key: string; readonly object?: Namespace }
  | { readonly kind: 'Pod'; readonly key: string; readonly object?: Pod }
  | { readonly kind: 'Node'; readonly key: string; readonly object?: Node }
  | { readonly kind: 'Policy'; readonly key: string; readonly object?: PolicyObject }
