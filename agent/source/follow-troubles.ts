// Paths that are there and cannot be read. They are tried at each poll; what is wrong with one is said once, and once that it is over.

import type { Consumer } from './follow-consumer.ts'

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EMFILE: 'this process has too many files open',
  ENFILE: 'this machine has too many files open',
  EIO: 'the disk gives an input/output error',
  ESTALE: 'its network file system has lost it',
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  return words[code ?? ''] ?? message
}

export class Troubles {
  readonly #consumer: Pick<Consumer, 'trouble'>
  #now = new Map<string, string>()
  #before = new Map<string, string>()

  constructor(consumer: Pick<Consumer, 'trouble'>) {
    this.#consumer = consumer
  }

  note(path: string, cause: unknown): void {
    this.#now.set(path, reasonOf(cause))
  }

  /** True when something could not be read, now or at the last poll. */
  get isAny(): boolean {
    return this.#now.size + this.#before.size > 0
  }

  /** At the end of a poll: says what has changed. */
  tell(): void {
    for (const path of this.#before.keys()) if (!this.#now.has(path)) this.#consumer.trouble(path, undefined)
    for (const [path, reason] of this.#now)
      if (this.#before.get(path) !== reason) this.#consumer.trouble(path, reason)
    this.#before = this.#now
    this.#now = new Map()
  }
}
