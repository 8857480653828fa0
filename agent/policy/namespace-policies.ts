// Which policies govern a pod: found once per namespace and label set, shared by all pods that have the same ones.

import type { Direction } from './answer.ts'
import type { CompiledPolicy } from './compiled-policy.ts'
import { type CompiledTierPolicy, Tier } from './compiled-tier.ts'
import type { Interner, LabelSet } from './interner.ts'
import { Isolation, type Tiers } from './isolation.ts'
import type { RejectedPolicy } from './rejected.ts'
import { TierBook } from './tier-book.ts'
import type { TierName } from './tier-policy.ts'

export interface Subject {
  readonly egress: Isolation
  readonly ingress: Isolation
}

export interface CompiledRejection {
  readonly rejection: RejectedPolicy
  /** The selector of its subjects' namespaces; undefined for every namespace that it can reach. */
  readonly namespaces: number | undefined
  /** The selector of its subjects, as the interner calls it; undefined for every pod. */
  readonly subjects: number | undefined
}

/** Label sets and sets of policies that a namespace remembers; beyond them it starts over. */
const MAX_SUBJECTS = 16_384
const MAX_ISOLATIONS = 1_024

/** The policies and rejections of one namespace, with what has been asked about them so far. */
export class NamespacePolicies {
  readonly #policies: readonly CompiledPolicy[]
  readonly #tiers: readonly CompiledTierPolicy[]
  readonly #rejections: readonly CompiledRejection[]
  readonly #interner: Interner
  readonly #subjects = new Map<LabelSet, Subject>()
  readonly #isolations = new Map<string, Isolation>()

  /** `policies` sorted by key, `tiers` by precedence; `tiers` and `rejections` are those that reach the namespace. */
  constructor(
    policies: readonly CompiledPolicy[],
    tiers: readonly CompiledTierPolicy[],
    rejections: readonly CompiledRejection[],
    interner: Interner,
  ) {
    this.#interner = interner
    this.#policies = policies
    this.#tiers = tiers
    this.#rejections = rejections
  }

  subject(labels: LabelSet): Subject {
    let subject = this.#subjects.get(labels)
    if (subject === undefined) {
      if (this.#subjects.size >= MAX_SUBJECTS) this.#subjects.clear()
      subject = { egress: this.#isolation('egress', labels), ingress: this.#isolation('ingress', labels) }
      this.#subjects.set(labels, subject)
    }
    return subject
  }

  #isolation(direction: Direction, labels: LabelSet): Isolation {
    const isolating: number[] = []
    for (const [i, policy] of this.#policies.entries()) {
      if (policy[direction] !== undefined && this.#interner.selects(policy.subjects, labels.id))
        isolating.push(i)
    }
    const tiers = this.#tiersOf(direction, labels)
    const leftOut = this.#leftOut(direction, labels)
    const key = `${direction} ${isolating.join()} ${tiers.join()} ${leftOut.join()}`
    let isolation = this.#isolations.get(key)
    if (isolation === undefined) {
      if (this.#isolations.size >= MAX_ISOLATIONS) this.#isolations.clear()
      const policies = isolating.map(i => this.#policies[i]!)
      isolation = new Isolation(direction, policies, leftOut, this.#makeTiers(direction, tiers, leftOut))
      this.#isolations.set(key, isolation)
    }
    return isolation
  }

  /** The places of the cluster-scoped policies with a say; C7: without rules in a direction they have none. */
  #tiersOf(direction: Direction, labels: LabelSet): number[] {
    const found: number[] = []
    for (const [i, policy] of this.#tiers.entries()) {
      if (policy[direction].length > 0 && this.#interner.selects(policy.pods, labels.id)) found.push(i)
    }
    return found
  }

  #makeTiers(direction: Direction, found: readonly number[], leftOut: readonly string[]): Tiers | undefined {
    if (found.length === 0) return undefined
    const policies = found.map(i => this.#tiers[i]!)
    const tier = (name: TierName) =>
      new Tier(
        policies.filter(({ source }) => source.tier === name),
        direction,
      )
    return { admin: tier('Admin'), baseline: tier('Baseline'), book: new TierBook(direction, leftOut) }
  }

  /** A policy that was refused may have been meant for this pod: it counts where it could select the pod in this direction. */
  #leftOut(direction: Direction, labels: LabelSet): string[] {
    const touching = this.#rejections.filter(({ rejection, subjects }) => {
      return rejection[direction] && (subjects === undefined || this.#interner.selects(subjects, labels.id))
    })
    return [...new Set(touching.map(({ rejection }) => rejection.key))].sort()
  }
}
