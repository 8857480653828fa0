// The policies that isolate some pods in one direction. Made once, shared by all pods that the same policies select.

import type { Direction } from './answer.ts'
import { AnswerBook } from './answer-book.ts'
import type { CompiledPolicy, CompiledRule } from './compiled-policy.ts'

export class Isolation {
  /** Sorted by key; none means that the direction is open (S12). */
  readonly policies: readonly CompiledPolicy[]
  /** Their rules, in the order of policies and rules. */
  readonly rules: readonly CompiledRule[]
  /** The same rules, encoded, one behind the other. */
  readonly code: Int32Array
  readonly isOpen: boolean
  readonly book: AnswerBook
  readonly #direction: Direction
  readonly #leftOut: readonly string[]
  #unsureBook: AnswerBook | undefined

  constructor(direction: Direction, policies: readonly CompiledPolicy[], leftOut: readonly string[]) {
    this.policies = policies
    this.rules = policies.flatMap(policy => policy[direction] ?? [])
    this.code = concat(this.rules.map(rule => rule.code))
    this.isOpen = policies.length === 0
    this.#direction = direction
    this.#leftOut = Object.freeze(leftOut)
    this.book = this.#makeBook(false)
  }

  /** The same answers where they rest on a choice that the API leaves open. */
  get unsureBook(): AnswerBook {
    this.#unsureBook ??= this.#makeBook(true)
    return this.#unsureBook
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
