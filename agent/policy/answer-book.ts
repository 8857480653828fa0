// The answers that one set of isolating policies can give in one direction, each made once, frozen and handed out again: what an
// evaluation allocates does not depend on how many policies and rules its answer names.

import type { Direction, DirectionAnswer, Reason, Witness } from './answer.ts'
import type { CompiledPolicy, CompiledRule } from './compiled-policy.ts'

/** One set of matching rules: a path through a trie, each step the position of a matching rule. */
export interface Mark {
  readonly parent: Mark | undefined
  readonly rule: number
  next: Map<number, Mark> | undefined
  answer: DirectionAnswer | undefined
}

/** Sets of matching rules that are remembered per book. Beyond it the book starts over; answers already handed out stay good. */
const MAX_MARKS = 2048

export class AnswerBook {
  /** No rule has matched yet. */
  root: Mark = mark(undefined, -1)
  readonly notIsolated: DirectionAnswer
  readonly denied: DirectionAnswer
  readonly exemptSelf: DirectionAnswer
  readonly exemptNode: DirectionAnswer
  readonly #rules: readonly CompiledRule[]
  readonly #make: (
    verdict: DirectionAnswer['verdict'],
    reason: Reason,
    witnesses: Witness[],
  ) => DirectionAnswer
  #marks = 0

  constructor(
    direction: Direction,
    policies: readonly CompiledPolicy[],
    rules: readonly CompiledRule[],
    leftOut: readonly string[],
    undefinedChoice: boolean,
  ) {
    this.#rules = rules
    this.#make = (verdict, reason, witnesses) =>
      Object.freeze({
        direction,
        verdict,
        reason,
        witnesses: Object.freeze(witnesses),
        leftOut,
        undefinedChoice,
        unknownName: false,
      })
    // S66: every policy that isolates the direction is responsible for a denial, and is what an exemption overrules.
    const isolating = policies.map(({ source }) => {
      return Object.freeze({ policy: source.ref, role: 'isolates' as const, rule: -1 })
    })
    this.notIsolated = this.#make('allowed', 'not-isolated', [])
    this.denied = this.#make('denied', 'no-rule-matched', isolating)
    this.exemptSelf = this.#make('allowed', 'exempt-self', isolating)
    this.exemptNode = this.#make('allowed', 'exempt-node', isolating)
  }

  /** The mark of these rules and one more, in ascending order. */
  step(from: Mark, rule: number): Mark {
    const known = from.next?.get(rule)
    if (known !== undefined) return known
    const next = mark(from, rule)
    from.next ??= new Map()
    from.next.set(rule, next)
    if (++this.#marks > MAX_MARKS) {
      this.#marks = 0
      this.root = mark(undefined, -1)
    }
    return next
  }

  /** Every matching rule of every isolating policy is a witness (S66). */
  admitted(at: Mark): DirectionAnswer {
    if (at.answer !== undefined) return at.answer
    const witnesses: Witness[] = []
    for (let step = at; step.parent !== undefined; step = step.parent) {
      const { source, index } = this.#rules[step.rule]!
      witnesses.push(Object.freeze({ policy: source.ref, role: 'admits', rule: index }))
    }
    at.answer = this.#make('allowed', 'rule-matched', witnesses.reverse())
    return at.answer
  }
}

function mark(parent: Mark | undefined, rule: number): Mark {
  return { parent, rule, next: undefined, answer: undefined }
}
