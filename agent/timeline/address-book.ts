// Every address the cluster has ever had, and whose it was: the index in front of the tracks.

import { type Address, inCidr, maskAddress, parseAddress, parseCidr } from '../address.ts'
import { AddressMap } from './address-map.ts'
import { appended } from './appended.ts'
import type { Observed } from './observed.ts'
import { type Claim, isLater } from './owner.ts'
import type { Interval } from './ownership.ts'
import type { Service } from './service.ts'
import { type Track, versionAt } from './track.ts'

const NOBODY: readonly Claim[] = []

export class AddressBook {
  /** An empty list is a pod's address all the same: a finished pod's, or one that is forgotten. */
  readonly pods = new AddressMap<readonly Claim[]>()
  readonly services = new AddressMap<Set<Track>>()
  readonly nodePorts = new Map<number, Set<Track>>()
  readonly podsOf = new Map<string, Set<Track>>()
  readonly #nodes = new AddressMap<Set<string>>()
  readonly #nodeTracks = new Map<string, Track>()
  readonly #podCidrs: Map<number, AddressMap<true>>

  /** `before`: what is forgotten of it are addresses; the ranges of pods stay (a node that is gone may have left some running). */
  constructor(before?: AddressBook) {
    this.#podCidrs = before === undefined ? new Map() : before.#podCidrs
  }

  /** To be called after a track was concluded anew, with the intervals that it had before. */
  update(track: Track, before: readonly Interval[]): void {
    this.#replaceClaims(track, before)
    for (const { observed } of track.versions) if (observed !== undefined) this.#note(track, observed)
  }

  /** It had an address after a pod that still seems to have it: forgotten, it would give the address back to that pod. */
  isNeeded(track: Track): boolean {
    return track.intervals.some(own => {
      const words = parseAddress(own.address)
      const claims = (words && this.pods.get(words)) ?? NOBODY
      return claims.some(({ interval: other }) => other.to.hi > own.to.hi && isLater(own, other))
    })
  }

  /** The name of the node whose address this is at that time; undefined when it is no node's. */
  node(words: Address, at: number, time: number): string | undefined {
    const names = this.#nodes.get(words, at)
    if (names === undefined) return undefined
    for (const name of names) if (this.#isAlive(name, time)) return name
    return undefined
  }

  get knowsNodes(): boolean {
    return this.#nodeTracks.size > 0
  }

  /** Inside a podCIDR that some node has or had: an address there is a pod's, known or not. */
  isPodAddress(words: Address, at: number): boolean {
    if (this.pods.get(words, at) !== undefined) return true
    for (const [bits, cidrs] of this.#podCidrs) {
      const masked = maskAddress(words.subarray(at, at + 4), bits)
      if (cidrs.get(masked) !== undefined && inCidr({ address: masked, bits }, words, at)) return true
    }
    return false
  }

  #replaceClaims(track: Track, before: readonly Interval[]): void {
    for (const { address } of before) this.#dropClaims(track, address)
    for (const interval of track.intervals) this.#addClaim({ interval, track, certain: undefined })
  }

  #addClaim(claim: Claim): void {
    const words = parseAddress(claim.interval.address)
    if (words !== undefined) this.pods.set(words, 0, appended(this.pods.get(words) ?? NOBODY, claim))
  }

  #dropClaims(track: Track, address: string): void {
    const words = parseAddress(address)
    const claims = words && this.pods.get(words)
    if (claims !== undefined)
      this.pods.set(
        words!,
        0,
        claims.filter(claim => claim.track !== track),
      )
  }

  #note(track: Track, observed: Observed): void {
    if (observed.kind === 'Pod') this.#notePod(track, observed)
    else if (observed.kind === 'Node') this.#noteNode(track, observed)
    else if (observed.kind === 'Service') this.#noteService(track, observed.object)
  }

  #notePod(track: Track, { object: pod }: Observed & { kind: 'Pod' }): void {
    this.#ensureSet(this.podsOf, pod.ns).add(track)
    for (const address of pod.ips) if (!pod.hostNetwork) this.#notePodAddress(address)
    for (const address of [...pod.hostIPs, ...(pod.hostNetwork ? pod.ips : [])])
      this.#noteNodeAddress(address, pod.node ?? '')
  }

  #notePodAddress(address: string): void {
    const words = parseAddress(address)
    if (words !== undefined) this.pods.ensure(words, 0, () => NOBODY)
  }

  #noteNode(track: Track, { object: node }: Observed & { kind: 'Node' }): void {
    this.#nodeTracks.set(node.name, track)
    for (const address of node.addresses) this.#noteNodeAddress(address, node.name)
    for (const text of node.podCIDRs) {
      const cidr = parseCidr(text)
      if (cidr !== undefined) this.#cidrs(cidr.bits).set(cidr.address, 0, true)
    }
  }

  #cidrs(bits: number): AddressMap<true> {
    const known = this.#podCidrs.get(bits) ?? new AddressMap<true>()
    this.#podCidrs.set(bits, known)
    return known
  }

  #noteNodeAddress(address: string, name: string): void {
    const words = parseAddress(address)
    if (words !== undefined) this.#nodes.ensure(words, 0, () => new Set()).add(name)
  }

  /** A node that no object tells of is known from its pods alone, and taken to be there. */
  #isAlive(name: string, time: number): boolean {
    const track = this.#nodeTracks.get(name)
    return track === undefined || versionAt(track.versions, time) !== undefined
  }

  #noteService(track: Track, service: Service): void {
    for (const address of addressesOf(service)) {
      const words = parseAddress(address)
      if (words !== undefined) this.services.ensure(words, 0, () => new Set()).add(track)
    }
    for (const { nodePort } of service.ports)
      if (nodePort !== undefined) this.#ensureSet(this.nodePorts, nodePort).add(track)
  }

  #ensureSet<K>(map: Map<K, Set<Track>>, key: K): Set<Track> {
    const known = map.get(key) ?? new Set<Track>()
    map.set(key, known)
    return known
  }
}

export function addressesOf(service: Service): readonly string[] {
  return [...service.clusterIPs, ...service.externalIPs]
}
