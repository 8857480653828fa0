// The policies that govern some pods in one direction. Made once, shared by all pods that the same policies select.

import type { Direction } from './answer.ts'
import { AnswerBook } from './answer-book.ts'
import type { CompiledPolicy, CompiledRule } from './compiled-policy.ts'
import type { Tier } from './compiled-tier.ts'
import type { Rule } from './network-policy.ts'
import type { TierBook } from './tier-book.ts'
import type { TierRule } from './tier-policy.ts'

/** The cluster-scoped policies before and after the NetworkPolicies. */
export interface Tiers {
  readonly admin: Tier
  readonly baseline: Tier
  readonly book: TierBook
}

export class Isolation {
  /** The NetworkPolicies that isolate, sorted by key; none means that the direction is open (S12), but for the tiers. */
  readonly policies: readonly CompiledPolicy[]
  /** Their rules, in the order of policies and rules. */
  readonly rules: readonly CompiledRule[]
  /** The same rules, encoded, one behind the other. */
  readonly code: Int32Array
  /** Undefined where no cluster-scoped policy has a rule. */
  readonly tiers: Tiers | undefined
  /** No policy has a say. */
  readonly isOpen: boolean
  readonly book: AnswerBook
  readonly #direction: Direction
  readonly #leftOut: readonly string[]
  #unsureBook: AnswerBook | undefined

  constructor(
    direction: Direction,
    policies: readonly CompiledPolicy[],
    leftOut: readonly string[],
    tiers: Tiers | undefined,
  ) {
    this.policies = policies
    this.rules = policies.flatMap(policy => policy[direction] ?? [])
    this.code = concat(this.rules.map(rule => rule.code))
    this.tiers = tiers
    this.isOpen = policies.length === 0 && tiers === undefined
    this.#direction = direction
    this.#leftOut = Object.freeze(leftOut)
    this.book = this.#makeBook(false)
  }

  /** The same answers where they rest on a choice that the API leaves open. */
  get unsureBook(): AnswerBook {
    this.#unsureBook ??= this.#makeBook(true)
    return this.#unsureBook
  }

  /** Every rule that can be asked, as it was written: A12, C2: those of the baseline tier only where no NetworkPolicy isolates. */
  rulesAsked(): readonly (Rule | TierRule)[] {
    const written = (tier: Tier | undefined) =>
      tier?.rules.map(({ source, index }) => source[this.#direction][index]!) ?? []
    const policies = this.policies.flatMap(({ source }) => source[this.#direction])
    const last = this.policies.length > 0 ? policies : written(this.tiers?.baseline)
    return [...written(this.tiers?.admin), ...last]
  }

  #makeBook(undefinedChoice: boolean): AnswerBook {
    return new AnswerBook(this.#direction, this.policies, this.rules, this.#leftOut, undefinedChoice)
  }
}

function concat(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
