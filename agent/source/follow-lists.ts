// Directories are listed again only when they have changed: patterns are looked up at each poll, and there may be hundreds of pods.

import type { Disk, FileStat } from './disk.ts'
import { stampOf } from './follow-accounts.ts'

/** A directory whose change is younger may change once more without a sign of it: file systems tell times in ticks. */
const YOUNG_MS = 2000

/** True when its next change will show in its times. */
export const isOld = ({ modifiedMs }: FileStat, nowMs: number): boolean => nowMs - modifiedMs > YOUNG_MS

interface List {
  readonly stamp: string
  readonly names: readonly string[]
}

export class Lists {
  readonly #disk: Pick<Disk, 'stat' | 'list'>
  #known = new Map<string, List>()
  #used = new Map<string, List>()
  #nowMs = 0

  constructor(disk: Pick<Disk, 'stat' | 'list'>) {
    this.#disk = disk
  }

  /** Lists that were not asked for since the last time are forgotten. */
  begin(nowMs: number): void {
    this.#nowMs = nowMs
    this.#known = this.#used
    this.#used = new Map()
  }

  /** As of `Disk`. */
  list(directory: string): readonly string[] {
    const stat = this.#disk.stat(directory)
    if (!stat) return []
    const known = this.#known.get(directory)
    const isSame = known?.stamp === stampOf(stat)
    const names = isSame ? known.names : this.#disk.list(directory)
    if (isSame || isOld(stat, this.#nowMs)) this.#used.set(directory, { stamp: stampOf(stat), names })
    return names
  }
}
