// What a search found, in the form that was asked for: written as it is found, or counted and written at the end.

import type { Found } from '../forensics/query.ts'
import { createGroups, type GroupKey } from '../forensics/query-group.ts'
import {
  createTable,
  csvLine,
  groupCells,
  groupColumns,
  groupJson,
  type QueryForm,
  recordCells,
  recordColumns,
} from '../forensics/query-rows.ts'

export interface OutputOptions {
  readonly form: QueryForm
  readonly isColoured: boolean
  /** More may be found long after the first: no column is left out then. */
  readonly isGrowing?: boolean
  readonly line: (text: string) => void
}

export interface RecordOutput {
  found(found: Found, line: () => string): void
  /** What is held back to see how wide columns have to be is written; more may follow. */
  close(): void
}

export function recordOutput({ form, isColoured, isGrowing, line: write }: OutputOptions): RecordOutput {
  if (form === 'json') return { found: (_, line) => write(line()), close: () => {} }
  if (form === 'csv') {
    write(csvLine(recordColumns))
    return { found: found => write(csvLine(recordCells(found))), close: () => {} }
  }
  const table = createTable(recordColumns, isColoured, write, isGrowing)
  return { found: found => table.row(recordCells(found)), close: table.close }
}

/** Counts what is found, and writes the counts at the end. */
export function countedOutput(keys: readonly GroupKey[], options: OutputOptions): RecordOutput {
  const counted = createGroups(keys)
  return {
    found: counted.add,
    close() {
      const out = groupOutput(keys, options)
      for (const group of counted.close()) out.group(groupCells(group), () => groupJson(keys, group))
      out.close()
    },
  }
}

export interface GroupOutput {
  group(cells: readonly string[], json: () => string): void
  close(): void
}

export function groupOutput(
  keys: readonly GroupKey[],
  { form, isColoured, line }: OutputOptions,
): GroupOutput {
  const columns = groupColumns(keys)
  if (form === 'json') return { group: (_, json) => line(json()), close: () => {} }
  if (form === 'csv') {
    line(csvLine(columns))
    return { group: cells => line(csvLine(cells)), close: () => {} }
  }
  const table = createTable(columns, isColoured, line)
  return { group: table.row, close: table.close }
}
