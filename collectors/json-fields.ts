// The members of a JSON object that a format knows by name, whatever their order and whatever stands between them. Nothing is
// built: what is found are the positions of the values. As with JSON.parse, of two members with one name the last counts.

import { scanAddress, scanDecimal } from './bytes.ts'
import { skipSpace, skipString, skipValue } from './json.ts'
import { createNameTable, isSame } from './name-table.ts'

export interface JsonFields {
  /** By field: where its value begins and ends, a string with its quotes; -1 where it is absent. */
  readonly start: Int32Array
  readonly end: Int32Array
  /** Reads the object that opens at `at`; the position behind it, or -1 when it is not whole. */
  read(bytes: Uint8Array, at: number, end: number): number
}

const QUOTE = 34
const COLON = 58
const COMMA = 44
const CLOSE_BRACE = 125

/** `names` in the order of the field numbers. */
export function createJsonFields(names: readonly string[]): JsonFields {
  const table = createNameTable(names)
  const start = new Int32Array(names.length)
  const end = new Int32Array(names.length)

  return {
    start,
    end,
    read(bytes, at, until) {
      start.fill(-1)
      at = skipSpace(bytes, at + 1)
      if (bytes[at] === CLOSE_BRACE) return at + 1
      for (;;) {
        if (bytes[at] !== QUOTE) return -1
        const keyEnd = skipString(bytes, at, until)
        if (keyEnd < 0) return -1
        const colon = skipSpace(bytes, keyEnd)
        if (bytes[colon] !== COLON) return -1
        const value = skipSpace(bytes, colon + 1)
        const after = skipValue(bytes, value, until)
        if (after < 0) return -1
        const field = table.of(bytes, at + 1, keyEnd - 1)
        if (field >= 0) {
          start[field] = value
          end[field] = after
        }
        at = skipSpace(bytes, after)
        if (at >= until) return -1
        if (bytes[at] === CLOSE_BRACE) return at + 1
        if (bytes[at] !== COMMA) return -1
        at = skipSpace(bytes, at + 1)
      }
    },
  }
}

/** What a number that is not there, and one that is none or out of range, reads as. */
export const ABSENT = -1
export const BAD = -2

const decimal = new Float64Array(1)

/** The field as a whole number of at most `max`, or ABSENT, or BAD. */
export function numberIn(fields: JsonFields, bytes: Uint8Array, field: number, max: number): number {
  const at = fields.start[field]!
  if (at < 0) return ABSENT
  return scanDecimal(bytes, at, decimal, 0) === fields.end[field] && decimal[0]! <= max ? decimal[0]! : BAD
}

/** Reads the field, a string that is an address, into four words of `words`; false where it is absent or none. */
export function addressIn(
  fields: JsonFields,
  bytes: Uint8Array,
  field: number,
  words: Int32Array,
  slot: number,
): boolean {
  const at = fields.start[field]!
  return at >= 0 && bytes[at] === QUOTE && scanAddress(bytes, at + 1, words, slot) === fields.end[field]! - 1
}

/** True when the field is the string `text`, written without escapes. */
export function isText(fields: JsonFields, bytes: Uint8Array, field: number, text: Uint8Array): boolean {
  const at = fields.start[field]!
  return at >= 0 && bytes[at] === QUOTE && isSame(bytes, at + 1, fields.end[field]! - 1, text)
}
