// The policies of a cluster in one state of it, ready to be asked. An epoch does not change; `with` makes the next one out of it
// and shares with it everything that the changes do not touch. What it remembers between questions never shows in an answer.

import type { Address } from '../address.ts'
import { addressKey } from './address-index.ts'
import {
  type Answer,
  type Direction,
  directions,
  type End,
  type Fix,
  type NearestMiss,
  type Rejection,
} from './answer.ts'
import { isFinished, type PodEntry, type ResolvedEnd } from './end.ts'
import { Ends } from './ends.ts'
import { evaluate, type Ground } from './evaluate.ts'
import { Fixes } from './fix/fixes.ts'
import type { Isolation } from './isolation.ts'
import { type Miss, missesOf, nearestFirst } from './nearest.ts'
import type { NetworkPolicy, Rule } from './network-policy.ts'
import type { Change, Pod, World } from './objects.ts'
import type { Profile } from './profile.ts'
import { isRejected } from './rejected.ts'
import type { State } from './state.ts'
import { stateAfter, stateOf } from './state-edit.ts'
import type { TierRule } from './tier-policy.ts'

/** Compiles a whole world. Objects that are listed twice under one key count once, the last. */
export function compile(world: World, { profile }: { readonly profile: Profile }): Epoch {
  return new Epoch(stateOf(world, profile))
}

export class Epoch {
  readonly profile: Profile
  readonly #state: State
  readonly #ends: Ends
  readonly #ground: Ground
  #policyKeys: Set<string> | undefined
  #fixes: Fixes | undefined

  constructor(state: State) {
    this.profile = state.profile
    this.#state = state
    const ends = new Ends(state, this)
    this.#ends = ends
    const isOwnNode: Ground['isOwnNode'] = (source, destination) => ends.isOwnNode(source, destination)
    this.#ground = { interner: state.interner, traits: state.traits, isOwnNode }
  }

  /** The epoch after these changes, in their order. */
  with(changes: readonly Change[]): Epoch {
    if (changes.length === 0) return this
    return new Epoch(stateAfter(this.#state, changes))
  }

  /** Policies that were refused, sorted by key; no answer counts them, those they could have touched name them. */
  get rejections(): readonly Rejection[] {
    const all = [...this.#state.rejections.values()].map(({ rejection }) => rejection)
    return all.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  }

  /** Is there a policy that answers would call by this key, valid or not? */
  knowsPolicy(key: string): boolean {
    if (this.#policyKeys === undefined) {
      const policies = [...this.#state.policies.values()]
      this.#policyKeys = new Set(policies.map(policy => (isRejected(policy) ? policy.key : policy.ref.key)))
    }
    return this.#policyKeys.has(key)
  }

  pod(uid: string): Pod | undefined {
    return this.#state.pods.get(uid)?.pod
  }

  /** The pod of this `ns/name`: one that lives, if several had the name. */
  podNamed(name: string): Pod | undefined {
    return this.entryNamed(name)?.pod
  }

  /** The same with what the engine knows about it, for `endOf`. */
  entryNamed(name: string): PodEntry | undefined {
    const uids = this.#state.podsByName.get(name)
    if (uids === undefined) return undefined
    if (typeof uids === 'string') return this.#state.pods.get(uids)
    const entries = uids.map(uid => this.#state.pods.get(uid)!)
    return entries.findLast(({ pod }) => !isFinished(pod)) ?? entries.at(-1)
  }

  /** The end of a pod of this epoch with one of its addresses. */
  endOf(entry: PodEntry, address: Address): End {
    return this.#ends.ofEntry(entry, address)
  }

  /** The live pods that claim an address, the one that resolve() takes first: several mean that it had to choose. */
  claimants(address: Address, at = 0): readonly Pod[] {
    const claims = this.#state.addresses.pods.get(addressKey(address, at)) ?? []
    return claims.map(({ uid }) => this.pod(uid)!)
  }

  /**
   * The end that a pod is, with its address of `other`'s family (S33), else its first. Undefined for a pod that is not known here,
   * has no address (S58) or is finished and so owns none (S60).
   */
  endOfPod(uid: string, other?: Address): End | undefined {
    return this.#ends.ofPod(uid, other)
  }

  /**
   * The end of an address that the caller has resolved: to this pod, or to none. The pod is judged as this epoch knows it, by its uid;
   * one that the epoch does not know, by what the caller's object says.
   */
  end(address: Address, at: number, pod: Pod | undefined): End {
    return this.#ends.told(address.slice(at, at + 4), pod)
  }

  /** The end of an address in this state: a live pod's (S58-S60), else a node's, else external, or unknown inside pod ranges. */
  resolve(address: Address, at = 0): End {
    return this.#ends.resolve(address.slice(at, at + 4))
  }

  /**
   * Judges the opening of a connection. `protocol` is the IANA number, `port` the destination's or -1 for none. An end that another
   * epoch made is found anew, which costs a lookup.
   */
  evaluate(from: End, to: End, protocol: number, port: number): Answer {
    return evaluate(this.#ground, this.#own(from), this.#own(to), protocol, port)
  }

  #own(end: End): ResolvedEnd {
    const resolved = end as ResolvedEnd
    return resolved.epoch === this ? resolved : this.#ends.told(end.address, end.pod)
  }

  /**
   * What came nearest in each denied direction, or in the one asked for: one per isolating policy with rules, nearest first; of
   * those the first `most`, all by default.
   */
  nearest(
    from: End,
    to: End,
    protocol: number,
    port: number,
    direction?: Direction,
    most = Number.POSITIVE_INFINITY,
  ): NearestMiss[] {
    const answer = this.evaluate(from, to, protocol, port)
    const asked = direction === undefined ? directions : [direction]
    // A rule that denies is the answer itself: nothing came near.
    const denied = asked.filter(each => answer[each].reason === 'no-rule-matched')
    return nearestFirst(
      denied.flatMap(each => this.#misses(each, this.#own(from), this.#own(to), protocol, port)),
      most,
    )
  }

  /** The smallest edit that would have allowed a direction; undefined where it was not denied. */
  fix(from: End, to: End, protocol: number, port: number, direction: Direction): Fix | undefined {
    const [source, destination] = [this.#own(from), this.#own(to)]
    const answer = evaluate(this.#ground, source, destination, protocol, port)[direction]
    if (answer.verdict !== 'denied') return undefined
    const [subject, peer] = direction === 'egress' ? [source, destination] : [destination, source]
    this.#fixes ??= new Fixes(this.#state, this.#ends, this.#ground)
    return this.#fixes.fix({ direction, subject, peer, protocol, port }, answer)
  }

  #misses(direction: Direction, from: ResolvedEnd, to: ResolvedEnd, protocol: number, port: number): Miss[] {
    const [subject, peer] = direction === 'egress' ? [from, to] : [to, from]
    const peerNamespace = peer.entry && this.#ends.namespace(peer.entry.pod.ns)
    return missesOf(subject[direction]!, {
      direction,
      peer,
      namespaceLabels: peerNamespace?.labels.labels ?? {},
      destination: to,
      protocol,
      port,
      ...this.#ground,
    })
  }

  /**
   * A small number for what the ipBlocks make of an address that is no pod's and no node's: two addresses of one class get the same
   * answers in this epoch, where DNS has no names for them.
   */
  addressClass(address: Address, at = 0): number {
    return this.#ends.addressClass(address, at)
  }

  /** The NetworkPolicies that isolate a pod in a direction, sorted by key; none for a host-network pod. */
  policiesOf(pod: Pod, direction: Direction): readonly NetworkPolicy[] {
    return this.#isolation(pod, direction)?.policies.map(({ source }) => source) ?? []
  }

  /** The rules of every kind that can have a say about a pod in a direction, as they are written. */
  rulesOf(pod: Pod, direction: Direction): readonly (Rule | TierRule)[] {
    return this.#isolation(pod, direction)?.rulesAsked() ?? []
  }

  /** Undefined for a host-network pod (S52). */
  #isolation(pod: Pod, direction: Direction): Isolation | undefined {
    const { pod: known, labels } = this.#ends.entry(pod)
    return known.hostNetwork ? undefined : this.#ends.namespace(known.ns).judged.subject(labels)[direction]
  }
}
