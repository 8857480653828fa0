// Where the policies of an epoch speak of a label: what a new label can change is there and nowhere else.

import { type Direction, directions } from '../answer.ts'
import type { CompiledPolicy, CompiledRule } from '../compiled-policy.ts'
import type { Selector } from '../selector.ts'
import type { State } from '../state.ts'
import type { TierPolicy } from '../tier-policy.ts'

/** A rule of a NetworkPolicy that isolates the direction. */
export interface Mention {
  readonly policy: CompiledPolicy
  readonly direction: Direction
  readonly rule: CompiledRule
}

export type Labelled = 'pod' | 'namespace'

export class Mentions {
  readonly #rules = { pod: new Map<string, Set<Mention>>(), namespace: new Map<string, Set<Mention>>() }
  readonly #ofTiers = { pod: new Set<string>(), namespace: new Set<string>() }

  constructor({ namespaces, tiers }: State) {
    for (const { policies } of namespaces.values())
      for (const policy of policies.values())
        for (const direction of directions) this.#read(policy, direction)
    for (const { source } of tiers.values()) this.#readTier(source)
  }

  /** Rules whose peers depend on one of these labels of pods, or of namespaces. */
  rules(of: Labelled, keys: readonly string[]): ReadonlySet<Mention> {
    return new Set(keys.flatMap(key => [...(this.#rules[of].get(key) ?? [])]))
  }

  /** Do cluster-scoped policies depend on one of them? */
  isOfTiers(of: Labelled, keys: readonly string[]): boolean {
    return keys.some(key => this.#ofTiers[of].has(key))
  }

  #read(policy: CompiledPolicy, direction: Direction): void {
    for (const rule of policy[direction] ?? []) {
      const mention = { policy, direction, rule }
      for (const { podSelector, namespaceSelector } of policy.source[direction][rule.index]!.peers) {
        for (const key of keysOf(podSelector)) note(this.#rules.pod, key, mention)
        for (const key of keysOf(namespaceSelector)) note(this.#rules.namespace, key, mention)
      }
    }
  }

  #readTier({ subjects, egress, ingress }: TierPolicy): void {
    const { pod, namespace } = this.#ofTiers
    const peers = [...egress, ...ingress].flatMap(rule => [...rule.peers])
    for (const key of keysOf(subjects.pods)) pod.add(key)
    for (const key of keysOf(subjects.namespaces)) namespace.add(key)
    for (const peer of peers) {
      if ('podSelector' in peer) for (const key of keysOf(peer.podSelector)) pod.add(key)
      if ('namespaceSelector' in peer) for (const key of keysOf(peer.namespaceSelector)) namespace.add(key)
    }
  }
}

function keysOf(selector: Selector | undefined): string[] {
  return selector?.requirements.map(({ key }) => key) ?? []
}

function note(rules: Map<string, Set<Mention>>, key: string, mention: Mention): void {
  const known = rules.get(key)
  if (known === undefined) rules.set(key, new Set([mention]))
  else known.add(mention)
}
