// The names that logs take: which name a rotated file had before, which files of a directory were rotated out of a name and in what
// order, and which names a pattern means.

import { basename, dirname, join } from 'node:path'
import type { Disk } from './disk.ts'

/** `app.log.1`, `app.log-20260102`, `app.log.20260102-030405`, `app.log.old`: what stands behind the name. */
const behind = /^(.+?)(?:[.-](\d[\dTZ:.-]*)|\.old)$/
/** `app-2026-01-02T03-04-05.678.log` (lumberjack), `app-20260102.log`, `app.1.log`: what stands before the extension. */
const within = /^(.+?)(?:-(\d{4}-?\d\d-?\d\d[\dTZ:.-]*?)|\.(\d{1,4}))(\.[a-z]+)$/

interface Rotated {
  readonly base: string
  /** Digits of the number or time in the name; empty for `.old`. */
  readonly stamp: string
}

/** The names that a file may have been rotated out of; none where its own name is not one that rotation gives. */
function rotatedFrom(name: string): Rotated[] {
  const plain = name.replace(/\.gz$/, '')
  const found: Rotated[] = []
  const end = behind.exec(plain)
  if (end) found.push({ base: end[1]!, stamp: end[2] ?? '' })
  const middle = within.exec(plain)
  if (middle) found.push({ base: middle[1]! + middle[4]!, stamp: middle[2] ?? middle[3]! })
  if (plain !== name) found.push({ base: plain, stamp: '' })
  return found
}

/** True when a file of this name may have been rotated out of one of `bases`. */
export function isNamedAfter(name: string, bases: ReadonlySet<string>): boolean {
  return rotatedFrom(name).some(({ base }) => bases.has(base))
}

/** Paths of the files that were rotated out of `path`, oldest first; a compressed file comes after its plain one. */
export function rotatedOf(disk: Disk, path: string): string[] {
  const directory = dirname(path)
  const base = basename(path)
  return disk
    .list(directory)
    .flatMap(name => {
      const stamp = rotatedFrom(name).find(rotated => rotated.base === base)?.stamp
      return stamp === undefined ? [] : [{ path: join(directory, name), order: orderOf(stamp) }]
    })
    .sort((a, b) => compare(a.order, b.order) || a.path.length - b.path.length)
    .map(file => file.path)
}

/** Numbers count backwards in time, dates forwards; both as text that sorts from old to new. */
function orderOf(stamp: string): string {
  const digits = stamp.replace(/\D/g, '')
  if (digits.length >= 8) return `0${digits.padEnd(20, '0')}`
  return `1${String(1e8 - Number(digits)).padStart(9, '0')}`
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * The paths to follow that a pattern means now: `*` stands for any part of a name, in directories too. A rotated file is its
 * name's affair where that name fits the pattern as well. A path without `*` is meant whether it exists or not.
 */
export function pathsOf(disk: Disk, pattern: string): string[] {
  if (!pattern.includes('*')) return [pattern]
  const name = matcher(basename(pattern))
  const followed = (file: string): string =>
    rotatedFrom(file).find(({ base }) => name.test(base))?.base ?? file
  const paths = directoriesOf(disk, dirname(pattern)).flatMap(directory =>
    disk
      .list(directory)
      .filter(file => name.test(file))
      .map(file => join(directory, followed(file))),
  )
  return [...new Set(paths)].sort()
}

function directoriesOf(disk: Disk, pattern: string): string[] {
  if (!pattern.includes('*')) return [pattern]
  const name = matcher(basename(pattern))
  return directoriesOf(disk, dirname(pattern)).flatMap(directory =>
    disk
      .list(directory)
      .filter(child => name.test(child))
      .map(child => join(directory, child)),
  )
}

function matcher(pattern: string): RegExp {
  const parts = pattern.split('*').map(part => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^(?!\\.)${parts.join('.*')}$`)
}
