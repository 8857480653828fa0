// One look at a directory of manifests: which files there are, by everything that changes when one of them does. Nothing is read.

import { lstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

export interface DirectoryLook {
  /** Path -> what is different whenever the file is another one or was written. Sorted by path. */
  readonly files: ReadonlyMap<string, string>
  readonly directories: readonly string[]
  /** Where two looks have the same, nothing has changed between them. */
  readonly signature: string
}

export type Sight = DirectoryLook | { readonly trouble: string; readonly signature: string }

const endings = ['.yaml', '.yml', '.json']

/** Never throws. Names that begin with a dot are left out, as they are the inner side of a mounted ConfigMap; links are followed. */
export function lookAtDirectory(path: string): Sight {
  const files = new Map<string, string>()
  const directories = new Map<string, string>()
  try {
    walk(resolve(path), [], files, directories)
  } catch (cause) {
    const trouble = troubleText(cause)
    return { trouble, signature: `trouble ${trouble}` }
  }
  const marks = [...files, ...directories].map(([name, mark]) => `${name} ${mark}`)
  return { files, directories: [...directories.keys()], signature: marks.join('\n') }
}

type Marks = Map<string, string>

/** `above`: the directories this one is in, so that links that lead in a circle end. */
function walk(directory: string, above: readonly string[], files: Marks, directories: Marks): void {
  const stat = statOf(directory)
  if (!stat.isDirectory()) throw new Trouble(directory, 'it is a file; manifests is a directory of them')
  const identity = `${stat.dev}:${stat.ino}`
  if (above.includes(identity)) throw new Trouble(directory, 'its symbolic links lead in a circle')
  directories.set(directory, markOf(stat))
  for (const name of namesIn(directory)) {
    const path = join(directory, name)
    const found = statOf(path)
    if (found.isDirectory()) walk(path, [...above, identity], files, directories)
    else if (found.isFile() && isManifest(path)) files.set(path, markOf(found))
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter(name => !name.startsWith('.'))
      .sort()
  } catch (cause) {
    throw new Trouble(directory, causeText(cause))
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path)
  } catch (cause) {
    throw new Trouble(path, causeText(cause))
  }
}

function markOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`
}

function isManifest(path: string): boolean {
  return endings.some(ending => basename(path).toLowerCase().endsWith(ending))
}

class Trouble extends Error {
  constructor(path: string, why: string) {
    super(`Cannot read "${path}": ${why}`)
  }
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  ENOTDIR: 'a part of the path is no directory',
  EACCES: 'permission denied',
  ELOOP: 'its symbolic links lead in a circle',
}

function causeText(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  return causes[code ?? ''] ?? message
}

function troubleText(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

/**
 * When what a path leads to was last changed, or a link on the way to it switched, by the file system's own clock: microseconds since
 * 1970, rounded up. A copy can carry a modification time along, but not this one. NaN where it leads nowhere.
 */
export function changedAt(path: string): number {
  try {
    return Math.ceil(Math.max(statSync(path).ctimeMs, linksChangedMs(resolve(path))) * 1000)
  } catch {
    // It has gone since it was listed: the next look says so.
    return Number.NaN
  }
}

const MOST_LINKS = 40

function linksChangedMs(path: string): number {
  let changed = Number.NEGATIVE_INFINITY
  let at = '/'
  const parts = path.split('/')
  for (let links = 0; parts.length > 0 && links < MOST_LINKS; ) {
    const part = parts.shift()!
    const next = part === '..' ? dirname(at) : join(at, part)
    const stat = lstatSync(next)
    if (stat.isSymbolicLink()) {
      links++
      changed = Math.max(changed, stat.ctimeMs)
      const target = readlinkSync(next)
      parts.unshift(...target.split('/'))
      if (target.startsWith('/')) at = '/'
    } else at = next
  }
  return changed
}
