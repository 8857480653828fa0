// What was found as rows of text: tables for people, CSV for spreadsheets, JSON for programs.

import { printable } from './printable.ts'
import type { Found } from './query.ts'
import type { Group, GroupKey } from './query-group.ts'
import { recordTime } from './time.ts'
import { endName } from './words.ts'

export type QueryForm = 'table' | 'json' | 'csv'

export const recordColumns = ['time', 'event', 'from', 'to', 'port', 'proto', 'dir', 'n', 'policies', 'text']

/** The cells of a record, in the order of `recordColumns`. */
export function recordCells({ facts, time, last, n, isRepeat }: Found): readonly string[] {
  const { event, src, dst, port, proto, dir, policies, reason, text, isFlow } = facts
  return [
    recordTime(time) ?? '',
    event,
    src === undefined ? '' : endName(src),
    dst === undefined ? '' : endName(dst),
    port === undefined ? '' : String(port),
    proto ?? '',
    dir ?? '',
    isFlow || src !== undefined ? String(n) : '',
    policies.join(' '),
    isRepeat ? `more until ${recordTime(last) ?? '?'}` : (text ?? reason ?? ''),
  ]
}

export function groupColumns(keys: readonly GroupKey[]): readonly string[] {
  return [...keys, 'n', 'records', 'first', 'last']
}

export function groupCells({ values, n, records, first, last }: Group): readonly string[] {
  return [...values, String(n), String(records), recordTime(first) ?? '', recordTime(last) ?? '']
}

/** A group as one JSON object; a key that its records do not have is absent. */
export function groupJson(keys: readonly GroupKey[], { values, n, records, first, last }: Group): string {
  const named = keys.map((key, i) => [key, values[i] === '' ? undefined : values[i]])
  return JSON.stringify({
    ...Object.fromEntries(named),
    n,
    records,
    first: recordTime(first),
    last: recordTime(last),
  })
}

/** RFC 4180, but with a newline alone. */
export function csvLine(cells: readonly string[]): string {
  return cells.map(cell => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')
}

export interface Table {
  row(cells: readonly string[]): void
  close(): void
}

/** Rows whose widths decide the columns; later ones are written as they come. */
const SAMPLE = 200
const BOLD = 1
const colours: Readonly<Record<string, number>> = {
  'flow.denied': 31,
  'flow.rejected': 31,
  'flow.allowed': 32,
  denied: 31,
  rejected: 31,
  allowed: 32,
}
const numbers: ReadonlySet<string> = new Set(['n', 'records'])

/** So wide at least where rows go on to come: most of what these columns hold fits. */
const growing: Readonly<Record<string, number>> = {
  time: 27,
  event: 12,
  from: 28,
  to: 28,
  port: 5,
  proto: 5,
  dir: 7,
  n: 3,
  policies: 24,
  text: 16,
}

/**
 * Columns that nothing fills are left out, the others are as wide as their first rows need; where more rows come after `close`
 * (`isGrowing`), all columns stay.
 */
export function createTable(
  head: readonly string[],
  isColoured: boolean,
  write: (line: string) => void,
  isGrowing = false,
): Table {
  let sample: (readonly string[])[] | undefined = []
  let widths: readonly number[] = []

  function begin(rows: readonly (readonly string[])[]): void {
    sample = undefined
    widths = head.map((title, i) => {
      const least = isGrowing ? (growing[title] ?? 1) : 0
      const widest = Math.max(least, ...rows.map(cells => cells[i]!.length))
      return widest === 0 ? 0 : Math.max(title.length, widest)
    })
    if (rows.length === 0 && !isGrowing) return
    const titles = lineOf(head.map(title => title.toUpperCase()))
    write(isColoured ? `\x1b[${BOLD}m${titles}\x1b[0m` : titles)
    for (const cells of rows) write(lineOf(cells))
  }

  function lineOf(cells: readonly string[]): string {
    return cells
      .map((cell, i) => paint(padded(cell, i), cell))
      .filter((_, i) => widths[i]! > 0)
      .join('  ')
      .trimEnd()
  }

  function padded(cell: string, i: number): string {
    return numbers.has(head[i]!) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)
  }

  function paint(text: string, cell: string): string {
    const colour = isColoured ? colours[cell] : undefined
    return colour === undefined ? text : `\x1b[${colour}m${text}\x1b[0m`
  }

  return {
    row(cells) {
      const safe = cells.map(cell => printable(cell, 400))
      if (sample === undefined) return write(lineOf(safe))
      if (sample.push(safe) >= SAMPLE) begin(sample)
    },
    close() {
      if (sample !== undefined) begin(sample)
    },
  }
}
