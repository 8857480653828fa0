// The files beside a name that may have been its own, and whether anything can have changed among them.

import { dirname } from 'node:path'
import type { Disk } from './disk.ts'
import { stampOf } from './follow-accounts.ts'
import { isOld } from './follow-lists.ts'
import { rotatedOf } from './follow-names.ts'

export class Beside {
  readonly #path: string
  readonly #disk: Disk
  /** Where the name led when it last led anywhere. */
  #real: string
  #stamp: string | undefined

  constructor(path: string, disk: Disk) {
    this.#path = path
    this.#disk = disk
    this.#real = path
  }

  /** True when no file can have come or gone since they were listed. */
  isSame(): boolean {
    const directory = this.#disk.stat(dirname(this.#real))
    return directory ? stampOf(directory) === this.#stamp : this.#stamp === ''
  }

  /** Oldest first. They lie beside the file, not beside a link to it; when the link was switched, in both places. */
  list(nowMs: number): string[] {
    const real = this.#disk.realPath(this.#path)
    const bases = new Set([this.#real, real ?? this.#real])
    this.#real = real ?? this.#real
    this.#stamp = this.#stampAt(nowMs)
    return [...bases]
      .flatMap(base => [...rotatedOf(this.#disk, base), base])
      .filter(path => path !== real && path !== this.#path)
  }

  #stampAt(nowMs: number): string | undefined {
    const directory = this.#disk.stat(dirname(this.#real))
    if (!directory) return ''
    return isOld(directory, nowMs) ? stampOf(directory) : undefined
  }
}
