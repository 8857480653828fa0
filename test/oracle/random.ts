// A small seeded generator of choices (mulberry32): the same seed gives the same world on every machine.

export interface Random {
  /** An integer in [0, limit). */
  below(limit: number): number
  /** An integer in [from, to]. */
  between(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** Some of the list, in its order. */
  some<T>(list: readonly T[], probability: number): T[]
}

export function createRandom(seed: number): Random {
  const next = mulberry32(seed)
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: probability => next() < probability,
    pick: list => list[below(list.length)]!,
    some: (list, probability) => list.filter(() => next() < probability),
  }
}

function mulberry32(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
