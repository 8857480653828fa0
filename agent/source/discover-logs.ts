// Which files of one format are there: as patterns, so that files that appear later are followed, each file once, and none of another
// format.

import { join } from 'node:path'
import type { Logs } from './discover-cni.ts'
import { otherFormat } from './discover-content.ts'
import type { Disk } from './disk.ts'
import { pathsOf } from './follow-names.ts'

export interface FoundLogs {
  /** Paths and patterns, to be followed. */
  readonly files: readonly string[]
  /** Sentences about files that are not. */
  readonly notes: readonly string[]
}

export interface Place {
  readonly disk: Disk
  /** The host's /var. */
  readonly varDirectory: string
}

export function findLogs(place: Place, { format, paths, isOneOf }: Logs): FoundLogs {
  const files: string[] = []
  const notes: string[] = []
  const known = new Set<string>()
  for (const path of paths) {
    const pattern = join(place.varDirectory, path)
    const there = filesOf(place.disk, pattern, notes).filter(file => !known.has(realPath(place.disk, file)))
    if (there.length === 0) continue
    if (isOneOf === true && files.length > 0) {
      notes.push(`"${pattern}" is not read beside "${files[0]}": it would tell of the same again`)
      continue
    }
    const right = there.filter(file => isRight(place.disk, file, format, notes))
    for (const file of right) known.add(realPath(place.disk, file))
    // A pattern would open the others too.
    if (right.length === there.length) files.push(pattern)
    else files.push(...right)
  }
  return { files, notes }
}

/** Whether something of that name is there. */
export function isThere({ disk, varDirectory }: Place, path: string): boolean {
  const pattern = join(varDirectory, path)
  return matchesOf(disk, pattern, []).length > 0
}

function filesOf(disk: Disk, pattern: string, notes: string[]): readonly string[] {
  return matchesOf(disk, pattern, notes).filter(path => disk.stat(path)?.isFile === true)
}

function matchesOf(disk: Disk, pattern: string, notes: string[]): readonly string[] {
  try {
    return pathsOf(disk, pattern).filter(path => disk.stat(path) !== undefined)
  } catch (error) {
    notes.push(`Cannot look for "${pattern}": ${(error as Error).message}`)
    return []
  }
}

/** A link and what it leads to are one. */
function realPath(disk: Disk, path: string): string {
  try {
    return disk.realPath(path) ?? path
  } catch {
    return path // it may not be followed; who reads it says so
  }
}

function isRight(disk: Disk, path: string, format: string, notes: string[]): boolean {
  try {
    const other = otherFormat(disk, path, format)
    if (other === undefined) return true
    notes.push(
      `"${path}" is not read as ${format}: its lines are ${other}; name it in sources to read it as that`,
    )
    return false
  } catch (error) {
    // It is followed all the same: it may become readable.
    notes.push(`Cannot read "${path}" to see what it holds: ${(error as Error).message}`)
    return true
  }
}
