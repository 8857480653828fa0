// A map from addresses that takes the words where they lie: no string is made for a lookup (agent/address.ts has the form). The addresses
// lie behind one another in one array, for an array of each would take ten times the memory of its four words.

import { type Address, equalAddresses } from '../address.ts'

const WORDS = 4
const SMALLEST = 8
const NOTHING = new Int32Array(0)

export class AddressMap<T> {
  /** The places of a hash table, a power of two of them: 0, or 1 + the index of an address. Looked for from its hash onwards. */
  #places = NOTHING
  #words = NOTHING
  /** By the index of their addresses. Nothing is ever taken out. */
  readonly #values: T[] = []

  get(words: Address, at = 0): T | undefined {
    const index = this.#find(words, at)
    return index < 0 ? undefined : this.#values[index]
  }

  set(words: Address, at: number, value: T): void {
    const index = this.#find(words, at)
    if (index < 0) this.#add(words, at, value)
    else this.#values[index] = value
  }

  /** The value of this address, made if there is none yet. */
  ensure(words: Address, at: number, make: () => T): T {
    const index = this.#find(words, at)
    if (index >= 0) return this.#values[index]!
    const value = make()
    this.#add(words, at, value)
    return value
  }

  #find(words: Address, at: number): number {
    const places = this.#places
    const mask = places.length - 1
    if (mask < 0) return -1
    for (let place = hash(words, at) & mask; places[place] !== 0; place = (place + 1) & mask) {
      const index = places[place]! - 1
      if (equalAddresses(this.#words, WORDS * index, words, at)) return index
    }
    return -1
  }

  #add(words: Address, at: number, value: T): void {
    const index = this.#values.push(value) - 1
    if (2 * index >= this.#places.length) this.#grow()
    for (let i = 0; i < WORDS; i++) this.#words[WORDS * index + i] = words[at + i]!
    this.#place(index)
  }

  #place(index: number): void {
    const mask = this.#places.length - 1
    let place = hash(this.#words, WORDS * index) & mask
    while (this.#places[place] !== 0) place = (place + 1) & mask
    this.#places[place] = index + 1
  }

  /** At most half of the places are taken. */
  #grow(): void {
    const size = Math.max(SMALLEST, 2 * this.#places.length)
    const words = new Int32Array((size / 2 + 1) * WORDS)
    words.set(this.#words)
    this.#words = words
    this.#places = new Int32Array(size)
    for (let index = 0; index < this.#values.length - 1; index++) this.#place(index)
  }
}

/** Neighbours differ in the last word only, and may lie any power of two apart. */
function hash(words: Address, at: number): number {
  const high = Math.imul(words[at]!, 0x9e3779b1) ^ Math.imul(words[at + 1]!, 0x85ebca6b)
  const all = Math.imul(high ^ Math.imul(words[at + 2]!, 0xc2b2ae35) ^ words[at + 3]!, 0x9e3779b1)
  return all ^ (all >>> 15)
}
