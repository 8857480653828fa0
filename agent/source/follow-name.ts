// One name that is followed, whatever rotation does to the file under it. Every file that appears beside it is accounted for: it is
// the one that was read, or a copy of it, or one never seen, which is then read whole. Files are held by descriptor until nothing
// more can come. It has no timer: each poll looks at the truth anew.

import { dirname } from 'node:path'
import type { Disk, FileStat, OpenFile } from './disk.ts'
import { type Account, Accounts, type FileId, isFile, stampOf } from './follow-accounts.ts'
import { openZipped } from './follow-gzip.ts'
import { type Consumer, type Gap, Held } from './follow-held.ts'
import { gapOf, holds, isShortCopy, type Sought, soughtAfter } from './follow-lost.ts'
import { rotatedOf } from './follow-names.ts'
import {
  digest,
  doneAt,
  HEAD_BYTES,
  isCopy,
  lastLineStart,
  type Position,
  proves,
} from './follow-position.ts'

/** Where to begin with a file that no snapshot knows and that was there at the start. */
export type Begin = 'rotated' | 'file' | 'end'

/** `more`: there is more than one poll may read; `read`: all there was; `idle`: nothing, or the consumer wants none. */
export type Polled = 'more' | 'read' | 'idle'

export interface NameOptions {
  readonly disk: Disk
  readonly consumer: Consumer
  readonly begin: Begin
  /** How long a rotated file stays open after it last grew, in milliseconds. */
  readonly graceMs: number
  /** Reads of at most 256 KiB per poll, so that a busy log does not starve the others. */
  readonly readsPerPoll: number
  /** Rotated files that are held open at most, however young. */
  readonly maxHeld: number
  nextId(): number
  /** Takes over a file that another name held, or says that it is another name's still. */
  adopt(stat: FileStat, by: FollowedName): Held | 'taken' | undefined
}

/** A directory whose change is younger is listed again: file systems tell times in ticks. */
const YOUNG_MS = 2000

const identity = ({ dev, ino }: FileId): FileId => ({ dev, ino })
export class FollowedName {
  readonly path: string
  readonly #options: NameOptions
  /** Open files, the one that was under the name last at the end. */
  #held: Held[] = []
  readonly #accounts = new Accounts()
  #sought: Sought[] = []
  /** The name, and the files that may have been its own, oldest first. */
  #listed: readonly string[] = []
  #found = new Set<Held>()
  #troubles = new Set<string>()
  #isWaiting = false
  #isFirstLook: boolean
  /** Where the name led when it last led anywhere. */
  #real: string
  #directoryStamp = ''
  #reads = 0
  #isPaused = false
  #hasRead = false

  constructor(path: string, options: NameOptions, restored?: readonly Position[]) {
    this.path = path
    this.#real = path
    this.#options = options
    this.#isFirstLook = restored === undefined
    for (const position of restored ?? []) {
      if (position.state === 'open') this.#sought.push({ position })
      else this.#accounts.restore(position)
    }
  }

  poll(nowMs: number): Polled {
    this.#hasRead = false
    this.#reads = this.#options.readsPerPoll
    this.#isPaused = false
    this.#drain(nowMs)
    if (!this.#isSettled(nowMs)) {
      this.#reconcile(nowMs)
      this.#drain(nowMs)
    }
    this.#closeOld(nowMs)
    if (this.#isPaused) return 'idle'
    return this.#reads === 0 ? 'more' : this.#hasRead ? 'read' : 'idle'
  }

  // Oldest first, so that lines of one name come in their order; a file waits until those before it are read.
  #drain(nowMs: number): void {
    let mayRead = !this.#isPaused
    for (const held of [...this.#held]) mayRead = this.#readOn(held, nowMs, mayRead) && mayRead
  }

  #readOn(held: Held, nowMs: number, mayRead: boolean): boolean {
    try {
      for (;;) {
        const { offset } = held.place
        const result = held.read(this.#options.consumer, nowMs, !mayRead || this.#reads === 0)
        if (held.place.offset > offset) this.#hasRead = true
        if (result === 'truncated') this.#restart(held, nowMs)
        if (result === 'full' && mayRead && this.#reads > 0) this.#isPaused = true
        if (result !== 'more') return result === 'end'
        this.#reads--
      }
    } catch (cause) {
      this.#trouble(held.generation.path, held.generation, cause as Error)
      return false
    }
  }

  /** The file was emptied: what came after the place is sought elsewhere, the file is a new one. */
  #restart(held: Held, nowMs: number): void {
    this.#sought.push(soughtAfter(held, nowMs))
    const anew = new Held(held.file, { id: this.#options.nextId(), path: this.path }, 0, nowMs)
    this.#held = this.#held.map(one => (one === held ? anew : one))
  }

  #isSettled(nowMs: number): boolean {
    const { disk } = this.#options
    if (this.#isFirstLook || this.#sought.length > 0 || this.#isWaiting) return false
    const stat = disk.stat(this.path)
    const newest = this.#held.at(-1)
    const isSame = stat ? newest !== undefined && isFile(stat, newest.generation) : newest === undefined
    if (!isSame) return false
    const directory = disk.stat(dirname(this.#real))
    if (!directory) return stat === undefined
    return stampOf(directory) === this.#directoryStamp && nowMs - directory.modifiedMs > YOUNG_MS
  }

  #reconcile(nowMs: number): void {
    const newest = this.#held.at(-1)
    this.#found = new Set()
    this.#isWaiting = false
    // The name first: what lies beside it may be a copy of what is under it now.
    this.#listed = [this.path, ...this.#listRotated()]
    this.#resume(nowMs)
    for (const path of this.#listed) this.#examine(path, nowMs)
    this.#giveUp(nowMs)
    if (newest && !newest.isMissed && this.#held.includes(newest) && !this.#found.has(newest))
      this.#miss(newest)
    this.#isFirstLook = false
  }

  /** Rotated files lie beside the file, not beside a link to it; when the link was switched, in both places. */
  #listRotated(): string[] {
    const { disk } = this.#options
    const real = disk.realPath(this.path)
    const bases = new Set([this.#real, real ?? this.#real])
    this.#real = real ?? this.#real
    const directory = disk.stat(dirname(this.#real))
    this.#directoryStamp = directory ? stampOf(directory) : ''
    return [...bases]
      .flatMap(base => [...rotatedOf(disk, base), base])
      .filter(path => path !== real && path !== this.path)
  }

  /** Files that are still what they were before the restart come first: a copy of one must not take its place. */
  #resume(nowMs: number): void {
    for (const path of this.#listed) {
      const stat = this.#options.disk.stat(path)
      const sought =
        stat && this.#sought.filter(({ position, emptied }) => !emptied && isFile(position, stat))
      if (!sought || sought.length === 0 || this.#heldAs(stat)) continue
      this.#withFile(path, raw => {
        const file = path.endsWith('.gz') ? openZipped(raw).whole() : raw
        const found = sought.find(({ position }) => proves(file, position))
        if (found) this.#continue(file, found, nowMs)
        return found !== undefined
      })
    }
  }

  #examine(path: string, nowMs: number): void {
    const isName = path === this.path
    const stat = this.#options.disk.stat(path)
    if (!stat) return
    if (!stat.isFile) {
      if (isName) this.#trouble(path, stat, new Error('it is not a regular file'))
      return
    }
    const held = this.#heldAs(stat) ?? (isName ? this.#options.adopt(stat, this) : undefined)
    if (held === 'taken') return
    if (held) this.#keep(held, isName, nowMs)
    else if (isName || !this.#isUnchanged(stat))
      this.#withFile(path, file => this.#resolve(file, path, nowMs))
  }

  /** While a place is sought, every file is looked into. */
  #isUnchanged(stat: FileStat): boolean {
    const known = this.#accounts.byFile(stat)
    if (known?.stamp !== stampOf(stat) || this.#sought.length > 0) return false
    if (known.of) this.#found.add(known.of)
    return true
  }

  #heldAs(stat: FileStat): Held | undefined {
    return this.#held.find(({ generation }) => isFile(generation, stat))
  }

  /** The file under the name is the last one. */
  #keep(held: Held, isName: boolean, nowMs: number): void {
    this.#found.add(held)
    held.isMissed = false
    if (!isName || this.#held.at(-1) === held) return
    const last = this.#held.at(-1)
    if (last) last.activeMs = nowMs
    this.#held = [...this.#held.filter(one => one !== held), held]
  }

  /** Opens, and closes again unless `use` says that it keeps the file. */
  #withFile(path: string, use: (file: OpenFile) => boolean): void {
    let file: OpenFile | undefined
    try {
      file = this.#options.disk.open(path)
      if (file && !use(file)) file.close()
      this.#troubles.delete(path)
    } catch (cause) {
      file?.close()
      this.#trouble(path, { dev: 0, ino: 0 }, cause as Error)
    }
  }

  /** What an unheld file is; true when it is held from now on. */
  #resolve(raw: OpenFile, path: string, nowMs: number): boolean {
    const isName = path === this.path
    const isZipped = path.endsWith('.gz')
    const stat = raw.stat()
    if (this.#heldAs(stat)) return false
    if (isZipped && this.#isZippedKnown(raw)) return false
    const file = isZipped ? this.#unzipped(raw, path, nowMs) : raw
    if (!file) return false
    return (
      (!isName && this.#isRest(file, nowMs)) ||
      (this.#isAccounted(file, isName, isZipped, nowMs) ?? this.#isNew(file, isName, nowMs))
    )
  }

  /** A copy whose original was emptied since it was last read looks like a new file: the originals are looked at once more. */
  #isNew(file: OpenFile, isName: boolean, nowMs: number): boolean {
    if (isName) return this.#begin(file, isName, nowMs)
    if (this.#isCopyOfHeld(file)) return false
    const emptied = this.#held.filter(held => held.read(this.#options.consumer, nowMs, true) === 'truncated')
    for (const held of emptied) this.#restart(held, nowMs)
    if (this.#isRest(file, nowMs)) return true
    if (!this.#sought.some(one => isShortCopy(file, one))) return this.#begin(file, isName, nowMs)
    this.#accounts.add(doneAt(file, this.path, file.stat().size), file.stat())
    return false
  }

  /** A file that was read to its end and then compressed has the same beginning and size: it need not be uncompressed. */
  #isZippedKnown(raw: OpenFile): boolean {
    const { head, size } = openZipped(raw)
    const matches = ({ offset, head: known }: Position): boolean =>
      offset > 0 && size === offset && digest(head.subarray(0, Math.min(HEAD_BYTES, offset))) === known
    const held = this.#held.find(one => matches(one.position('open')))
    const sought = this.#sought.find(one => matches(one.position))
    const known = this.#accounts.find(matches)
    const position = held?.position('done') ?? sought?.position ?? known?.position
    if (!position) return false
    const { dev, ino } = raw.stat()
    if (held) this.#found.add(held)
    if (sought) {
      this.#sayCopied(sought)
      this.#drop(sought)
    }
    this.#accounts.add({ ...position, dev, ino, state: 'done' }, raw.stat())
    return true
  }

  /** Compressed in place, a file may be met half written: it is looked at again until the grace is over. */
  #unzipped(raw: OpenFile, path: string, nowMs: number): OpenFile | undefined {
    try {
      return openZipped(raw).whole()
    } catch (cause) {
      const stat = raw.stat()
      if (nowMs - Math.max(stat.changedMs, stat.modifiedMs) < this.#options.graceMs) this.#isWaiting = true
      else {
        this.#accounts.add(doneAt(raw, this.path, 0), stat)
        this.#say({
          kind: 'unreadable',
          path,
          ...identity(stat),
          offset: 0,
          reason: (cause as Error).message,
        })
      }
      return undefined
    }
  }

  /** The rest of a file that was emptied, or that was copied and removed while nobody looked. */
  #isRest(file: OpenFile, nowMs: number): boolean {
    const sought = this.#sought.find(one => holds(file, one))
    if (!sought) return false
    this.#sayCopied(sought)
    this.#continue(file, sought, nowMs)
    return true
  }

  /** The file itself was emptied, or is gone: what it held beyond the copy cannot be known. */
  #sayCopied({ position }: Sought): void {
    const { path, offset } = position
    this.#say({ kind: 'copied', path, ...identity(position), offset })
  }

  #continue(file: OpenFile, sought: Sought, nowMs: number): void {
    this.#settle(sought)
    this.#accounts.forget(file.stat())
    this.#hold(file, sought.position.offset, nowMs, sought.emptied?.id)
  }

  #settle(sought: Sought): void {
    this.#sought = this.#sought.filter(one => one !== sought)
  }

  /** Nothing more will come of it. */
  #drop(sought: Sought): void {
    this.#settle(sought)
    const { position, emptied } = sought
    if (!emptied) return
    const { id, head } = emptied
    this.#options.consumer.end({ id, path: this.path, ...identity(position), head })
  }

  #say(gap: Gap): void {
    this.#options.consumer.gap(gap)
  }

  /** Undefined when no file that was read shows in it. */
  #isAccounted(file: OpenFile, isName: boolean, isZipped: boolean, nowMs: number): boolean | undefined {
    const stat = file.stat()
    const own = this.#accounts.byFile(stat)
    if (own && !proves(file, own.position)) this.#accounts.detach(stat)
    else if (own?.of && this.#held.includes(own.of)) this.#accounts.forget(stat)
    else if (own) return this.#readFrom(own, file, isName, nowMs)
    if (isName) return undefined
    const other = this.#accounts.find(position => {
      const { offset } = position
      const fits = isZipped ? stat.size >= offset : stat.size === offset
      return offset > 0 && fits && proves(file, position)
    })
    return other && this.#readFrom(other, file, false, nowMs)
  }

  #readFrom(known: Account, file: OpenFile, isName: boolean, nowMs: number): boolean {
    const { dev, ino, size } = file.stat()
    const { offset } = known.position
    if (isName || (size > offset && !known.of)) {
      this.#accounts.forget({ dev, ino })
      this.#hold(file, offset, nowMs)
      return true
    }
    this.#accounts.add({ ...known.position, dev, ino, state: 'done' }, file.stat())
    return false
  }

  #isCopyOfHeld(file: OpenFile): boolean {
    const { size } = file.stat()
    const of = this.#held.find(held => size <= held.file.stat().size && isCopy(file, held.file))
    if (!of) return false
    this.#found.add(of)
    this.#accounts.add(doneAt(file, this.path, size), file.stat(), of)
    return true
  }

  #begin(file: OpenFile, isName: boolean, nowMs: number): boolean {
    const { begin } = this.#options
    if (!this.#isFirstLook || begin === 'rotated' || (isName && begin === 'file')) {
      this.#hold(file, 0, nowMs)
      return true
    }
    if (isName) this.#hold(file, lastLineStart(file), nowMs)
    else this.#accounts.add(doneAt(file, this.path, file.stat().size), file.stat())
    return isName
  }

  /** New files stand before the one under the name, if that is held already. */
  #hold(file: OpenFile, offset: number, nowMs: number, id = this.#options.nextId()): void {
    const held = new Held(file, { id, path: this.path }, offset, nowMs)
    const stat = this.#options.disk.stat(this.path)
    const at = stat ? this.#held.findIndex(({ generation }) => isFile(generation, stat)) : -1
    const before = this.#held.at(-1)
    if (at < 0 && before) before.activeMs = nowMs
    this.#held = at < 0 ? [...this.#held, held] : this.#held.toSpliced(at, 0, held)
    this.#found.add(held)
  }

  /**
   * Says what two looks could not find, as names may be shifted while they are listed; and not while a file that may hold it is
   * not written to its end yet.
   */
  #giveUp(nowMs: number): void {
    this.#sought = this.#sought.map(one => ({
      ...one,
      sinceMs: one.sinceMs ?? nowMs,
      looks: (one.looks ?? 0) + 1,
    }))
    for (const sought of this.#sought) {
      if (this.#isWaiting && nowMs - sought.sinceMs! < this.#options.graceMs) continue
      if (sought.looks! < 2) continue
      const now = this.#held.find(({ generation }) => isFile(generation, sought.position))
      this.#say(gapOf(sought, now?.file))
      this.#drop(sought)
    }
  }

  /** With the file that was read last, the ones after it may have been removed unseen. */
  #miss(held: Held): void {
    const { path, dev, ino } = held.generation
    held.isMissed = true
    this.#say({ kind: 'rotated away', path, dev, ino, offset: held.place.offset })
  }

  /** Said once for each path, tried again at each poll. */
  #trouble(path: string, { dev, ino }: { dev: number; ino: number }, { message }: Error): void {
    this.#isWaiting = true
    if (this.#troubles.has(path)) return
    this.#troubles.add(path)
    this.#say({ kind: 'unreadable', path, dev, ino, offset: 0, reason: message })
  }

  /** Closes what was rotated and read to its end, when the writer has had time to let go of it. */
  #closeOld(nowMs: number): void {
    const { graceMs, maxHeld } = this.#options
    const old = this.#held.slice(0, -1)
    for (const [at, held] of old.entries()) {
      if (!held.isAtEnd || this.#isPaused) return
      const isYoung = nowMs - held.activeMs < graceMs && old.length - at <= maxHeld
      if (isYoung && !held.isFinal) continue
      this.#close(held)
    }
  }

  #close(held: Held): void {
    const stat = held.file.stat()
    held.end(this.#options.consumer)
    this.#held = this.#held.filter(one => one !== held)
    this.#accounts.addClosed(held, stat)
  }

  /** Gives a held file to the name that it has now. */
  release(stat: FileStat): Held | 'taken' | undefined {
    const held = this.#heldAs(stat)
    if (!held) return undefined
    const own = this.#options.disk.stat(this.path)
    if (own && isFile(own, stat)) return 'taken'
    this.#held = this.#held.filter(one => one !== held)
    return held
  }

  /** What a restart needs, oldest first. */
  positions(): Position[] {
    return [
      ...this.#accounts.positions(),
      ...this.#sought.map(({ position }) => position),
      ...this.#held.map(held => held.position('open')),
    ]
  }

  close(): void {
    for (const { file } of this.#held) file.close()
    this.#held = []
  }
}
