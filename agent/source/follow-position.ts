// Where reading stands, and the proof that a file is the one it stands in. A position says: of the file that begins like `head`,
// everything before `offset` is accounted for, and what is accounted for ends with `marker`. Inode numbers alone prove nothing (they
// are given away again at once), the beginning alone neither (logs may begin alike), nor the size (a file can be emptied and grow
// past its old size between two looks).

import { hash } from 'node:crypto'
import { z } from 'zod'
import type { OpenFile } from './disk.ts'

/** Bytes of the beginning and of the part before the offset that are compared. */
export const HEAD_BYTES = 256
export const MARKER_BYTES = 64

const position = z.object({
  path: z.string(),
  dev: z.number(),
  ino: z.number(),
  /** Uncompressed bytes that are accounted for; always the start of a line. */
  offset: z.int().nonnegative(),
  /** Hashes of the first HEAD_BYTES and of the last MARKER_BYTES before `offset`, fewer where there are fewer. */
  head: z.string(),
  marker: z.string(),
  /** Where the file ended when it was last looked at, and a hash of the first MARKER_BYTES of what lay behind the offset. */
  seen: z.int().nonnegative(),
  ahead: z.string(),
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

export function digest(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 16)
}

/** The hash of no bytes. */
export const NOTHING: string = digest(new Uint8Array())

/** The bytes `[from, to)` of a file, fewer where it ends before. */
export function bytesAt(file: OpenFile, from: number, to: number): Buffer {
  const buffer = Buffer.alloc(Math.max(0, to - from))
  return buffer.subarray(0, file.read(buffer, from))
}

/** True when the file holds what the position says it has accounted for, and what it saw behind that. */
export function proves(file: OpenFile, { offset, head, marker, seen, ahead }: Position): boolean {
  const hashed = (from: number, to: number): string => digest(bytesAt(file, from, to))
  return (
    file.stat().size >= seen &&
    hashed(Math.max(0, offset - MARKER_BYTES), offset) === marker &&
    hashed(offset, Math.min(seen, offset + MARKER_BYTES)) === ahead &&
    hashed(0, Math.min(HEAD_BYTES, offset)) === head
  )
}

/** The position of a file that is accounted for up to `offset`, and done with. */
export function doneAt(file: OpenFile, path: string, offset: number): Position {
  const { dev, ino } = file.stat()
  const head = digest(bytesAt(file, 0, Math.min(HEAD_BYTES, offset)))
  const marker = digest(bytesAt(file, Math.max(0, offset - MARKER_BYTES), offset))
  return { path, dev, ino, offset, head, marker, seen: offset, ahead: NOTHING, state: 'done' }
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
