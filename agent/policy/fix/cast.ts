// The pods of an epoch in the parts that they play in denials, as subjects and as peers: made once, for any number of denials.

import type { CompiledPolicy } from '../compiled-policy.ts'
import type { CompiledTierPolicy } from '../compiled-tier.ts'
import { addressesOf, type PodEntry, type ResolvedEnd } from '../end.ts'
import type { Ends } from '../ends.ts'
import type { Ground } from '../evaluate.ts'
import type { Member, PodGroup, PodIndex } from './pod-index.ts'
import { type Denial, type Peer, peerOf, type Subjects } from './scene.ts'

export class Cast {
  readonly index: PodIndex
  readonly ground: Ground
  readonly #ends: Ends
  readonly #subjects = new Map<string, readonly Subjects[]>()
  readonly #selected = new WeakMap<readonly Subjects[], Map<CompiledPolicy, readonly number[]>>()
  readonly #peers = new Map<PodEntry, Peer>()

  constructor(index: PodIndex, ends: Ends, ground: Ground) {
    this.index = index
    this.ground = ground
    this.#ends = ends
  }

  /** The pods of the subject's namespace. */
  subjects(denial: Denial): readonly Subjects[] {
    const { direction, subject, peer } = denial
    const { ns } = subject.entry!.pod
    // S47 exempts per pod: it depends on which node runs it.
    const isPerPod = direction === 'ingress' && peer.kind === 'node'
    const all = isPerPod ? this.index.groups(ns).flatMap(group => this.#perPod(group)) : this.inNamespace(ns)
    return this.#withSubject(all, subject)
  }

  /** The pods that a cluster-scoped policy selects, the subject among them. */
  subjectsOf({ namespaces, pods }: CompiledTierPolicy, { subject }: Denial): readonly Subjects[] {
    const { interner } = this.ground
    const selected = [...this.index.namespaces]
      .filter(ns => interner.selects(namespaces, this.#ends.namespace(ns).labels.id))
      .flatMap(ns => this.inNamespace(ns).filter(({ end }) => interner.selects(pods, end.labels)))
    return this.#withSubject(selected, subject)
  }

  #withSubject(all: readonly Subjects[], subject: ResolvedEnd): readonly Subjects[] {
    if (this.index.has(subject.entry!)) return all
    return [...all, subjectsOf([this.index.member(subject.entry!)], subject)]
  }

  /** The pods of a namespace as subjects, but for S47. */
  inNamespace(ns: string): readonly Subjects[] {
    let all = this.#subjects.get(ns)
    if (all === undefined) {
      all = this.index.groups(ns).map(({ members }) => subjectsOf(members, this.#first(members)))
      this.#subjects.set(ns, all)
    }
    return all
  }

  #perPod({ members }: PodGroup): Subjects[] {
    return members.map(member => subjectsOf([member], this.#first([member])))
  }

  #first(members: readonly Member[]): ResolvedEnd {
    const { entry } = members[0]!
    return this.#ends.ofEntry(entry, addressesOf(entry)[0]!)
  }

  /** Places of those that a policy selects. */
  selected(policy: CompiledPolicy, among: readonly Subjects[]): readonly number[] {
    let byPolicy = this.#selected.get(among)
    if (byPolicy === undefined) {
      byPolicy = new Map()
      this.#selected.set(among, byPolicy)
    }
    let places = byPolicy.get(policy)
    if (places === undefined) {
      const { interner } = this.ground
      places = among.flatMap(({ end }, i) => (interner.selects(policy.subjects, end.labels) ? [i] : []))
      byPolicy.set(policy, places)
    }
    return places
  }

  peers(groups: readonly PodGroup[]): Peer[] {
    return groups.flatMap(({ members }) => members.map(member => this.peer(member)))
  }

  /** These peers with the one that was asked about, and with the address that it had. */
  withAsked(peers: readonly Peer[], asked: ResolvedEnd): readonly Peer[] {
    const known = this.index.has(asked.entry!) ? this.peer(this.index.member(asked.entry!)) : undefined
    if (known?.ends.some(({ addressClass }) => addressClass === asked.addressClass)) return peers
    const member = known?.member ?? this.index.member(asked.entry!)
    const peer = peerOf(member, [bare(asked), ...(known?.ends ?? [])])
    return [peer, ...peers.filter(one => one !== known)]
  }

  peer(member: Member): Peer {
    let peer = this.#peers.get(member.entry)
    if (peer === undefined) {
      peer = peerOf(member, this.#endsOf(member.entry))
      this.#peers.set(member.entry, peer)
    }
    return peer
  }

  #endsOf(entry: PodEntry): ResolvedEnd[] {
    const ends: ResolvedEnd[] = []
    for (const address of addressesOf(entry)) {
      const end = bare(this.#ends.ofEntry(entry, address))
      if (!ends.some(known => known.addressClass === end.addressClass)) ends.push(end)
    }
    return ends
  }
}

/** The end without policies of its own: the other direction is nobody's question here. */
export function bare(end: ResolvedEnd): ResolvedEnd {
  return { ...end, egress: undefined, ingress: undefined }
}

function subjectsOf(members: readonly Member[], end: ResolvedEnd): Subjects {
  const workloads = [...new Set(members.map(({ workload }) => workload))]
  // Another object, or S50 would exempt the pod that stands for its class; who is himself is seen to where pods are counted.
  return { end: { ...end, pod: { ...end.pod! } }, members, workloads }
}
