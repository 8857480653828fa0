// One line of a mapped log: which fields are asked of it, where they stand, and what was wrong with it. Parts of a mapping ask for
// their fields when the collector is made, and read them line by line.

import { scanDecimal } from './bytes.ts'
import type { LineFields } from './custom-fields.ts'
import type { Flow } from './flow.ts'
import { createInterned } from './interned.ts'

/** Reads part of the flow; false when the line is malformed, and then says why. */
export type Part = (bytes: Uint8Array, flow: Flow) => boolean

/** What a number that is not there, and one that is none or out of range, reads as; ABSENT is also a field that is not mapped. */
export const ABSENT = -1
export const BAD = -2

export interface MappedLine {
  /** The fields asked for, by their numbers. */
  readonly names: readonly string[]
  /** What was wrong with the last line. */
  problem: string
  /** The number of a field, or ABSENT for one that the mapping does not have. */
  field(name: string | undefined): number
  /** Fields are asked for no more: this is where they come from. */
  open(fields: LineFields): void
  has(field: number): boolean
  start(field: number): number
  end(field: number): number
  /** Without its escapes; empty where it is absent. */
  text(bytes: Uint8Array, field: number): string
  /** A whole number of at most `max`, or ABSENT, or BAD. */
  number(bytes: Uint8Array, field: number, max: number): number
  /** Says that the line is malformed because of this field. */
  wrong(bytes: Uint8Array, field: number, what: string): false
  /** A reader of the field's word, through a table of what they mean; `otherwise` where it is absent. */
  words<R>(field: number, of: (word: string) => R, otherwise: R): (bytes: Uint8Array) => R
}

const decoder = new TextDecoder()

export function createMappedLine(): MappedLine {
  const names: string[] = []
  const numbers = new Float64Array(1)
  let fields: LineFields
  const line: MappedLine = {
    names,
    problem: '',
    field(name) {
      if (name === undefined) return ABSENT
      const known = names.indexOf(name)
      return known >= 0 ? known : names.push(name) - 1
    },
    open(opened) {
      fields = opened
    },
    has: field => field >= 0 && fields.start[field]! >= 0,
    start: field => fields.start[field]!,
    end: field => fields.end[field]!,
    text: (bytes, field) =>
      line.has(field)
        ? fields.plain(decoder.decode(bytes.subarray(fields.start[field]!, fields.end[field]!)))
        : '',
    number(bytes, field, max) {
      if (!line.has(field)) return ABSENT
      const after = scanDecimal(bytes, fields.start[field]!, numbers, 0)
      if (after === fields.end[field] && numbers[0]! <= max) return numbers[0]!
      line.wrong(bytes, field, max === Number.MAX_SAFE_INTEGER ? 'no number' : `no number up to ${max}`)
      return BAD
    },
    wrong(bytes, field, what) {
      line.problem = `${names[field]} is ${what}: "${line.text(bytes, field).slice(0, 60)}"`
      return false
    },
    words(field, of, otherwise) {
      const meanings = createInterned(raw => ({ meaning: of(fields.plain(raw)) }))
      return bytes =>
        line.has(field) ? meanings.at(bytes, line.start(field), line.end(field)).meaning : otherwise
    },
  }
  return line
}
