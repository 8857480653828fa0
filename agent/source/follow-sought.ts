// The places of one name that are sought: each is found, or what came after it is said to be lost.

import type { FileStat, OpenFile } from './disk.ts'
import { isFile } from './follow-accounts.ts'
import type { Consumer } from './follow-consumer.ts'
import { copiedGapOf, gapOf, holdsPart, repeatedIn, type Sought } from './follow-lost.ts'
import type { Position } from './follow-position.ts'

export class SoughtPlaces {
  readonly #path: string
  readonly #consumer: Consumer
  #all: readonly Sought[] = []

  constructor(path: string, consumer: Consumer) {
    this.#path = path
    this.#consumer = consumer
  }

  get all(): readonly Sought[] {
    return this.#all
  }

  /** What a restart needs. */
  positions(): Position[] {
    return this.#all.map(({ position, repeated = 0 }) =>
      repeated > 0 ? { ...position, repeated } : position,
    )
  }

  add(sought: Sought): void {
    this.#all = [...this.#all, sought]
  }

  find(isIt: (sought: Sought) => boolean): Sought | undefined {
    return this.#all.find(isIt)
  }

  /** Those from before a restart that the file with this inode may be. */
  ofInode(stat: FileStat): Sought[] {
    return this.#all.filter(({ position, emptied }) => !emptied && isFile(position, stat))
  }

  /** It is found, and read on there. */
  settle(sought: Sought): void {
    this.#all = this.#all.filter(one => one !== sought)
  }

  /** Nothing more will come of it. */
  drop(sought: Sought): void {
    this.settle(sought)
    const { position, emptied } = sought
    if (!emptied) return
    const { dev, ino } = position
    this.#consumer.end({ id: emptied.id, path: this.#path, dev, ino, head: emptied.head })
  }

  /** The file itself was emptied, or is gone: what it held beyond the copy cannot be known, but for `bytes` that were seen. */
  sayCopied(sought: Sought, bytes = 0): void {
    this.#consumer.gap(copiedGapOf(sought, bytes))
  }

  /** `file` is read from its beginning, though it may be a part of one whose place is sought. */
  noteRepeated(file: OpenFile): void {
    this.#all = this.#all.map(one => ({
      ...one,
      repeated: Math.max(one.repeated ?? 0, repeatedIn(file, one)),
    }))
  }

  beginLook(nowMs: number): void {
    this.#all = this.#all.map(({ part: _, looks = 0, sinceMs = nowMs, ...one }) => ({
      ...one,
      sinceMs,
      looks: looks + 1,
    }))
  }

  /** True when it may be all there is of the rest of a file; only when no other turns up it is taken for that. */
  isPart(file: OpenFile, path: string): boolean {
    const found = this.#all.filter(one => holdsPart(file, one))
    const { size } = file.stat()
    this.#all = this.#all.map(one =>
      found.includes(one) && size > (one.part?.size ?? 0) ? { ...one, part: { path, size } } : one,
    )
    return found.length > 0
  }

  /**
   * Those that two looks could not find whole, as names may be shifted while they are listed. `waitMs`: how long a place is sought
   * at least, where a file that may hold it is not to be read yet.
   */
  due(nowMs: number, waitMs: number): Sought[] {
    return this.#all.filter(({ looks, sinceMs }) => looks! >= 2 && nowMs - sinceMs! >= waitMs)
  }

  /** `now`: the file that has the inode today. */
  giveUp(sought: Sought, now: OpenFile | undefined): void {
    this.#consumer.gap(gapOf(sought, now))
    this.drop(sought)
  }
}
