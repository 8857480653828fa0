// A policy made ready for evaluation under one profile.

import type { Direction } from './answer.ts'
import type { Interner } from './interner.ts'
import type { NetworkPolicy } from './network-policy.ts'
import type { Traits } from './profile.ts'
import { encodeRule } from './rule-code.ts'

export interface CompiledPolicy {
  readonly source: NetworkPolicy
  /** The selector of its subjects, as the interner calls it. */
  readonly subjects: number
  /** Undefined where the policy does not isolate the direction; empty where it isolates and allows nothing (S16). */
  readonly egress: readonly CompiledRule[] | undefined
  readonly ingress: readonly CompiledRule[] | undefined
}

export interface CompiledRule {
  readonly source: NetworkPolicy
  readonly index: number
  readonly code: Int32Array
}

export function compilePolicy(source: NetworkPolicy, interner: Interner, traits: Traits): CompiledPolicy {
  const rules = (direction: Direction): CompiledRule[] | undefined => {
    // S15: rules of a direction that is not isolated are inert, but not in every profile.
    const isolates = source.isolates[direction] || (traits.inertRulesIsolate && source[direction].length > 0)
    if (!isolates) return undefined
    return source[direction].map((rule, index) => ({
      source,
      index,
      code: encodeRule(rule, source.ns, interner, traits),
    }))
  }
  return {
    source,
    subjects: interner.selector(source.subjects),
    egress: rules('egress'),
    ingress: rules('ingress'),
  }
}
