// The answers that tiers can give to one set of pods in one direction: made once, frozen and handed out again, like those of the
// NetworkPolicies between them (answer-book.ts).

import type { Direction, DirectionAnswer, Witness } from './answer.ts'
import type { CompiledTierRule } from './compiled-tier.ts'

type Exemption = 'exempt-self' | 'exempt-node'
const exemptions: readonly Exemption[] = ['exempt-self', 'exempt-node']

/** Keys of exempted variants count down from here, those of the others up from 0. */
const EXEMPTED = -1
/** More than one pod's tiers have rules. */
const MAX_RULES = 2 ** 24

export class TierBook {
  readonly #direction: Direction
  readonly #leftOut: readonly string[]
  readonly #decided = new Map<CompiledTierRule, DirectionAnswer>()
  /** By the answer that they were made of, then by what was changed in it. */
  readonly #variants = new WeakMap<DirectionAnswer, Map<number, DirectionAnswer>>()
  readonly #numbers = new Map<CompiledTierRule, number>()

  constructor(direction: Direction, leftOut: readonly string[]) {
    this.#direction = direction
    this.#leftOut = leftOut
  }

  /** The answer of a rule that allows or denies. */
  decided(rule: CompiledTierRule): DirectionAnswer {
    let answer = this.#decided.get(rule)
    if (answer === undefined) {
      const isDenied = rule.effect === 'denies'
      answer = freeze({
        direction: this.#direction,
        verdict: isDenied ? 'denied' : 'allowed',
        reason: isDenied ? 'explicit-deny' : 'rule-matched',
        witnesses: [witness(rule)],
        leftOut: this.#leftOut,
        undefinedChoice: false,
        unknownName: false,
      })
      this.#decided.set(rule, answer)
    }
    return answer
  }

  /** The answer with the rules that passed the packet on before, and with what is not sure about the way to it. */
  reached(
    answer: DirectionAnswer,
    admin: CompiledTierRule | undefined,
    baseline: CompiledTierRule | undefined,
    isContested: boolean,
    isUnknownName: boolean,
  ): DirectionAnswer {
    if (admin === undefined && baseline === undefined && !isContested && !isUnknownName) return answer
    const flags = (isContested ? 1 : 0) + (isUnknownName ? 2 : 0)
    const key = 4 * (MAX_RULES * this.#number(admin) + this.#number(baseline)) + flags
    return this.#variant(answer, key, () => {
      const passed = [admin, baseline].flatMap(rule => (rule === undefined ? [] : witness(rule)))
      return {
        ...answer,
        witnesses: [...passed, ...answer.witnesses].sort(byPolicy),
        undefinedChoice: answer.undefinedChoice || isContested,
        unknownName: isUnknownName,
      }
    })
  }

  /** The denial overruled by an exemption, which names what it overruled (S66). */
  exempted(denied: DirectionAnswer, reason: Exemption, isSure: boolean): DirectionAnswer {
    return this.#variant(denied, EXEMPTED - 2 * exemptions.indexOf(reason) - (isSure ? 1 : 0), () => ({
      ...denied,
      verdict: 'allowed',
      reason,
      undefinedChoice: denied.undefinedChoice || !isSure,
    }))
  }

  #variant(of: DirectionAnswer, key: number, make: () => DirectionAnswer): DirectionAnswer {
    let variants = this.#variants.get(of)
    if (variants === undefined) {
      variants = new Map()
      this.#variants.set(of, variants)
    }
    let variant = variants.get(key)
    if (variant === undefined) {
      variant = freeze(make())
      variants.set(key, variant)
    }
    return variant
  }

  /** 0 for none. */
  #number(rule: CompiledTierRule | undefined): number {
    if (rule === undefined) return 0
    let number = this.#numbers.get(rule)
    if (number === undefined) {
      number = this.#numbers.size + 1
      this.#numbers.set(rule, number)
    }
    return number
  }
}

function witness({ source, effect, index }: CompiledTierRule): Witness {
  return Object.freeze({ policy: source.ref, role: effect, rule: index })
}

function freeze(answer: DirectionAnswer): DirectionAnswer {
  Object.freeze(answer.witnesses)
  return Object.freeze(answer)
}

function byPolicy(a: Witness, b: Witness): number {
  return a.policy.key < b.policy.key ? -1 : a.policy.key > b.policy.key ? 1 : a.rule - b.rule
}
