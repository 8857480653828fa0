// Finding the ends of a connection in one state: which pod, node or stranger has an address, and what the state knows about it.

import { type Address, equalAddresses, isIPv4, parseAddress } from '../address.ts'
import { addressKey } from './address-index.ts'
import type { End } from './answer.ts'
import { addressesOf, isFinished, type PodEntry, type ResolvedEnd } from './end.ts'
import { NO_PORTS } from './interner.ts'
import type { Node, Pod } from './objects.ts'
import { mentioned, type NamespaceState, podEntry, type State } from './state.ts'

export class Ends {
  readonly #state: State
  readonly #epoch: object
  /** Namespaces that nothing in this state mentions, as callers' pods bring them along. */
  readonly #foreign = new Map<string, NamespaceState>()

  /** The ends bear the mark of `epoch`. */
  constructor(state: State, epoch: object) {
    this.#state = state
    this.#epoch = epoch
  }

  /** See Epoch.endOfPod(). */
  ofPod(uid: string, other: Address | undefined): ResolvedEnd | undefined {
    const entry = this.#state.pods.get(uid)
    if (entry === undefined || isFinished(entry.pod)) return undefined
    const addresses = addressesOf(entry)
    const fitting = other && addresses.find(address => isIPv4(address) === isIPv4(other))
    const address = fitting ?? addresses[0]
    return address && this.ofEntry(entry, address)
  }

  /** See Epoch.end(). Keeps `address`. */
  told(address: Address, pod: Pod | undefined): ResolvedEnd {
    return pod === undefined ? this.#ofAddress(address) : this.ofEntry(this.entry(pod), address)
  }

  /** See Epoch.resolve(). Keeps `address`. */
  resolve(address: Address): ResolvedEnd {
    const claim = this.#state.addresses.pods.get(addressKey(address))?.[0]
    const entry = claim && this.#state.pods.get(claim.uid)
    return entry === undefined ? this.#ofAddress(address) : this.ofEntry(entry, address)
  }

  /** What this state knows about a pod, by its uid; for one that it does not know, what the object says. */
  entry(pod: Pod): PodEntry {
    return this.#state.pods.get(pod.uid) ?? podEntry(pod, this.#state.interner)
  }

  ofEntry(entry: PodEntry, address: Address): ResolvedEnd {
    const { pod, labels, ports } = entry
    // S52: a host-network pod is its node.
    if (pod.hostNetwork) return this.#bare('node', address, entry)
    const namespace = this.namespace(pod.ns)
    const { egress, ingress } = namespace.judged.subject(labels)
    return {
      kind: 'pod',
      pod,
      address,
      egress,
      ingress,
      entry,
      namespace: namespace.id,
      namespaceLabels: namespace.labels.id,
      labels: labels.id,
      addressClass: this.#state.traits.ipBlockMatchesPods ? this.addressClass(address) : 0,
      nodeLabels: NONE,
      // A9: names are for what is outside of the cluster.
      names: NONE,
      ports,
      epoch: this.#epoch,
    }
  }

  #ofAddress(address: Address): ResolvedEnd {
    const { addresses, podCidrs } = this.#state
    if (addresses.nodes.get(addressKey(address)) !== undefined) return this.#bare('node', address, undefined)
    return this.#bare(podCidrs.find(address, 0) < 0 ? 'external' : 'unknown', address, undefined)
  }

  /** An end that no policy governs. */
  #bare(kind: End['kind'], address: Address, entry: PodEntry | undefined): ResolvedEnd {
    const isMatched = kind !== 'node' || this.#state.traits.ipBlockMatchesNodes
    return {
      kind,
      pod: entry?.pod,
      address,
      egress: undefined,
      ingress: undefined,
      entry,
      namespace: -1,
      namespaceLabels: -1,
      labels: -1,
      addressClass: isMatched ? this.addressClass(address) : 0,
      nodeLabels: kind === 'node' ? this.#nodeLabels(address) : NONE,
      names: this.#state.names && (this.#state.names.get(addressKey(address)) ?? NONE),
      ports: NO_PORTS,
      epoch: this.#epoch,
    }
  }

  /** A9: of the Nodes that have the address in their status; what pods say of their hosts does not count. */
  #nodeLabels(address: Address): number[] {
    const claims = this.#state.addresses.nodes.get(addressKey(address)) ?? []
    const owners = claims.flatMap(({ node }) =>
      node === undefined ? [] : (this.#state.nodes.get(node) ?? []),
    )
    return owners.filter(node => hasAddress(node.addresses, address)).map(this.#labelsOf)
  }

  readonly #labelsOf = ({ labels }: Node) => this.#state.interner.labelSet(labels).id

  /** See Epoch.addressClass(). */
  addressClass(address: Address, at = 0): number {
    return this.#state.interner.cidrs.find(address, at) + 1
  }

  namespace(name: string): NamespaceState {
    const known = this.#state.namespaces.get(name) ?? this.#foreign.get(name)
    if (known !== undefined) return known
    const foreign = mentioned(this.#state, name)
    this.#foreign.set(name, foreign)
    return foreign
  }

  /** S47: any address of the node that runs the destination pod, and host-network pods on it. */
  isOwnNode(source: ResolvedEnd, destination: ResolvedEnd): boolean {
    if (source.kind !== 'node') return false
    const { node, hostIPs } = destination.pod!
    if (node !== undefined) {
      if (source.pod?.node === node) return true
      const claims = this.#state.addresses.nodes.get(addressKey(source.address))
      if (claims?.some(claim => claim.node === node)) return true
    }
    return hasAddress(hostIPs, source.address)
  }
}

const NONE: readonly never[] = Object.freeze([])

function hasAddress(texts: readonly string[], wanted: Address): boolean {
  return texts.some(text => {
    const address = parseAddress(text)
    return address !== undefined && equalAddresses(address, 0, wanted, 0)
  })
}
