// Which element of a list became which: what stayed, what moved, what was edited, what went and what came.

/** An element that is not where or what it was; `from` or `to` is -1 where it was not there before, or is no longer. */
export interface Step {
  readonly from: number
  readonly to: number
  /** The element itself is the same, and stands elsewhere. */
  readonly isSame: boolean
}

/** Beyond this many comparisons elements are matched by their position. */
const LIMIT = 40_000

/**
 * The steps from one list to the other, in the order of the places they are named by; elements that stayed have none.
 * `isOneKind`: any two elements may be one that was edited, however little they have in common.
 */
export function align(before: readonly unknown[], after: readonly unknown[], isOneKind: boolean): Step[] {
  const [was, is] = [before.map(canonical), after.map(canonical)]
  const kept = was.length * is.length > LIMIT ? keptInPlace(was, is) : longestCommon(was, is)
  const openBefore = was.map((_, i) => i).filter(i => !kept.some(([from]) => from === i))
  const openAfter = is.map((_, i) => i).filter(i => !kept.some(([, to]) => to === i))
  const steps: Step[] = []
  const take = (from: number, to: number, isSame: boolean): void => {
    steps.push({ from, to, isSame })
    if (from >= 0) openBefore.splice(openBefore.indexOf(from), 1)
    if (to >= 0) openAfter.splice(openAfter.indexOf(to), 1)
  }
  for (const from of [...openBefore]) {
    const to = openAfter.find(each => is[each] === was[from])
    if (to !== undefined) take(from, to, true)
  }
  for (const [from, to] of likest(before, after, { openBefore, openAfter, kept, isOneKind }))
    take(from, to, false)
  for (const from of [...openBefore]) take(from, -1, false)
  for (const to of [...openAfter]) take(-1, to, false)
  return steps.sort((a, b) => placeOf(a) - placeOf(b) || b.from - a.from)
}

function placeOf({ from, to }: Step): number {
  return from >= 0 ? from : to
}

/** The order of members and members that are null say nothing. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    const known = Object.entries(member).filter(([, each]) => each !== null && each !== undefined)
    return Object.fromEntries(known.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

type Pair = readonly [from: number, to: number]

function keptInPlace(was: readonly string[], is: readonly string[]): Pair[] {
  return was.flatMap((text, i) => (is[i] === text ? [[i, i] as const] : []))
}

/** The textbook's longest common subsequence. */
function longestCommon(was: readonly string[], is: readonly string[]): Pair[] {
  const length = Array.from({ length: was.length + 1 }, () => new Int32Array(is.length + 1))
  for (let i = was.length - 1; i >= 0; i--)
    for (let j = is.length - 1; j >= 0; j--)
      length[i]![j] =
        was[i] === is[j] ? length[i + 1]![j + 1]! + 1 : Math.max(length[i + 1]![j]!, length[i]![j + 1]!)
  const pairs: Pair[] = []
  for (let i = 0, j = 0; i < was.length && j < is.length; ) {
    if (was[i] === is[j]) pairs.push([i++, j++])
    else if (length[i + 1]![j]! >= length[i]![j + 1]!) i++
    else j++
  }
  return pairs
}

interface Open {
  readonly openBefore: readonly number[]
  readonly openAfter: readonly number[]
  readonly kept: readonly Pair[]
  readonly isOneKind: boolean
}

/** Edited elements: between the same neighbours that stayed, or of one name; the likest first. */
function likest(
  before: readonly unknown[],
  after: readonly unknown[],
  { openBefore, openAfter, kept, isOneKind }: Open,
): Pair[] {
  const gap = (at: number, side: 0 | 1) => kept.filter(pair => pair[side] < at).length
  const pairs = openBefore.flatMap(from =>
    openAfter
      .filter(to => gap(from, 0) === gap(to, 1) || isOfOneName(before[from], after[to]))
      .map(to => ({ from, to, likeness: likeness(before[from], after[to]) })),
  )
  const ranked = pairs
    .filter(pair => isOneKind || pair.likeness > 0)
    .sort(
      (a, b) =>
        b.likeness - a.likeness ||
        Math.abs(a.from - a.to) - Math.abs(b.from - b.to) ||
        a.from - b.from ||
        a.to - b.to,
    )
  const taken: Pair[] = []
  for (const { from, to } of ranked)
    if (!taken.some(pair => pair[0] === from || pair[1] === to)) taken.push([from, to])
  return taken
}

function isOfOneName(a: unknown, b: unknown): boolean {
  const name = nameOf(a)
  return name !== undefined && name === nameOf(b)
}

/** Rules of the cluster-scoped kinds have names. */
function nameOf(value: unknown): string | undefined {
  const name = (value as { name?: unknown } | null)?.name
  return typeof name === 'string' ? name : undefined
}

/** How much two values have in common: members of one name, and equal values twice. */
function likeness(a: unknown, b: unknown): number {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b ? 2 : 0
  if (Array.isArray(a) && Array.isArray(b)) {
    const texts = b.map(canonical)
    return 1 + 2 * a.filter(each => texts.includes(canonical(each))).length
  }
  const shared = Object.keys(a).filter(name => Object.hasOwn(b, name))
  const inside = shared.map(name =>
    likeness((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
  )
  return shared.length + inside.reduce((sum, each) => sum + each, isOfOneName(a, b) ? 10 : 0)
}
