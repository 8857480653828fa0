// Sources find themselves: what known CNIs write on this host, the kernel's log from the best place, conntrack's events where they may be
// had. Each thing that is found, or would matter and is not, is said in one sentence; nothing is read twice, and nothing under a format
// that its content is not of.

import { dirname, join } from 'node:path'
import { type Cni, cnis, type FoundProfile, type Logs, ulogd } from './discover-cni.ts'
import { holdsFormat } from './discover-content.ts'
import { discoverConntrack, discoverKernel, type Host } from './discover-kernel.ts'
import { type FoundLogs, findLogs, isThere } from './discover-logs.ts'
import type { Disk } from './disk.ts'

export interface DiscoverOptions {
  /** Where the host's /var/log is; its /var/run is looked for beside it. */
  readonly logDirectory: string
  readonly procDirectory: string
  readonly kmsg: string
  readonly disk: Disk
  /** Whether a program can be run. */
  readonly has: (program: string) => boolean
}

/** As an entry of the configuration's `sources`, and as a person would call it. */
export interface FoundSource {
  readonly source:
    | { readonly format: string; readonly files: readonly string[]; readonly begin: 'start' }
    | { readonly kernel: 'kmsg' | 'journal'; readonly begin: 'start' }
    | { readonly conntrack: 'events' }
  readonly text: string
}

export interface Found {
  readonly found: readonly FoundSource[]
  /** One sentence for each thing that is not read and would matter, with what would help. */
  readonly notFound: readonly string[]
}

export interface Discovered extends Found {
  /** Of the CNI that enforces policies here; undefined where none was found, or several that differ. */
  readonly profile: FoundProfile | undefined
}

export function discoverSources(options: DiscoverOptions): Discovered {
  const host: Host = { ...options, varDirectory: dirname(options.logDirectory) }
  const looked = cnis.map(cni => lookFor(cni, host))
  const parts: Found[] = [...looked, discoverUlogd(host), discoverKernel(host), discoverConntrack(host)]
  const { profile, notes } = profileOf(looked)
  const notFound = parts.flatMap(part => part.notFound)
  if (!looked.some(({ isPresent }) => isPresent))
    notFound.push(`No CNI that is known here was found: nothing of one is in "${options.logDirectory}"`)
  return { found: parts.flatMap(part => part.found), notFound: [...notFound, ...notes], profile }
}

interface Looked extends Found {
  readonly cni: Cni
  readonly isPresent: boolean
}

function lookFor(cni: Cni, host: Host): Looked {
  const { logs } = cni
  const isSigned = cni.signs.some(sign => isThere(host, sign))
  const { files, notes } = logs === undefined ? { files: [], notes: [] } : filesOf(logs, isSigned, host)
  const isPresent = isSigned || files.length > 0
  const notFound = [...notes]
  if (isPresent && files.length === 0) notFound.push(`${capital(cni.name)} is here, but ${cni.advice}`)
  const awaited = logs?.isAwaited === true && isSigned && files.length === 0 && notes.length === 0
  const followed = awaited ? logs.paths.map(path => join(host.varDirectory, path)) : files
  return { cni, isPresent, found: foundFiles(logs?.format ?? '', followed, awaited), notFound }
}

/** A file that another CNI has under the same name is the one's that is here, or whose lines are in it. */
function filesOf(logs: Logs, isSigned: boolean, host: Host): FoundLogs {
  const isShared = (path: string): boolean =>
    cnis.some(({ logs: other }) => other !== undefined && other !== logs && other.paths.includes(path))
  const isOwn = (path: string): boolean =>
    isSigned || !isShared(path) || holdsFormat(host.disk, join(host.varDirectory, path), logs.format)
  return findLogs(host, { ...logs, paths: logs.paths.filter(isOwn) })
}

function discoverUlogd(host: Host): Found {
  const { files, notes } = findLogs(host, ulogd)
  return { found: foundFiles(ulogd.format, files, false), notFound: notes }
}

/** Each by itself, so that one that comes or goes leaves the others as they are. */
function foundFiles(format: string, files: readonly string[], isAwaited: boolean): readonly FoundSource[] {
  return files.map(file => ({
    source: { format, files: [file], begin: 'start' as const },
    text: `${format} in ${file}${isAwaited ? ' (as soon as it is there)' : ''}`,
  }))
}

/** A log that is there says more than a sign of the CNI. */
function profileOf(looked: readonly Looked[]): {
  profile: FoundProfile | undefined
  notes: readonly string[]
} {
  const present = looked.filter(({ isPresent, cni }) => isPresent && cni.profile !== undefined)
  const writing = present.filter(({ found }) => found.length > 0)
  const candidates = writing.length > 0 ? writing : present
  const profiles = new Set(candidates.map(({ cni }) => cni.profile))
  if (profiles.size < 2) return { profile: candidates[0]?.cni.profile, notes: [] }
  const names = candidates.map(({ cni }) => cni.name).join(' and ')
  return {
    profile: undefined,
    notes: [
      `${capital(names)} are here, which differ: say which one enforces policies (profile: ${[...profiles].join(' or ')})`,
    ],
  }
}

function capital(text: string): string {
  return text.startsWith('the ') ? `T${text.slice(1)}` : text
}
