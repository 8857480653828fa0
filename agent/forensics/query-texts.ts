// What was made of a text that comes again and again, found by its bytes: no string is made of them and none is hashed.

export interface Texts<T> {
  get(bytes: Buffer, from: number, to: number): T | undefined
  set(bytes: Buffer, from: number, to: number, value: T): void
}

interface Entry<T> {
  readonly text: Buffer
  readonly value: T
}

/** One byte of so many is looked at; two texts that agree in these are compared whole. */
const STRIDE = 5
/** Texts that agree in them and are kept. */
const MOST_ALIKE = 8

/** Holds at most `most` texts; beyond that it begins anew. */
export function createTexts<T>(most: number): Texts<T> {
  let size = 0
  const entries = new Map<number, Entry<T>[]>()

  return {
    get(bytes, from, to) {
      const alike = entries.get(sampled(bytes, from, to))
      if (alike === undefined) return undefined
      for (const { text, value } of alike)
        if (text.length === to - from && bytes.compare(text, 0, text.length, from, to) === 0) return value
      return undefined
    },
    set(bytes, from, to, value) {
      if (size++ >= most) {
        entries.clear()
        size = 1
      }
      const key = sampled(bytes, from, to)
      const entry = { text: Buffer.from(bytes.subarray(from, to)), value }
      entries.set(key, [entry, ...(entries.get(key) ?? [])].slice(0, MOST_ALIKE))
    },
  }
}

function sampled(bytes: Buffer, from: number, to: number): number {
  let hash = to - from
  for (let at = from; at < to; at += STRIDE) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  // A small integer, which a Map holds without allocating.
  return hash & 0x3fffffff
}
