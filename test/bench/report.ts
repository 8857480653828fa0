// Medians, tables and the processor time of other programs, for every bench.

import { execFileSync } from 'node:child_process'

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}

/** Columns of text, the first one left, the others right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]!.length)))
  const line = (row: readonly string[]) =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join('  ')
  return [head, ...rows].map(line).join('\n')
}

/** User and system seconds of a program, as the kernel counted them. */
export function cpuSecondsOf(program: string, args: readonly string[]): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null'
  const text = execFileSync('bash', ['-c', `{ ${script} ; } 2>&1`, 'bash', program, ...args], {
    encoding: 'utf8',
  })
  return text
    .trim()
    .split(/\s+/)
    .slice(-2)
    .map(Number)
    .reduce((a, b) => a + b)
}
