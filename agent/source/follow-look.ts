// One look at a name and at what lies beside it: each file that is met is opened, understood and held, or accounted for.

import type { OpenFile } from './disk.ts'
import type { FileId } from './follow-accounts.ts'
import type { Beside } from './follow-beside.ts'
import type { Held } from './follow-held.ts'
import { goOnInPart, isUnchanged, type Known, resolve, resume } from './follow-known.ts'
import type { Sought } from './follow-lost.ts'
import type { Troubles } from './follow-troubles.ts'
import { isZippedKnown, unzipped } from './follow-zipped.ts'

export class Look {
  readonly #known: Known
  readonly #beside: Beside
  readonly #troubles: Troubles
  /** True when a compressed file is not written to its end yet. */
  isWaiting = false
  #there: FileId[] = []

  constructor(known: Known, beside: Beside, troubles: Troubles) {
    this.#known = known
    this.#beside = beside
    this.#troubles = troubles
  }

  /** Accounts for every file that is there now. */
  reconcile(nowMs: number): void {
    const { open, accounts, sought } = this.#known
    const { newest } = open
    for (const held of open.all) held.isFound = false
    this.isWaiting = false
    this.#there = []
    sought.beginLook(nowMs)
    // The name first: what lies beside it may be a copy of what is under it now.
    const paths = [this.#known.path, ...this.#listBeside(nowMs)]
    // Files that are still what they were before a restart come before all: a copy of one must not take its place.
    for (const path of paths) this.#resume(path, nowMs)
    for (const path of paths) this.#examine(path, nowMs)
    this.#finishSought(nowMs)
    if (newest && open.all.includes(newest)) this.#miss(newest)
    accounts.prune(this.#there)
    this.#known.isFirstLook = false
  }

  /** A directory that may not be listed still has files that may be read. */
  #listBeside(nowMs: number): string[] {
    try {
      return this.#beside.list(nowMs)
    } catch (cause) {
      this.#troubles.note(`${this.#known.path}*`, cause)
      return []
    }
  }

  #resume(path: string, nowMs: number): void {
    const { open, sought, options } = this.#known
    if (sought.all.length === 0) return
    const stat = options.disk.stat(path)
    if (!stat || sought.ofInode(stat).length === 0 || open.as(stat)) return
    this.#withFile(path, raw => {
      const file = this.#plain(raw, path, nowMs)
      return file !== undefined && resume(this.#known, file, nowMs)
    })
  }

  #examine(path: string, nowMs: number): void {
    const { options, open } = this.#known
    const isName = path === this.#known.path
    const stat = options.disk.stat(path)
    if (!stat) return
    this.#there.push(stat)
    if (!stat.isFile) {
      if (isName) this.#troubles.note(path, new Error('it is not a regular file'))
      return
    }
    const held = open.as(stat) ?? (isName ? options.adopt(stat, path) : undefined)
    if (held === 'taken') return
    if (held) this.#meet(held, isName, nowMs)
    else if (isName || !isUnchanged(this.#known, stat))
      this.#withFile(path, raw => this.#resolve(raw, path, nowMs))
  }

  #meet(held: Held, isName: boolean, nowMs: number): void {
    held.isFound = true
    held.isMissed = false
    if (isName) this.#known.open.makeNewest(held, nowMs)
  }

  /** Opens, and closes again unless `use` says that it keeps the file. */
  #withFile(path: string, use: (file: OpenFile) => boolean): void {
    let file: OpenFile | undefined
    try {
      file = this.#known.options.disk.open(path)
      if (file && !use(file)) file.close()
    } catch (cause) {
      file?.close()
      this.#troubles.note(path, cause)
    }
  }

  /** Finds out what a file is that was empty when it was met first. */
  decide(file: OpenFile, nowMs: number): void {
    const { path } = this.#known
    if (!resolve(this.#known, { path, file, isName: false, nowMs })) file.close()
  }

  #resolve(raw: OpenFile, path: string, nowMs: number): boolean {
    if (this.#known.open.as(raw.stat())) return false
    if (path.endsWith('.gz') && isZippedKnown(this.#known, raw)) return false
    const file = this.#plain(raw, path, nowMs)
    return (
      file !== undefined && resolve(this.#known, { path, file, isName: path === this.#known.path, nowMs })
    )
  }

  #plain(raw: OpenFile, path: string, nowMs: number): OpenFile | undefined {
    if (!path.endsWith('.gz')) return raw
    const file = unzipped(this.#known, raw, path, nowMs)
    if (file !== 'half written') return file
    this.isWaiting = true
    return undefined
  }

  #finishSought(nowMs: number): void {
    const { open, sought, options } = this.#known
    const waitMs = this.isWaiting || this.#troubles.isAny ? options.graceMs : 0
    for (const place of sought.due(nowMs, waitMs)) {
      if (place.part) this.#goOnInPart(place.part.path, place, nowMs)
      if (sought.all.includes(place)) sought.giveUp(place, open.as(place.position)?.file)
    }
  }

  #goOnInPart(path: string, place: Sought, nowMs: number): void {
    this.#withFile(path, raw => {
      const file = this.#plain(raw, path, nowMs)
      return file !== undefined && goOnInPart(this.#known, { path, file, isName: false, nowMs }, place)
    })
  }

  /** With the file that was read last, the ones after it may have been removed unseen. */
  #miss(held: Held): void {
    if (held.isFound || held.isMissed) return
    held.isMissed = true
    const { path, dev, ino } = held.generation
    this.#known.options.consumer.gap({ kind: 'rotated away', path, dev, ino, offset: held.place.offset })
  }
}
