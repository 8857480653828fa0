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

/** More than any rotation keeps, so that a file is known again when it has been compressed. */
const REMEMBERED = 64

const NO_INODE = -1

function withoutInode({ position, of }: Account): Account {
  return { position: { ...position, ino: NO_INODE }, ...(of && { of }) }
}

const isSameContent = (a: Position, b: Position): boolean =>
  a.offset === b.offset && a.marker === b.marker && a.head === b.head

export class Accounts {
  #all: Account[] = []

  restore(position: Position): void {
    this.#all.push({ position })
  }

  add(position: Position, stat: FileStat, of?: Held): void {
    this.detach(stat)
    this.#all = this.#all.filter(
      one => one.position.ino !== NO_INODE || !isSameContent(one.position, position),
    )
    this.#all.push({ position, stamp: stampOf(stat), ...(of && { of }) })
    this.#all = this.#all.slice(-REMEMBERED)
  }

  /** `held` was read to its end: its copies hold nothing more. */
  addClosed(held: Held, stat: FileStat): void {
    this.#all = this.#all.map(({ of, ...rest }) => (of && of !== held ? { ...rest, of } : rest))
    this.add(held.position('done'), stat)
  }

  forget(file: FileId): void {
    this.#all = this.#all.filter(({ position }) => !isFile(position, file))
  }

  /** The inode has been given to another file; what was accounted for may still turn up compressed. */
  detach(file: FileId): void {
    this.#all = this.#all.map(one => (isFile(one.position, file) ? withoutInode(one) : one))
  }

  byFile(file: FileId): Account | undefined {
    return this.#all.find(({ position }) => isFile(position, file))
  }

  /** The one that accounts for most. */
  find(isIt: (position: Position) => boolean): Account | undefined {
    return this.#all
      .filter(({ position }) => isIt(position))
      .reduce<Account | undefined>(
        (most, one) => (most && most.position.offset >= one.position.offset ? most : one),
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
