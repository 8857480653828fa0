// One name that is followed, whatever rotation does to the file under it. Every file that appears beside it is accounted for. Files are
// held by descriptor until nothing more can come. It has no timer: each poll looks at the truth anew.

import type { FileStat } from './disk.ts'
import { Accounts, isFile } from './follow-accounts.ts'
import { Beside } from './follow-beside.ts'
import type { Held } from './follow-held.ts'
import type { Known } from './follow-known.ts'
import { Look } from './follow-look.ts'
import { soughtAfter, soughtAt } from './follow-lost.ts'
import { OpenFiles } from './follow-open.ts'
import type { NameOptions, Polled } from './follow-options.ts'
import type { Position } from './follow-position.ts'
import { SoughtPlaces } from './follow-sought.ts'
import { Troubles } from './follow-troubles.ts'

export class FollowedName {
  readonly path: string
  readonly #known: Known
  readonly #beside: Beside
  readonly #troubles: Troubles
  readonly #look: Look

  constructor(path: string, options: NameOptions, restored?: readonly Position[]) {
    this.path = path
    this.#beside = new Beside(path, options.disk)
    this.#troubles = new Troubles(options.consumer)
    const accounts = new Accounts()
    const sought = new SoughtPlaces(path, options.consumer)
    const open = new OpenFiles({
      ...options,
      path,
      troubles: this.#troubles,
      onEmptied(held, nowMs) {
        sought.add(soughtAfter(held, nowMs))
        sought.noteRepeated(held.file)
        accounts.releaseCopies(held)
      },
      onDecidable: ({ file }, nowMs) => this.#look.decide(file, nowMs),
      onClosed: (held, stat) => accounts.addClosed(held, stat),
    })
    this.#known = { path, options, open, accounts, sought, isFirstLook: restored === undefined }
    this.#look = new Look(this.#known, this.#beside, this.#troubles)
    for (const position of restored ?? []) {
      if (position.state === 'open') sought.add(soughtAt(position))
      else accounts.restore(position)
    }
  }

  poll(nowMs: number): Polled {
    const { open } = this.#known
    open.beginPoll()
    open.drain(nowMs)
    try {
      if (!this.#isSettled()) {
        this.#look.reconcile(nowMs)
        open.drain(nowMs)
      }
    } catch (cause) {
      this.#troubles.note(this.path, cause)
    }
    open.closeOld(nowMs)
    this.#troubles.tell()
    return open.polled
  }

  #isSettled(): boolean {
    const { isFirstLook, sought, open, options } = this.#known
    if (isFirstLook || sought.all.length > 0 || this.#look.isWaiting || this.#troubles.isAny) return false
    const stat = options.disk.stat(this.path)
    const { newest } = open
    const isSame = stat ? newest !== undefined && isFile(stat, newest.generation) : newest === undefined
    return isSame && this.#beside.isSame()
  }

  /** Gives a held file to the name that it has now. */
  release(stat: FileStat): Held | 'taken' | undefined {
    const { open, options } = this.#known
    const held = open.as(stat)
    if (!held) return undefined
    const own = options.disk.stat(this.path)
    if (own && isFile(own, stat)) return 'taken'
    open.remove(held)
    return held
  }

  /** What a restart needs, oldest first. */
  positions(): Position[] {
    const { open, accounts, sought } = this.#known
    return [...accounts.positions(), ...sought.positions(), ...open.positions()]
  }

  close(): void {
    this.#known.open.close()
  }
}
