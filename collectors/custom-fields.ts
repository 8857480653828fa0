// Where in a line the fields of a mapping stand: in a row by its columns, among `key=value` words by their keys (custom-json.ts: in an
// object by their paths). A field's value is a range of bytes, a text without its quotes; the escapes in it stay, for those who take
// it as text.

import { asciiBytes } from './bytes.ts'
import { createNameTable, isSame } from './name-table.ts'

/**
 * `whole`: the line was taken apart. `broken`: it is a line of this kind and cannot be. `header`: it names the columns. `other`:
 * nothing of this kind.
 */
export type Taken = 'whole' | 'broken' | 'header' | 'other'

export interface LineFields {
  /** By field: where its value begins and ends; start is -1 where it is absent or stands for nothing. */
  readonly start: Int32Array
  readonly end: Int32Array
  read(bytes: Uint8Array, start: number, end: number): Taken
  /** A value's text without its escapes. */
  plain(text: string): string
}

const QUOTE = 34
const BLANK = 32
const TAB = 9
const EQUALS = 61
const BACKSLASH = 92
const HASH = 35

/** What stands for no value. */
const nothings = ['-', 'null', '<nil>', '<none>'].map(asciiBytes)

export function isNothing(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 6) return false
  return start >= end || nothings.some(nothing => isSame(bytes, start, end, nothing))
}

/** `key=value` and `key="a value"` between blanks, commas and brackets. Of two with one key the first counts. */
export function pairFields(names: readonly string[]): LineFields {
  const table = createNameTable(names)
  const start = new Int32Array(names.length)
  const end = new Int32Array(names.length)

  function take(field: number, bytes: Uint8Array, from: number, to: number): void {
    if (field < 0 || start[field]! >= 0 || isNothing(bytes, from, to)) return
    start[field] = from
    end[field] = to
  }

  return {
    start,
    end,
    plain: text => text.replace(/\\(.)/gs, '$1'),
    read(bytes, at, until) {
      start.fill(-1)
      let isPaired = false
      while (at < until) {
        while (at < until && isBetween(bytes[at]!)) at++
        const key = at
        while (at < until && bytes[at] !== EQUALS && !isBlank(bytes[at]!)) at++
        if (bytes[at] !== EQUALS || at === until) continue
        const field = table.of(bytes, key, at)
        const isQuoted = bytes[++at] === QUOTE
        const from = isQuoted ? at + 1 : at
        at = isQuoted ? endOfQuoted(bytes, from, until) : endOfWord(bytes, at, until)
        if (at < 0) return field < 0 && !isPaired ? 'other' : 'broken'
        take(field, bytes, from, isQuoted ? at : withoutComma(bytes, from, at))
        isPaired ||= field >= 0
        if (isQuoted) at++
      }
      return isPaired ? 'whole' : 'other'
    },
  }
}

function isBlank(byte: number): boolean {
  return byte === BLANK || byte === TAB
}

/** What may stand before a key: blanks, and the signs that lists and brackets are made of. */
function isBetween(byte: number): boolean {
  return (
    isBlank(byte) || byte === 44 || byte === 59 || byte === 40 || byte === 91 || byte === 123 || byte === 124
  )
}

function endOfWord(bytes: Uint8Array, at: number, until: number): number {
  while (at < until && !isBlank(bytes[at]!)) at++
  return at
}

/** A comma, semicolon or closing bracket at a word's end is the list's. */
function withoutComma(bytes: Uint8Array, from: number, at: number): number {
  while (at > from && [44, 59, 41, 93, 125].includes(bytes[at - 1]!)) at--
  return at
}

/** The closing quote behind which a value ends, or -1. */
function endOfQuoted(bytes: Uint8Array, at: number, until: number): number {
  for (; at < until; at++) {
    if (bytes[at] === BACKSLASH) at++
    else if (bytes[at] === QUOTE) return at
  }
  return -1
}

/** A row of cells. Without `columns` the first line that names all of `needed` is the header. */
export function rowFields(
  names: readonly string[],
  needed: readonly string[],
  separator: number,
  columns: readonly string[] | undefined,
): LineFields {
  const start = new Int32Array(names.length)
  const end = new Int32Array(names.length)
  let fieldsOf: readonly (readonly number[])[] = columns === undefined ? [] : placesOf(columns)
  const cells = new Int32Array(2 * MOST_CELLS)

  function placesOf(header: readonly string[]): readonly (readonly number[])[] {
    return header.map(column => names.flatMap((name, field) => (name === column ? [field] : [])))
  }

  /** The columns that the line names, if it is a header. */
  function headerOf(bytes: Uint8Array, count: number): readonly string[] | undefined {
    const texts = Array.from({ length: count }, (_, i) =>
      decoder.decode(bytes.subarray(cells[2 * i]!, cells[2 * i + 1]!)).replace(/^# */, ''),
    )
    return needed.every(name => texts.includes(name)) ? texts : undefined
  }

  function isHeaderLike(bytes: Uint8Array, count: number): boolean {
    if (count < 2) return false
    if (fieldsOf.length === 0) return true
    // Files that were put together have it again.
    const cell = fieldsOf.findIndex(fields => fields.some(field => names[field] === needed[0]))
    const text = asciiBytes(needed[0]!)
    return cell >= 0 && cell < count && isSame(bytes, cells[2 * cell]!, cells[2 * cell + 1]!, text)
  }

  return {
    start,
    end,
    plain: text => text.replaceAll('""', '"'),
    read(bytes, at, until) {
      if (until > at && bytes[until - 1] === 13) until--
      const count = findCells(bytes, at, until, separator, cells)
      if (count < 0) return fieldsOf.length > 0 ? 'broken' : 'other'
      const header = isHeaderLike(bytes, count) ? headerOf(bytes, count) : undefined
      if (header !== undefined) {
        fieldsOf = placesOf(header)
        return 'header'
      }
      if (count < 2 || fieldsOf.length === 0 || bytes[at] === HASH) return 'other'
      if (count !== fieldsOf.length) return 'broken'
      start.fill(-1)
      for (let cell = 0; cell < count; cell++) {
        for (const field of fieldsOf[cell]!) {
          const from = cells[2 * cell]!
          const to = cells[2 * cell + 1]!
          start[field] = isNothing(bytes, from, to) ? -1 : from
          end[field] = to
        }
      }
      return 'whole'
    },
  }
}

const decoder = new TextDecoder()
export const MOST_CELLS = 256

/** Where the cells are, without their quotes and the blanks around them; how many, or -1 where a quote is not closed. */
function findCells(
  bytes: Uint8Array,
  at: number,
  until: number,
  separator: number,
  cells: Int32Array,
): number {
  for (let count = 0; count < MOST_CELLS; count++) {
    while (at < until && isBlank(bytes[at]!) && bytes[at] !== separator) at++
    const isQuoted = bytes[at] === QUOTE && at < until
    const from = isQuoted ? at + 1 : at
    at = isQuoted ? endOfCell(bytes, from, until) : from
    if (at < 0) return -1
    let to = at
    while (at < until && bytes[at] !== separator) at++
    if (!isQuoted) for (to = at; to > from && isBlank(bytes[to - 1]!); ) to--
    cells[2 * count] = from
    cells[2 * count + 1] = to
    if (at >= until) return count + 1
    at++
  }
  return -1
}

/** The quote that closes a cell; two of them are one in its text. */
function endOfCell(bytes: Uint8Array, at: number, until: number): number {
  for (; at < until; at++) {
    if (bytes[at] !== QUOTE) continue
    if (bytes[at + 1] !== QUOTE) return at
    at++
  }
  return -1
}
