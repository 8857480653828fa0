// What the parts of the walk over a Hubble line share: its state, and how a member's value is found.

import type { Clock } from './clock.ts'
import type { PolicyLists } from './hubble-policies.ts'
import type { Facts } from './hubble-verdict.ts'
import { skipSpace, skipValue } from './json.ts'

// Constants and the smallest helpers are each file's own: one that is imported is looked up and checked at every use.
const QUOTE = 34
const COLON = 58

export interface Reader {
  readonly clock: Clock
  readonly lists: PolicyLists
  readonly facts: Facts
  readonly ints: Int32Array
  readonly decimals: Float64Array
  /** Length of the emitter object of the last line: all lines of a file have the same. */
  emitter: number
  /** Of the member node_name and its value. */
  nodeName: number
  /** Of what follows the flow. */
  tail: number
}

/** The value of the member whose key's opening quote is at `at`; -1 where the key is not plain text. */
export function valueAfter(bytes: Uint8Array, at: number, end: number): number {
  at++
  for (let byte = bytes[at]!; byte !== QUOTE; byte = bytes[++at]!) if (byte === 92 || at >= end) return -1
  return bytes[at + 1] === COLON && bytes[at + 2]! > 32 ? at + 2 : slowValue(bytes, at + 1)
}

export function slowValue(bytes: Uint8Array, at: number): number {
  at = skipSpace(bytes, at)
  return bytes[at] === COLON ? skipSpace(bytes, at + 1) : -1
}

/** `key` is followed by its closing quote, a colon and no blank. */
export function isKey(bytes: Uint8Array, key: number, length: number): boolean {
  return bytes[key + length] === QUOTE && bytes[key + length + 1] === COLON && bytes[key + length + 2]! > 32
}

export function skipMember(bytes: Uint8Array, key: number, end: number): number {
  const value = valueAfter(bytes, key - 1, end)
  return value < 0 ? -1 : skipValue(bytes, value, end)
}
