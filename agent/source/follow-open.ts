// The open files of one name, oldest first: the one that was under the name last stands at the end.

import type { FileStat, OpenFile } from './disk.ts'
import { type FileId, isFile } from './follow-accounts.ts'
import { Held } from './follow-held.ts'
import type { NameOptions, Polled } from './follow-options.ts'
import type { Position } from './follow-position.ts'
import type { Troubles } from './follow-troubles.ts'

export interface OpenFilesOptions extends NameOptions {
  readonly path: string
  readonly troubles: Troubles
  /** The file was emptied, and is held as a new one. */
  onEmptied(held: Held, nowMs: number): void
  /** There is something in a file that was empty; it is no longer held. */
  onDecidable(held: Held, nowMs: number): void
  /** `held` was read to its end, and is closed. */
  onClosed(held: Held, stat: FileStat): void
}

export class OpenFiles {
  readonly #options: OpenFilesOptions
  #all: readonly Held[] = []
  #reads = 0
  #hasRead = false

  constructor(options: OpenFilesOptions) {
    this.#options = options
  }

  get all(): readonly Held[] {
    return this.#all
  }

  get newest(): Held | undefined {
    return this.#all.at(-1)
  }

  /** What a restart needs: nothing of a file in which nothing was seen, and of which nothing is known. */
  positions(): Position[] {
    return this.#all.flatMap(held => (held.isUndecided ? [] : [held.position()]))
  }

  as(file: FileId): Held | undefined {
    return this.#all.find(({ generation }) => isFile(generation, file))
  }

  beginPoll(): void {
    this.#reads = this.#options.readsPerPoll
    this.#hasRead = false
  }

  /** What this poll has come to. A consumer that is full is asked again soon. */
  get polled(): Polled {
    if (this.#reads === 0) return 'more'
    return this.#hasRead || this.#options.consumer.isFull ? 'read' : 'idle'
  }

  /** Oldest first, so that lines of one name come in their order; a file waits until those before it are read. */
  drain(nowMs: number): void {
    let mayRead = true
    for (const held of this.#all) mayRead = this.#tryRead(held, nowMs, mayRead) && mayRead
  }

  #tryRead(held: Held, nowMs: number, mayRead: boolean): boolean {
    try {
      return this.#readOn(held, nowMs, mayRead)
    } catch (cause) {
      this.#options.troubles.note(held.generation.path, cause)
      return false
    }
  }

  /** True when it was read to its end. */
  #readOn(held: Held, nowMs: number, mayRead: boolean): boolean {
    const { consumer } = this.#options
    if (held.isUndecided) return this.#decide(held, nowMs)
    for (;;) {
      const { offset } = held.place
      const isPaused = !mayRead || this.#reads === 0 || consumer.isFull
      // Nobody changes it, so there is nothing to look at; and each look would uncompress it.
      if (isPaused && held.isFinal) return false
      const result = held.read(consumer, nowMs, isPaused)
      if (held.place.offset > offset) this.#hasRead = true
      if (result === 'truncated') this.#restart(held, nowMs)
      if (result !== 'more') return result === 'end'
      this.#reads--
    }
  }

  #decide(held: Held, nowMs: number): boolean {
    held.isAtEnd = held.file.stat().size === 0
    if (!held.isAtEnd) {
      this.remove(held)
      this.#hasRead = true
      this.#options.onDecidable(held, nowMs)
    }
    return held.isAtEnd
  }

  /** Looks once more whether files were emptied since they were read. */
  lookAgain(nowMs: number): void {
    for (const held of this.#all)
      if (
        !held.isFinal &&
        !held.isUndecided &&
        held.read(this.#options.consumer, nowMs, true) === 'truncated'
      )
        this.#restart(held, nowMs)
  }

  /** What came after the place is sought elsewhere, the file is a new one. */
  #restart(held: Held, nowMs: number): void {
    const { path, nextId, onEmptied } = this.#options
    onEmptied(held, nowMs)
    const anew = new Held(held.file, { id: nextId(), path }, 0, nowMs)
    this.#all = this.#all.map(one => (one === held ? anew : one))
  }

  /** New files stand before the one under the name, if that is held already. */
  hold(file: OpenFile, offset: number, nowMs: number, id: number = this.#options.nextId()): void {
    const { path, disk } = this.#options
    const stat = disk.stat(path)
    const held = new Held(file, { id, path }, offset, nowMs)
    const at = stat ? this.#all.findIndex(({ generation }) => isFile(generation, stat)) : -1
    held.isUndecided = stat !== undefined && !isFile(stat, held.generation) && file.stat().size === 0
    if (at < 0) this.#append(held, nowMs)
    else this.#all = this.#all.toSpliced(at, 0, held)
  }

  /** `held` is the one under the name now. */
  makeNewest(held: Held, nowMs: number): void {
    held.isUndecided = false
    if (this.newest === held) return
    this.#all = this.#all.filter(one => one !== held)
    this.#append(held, nowMs)
  }

  #append(held: Held, nowMs: number): void {
    if (this.newest) this.newest.activeMs = nowMs
    this.#all = [...this.#all, held]
  }

  /** Closes what was rotated and read to its end, when the writer has had time to let go of it. */
  closeOld(nowMs: number): void {
    const { graceMs, maxHeld } = this.#options
    const old = this.#all.slice(0, -1)
    for (const [at, held] of old.entries()) {
      if (!held.isAtEnd) return
      const isYoung = nowMs - held.activeMs < graceMs && old.length - at <= maxHeld
      if (held.isFinal || !isYoung) this.#close(held)
    }
  }

  #close(held: Held): void {
    const stat = held.file.stat()
    held.end(this.#options.consumer)
    this.remove(held)
    this.#options.onClosed(held, stat)
  }

  remove(held: Held): void {
    this.#all = this.#all.filter(one => one !== held)
  }

  close(): void {
    for (const { file } of this.#all) file.close()
    this.#all = []
  }
}
