// Ids as numbers, and a table of the latest of them: a map of strings would cost a full scan a third of its time.

/** The eighty bits of an id that are no time; `a` is -1 where there is no id. */
export interface IdKey {
  a: number
  b: number
  c: number
}

export const ID_LENGTH = 26
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_LETTERS = 10

const fiveBits = new Int8Array(256).fill(-1)
for (let i = 0; i < ALPHABET.length; i++) fiveBits[ALPHABET.charCodeAt(i)] = i

/** Reads the id at `at` into `key`. */
export function readKey(bytes: Uint8Array, at: number, key: IdKey): void {
  const start = at + TIME_LETTERS
  if (start + 16 > bytes.length) {
    // Lines without an id are not all the same line.
    key.a = -1
    return
  }
  key.a = bitsOf(bytes, start, 6)
  key.b = bitsOf(bytes, start + 6, 6)
  key.c = bitsOf(bytes, start + 12, 4)
  if (key.b < 0 || key.c < 0) key.a = -1
}

function bitsOf(bytes: Uint8Array, at: number, letters: number): number {
  let bits = 0
  for (let i = at; i < at + letters; i++) {
    const value = fiveBits[bytes[i]!]!
    if (value < 0) return -1
    bits = (bits << 5) | value
  }
  return bits
}

/** Milliseconds since 1970 that an id was made of; 0 where the record has no time, NaN for what is no id. */
export function idTime(id: string): number {
  let millis = 0
  for (let i = 0; i < TIME_LETTERS; i++) {
    const value = ALPHABET.indexOf(id.charAt(i))
    if (value < 0 || i >= id.length) return Number.NaN
    millis = millis * 32 + value
  }
  return millis
}

/** Remembers what ids stand for; the older ones give way, and are looked up where they lie. */
export interface IdTable<T> {
  get(key: IdKey): T | undefined
  set(key: IdKey, value: T): void
}

/** Places that a key may be at. */
const WAYS = 4

/** Holds `size` ids, a power of two. */
export function createIdTable<T>(size: number): IdTable<T> {
  const keys = new Int32Array(size * 3)
  /** Made for the first of them: a node may have none for days. */
  let values: (T | undefined)[] = []
  let turn = 0

  function find({ a, b, c }: IdKey): number {
    const home = (a ^ b) & (size - WAYS)
    for (let slot = home; slot < home + WAYS; slot++) {
      const at = slot * 3
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && values[slot] !== undefined)
        return slot
    }
    return -1
  }

  return {
    get(key) {
      const slot = key.a < 0 ? -1 : find(key)
      return slot < 0 ? undefined : values[slot]
    },
    set(key, value) {
      if (key.a < 0) return
      if (values.length === 0) values = new Array(size).fill(undefined)
      turn = (turn + 1) % WAYS
      const known = find(key)
      const slot = known < 0 ? ((key.a ^ key.b) & (size - WAYS)) + turn : known
      keys[slot * 3] = key.a
      keys[slot * 3 + 1] = key.b
      keys[slot * 3 + 2] = key.c
      values[slot] = value
    },
  }
}
