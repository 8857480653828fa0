// What a file beside a name is: the one that was read, a copy of it, the rest of one that was emptied, or one never seen, which is
// then read whole. Its content decides; what is known is compared in the order in which a mistake would cost most.

import type { FileStat, OpenFile } from './disk.ts'
import { type Accounts, stampOf } from './follow-accounts.ts'
import { holds, holdsPart, isShortCopy, isStill, type Sought } from './follow-lost.ts'
import type { OpenFiles } from './follow-open.ts'
import type { NameOptions } from './follow-options.ts'
import { doneAt, isCopy, lastLineStart, type Position, proves } from './follow-position.ts'
import type { SoughtPlaces } from './follow-sought.ts'

/** All that is known of the files of one name. */
export interface Known {
  readonly path: string
  readonly options: NameOptions
  readonly open: OpenFiles
  readonly accounts: Accounts
  readonly sought: SoughtPlaces
  /** True when nothing was known at the start, and nothing was looked at yet. */
  isFirstLook: boolean
}

/** A file that was met; `isName`: under the name itself. */
export interface Met {
  readonly path: string
  readonly file: OpenFile
  readonly isName: boolean
  readonly nowMs: number
}

/** True when it needs no look into: while a place is sought, every file does. */
export function isUnchanged({ accounts, sought }: Known, stat: FileStat): boolean {
  const account = accounts.byFile(stat)
  if (account?.stamp !== stampOf(stat) || sought.all.length > 0) return false
  if (account.of) account.of.isFound = true
  return true
}

/** Goes on with a file that is still what it was before a restart; true when it is held from now on. */
export function resume(known: Known, file: OpenFile, nowMs: number): boolean {
  const found = known.sought.ofInode(file.stat()).find(sought => isStill(file, sought))
  if (found) goOn(known, file, found, nowMs)
  return found !== undefined
}

/** True when it is held from now on. */
export function resolve(known: Known, met: Met): boolean {
  if (!met.isName && isRest(known, met)) return true
  return isAccounted(known, met) ?? isNew(known, met)
}

/** The rest of a file that was emptied, or that was copied and removed while nobody looked. */
function isRest(known: Known, { file, nowMs }: Met): boolean {
  const sought = known.sought.find(one => holds(file, one))
  if (!sought) return false
  known.sought.sayCopied(sought)
  goOn(known, file, sought, nowMs)
  return true
}

function goOn({ open, accounts, sought }: Known, file: OpenFile, found: Sought, nowMs: number): void {
  sought.settle(found)
  accounts.forget(file.stat())
  open.hold(file, found.offset, nowMs, found.emptied?.id)
}

/** Undefined when no file that was read shows in it. */
function isAccounted(known: Known, met: Met): boolean | undefined {
  const { accounts } = known
  const { file, isName } = met
  const stat = file.stat()
  const own = accounts.byFile(stat)
  const isGrowingCopy = own?.position.isCopy && stat.size > own.position.offset
  if (own?.of || isGrowingCopy) accounts.forget(stat)
  else if (own && isSameBirth(stat, own.position) && proves(file, own.position))
    return readFrom(known, own.position, met)
  else accounts.detach(stat)
  if (isName) return undefined
  const other = accountFor(known, file)
  return other && readFrom(known, other, met)
}

/**
 * False where the inode was given to a file made later. Where the time of birth is the last change it may be none: old kernels give
 * one for the other.
 */
function isSameBirth({ bornMs, changedMs }: FileStat, known: Position): boolean {
  return bornMs === known.bornMs || bornMs === 0 || known.bornMs === 0 || bornMs === changedMs
}

function accountFor({ accounts }: Known, file: OpenFile): Position | undefined {
  const { size, storedSize } = file.stat()
  return accounts.find(position => {
    const { offset, isCopy } = position
    // A plain file that was read and has grown since is known by its inode.
    const mayHaveGrown = storedSize !== undefined && !isCopy
    const fits = mayHaveGrown ? size >= offset : size === offset
    return offset > 0 && fits && proves(file, position)
  })
}

function readFrom({ open, accounts }: Known, position: Position, { file, isName, nowMs }: Met): boolean {
  const stat = file.stat()
  if (!isName && stat.size <= position.offset) {
    accounts.add(position, stat)
    return false
  }
  accounts.forget(stat)
  open.hold(file, position.offset, nowMs)
  return true
}

/** A copy whose original was emptied since it was last read looks like a new file: the originals are looked at once more. */
function isNew(known: Known, met: Met): boolean {
  const { path, open, accounts, sought } = known
  const { file, isName, nowMs } = met
  if (isName) return begin(known, met)
  if (isCopyOfOpen(known, file)) return false
  open.lookAgain(nowMs)
  if (isRest(known, met)) return true
  if (sought.isPart(file, met.path)) return false
  if (!sought.find(one => isShortCopy(file, one))) return begin(known, met)
  accounts.add(doneAt(file, path, file.stat().size), file.stat())
  return false
}

/** Goes on in a file that holds the rest only in part; true when it is held from now on. */
export function goOnInPart(known: Known, { file, nowMs }: Met, found: Sought): boolean {
  if (!holdsPart(file, found)) return false
  known.sought.sayCopied(found, found.seen - file.stat().size)
  goOn(known, file, found, nowMs)
  return true
}

function isCopyOfOpen({ path, open, accounts }: Known, file: OpenFile): boolean {
  const { size } = file.stat()
  const of = open.all.find(held => size <= held.file.stat().size && isCopy(file, held.file))
  if (!of) return false
  of.isFound = true
  accounts.add({ ...doneAt(file, path, size), isCopy: true }, file.stat(), of)
  return true
}

function begin(known: Known, { file, isName, nowMs }: Met): boolean {
  const { path, options, open, accounts, sought, isFirstLook } = known
  const isWhole = !isFirstLook || options.begin === 'rotated' || (isName && options.begin === 'file')
  if (!isWhole && !isName) {
    accounts.add(doneAt(file, path, file.stat().size), file.stat())
    return false
  }
  sought.noteRepeated(file)
  open.hold(file, isWhole ? 0 : lastLineStart(file), nowMs)
  return true
}
