// The files of a name that need no reading, as far as they are accounted for: closed ones, and copies of those that are open.

import type { FileStat } from './disk.ts'
import type { Held } from './follow-held.ts'
import type { Position } from './follow-position.ts'

export interface Account {
  readonly position: Position
  /** What shows that the file is unchanged; undefined after a restart. */
  readonly stamp?: string
  /** The held file that it is a copy of: what it holds beyond that file's offset is not read yet. */
  readonly of?: Held
}

/** What identifies a file while it exists. */
export interface FileId {
  readonly dev: number
  readonly ino: number
}

export const isFile = (a: FileId, b: FileId): boolean => a.dev === b.dev && a.ino === b.ino

/** Changes with the file; a file in another's place has another one. */
export const stampOf = ({ size, storedSize, changedMs, modifiedMs }: FileStat): string =>
  `${storedSize ?? size} ${changedMs} ${modifiedMs}`

/** Files that are gone and still known: a file may come again compressed, or be moved away and back. */
const REMEMBERED = 8

const NO_INODE = -1

function withoutInode({ position, of }: Account): Account {
  return { position: { ...position, ino: NO_INODE }, ...(of && { of }) }
}

const isSameContent = (a: Position, b: Position): boolean =>
  a.offset === b.offset && a.marker === b.marker && a.head === b.head

export class Accounts {
  #all: readonly Account[] = []

  restore(position: Position): void {
    this.#all = [...this.#all, { position }]
  }

  add(position: Position, stat: FileStat, of?: Held): void {
    this.detach(stat)
    const others = this.#all.filter(
      one => one.position.ino !== NO_INODE || !isSameContent(one.position, position),
    )
    const { dev, ino, bornMs } = stat
    const own: Position = { ...position, dev, ino, bornMs, state: 'done' }
    this.#all = [...others, { position: own, stamp: stampOf(stat), ...(of && { of }) }]
  }

  /** `held` was read to its end, and so were its copies. */
  addClosed(held: Held, stat: FileStat): void {
    this.releaseCopies(held)
    this.add(held.position(), stat)
  }

  /** `held` was emptied: what it had not read yet is in its copies, if anywhere. */
  releaseCopies(held: Held): void {
    this.#all = this.#all
      .filter(({ position, of }) => of !== held || position.offset <= held.lineOffset)
      .map(({ of, ...rest }) => (of && of !== held ? { ...rest, of } : rest))
  }

  forget(file: FileId): void {
    this.#all = this.#all.filter(({ position }) => !isFile(position, file))
  }

  /** The inode has been given to another file; what was accounted for may still turn up compressed. */
  detach(file: FileId): void {
    this.#all = this.#all.map(one => (isFile(one.position, file) ? withoutInode(one) : one))
  }

  /** Of the files that are not among those `there`, only the last few are remembered. */
  prune(there: readonly FileId[]): void {
    const gone = this.#all.filter(({ position }) => !there.some(file => isFile(file, position)))
    const tooOld = new Set(gone.slice(0, -REMEMBERED))
    this.#all = this.#all.filter(one => !tooOld.has(one))
  }

  byFile(file: FileId): Account | undefined {
    return this.#all.find(({ position }) => isFile(position, file))
  }

  /** Of those that are read, the one that accounts for most. */
  find(isIt: (position: Position) => boolean): Position | undefined {
    return this.#all
      .flatMap(({ position, of }) => (!of && isIt(position) ? [position] : []))
      .reduce<Position | undefined>(
        (most, one) => (most && most.offset >= one.offset ? most : one),
        undefined,
      )
  }

  /** A copy counts once all of it is read in its original: until then that may be emptied, and the copy be all there is. */
  positions(): Position[] {
    return this.#all
      .filter(({ position, of }) => !of || of.lineOffset >= position.offset)
      .map(({ position }) => position)
  }
}
