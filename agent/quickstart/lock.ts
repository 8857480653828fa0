// One quickstart at a time, and nothing left behind. A file says who runs and what it made, so that a second one can be refused
// and so that the next start can repair what a killed one left: its namespaces and the host's switch.

import { linkSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface RunState {
  readonly pid: number
  /** Clock ticks after boot at which the process began: a number that a later process with the same pid does not have. */
  readonly startTime: string
  readonly namespaces: readonly string[]
  /** What `net.netfilter.nf_log_all_netns` was before; absent where it was not touched. */
  readonly logAllNetns?: string
}

/** Looks up when a process began; undefined where there is none. */
export type StartTimeOf = (pid: number) => string | undefined

export const processStartTime: StartTimeOf = pid => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold blanks; field 22 is the start time.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined // no such process
  }
}

export type Claim =
  | { readonly kind: 'taken' }
  /** Ours now; what a dead run left has to be repaired first. */
  | { readonly kind: 'repair'; readonly left: RunState }
  | { readonly kind: 'refused'; readonly reason: string }

/** Takes the lock for `own`. @throws when the folder cannot be written. */
export function claim(file: string, own: RunState, startTimeOf: StartTimeOf = processStartTime): Claim {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (create(file, own)) return { kind: 'taken' }
  const left = readState(file)
  if (left && startTimeOf(left.pid) === left.startTime) return refused(left.pid)
  if (!removeDead(file, left, own.pid)) return refused(undefined)
  // Until it is repaired, what the dead one made stays written down: we may be killed as well.
  const heir = left ? { ...own, namespaces: left.namespaces, ...switchOf(left) } : own
  if (!create(file, heir)) return refused(undefined)
  return left ? { kind: 'repair', left } : { kind: 'taken' }
}

/** False when somebody else was faster: then the file is theirs, and is put back. */
function removeDead(file: string, dead: RunState | undefined, pid: number): boolean {
  const aside = `${file}.${pid}`
  if (!moved(file, aside)) return false
  const found = readState(aside)
  if (found?.pid === dead?.pid && found?.startTime === dead?.startTime) {
    rmSync(aside)
    return true
  }
  renameSync(aside, file)
  return false
}

function switchOf({ logAllNetns }: RunState): Pick<RunState, 'logAllNetns'> {
  return logAllNetns === undefined ? {} : { logAllNetns }
}

function refused(pid: number | undefined): Claim {
  const who = pid === undefined ? '' : ` (process ${pid})`
  return { kind: 'refused', reason: `Cannot start: another quickstart is running on this machine${who}` }
}

/** A link appears with its content and fails where there is a file, so nobody ever sees half a lock. */
function create(file: string, state: RunState): boolean {
  const draft = `${file}.${state.pid}.new`
  writeFileSync(draft, JSON.stringify(state), { mode: 0o600 })
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft)
  }
}

function moved(file: string, to: string): boolean {
  try {
    renameSync(file, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Undefined where the file is gone or is no state of ours. */
export function readState(file: string): RunState | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunState
  } catch {
    return undefined
  }
}

/** Replaces the state by a rename, so that a reader never finds half of it. */
export function writeState(file: string, state: RunState): void {
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Takes the folder away too, unless somebody else has put something into it. */
export function release(file: string): void {
  rmSync(file, { force: true })
  try {
    rmdirSync(dirname(file))
  } catch {
    // not empty: another start is looking at its own draft
  }
}
