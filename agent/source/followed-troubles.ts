// Of all files of a source that cannot be read, the receiver is told the first one, how many others there are, and when it is over.

import { troubleOf } from './followed-words.ts'
import type { Receiver } from './receiver.ts'

export class FollowedTroubles {
  readonly #receiver: Receiver
  readonly #reasons = new Map<string, string>()
  #said: string | undefined

  constructor(receiver: Receiver) {
    this.#receiver = receiver
  }

  /** Undefined: it can be read again. */
  set(path: string, reason: string | undefined): void {
    if (reason === undefined) this.#reasons.delete(path)
    else this.#reasons.set(path, reason)
    const text = this.#text()
    if (text === this.#said) return
    this.#said = text
    this.#receiver.trouble(text)
  }

  #text(): string | undefined {
    const [first] = this.#reasons
    if (!first) return undefined
    const others = this.#reasons.size - 1
    const more = others > 0 ? ` (and ${others} more)` : ''
    return `${troubleOf(...first)}${more}`
  }
}
