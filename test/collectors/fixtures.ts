// The lines of each format that the tests have: `test/fixtures/<format>/*.log`.

import { existsSync, readdirSync } from 'node:fs'
import { fileLines } from './flows.ts'

export const fixtureFolder = (format: string): URL => new URL(`../fixtures/${format}/`, import.meta.url)

export function fixturesOf(format: string): readonly string[] {
  const folder = fixtureFolder(format)
  return existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.log')) : []
}

const linesByFormat = new Map<string, readonly Uint8Array[]>()

/** Of all files of the format. */
export function fixtureLines(format: string): readonly Uint8Array[] {
  const known = linesByFormat.get(format)
  if (known !== undefined) return known
  const lines = fixturesOf(format).flatMap(name => fileLines(new URL(name, fixtureFolder(format))))
  linesByFormat.set(format, lines)
  return lines
}
