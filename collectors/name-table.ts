// From a name, as bytes of a line, to its number: without a string for each name that is looked up.

export interface NameTable {
  /** The number of the name `bytes[start..end)`, or -1. */
  of(bytes: Uint8Array, start: number, end: number): number
}

const SLOTS = 256

/** `names` in the order of their numbers; of equal ones the first counts. */
export function createNameTable(names: readonly string[]): NameTable {
  const texts = names.map(name => new TextEncoder().encode(name))
  const slots = Array.from({ length: SLOTS }, (): number[] => [])
  for (const [i, text] of texts.entries()) slots[slotOf(text, 0, text.length)]!.push(i)
  return {
    of(bytes, start, end) {
      for (const i of slots[slotOf(bytes, start, end)]!) if (isSame(bytes, start, end, texts[i]!)) return i
      return -1
    },
  }
}

function slotOf(bytes: Uint8Array, at: number, end: number): number {
  const length = end - at
  if (length === 0) return 0
  return (length * 31 + bytes[end - 1]! * 7 + bytes[at + (length >> 1)]! + bytes[at]! * 3) & (SLOTS - 1)
}

/** True when `bytes[at..end)` is `text`. */
export function isSame(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  if (end - at !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}
