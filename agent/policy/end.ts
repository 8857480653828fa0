// The ends of a connection as evaluation needs them: everything that depends on the end alone, looked up once.

import { type Address, parseAddress } from '../address.ts'
import type { End } from './answer.ts'
import type { LabelSet, PortSet } from './interner.ts'
import type { Isolation } from './isolation.ts'
import type { Pod } from './objects.ts'

/** A pod with its labels and ports interned. */
export interface PodEntry {
  readonly pod: Pod
  readonly labels: LabelSet
  readonly ports: PortSet
  /** Once somebody asked: those of all pods of a cluster would take more memory than their policies. */
  addresses: readonly Address[] | undefined
}

/** An End with what its epoch knows about it. */
export interface ResolvedEnd extends End {
  /** What isolates the pod; undefined for everything but pods on the pod network (S52). */
  readonly egress: Isolation | undefined
  readonly ingress: Isolation | undefined
  readonly entry: PodEntry | undefined
  /** The interner's numbers of a pod's namespace, of the namespace's labels and of the pod's; -1 for what is no pod. */
  readonly namespace: number
  readonly namespaceLabels: number
  readonly labels: number
  /** Ends of one class are the same to ipBlocks; 0 for an end that none matches, also because of its kind (S30, S31). */
  readonly addressClass: number
  /** The interner's numbers of the labels of each Node whose status has the address. */
  readonly nodeLabels: readonly number[]
  /** What DNS calls the address; undefined where nobody knows. */
  readonly names: readonly string[] | undefined
  /** Named ports of a pod, none for anything else (S43). */
  readonly ports: PortSet
  /** Whoever made it: numbers and policies are this epoch's. */
  readonly epoch: object
}

/** S60, S58: finished pods and pods without an address own none; the addresses of host-network pods are their node's (S52). */
export function ownsAddresses({ pod }: PodEntry): boolean {
  return !pod.hostNetwork && !isFinished(pod) && pod.ips.some(isAddress)
}

export function addressesOf(entry: PodEntry): readonly Address[] {
  entry.addresses ??= readAddresses(entry.pod)
  return entry.addresses
}

/** Without remembering them. */
export function readAddresses({ ips }: Pod): readonly Address[] {
  return ips.flatMap(ip => parseAddress(ip) ?? [])
}

function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined
}

export function isFinished(pod: Pod): boolean {
  return pod.phase === 'Succeeded' || pod.phase === 'Failed'
}
