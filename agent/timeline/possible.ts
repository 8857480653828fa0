// The states that a data plane may have had: it is told of every change for itself, so of two changes either may come first, and
// only of one object's states no earlier one follows a later one.

import type { AppliedChange } from './change.ts'
import type { Step } from './epochs.ts'
import { compare } from './sorted.ts'

/** More states than this are not told apart. */
export const stateCapacity = 64

/** The way from the state that this node knew of to another one. */
export interface Way {
  /** At most one of each object. */
  readonly steps: readonly Step[]
  /** What that state did not have yet, newest first. */
  readonly undone: readonly AppliedChange[]
  /** What it had already. */
  readonly redone: readonly AppliedChange[]
}

/**
 * The ways to every state that is possible when each of `past` (known of, but perhaps not enforced yet) and of `coming` (perhaps
 * enforced, but not known of yet) may be in force or not; oldest first, both. The nearest first; undefined where they are too many.
 */
export function waysBetween(
  past: readonly AppliedChange[],
  coming: readonly AppliedChange[],
): readonly Way[] | undefined {
  let ways: readonly Way[] = [here]
  for (const options of optionsOf(past, coming)) {
    if (ways.length * options.length > stateCapacity) return undefined
    ways = ways.flatMap(way => options.map(option => joined(way, option)))
  }
  return ways.toSorted(byDistance)
}

const here: Way = { steps: [], undone: [], redone: [] }

/** Per object, every state that it may have. */
function optionsOf(past: readonly AppliedChange[], coming: readonly AppliedChange[]): Way[][] {
  const objects = new Map<string, { past: AppliedChange[]; coming: AppliedChange[] }>()
  const of = (change: AppliedChange) => {
    const key = objectOf(change)
    const known = objects.get(key) ?? { past: [], coming: [] }
    objects.set(key, known)
    return known
  }
  for (const change of past) of(change).past.unshift(change)
  for (const change of coming) of(change).coming.push(change)
  return [...objects.values()].map(object => [
    here,
    ...object.past.map(
      (change, i): Way => ({
        steps: [{ change, to: 'before' }],
        undone: object.past.slice(0, i + 1),
        redone: [],
      }),
    ),
    ...object.coming.map(
      (change, i): Way => ({
        steps: [{ change, to: 'after' }],
        undone: [],
        redone: object.coming.slice(0, i + 1),
      }),
    ),
  ])
}

function objectOf(change: AppliedChange): string {
  const { kind, api, key } = change
  return kind === 'pod' ? `pod ${(change.after ?? change.before)!.uid}` : `${api} ${key}`
}

function joined(a: Way, b: Way): Way {
  return {
    steps: [...a.steps, ...b.steps],
    undone: [...a.undone, ...b.undone].sort((x, y) => compare(y.at, x.at)),
    redone: [...a.redone, ...b.redone],
  }
}

/** What this node knew first, then what was in force just before, then what was to come, then mixtures. */
function byDistance(a: Way, b: Way): number {
  return (
    rank(a) - rank(b) ||
    a.undone.length + a.redone.length - b.undone.length - b.redone.length ||
    compare(oldest(b), oldest(a))
  )
}

function rank({ undone, redone }: Way): number {
  if (redone.length === 0) return undone.length === 0 ? 0 : 1
  return undone.length === 0 ? 2 : 3
}

function oldest({ undone }: Way): number {
  return undone.at(-1)?.at ?? Number.NEGATIVE_INFINITY
}
