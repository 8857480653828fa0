// One open file that is read to its end and beyond. It hands on whole lines only: what has no newline yet waits in the file, not in
// memory, so that every place where reading stops is one where it may begin again.

import type { OpenFile } from './disk.ts'
import type { Consumer, Generation } from './follow-consumer.ts'
import { bytesAt, HEAD_BYTES, MARKER_BYTES, openAt, type Place, type Position } from './follow-position.ts'

const NEWLINE = 10
/** Large enough that a poll of a busy log is one read; test/bench/replay.bench.ts has the figures. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024)

export type ReadResult = 'end' | 'more' | 'full' | 'truncated'

const NONE: Buffer = Buffer.alloc(0)

export class Held {
  readonly file: OpenFile
  readonly generation: Generation & { head: Uint8Array }
  /** Where reading stands. The first bytes behind it, as last seen, tell of a truncation where nothing was read yet. */
  #place: Place
  /** Start of the line that comes next: the same, except inside a line that is longer than the read buffer. */
  #line: Place
  #position: Position | undefined
  /** Largest end of the file that was seen. */
  seen: number
  /** True when the last read came to its end. */
  isAtEnd = false
  /** True when it, or a copy of it, was met in the look that goes on. */
  isFound = true
  /** True when its disappearance has been said. */
  isMissed = false
  /** True for a file that was empty when it was met beside the name: once it grows it may be the copy of another. */
  isUndecided = false
  /** Milliseconds of the clock at which it last grew, or ceased to be the newest. */
  activeMs: number

  constructor(file: OpenFile, { id, path }: { id: number; path: string }, offset: number, nowMs: number) {
    this.file = file
    const head = bytesAt(file, 0, Math.min(HEAD_BYTES, offset))
    const { dev, ino } = file.stat()
    this.generation = { id, path, dev, ino, head }
    this.#place = { offset, marker: bytesAt(file, Math.max(0, offset - MARKER_BYTES), offset), ahead: NONE }
    this.#line = this.#place
    this.seen = offset
    this.activeMs = nowMs
  }

  get place(): Place {
    return this.#place
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
    if (isPaused) return this.#lookOnly(nowMs)
    const { offset, marker } = this.#place
    const length = this.file.read(buffer, offset - marker.length)
    const isWhole = length < buffer.length
    if (isWhole && offset - marker.length + length < this.seen) return 'truncated'
    if (!this.#isSame(buffer.subarray(0, length))) return 'truncated'
    const fresh = buffer.subarray(marker.length, length)
    this.#look(fresh, offset + fresh.length, nowMs)
    const newline = fresh.lastIndexOf(NEWLINE)
    if (newline < 0 && isWhole) return 'end'
    this.#handOn(fresh, newline < 0 ? fresh.length : newline + 1, consumer)
    return isWhole ? 'end' : 'more'
  }

  #isSame(bytes: Buffer): boolean {
    const { marker, ahead } = this.#place
    const before = marker.length
    return (
      bytes.subarray(0, before).equals(marker) && bytes.subarray(before, before + ahead.length).equals(ahead)
    )
  }

  /** Few bytes tell whether it is the same: a busy file is looked at after each read that leaves something, and reading on would be double work. */
  #lookOnly(nowMs: number): ReadResult {
    const { offset, marker } = this.#place
    const { size } = this.file.stat()
    if (size < this.seen) return 'truncated'
    const few = buffer.subarray(0, marker.length + MARKER_BYTES)
    const length = this.file.read(few, offset - marker.length)
    if (!this.#isSame(few.subarray(0, length))) return 'truncated'
    const fresh = few.subarray(marker.length, length)
    this.#look(fresh, Math.max(size, offset + fresh.length), nowMs)
    return 'full'
  }

  /** `end`: where the file ends, or what was read of it. */
  #look(fresh: Buffer, end: number, nowMs: number): void {
    if (end > this.seen) {
      this.activeMs = nowMs
      this.seen = end
      this.#position = undefined
    }
    this.#see(fresh)
  }

  /** Bytes behind the place; where a line begins there, they are that line's too. */
  #see(fresh: Buffer): void {
    const { offset, marker, ahead } = this.#place
    if (ahead.length === Math.min(fresh.length, MARKER_BYTES)) return
    this.#place = { offset, marker, ahead: Buffer.from(fresh.subarray(0, MARKER_BYTES)) }
    if (this.#line.offset === offset) this.#line = this.#place
    this.#position = undefined
  }

  #handOn(fresh: Buffer, length: number, consumer: Consumer): void {
    const { offset } = this.#place
    const bytes = fresh.subarray(0, length)
    this.#advance(bytes, bytes.at(-1) === NEWLINE)
    this.#see(fresh.subarray(length))
    consumer.write(this.generation, bytes, offset)
  }

  #advance(bytes: Buffer, isLineStart: boolean): void {
    const { head } = this.generation
    if (head.length < HEAD_BYTES)
      this.generation.head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)])
    const { offset, marker } = this.#place
    const last = Buffer.concat([marker, bytes.subarray(-MARKER_BYTES)]).subarray(-MARKER_BYTES)
    this.#place = { offset: offset + bytes.length, marker: last, ahead: NONE }
    if (isLineStart) this.#line = this.#place
    this.#position = undefined
  }

  /** Hands on a last line that has no newline, and closes the file; its position stays known. */
  end(consumer: Consumer): void {
    const { offset } = this.#place
    const rest = bytesAt(this.file, offset, this.seen)
    if (rest.length > 0) {
      this.#advance(rest, true)
      consumer.write(this.generation, rest, offset)
    }
    consumer.end(this.generation)
    this.position()
    this.file.close()
  }

  /** Where the next line begins; the same object until something changes. */
  position(): Position {
    const { path, head } = this.generation
    this.#position ??= openAt(this.file, path, head, this.#line, this.seen)
    return this.#position
  }
}
