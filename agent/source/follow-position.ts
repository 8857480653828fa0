// Where reading stands, and the proof that a file is the one it stands in. A position says: of the file that begins like `head`,
// everything before `offset` is accounted for, and what is accounted for ends with `marker`. Inode numbers alone prove nothing (they
// are given away again at once), the beginning alone neither (logs may begin alike), nor the size (a file can be emptied and grow
// past its old size between two looks).

import { hash } from 'node:crypto'
import * as z from 'zod'
import type { OpenFile } from './disk.ts'

/** Bytes of the beginning and of the part before the offset that are compared. */
export const HEAD_BYTES = 256
export const MARKER_BYTES = 64

const position = z.object({
  path: z.string(),
  dev: z.number(),
  ino: z.number(),
  /** When the file was made, as far as its file system tells: with the inode it tells it from a later one. */
  bornMs: z.number(),
  /** Uncompressed bytes that are accounted for; always the start of a line. */
  offset: z.int().nonnegative(),
  /** Hashes of the first HEAD_BYTES and of the last MARKER_BYTES before `offset`, fewer where there are fewer. */
  head: z.string(),
  /** Hash of the first line, of HEAD_BYTES of it at most: it tells what is left of a file that is cut. */
  first: z.string(),
  marker: z.string(),
  /** Where the file ended when it was last looked at, and a hash of the first MARKER_BYTES of what lay behind the offset. */
  seen: z.int().nonnegative(),
  ahead: z.string(),
  /** Bytes that were read again after the file was cut, which is not said yet. */
  repeated: z.int().optional(),
  /** It is a copy of one that was followed, so it grows only while it is made. */
  isCopy: z.boolean().optional(),
  /** A compressed file is another one than the one it was made of, whatever its inode. */
  isZipped: z.boolean(),
  /** `open` is still followed, so it must be found again; `done` was read to its end and may be gone. */
  state: z.enum(['open', 'done']),
})

const snapshot = z.object({
  version: z.literal(1),
  names: z.array(z.object({ path: z.string(), files: z.array(position) })),
})

export type Position = z.infer<typeof position>

/** All positions at one moment, files of a name oldest first; plain JSON. */
export type Snapshot = z.infer<typeof snapshot>

/** @throws ZodError when the value is no snapshot of a version that this program can read. */
export function parseSnapshot(value: unknown): Snapshot {
  return snapshot.parse(value)
}

/** True when this program can go on from the value. */
export function isSnapshot(value: unknown): boolean {
  return snapshot.safeParse(value).success
}

export function digest(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 16)
}

const NONE: Buffer = Buffer.alloc(0)

/** A place in a file in bytes: what lies before it, and what was seen behind it. */
export interface Place {
  readonly offset: number
  readonly marker: Buffer
  readonly ahead: Buffer
}

/** The first line with its newline, or all where there is none. */
export function firstLine(head: Uint8Array): Uint8Array {
  return head.subarray(0, head.indexOf(10) + 1 || head.length)
}

/** The bytes `[from, to)` of a file, fewer where it ends before. */
export function bytesAt(file: OpenFile, from: number, to: number): Buffer {
  const buffer = Buffer.alloc(Math.max(0, to - from))
  return buffer.subarray(0, file.read(buffer, from))
}

/**
 * True when the file holds what the position says it has accounted for, and what it saw behind that. Nothing proves a file of which
 * nothing was seen: its inode number may be another one's by now.
 */
export function proves(file: OpenFile, position: Position): boolean {
  const { offset, seen, ahead } = position
  const there = (): string => digest(bytesAt(file, offset, Math.min(seen, offset + MARKER_BYTES)))
  if (seen === 0 || file.stat().size < seen) return false
  return (offset === 0 || provesStart(file, position)) && there() === ahead
}

/** True when the file holds what the position says it has accounted for; where that is nothing, no file does. */
export function provesStart(file: OpenFile, { offset, head, marker }: Position): boolean {
  const hashed = (from: number, to: number): string => digest(bytesAt(file, from, to))
  return (
    offset > 0 &&
    hashed(Math.max(0, offset - MARKER_BYTES), offset) === marker &&
    hashed(0, Math.min(HEAD_BYTES, offset)) === head
  )
}

/**
 * True for a file that was empty when it was last looked at and is still the same one: nothing but its inode and the time it was
 * made can tell that. Where the file system tells no such time, only a file that is still empty is taken for it.
 */
export function isStillTheEmpty(file: OpenFile, position: Position): boolean {
  const { dev, ino, bornMs, size } = file.stat()
  if (position.seen > 0 || position.dev !== dev || position.ino !== ino) return false
  return bornMs > 0 && position.bornMs > 0 ? bornMs === position.bornMs : size === 0
}

/** The position of a file that is read on, of which `head` and so many bytes were seen. */
export function openAt(
  file: OpenFile,
  path: string,
  head: Uint8Array,
  { offset, marker, ahead }: Place,
  seen: number,
): Position {
  const { dev, ino, bornMs, storedSize } = file.stat()
  return {
    path,
    dev,
    ino,
    bornMs,
    offset,
    head: digest(head.subarray(0, offset)),
    first: digest(firstLine(head)),
    marker: digest(marker),
    seen: Math.max(offset, seen),
    ahead: digest(ahead),
    isZipped: storedSize !== undefined,
    state: 'open',
  }
}

/** The position of a file that is accounted for up to `offset`, and done with. */
export function doneAt(file: OpenFile, path: string, offset: number): Position {
  const head = bytesAt(file, 0, Math.min(HEAD_BYTES, offset))
  const marker = bytesAt(file, Math.max(0, offset - MARKER_BYTES), offset)
  return { ...openAt(file, path, head, { offset, marker, ahead: NONE }, offset), state: 'done' }
}

/** True when two files hold the same as far as the shorter one goes, by its beginning and its end. */
export function isCopy(one: OpenFile, other: OpenFile): boolean {
  const size = Math.min(one.stat().size, other.stat().size)
  if (size === 0) return false
  const same = (from: number, to: number): boolean => bytesAt(one, from, to).equals(bytesAt(other, from, to))
  return same(0, Math.min(HEAD_BYTES, size)) && same(Math.max(0, size - MARKER_BYTES), size)
}

/** Where the line begins that the file ends in. */
export function lastLineStart(file: OpenFile): number {
  let end = file.stat().size
  while (end > 0) {
    const start = Math.max(0, end - 65536)
    const newline = bytesAt(file, start, end).lastIndexOf(10)
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}
