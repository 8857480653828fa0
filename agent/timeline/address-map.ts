// A map from addresses that takes the words where they lie: no string is made for a lookup (agent/address.ts has the form).

import { type Address, equalAddresses } from '../address.ts'

interface Entry<T> {
  readonly address: Address
  value: T
}

export class AddressMap<T> {
  readonly #buckets = new Map<number, Entry<T>[]>()

  get(words: Address, at = 0): T | undefined {
    return this.#find(words, at)?.value
  }

  set(words: Address, at: number, value: T): void {
    const entry = this.#find(words, at)
    if (entry !== undefined) entry.value = value
    else this.#add({ address: words.slice(at, at + 4), value })
  }

  /** The value of this address, made if there is none yet. */
  ensure(words: Address, at: number, make: () => T): T {
    const found = this.#find(words, at)
    if (found !== undefined) return found.value
    const value = make()
    this.#add({ address: words.slice(at, at + 4), value })
    return value
  }

  #find(words: Address, at: number): Entry<T> | undefined {
    const bucket = this.#buckets.get(hash(words, at))
    if (bucket === undefined) return undefined
    for (const entry of bucket) if (equalAddresses(entry.address, 0, words, at)) return entry
    return undefined
  }

  #add(entry: Entry<T>): void {
    const key = hash(entry.address, 0)
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) this.#buckets.set(key, [entry])
    else bucket.push(entry)
  }
}

// Of IPv4 only the last word varies, and there it is the hash itself: no two IPv4 addresses share a bucket.
function hash(words: Address, at: number): number {
  const high = Math.imul(words[at]!, 0x9e3779b1) ^ Math.imul(words[at + 1]!, 0x85ebca6b)
  return high ^ Math.imul(words[at + 2]! ^ 0xffff, 0xc2b2ae35) ^ words[at + 3]!
}
