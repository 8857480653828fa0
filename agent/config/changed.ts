// What an edit of the configuration changes, and whether that can be taken while the agent runs.

import { isDeepStrictEqual } from 'node:util'
import type { Config } from './schema.ts'

/** Sections and settings that are taken while the agent runs: what is read, and how much is said. All others wait for its next start. */
export const LIVE_KEYS: readonly string[] = ['sources', 'prefixes', 'custom', 'log.level']

export interface ChangedKeys {
  /** Paths such as `records.budgetMebibytes`, in the order of the schema; lists and mappings count as one. */
  readonly now: readonly string[]
  readonly atRestart: readonly string[]
}

export function changedKeys(before: Config, after: Config): ChangedKeys {
  const changed = changedPaths(before, after, [])
  return {
    now: changed.filter(path => LIVE_KEYS.includes(path)),
    atRestart: changed.filter(path => !LIVE_KEYS.includes(path)),
  }
}

/** These are taken as one: which part of them changed says nothing by itself. */
const wholes = ['sources', 'prefixes', 'custom']

type Tree = Readonly<Record<string, unknown>>

function changedPaths(before: unknown, after: unknown, path: readonly string[]): string[] {
  if (isDeepStrictEqual(before, after)) return []
  const name = path.join('.')
  if (!isTree(before) || !isTree(after) || wholes.includes(name)) return [name]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap(key => changedPaths(before[key], after[key], [...path, key]))
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
