// The fields of a report of Felix: ` key=value` and ` key="value"`, the keys sorted. Nothing is built: what is found are the
// positions of the values.

import { asciiBytes, scanDecimal, startsWith } from './bytes.ts'

/** The fields that count, in the order in which Felix sorts them. */
const names = [
  'action',
  'dstIP',
  'dstPort',
  'inBytes',
  'inPackets',
  'outBytes',
  'outPackets',
  'policy',
  'proto',
  'rule',
  'ruleDir',
  'srcIP',
  'srcPort',
  'tier',
  'updateType',
] as const
export type Name = (typeof names)[number]
const keys = names.map(asciiBytes)
/** Where in `Fields` each of them is. */
export const slot = Object.fromEntries(names.map((name, i) => [name, i])) as Readonly<Record<Name, number>>

/** Where the values stand, without their quotes; -1 for a field that is not there. */
export interface Fields {
  readonly start: Int32Array
  readonly end: Int32Array
}

const BLANK = 32
const QUOTE = 34
const EQUALS = 61

export function createFields(): Fields {
  return { start: new Int32Array(names.length), end: new Int32Array(names.length) }
}

/** Finds the fields from the blank at `at` on; false where a text is not closed or a field comes twice. */
export function scanFields(
  bytes: Uint8Array,
  at: number,
  end: number,
  { start, end: ends }: Fields,
): boolean {
  start.fill(-1)
  let expected = 0
  for (at++; at < end; at++) {
    let value = at
    while (value < end && bytes[value]! > BLANK && bytes[value] !== EQUALS) value++
    if (bytes[value] !== EQUALS || value >= end) return false
    const field = fieldAt(bytes, at, value, expected)
    const isText = bytes[++value] === QUOTE
    let after = isText ? ++value : value
    while (after < end && bytes[after] !== (isText ? QUOTE : BLANK)) after++
    if (isText && after >= end) return false
    if (field >= 0) {
      if (start[field]! >= 0) return false
      start[field] = value
      ends[field] = after
      expected = field + 1
    }
    at = isText ? after + 1 : after
    while (bytes[at + 1] === BLANK && at < end) at++
  }
  return true
}

/** The slot of the field with that name, or -1; it is most often the next one. */
function fieldAt(bytes: Uint8Array, start: number, end: number, expected: number): number {
  for (let i = 0; i < keys.length; i++) {
    const field = (expected + i) % keys.length
    const key = keys[field]!
    if (key.length === end - start && startsWith(bytes, start, end, key)) return field
  }
  return -1
}

/** The value as text; empty for a field that is not there. */
export function textIn(bytes: Uint8Array, { start, end }: Fields, name: Name): string {
  const field = slot[name]
  return start[field]! < 0 ? '' : decoder.decode(bytes.subarray(start[field], end[field]))
}

const decoder = new TextDecoder()
const decimal = new Float64Array(1)

/** A whole number; 0 for a field that is not there, -1 for what is no number. */
export function numberIn(bytes: Uint8Array, { start, end }: Fields, name: Name): number {
  const field = slot[name]
  if (start[field]! < 0) return 0
  return scanDecimal(bytes, start[field]!, decimal, 0) === end[field] ? decimal[0]! : -1
}
