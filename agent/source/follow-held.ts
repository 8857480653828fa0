// One open file that is read to its end and beyond. It hands on whole lines only: what has no newline yet waits in the file, not in
// memory, so that every place where reading stops is one where it may begin again.

import type { OpenFile } from './disk.ts'
import { bytesAt, digest, HEAD_BYTES, MARKER_BYTES, NOTHING, type Position } from './follow-position.ts'

/** One file from its first byte on, through renames and, where its rest is only left in a copy, through copies. */
export interface Generation {
  /** Counts up within one run. */
  readonly id: number
  /** The name that is followed, not the one that the file has now. */
  readonly path: string
  readonly dev: number
  readonly ino: number
  /** The first bytes, at least the first line or 256 of it before anything is handed on: what identifies the stream. */
  readonly head: Uint8Array
}

export interface Consumer {
  /**
   * Whole lines of a generation, valid during the call, that begin at `offset` (uncompressed); without a newline only parts of one
   * that is longer than the read buffer. False: no more now, ask again at the next poll.
   */
  write(generation: Generation, bytes: Uint8Array, offset: number): boolean
  /** Nothing more will come of this generation; a last line without a newline has been written before. */
  end(generation: Generation): void
  gap(gap: Gap): void
}

/** What was lost, or what cannot be known. */
export interface Gap {
  /**
   * `truncated`: emptied or cut, and no copy holds the rest. `copied`: emptied after a copy was made, or compressed and removed during
   * a restart; the copy is read to its end, and only what was written after copying, if anything, is in no file. `rotated away`: the file that was read last is gone, so others may have come and
   * gone unseen after it. `unreadable`: there, but it cannot be read.
   */
  readonly kind: 'truncated' | 'copied' | 'rotated away' | 'unreadable'
  readonly path: string
  readonly dev: number
  readonly ino: number
  /** Where reading stood. */
  readonly offset: number
  /** Bytes that were seen in the file and are lost: at least so many. Undefined where none were seen and some may have been. */
  readonly bytes?: number
  /** Bytes at the beginning of the cut file that are read again, because they may be old or new. */
  readonly repeated?: number
  readonly reason?: string
}

const NEWLINE = 10
/** Large enough that a poll of a busy log is one read; test/bench/replay.bench.ts has the figures. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024)

export type ReadResult = 'end' | 'more' | 'full' | 'truncated'

/** A place in a file in bytes: what lies before it, and what was seen behind it. */
export interface Place {
  readonly offset: number
  readonly marker: Buffer
  readonly ahead: Buffer
}

export class Held {
  readonly file: OpenFile
  readonly generation: Generation & { head: Uint8Array }
  /** Start of the line that comes next, and the bytes before it. */
  #line: { readonly offset: number; readonly marker: Buffer }
  #offset: number
  #marker: Buffer
  /** The first bytes behind the offset as last seen: they tell of a truncation where nothing was read yet. */
  #ahead: Buffer = Buffer.alloc(0)
  /** Largest end of the file that was seen. */
  seen: number
  /** True when the last read came to its end. */
  isAtEnd = false
  /** True when its disappearance has been said. */
  isMissed = false
  /** Milliseconds of the clock at which it last grew, or ceased to be the newest. */
  activeMs: number

  constructor(
    file: OpenFile,
    generation: Omit<Generation, 'head' | 'dev' | 'ino'>,
    offset: number,
    nowMs: number,
  ) {
    this.file = file
    const head = bytesAt(file, 0, Math.min(HEAD_BYTES, offset))
    const { dev, ino } = file.stat()
    this.generation = { id: generation.id, path: generation.path, dev, ino, head }
    this.#offset = offset
    this.#marker = bytesAt(file, Math.max(0, offset - MARKER_BYTES), offset)
    this.#line = { offset, marker: this.#marker }
    this.seen = offset
    this.activeMs = nowMs
  }

  get place(): Place {
    return { offset: this.#offset, marker: this.#marker, ahead: this.#ahead }
  }

  /** True when nobody can write to it any more. */
  get isFinal(): boolean {
    return this.file.stat().storedSize !== undefined
  }

  get lineOffset(): number {
    return this.#line.offset
  }

  /** One read; hands on what is whole in it. With `isPaused` it only looks whether the file is still the same. */
  read(consumer: Consumer, nowMs: number, isPaused: boolean): ReadResult {
    const result = this.#read(consumer, nowMs, isPaused)
    this.isAtEnd = result === 'end'
    return result
  }

  #read(consumer: Consumer, nowMs: number, isPaused: boolean): ReadResult {
    const before = this.#marker.length
    const length = this.file.read(buffer, this.#offset - before)
    if (this.#hasShrunk(length) || !this.#isSame(buffer.subarray(0, length))) return 'truncated'
    const fresh = buffer.subarray(before, length)
    this.#look(fresh, nowMs)
    if (isPaused) return 'full'
    const newline = fresh.lastIndexOf(NEWLINE)
    if (newline < 0 && length < buffer.length) return 'end'
    const goOn = this.#handOn(fresh, newline < 0 ? fresh.length : newline + 1, consumer)
    if (!goOn) return 'full'
    return length < buffer.length ? 'end' : 'more'
  }

  #hasShrunk(length: number): boolean {
    return length < buffer.length && this.#offset - this.#marker.length + length < this.seen
  }

  #isSame(bytes: Buffer): boolean {
    const before = this.#marker.length
    return (
      bytes.subarray(0, before).equals(this.#marker) &&
      bytes.subarray(before, before + this.#ahead.length).equals(this.#ahead)
    )
  }

  #look(fresh: Buffer, nowMs: number): void {
    const end = this.#offset + fresh.length
    if (end > this.seen) this.activeMs = nowMs
    this.seen = Math.max(this.seen, end)
    this.#ahead = Buffer.from(fresh.subarray(0, MARKER_BYTES))
  }

  #handOn(fresh: Buffer, length: number, consumer: Consumer): boolean {
    const offset = this.#offset
    const bytes = fresh.subarray(0, length)
    this.#advance(bytes)
    this.#ahead = Buffer.from(fresh.subarray(length, length + MARKER_BYTES))
    if (bytes.at(-1) === NEWLINE) this.#line = { offset: this.#offset, marker: this.#marker }
    return consumer.write(this.generation, bytes, offset)
  }

  #advance(bytes: Buffer): void {
    const { head } = this.generation
    if (head.length < HEAD_BYTES)
      this.generation.head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)])
    const last = [this.#marker, bytes.subarray(-MARKER_BYTES)]
    this.#marker = Buffer.concat(last).subarray(-MARKER_BYTES)
    this.#offset += bytes.length
  }

  /** Hands on a last line that has no newline, and closes the file. */
  end(consumer: Consumer): void {
    const rest = bytesAt(this.file, this.#offset, this.seen)
    if (rest.length > 0) this.#finish(rest, consumer)
    consumer.end(this.generation)
    this.file.close()
  }

  #finish(rest: Buffer, consumer: Consumer): void {
    const offset = this.#offset
    this.#advance(rest)
    this.#line = { offset: this.#offset, marker: this.#marker }
    this.#ahead = Buffer.alloc(0)
    consumer.write(this.generation, rest, offset)
  }

  /** Where the next line begins. */
  position(state: Position['state']): Position {
    const { offset, marker } = this.#line
    if (offset === this.#offset) return this.#positionAt(offset, marker, state)
    return { ...this.#positionAt(offset, marker, state), seen: offset, ahead: NOTHING }
  }

  /** Where reading stands: the same, except inside a line that is longer than the read buffer. */
  readPosition(): Position {
    return this.#positionAt(this.#offset, this.#marker, 'open')
  }

  #positionAt(offset: number, marker: Buffer, state: Position['state']): Position {
    const { path, dev, ino, head } = this.generation
    return {
      path,
      dev,
      ino,
      offset,
      head: digest(head.subarray(0, offset)),
      marker: digest(marker),
      seen: Math.max(offset, this.seen),
      ahead: digest(this.#ahead),
      state,
    }
  }
}
