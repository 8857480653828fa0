// Who has an address: live pods, and nodes by everything that says an address is a node's. Every claim is kept and counted, so that
// the end of one claim never takes away another's (S60).

import { type Address, isIPv4, parseAddress } from '../address.ts'
import { isFinished, ownsAddresses, type PodEntry, readAddresses } from './end.ts'
import type { Node, Pod } from './objects.ts'
import { Overlay, type OverlayEdit } from './overlay.ts'

/** An IPv4 address as its last word, any other as a character for each 16 bits. */
export type AddressKey = number | string

export interface PodClaim {
  readonly uid: string
  readonly name: string
  readonly isRunning: boolean
}

/** `node` is undefined where a pod says its host's address but not its name. */
export interface NodeClaim {
  readonly node: string | undefined
  readonly count: number
}

export interface AddressIndex {
  /** The claims of an address, the one that counts first. */
  readonly pods: Overlay<AddressKey, readonly PodClaim[]>
  readonly nodes: Overlay<AddressKey, readonly NodeClaim[]>
}

export const emptyAddressIndex: AddressIndex = { pods: new Overlay(), nodes: new Overlay() }

export function addressKey(words: Address, at = 0): AddressKey {
  if (isIPv4(words, at)) return words[at + 3]!
  const [a, b, c, d] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!]
  return String.fromCharCode(a >>> 16, a, b >>> 16, b, c >>> 16, c, d >>> 16, d)
}

/** Collects changes to an index. */
export class AddressIndexEdit {
  readonly #pods: OverlayEdit<AddressKey, readonly PodClaim[]>
  readonly #nodes: OverlayEdit<AddressKey, readonly NodeClaim[]>
  /** All pods of a node name the same host addresses. */
  readonly #hostKeys = new Map<string, AddressKey | undefined>()

  constructor(before: AddressIndex) {
    this.#pods = before.pods.edit()
    this.#nodes = before.nodes.edit()
  }

  done(): AddressIndex {
    return { pods: this.#pods.done(), nodes: this.#nodes.done() }
  }

  /** Adds (1) or withdraws (-1) what a pod says about addresses: its own, and those of its host. `name` is its `ns/name`. */
  countPod(entry: PodEntry, name: string, step: 1 | -1): void {
    const { node, hostIPs, hostNetwork } = entry.pod
    if (ownsAddresses(entry)) this.#countOwn(entry.pod, name, step)
    for (const text of hostIPs) this.#countHost(text, node, step)
    // S52: a host-network pod's address is its node's, while it lives (S60).
    if (hostNetwork && !isFinished(entry.pod))
      for (const address of readAddresses(entry.pod)) this.#count(addressKey(address), node, step)
  }

  countNode(node: Node, step: 1 | -1): void {
    for (const text of node.addresses) this.#countHost(text, node.name, step)
  }

  #countOwn(pod: Pod, name: string, step: 1 | -1): void {
    const own = { uid: pod.uid, name, isRunning: pod.phase === 'Running' }
    // Of all its addresses.
    const alone = [own]
    for (const address of readAddresses(pod)) {
      const key = addressKey(address)
      const others = this.#pods.get(key)?.filter(other => other.uid !== pod.uid) ?? NOBODY
      const claims = step === 1 ? (others.length === 0 ? alone : [...others, own].sort(byStanding)) : others
      this.#pods.set(key, claims.length === 0 ? undefined : claims)
    }
  }

  /** Some of a Node's addresses are names (`Hostname`), which say nothing here. */
  #countHost(text: string, node: string | undefined, step: 1 | -1): void {
    if (!this.#hostKeys.has(text)) {
      const address = parseAddress(text)
      this.#hostKeys.set(text, address && addressKey(address))
    }
    const key = this.#hostKeys.get(text)
    if (key !== undefined) this.#count(key, node, step)
  }

  #count(key: AddressKey, node: string | undefined, step: 1 | -1): void {
    const claims = this.#nodes.get(key) ?? []
    const count = (claims.find(known => known.node === node)?.count ?? 0) + step
    const others = claims.filter(known => known.node !== node)
    const now = count > 0 ? [...others, { node, count }] : others
    this.#nodes.set(key, now.length === 0 ? undefined : now)
  }
}

const NOBODY: readonly PodClaim[] = []

/** A Running pod before others, then by name and uid, so that the choice is the same every time. */
function byStanding(a: PodClaim, b: PodClaim): number {
  return Number(b.isRunning) - Number(a.isRunning) || compare(a.name, b.name) || compare(a.uid, b.uid)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Do two versions of a pod say the same about names and addresses? Then nothing here changes with them. */
export function claimsAlike(a: Pod, b: Pod): boolean {
  return (
    a.ns === b.ns &&
    a.name === b.name &&
    a.phase === b.phase &&
    a.hostNetwork === b.hostNetwork &&
    a.node === b.node &&
    a.ips.join() === b.ips.join() &&
    a.hostIPs.join() === b.hostIPs.join()
  )
}
