// What a text means that comes again and again: the policy a line names, what a CNI calls it. Made once and found again by the
// text, so that equal texts give the same object; a broken or hostile file cannot fill memory with it.

export interface Interned<T> {
  of(text: string): T
  /** The text of `bytes[start..end)`, as UTF-8. */
  at(bytes: Uint8Array, start: number, end: number): T
}

/** Different texts that are kept at a time. */
const CAPACITY = 4096
const LONGEST = 1024

export function createInterned<T>(make: (text: string) => T): Interned<T> {
  const known = new Map<string, T>()
  const decoder = new TextDecoder()
  function of(text: string): T {
    const kept = known.get(text)
    if (kept !== undefined) return kept
    const made = make(text)
    if (text.length > LONGEST) return made
    // Making it again costs time, never truth.
    if (known.size === CAPACITY) known.clear()
    known.set(text, made)
    return made
  }
  return { of, at: (bytes, start, end) => of(decoder.decode(bytes.subarray(start, end))) }
}
