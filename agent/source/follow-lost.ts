// Places whose file was emptied, or is not open since a restart: another file may hold what comes after them.

import type { OpenFile } from './disk.ts'
import type { Gap, Held, Place } from './follow-held.ts'
import { bytesAt, HEAD_BYTES, type Position, proves } from './follow-position.ts'

/** A place to go on from, once the file that holds it is found. */
export interface Sought {
  readonly position: Position
  /** Of a file that was emptied under our eyes; undefined after a restart. */
  readonly emptied?: {
    readonly id: number
    readonly head: Uint8Array
    readonly place: Place
  }
  /** Milliseconds of the clock at the first look for it. */
  readonly sinceMs?: number
  /** How often it was looked for. */
  readonly looks?: number
}

/** What is sought when `held` turns out to have been emptied. */
export function soughtAfter(held: Held, sinceMs: number): Sought {
  const { generation, place } = held
  return {
    position: held.readPosition(),
    emptied: { id: generation.id, head: generation.head, place },
    sinceMs,
  }
}

/** True when `file` holds the sought place; by its content only, so a place of which nothing is known is in no file. */
export function holds(file: OpenFile, { position, emptied }: Sought): boolean {
  if (!emptied) return position.seen > 0 && proves(file, position)
  const { offset, marker, ahead } = emptied.place
  if (marker.length + ahead.length === 0) return false
  const around = bytesAt(file, offset - marker.length, offset + ahead.length)
  return around.equals(Buffer.concat([marker, ahead])) && beginsAlike(file, emptied.head)
}

/**
 * True for a copy that was made of an emptied file before all of it was read. Only its beginning can be compared by then; if it is
 * another file that begins alike, the gap that is said for the emptied one covers it.
 */
export function isShortCopy(file: OpenFile, { emptied, position }: Sought): boolean {
  const { size } = file.stat()
  if (!emptied || size === 0 || size > position.offset) return false
  return beginsAlike(file, emptied.head.subarray(0, size))
}

function beginsAlike(file: OpenFile, head: Uint8Array): boolean {
  return bytesAt(file, 0, head.length).equals(head)
}

/** What is to be said when no file holds the sought place. `now` is the same inode as it is today. */
export function gapOf({ position, emptied }: Sought, now: OpenFile | undefined): Gap {
  const { path, dev, ino, offset, seen } = position
  const kind = now ? 'truncated' : 'rotated away'
  const repeated = now && emptied ? repeatedIn(now, emptied.head, offset) : 0
  return {
    kind,
    path,
    dev,
    ino,
    offset,
    bytes: seen - offset,
    ...(repeated > 0 && { repeated }),
  }
}

/** A file cut to a part of itself and one written anew that begins alike look the same: its bytes may be old. */
function repeatedIn(file: OpenFile, head: Uint8Array, offset: number): number {
  const size = Math.min(file.stat().size, offset)
  return beginsAlike(file, head.subarray(0, Math.min(HEAD_BYTES, size))) ? size : 0
}
