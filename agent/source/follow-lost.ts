// Places whose file was emptied, or is not open since a restart: another file may hold what comes after them.

import type { OpenFile } from './disk.ts'
import type { Gap } from './follow-consumer.ts'
import type { Held } from './follow-held.ts'
import {
  bytesAt,
  digest,
  firstLine,
  HEAD_BYTES,
  isStillTheEmpty,
  type Place,
  type Position,
  proves,
  provesStart,
} from './follow-position.ts'

const NEWLINE = 10

/** A place to go on from, once the file that holds it is found. */
export interface Sought {
  /** What a restart begins with. */
  readonly position: Position
  /** Where to go on: the position's, except inside a line that is longer than the read buffer. */
  readonly offset: number
  /** Largest end of the file that was seen. */
  readonly seen: number
  /** Of a file that was emptied under our eyes; undefined after a restart. */
  readonly emptied?: {
    readonly id: number
    readonly head: Uint8Array
    readonly place: Place
  }
  /** Bytes that are read again, as they may be what is left of the file. */
  readonly repeated?: number
  /** Milliseconds of the clock at the first look for it. */
  readonly sinceMs?: number
  /** How often it was looked for. */
  readonly looks?: number
  /** The longest file that holds it in part, met in the look that goes on. */
  readonly part?: { readonly path: string; readonly size: number }
}

/** What is sought after a restart. */
export function soughtAt(position: Position): Sought {
  const { offset, seen, repeated = 0 } = position
  return { position, offset, seen, repeated }
}

/** What is sought when `held` turns out to have been emptied. */
export function soughtAfter(held: Held, sinceMs: number): Sought {
  const { generation, place, seen } = held
  const { id, head } = generation
  return { position: held.position(), offset: place.offset, seen, emptied: { id, head, place }, sinceMs }
}

/** True when `file`, which has the inode of a place from before a restart, is still the file it was. */
export function isStill(file: OpenFile, { position }: Sought): boolean {
  const isZipped = file.stat().storedSize !== undefined
  return position.isZipped === isZipped && (proves(file, position) || isStillTheEmpty(file, position))
}

/**
 * True when `file` holds the sought place and all that was seen behind it; by its content only, so a place of which nothing is known is
 * in no file.
 */
export function holds(file: OpenFile, { position, emptied, seen }: Sought): boolean {
  if (!emptied) return proves(file, position)
  const { marker, ahead } = emptied.place
  return marker.length + ahead.length > 0 && file.stat().size >= seen && isAround(file, emptied)
}

/** True for a copy that was made after the place was read, and before all was written that was seen behind it. */
export function holdsPart(file: OpenFile, { position, offset, seen, emptied }: Sought): boolean {
  const { size } = file.stat()
  if (size < offset || size >= seen || size === 0) return false
  return emptied ? isAround(file, emptied) : provesStart(file, position)
}

function isAround(file: OpenFile, { head, place }: NonNullable<Sought['emptied']>): boolean {
  const { offset, marker, ahead } = place
  const there = Buffer.concat([marker, ahead.subarray(0, Math.max(0, file.stat().size - offset))])
  const start = offset - marker.length
  return bytesAt(file, start, start + there.length).equals(there) && beginsAlike(file, head)
}

/**
 * True for a copy that was made of an emptied file before all of it was read. Only its beginning can be compared by then; if it is
 * another file that begins alike, the gap that is said for the emptied one covers it.
 */
export function isShortCopy(file: OpenFile, { emptied, offset }: Sought): boolean {
  const { size } = file.stat()
  if (!emptied || size === 0 || size > offset) return false
  return beginsAlike(file, emptied.head.subarray(0, size))
}

function beginsAlike(file: OpenFile, head: Uint8Array): boolean {
  return bytesAt(file, 0, head.length).equals(head)
}

/** What is to be said when no file holds the sought place. `now`: the file that has its inode today. */
export function gapOf(sought: Sought, now: OpenFile | undefined): Gap {
  const { offset, seen } = sought
  return { ...saidOf(sought), kind: now ? 'truncated' : 'rotated away', bytes: seen - offset }
}

/** What is to be said when a copy holds it; so many bytes were seen and are not in the copy. */
export function copiedGapOf(sought: Sought, bytes: number): Gap {
  return { ...saidOf(sought), kind: 'copied', ...(bytes > 0 && { bytes }) }
}

function saidOf({ position, offset, repeated = 0 }: Sought): Omit<Gap, 'kind'> {
  const { path, dev, ino } = position
  return { path, dev, ino, offset, ...(repeated > 0 && { repeated }) }
}

/**
 * So many bytes at the beginning of a file that is read as a new one may be what is left of the one whose place is sought: a file cut to
 * a part of itself and one written anew that begins with the same line look the same. They may be more.
 */
export function repeatedIn(file: OpenFile, { position, offset, emptied }: Sought): number {
  if (emptied) return alike(file, emptied.head, offset)
  const line = firstLine(bytesAt(file, 0, Math.min(HEAD_BYTES, offset)))
  return digest(line) === position.first ? line.length : 0
}

function alike(file: OpenFile, head: Uint8Array, offset: number): number {
  const now = bytesAt(file, 0, head.length)
  let length = 0
  while (length < now.length && now[length] === head[length]) length++
  if (length < now.length) return now.subarray(0, length).lastIndexOf(NEWLINE) + 1
  return length < head.length ? length : Math.min(file.stat().size, offset)
}
