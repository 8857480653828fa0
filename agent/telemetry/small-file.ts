// Small files of the kernel's, read whole: single numbers, `key value` lines. What is absent or unreadable is undefined.

import { readFileSync } from 'node:fs'

export interface SmallFiles {
  text(path: string): string | undefined
  /** Its first number; undefined also for `max`. */
  number(path: string): number | undefined
  /** The numbers of `key value` lines. */
  keyed(path: string): ReadonlyMap<string, number>
}

export function openRoot(root: string): SmallFiles {
  function text(path: string): string | undefined {
    try {
      return readFileSync(root + path, 'utf8')
    } catch {
      // Absent, or the group is gone: the caller says less, and looks again in a second.
      return undefined
    }
  }
  return {
    text,
    number: path => numberOf(text(path)),
    keyed: path => keyedOf(text(path) ?? ''),
  }
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? '', 10)
  return Number.isNaN(value) ? undefined : value
}

function keyedOf(text: string): ReadonlyMap<string, number> {
  const pairs = text
    .split('\n')
    .map(line => line.split(' '))
    .filter(([key, value]) => key !== '' && /^\d+$/.test(value ?? ''))
    .map(([key, value]) => [key!, Number(value)] as const)
  return new Map(pairs)
}
