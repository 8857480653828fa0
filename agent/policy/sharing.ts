// Objects of a cluster repeat each other: ten pods of a workload have the same labels and ports, a thousand policies the same peers. Read
// from text each has its own; here equal parts become one. Of 10,000 pods and 2,000 policies it saves more than a
// quarter of the heap (test/bench/rss.bench.ts). What is shared must never be changed afterwards.

/** Beyond this depth nothing is shared: text can nest deeper than calls can. */
const DEEPEST = 64

/** Gives the value that was given first of all that equal this one, part by part and in the same order of keys. */
export type Share = <T>(value: T) => T

/** Takes values over: the parts of an object are replaced by equal ones that were there before. Remembers all it was given. */
export function createSharing(): Share {
  /** Primitive values by value, the rest by identity; each with its number. */
  const numbers = new Map<unknown, number>()
  const values: unknown[] = []
  /** By number, of lists and objects: what they are made of. */
  const made: (readonly number[] | undefined)[] = []
  /** By the hash of what it is made of: the last number that has it; and before that. */
  const last = new Map<number, number>()
  const before: number[] = []

  function numberOf(value: unknown, depth: number): number {
    if (typeof value === 'object' && value !== null && depth < DEEPEST && isPlain(value))
      return numberOfWhole(value, depth)
    // As a key of a map it would be 0.
    if (Object.is(value, -0)) return -1
    return numbers.get(value) ?? addValue(value)
  }

  function addValue(value: unknown): number {
    const number = add(value, undefined)
    numbers.set(value, number)
    return number
  }

  function add(value: unknown, parts: readonly number[] | undefined): number {
    made.push(parts)
    before.push(-1)
    return values.push(value) - 1
  }

  function numberOfWhole(value: object, depth: number): number {
    const parts = Array.isArray(value)
      ? partsOfList(value, depth)
      : value instanceof Int32Array
        ? [WORDS, ...value]
        : partsOfObject(value as Record<string, unknown>, depth)
    const hash = hashOf(parts)
    const first = last.get(hash) ?? -1
    for (let other = first; other >= 0; other = before[other]!) if (isSame(made[other]!, parts)) return other
    // A list that grew by push has room for many more.
    const number = add(
      Array.isArray(value) ? value.map((part, i) => sharedAs(parts[i + 1]!, part)) : value,
      parts,
    )
    before[number] = first
    last.set(hash, number)
    return number
  }

  function partsOfList(list: readonly unknown[], depth: number): number[] {
    const parts = [LIST]
    for (const part of list) parts.push(numberOf(part, depth + 1))
    return parts
  }

  function partsOfObject(object: Record<string, unknown>, depth: number): number[] {
    const parts = [OBJECT]
    const isFixed = Object.isFrozen(object)
    for (const name of Object.keys(object)) {
      const part = object[name]
      const number = numberOf(part, depth + 1)
      parts.push(numberOf(name, depth), number)
      const isOwn = typeof part === 'string' || typeof part === 'object'
      // An assignment to the last one would set the prototype.
      if (isOwn && !isFixed && name !== '__proto__') object[name] = sharedAs(number, part)
    }
    return parts
  }

  function sharedAs(number: number, value: unknown): unknown {
    return number < 0 ? value : values[number]
  }

  return <T>(value: T) => sharedAs(numberOf(value, 0), value) as T
}

/** Smaller than any number of a value. */
const [LIST, OBJECT, WORDS] = [-2, -3, -4]

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === Array.prototype || prototype === Int32Array.prototype
}

function hashOf(parts: readonly number[]): number {
  let hash = 0
  for (const part of parts) hash = Math.imul(hash ^ part, 0x9e3779b1) ^ (hash >>> 15)
  return hash >> 2
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
