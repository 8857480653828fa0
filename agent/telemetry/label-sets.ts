// The label sets of one metric. Holds closed sets (`other` for what is outside) and the cap: when a metric has as many series as it may
// have, further values of its open labels are `__overflow__`, so that the sum stays right and memory and scrapes stay bounded.

import { givesWay, type MetricSpec, OVERFLOW, open, overflowCombinations } from './metric-spec.ts'
import type { Labels } from './series.ts'

const OTHER = 'other'

/** What was asked for once is found without looking at the sets again; so many are remembered beyond the cap. */
const REMEMBERED = 1000

export interface LabelSets<T> {
  /** Values in the order of the labels. @throws Error where they are not as many */
  find(values: readonly string[]): T
  remove(values: readonly string[]): void
  all(): Iterable<T>
}

interface Label {
  readonly name: string
  /** Undefined for an open one. */
  readonly closed: ReadonlySet<string> | undefined
  readonly givesWay: boolean
}

/** `create` is told whether the series is one of overflow. */
export function createLabelSets<T>(
  spec: MetricSpec,
  cap: number,
  create: (labels: Labels, isOver: boolean) => T,
): LabelSets<T> {
  const labels: readonly Label[] = Object.entries(spec.labels ?? {}).map(([name, values]) => ({
    name,
    closed: values === open ? undefined : new Set(values),
    givesWay: givesWay(values),
  }))
  // Overflow has a series for each combination of the labels that stay: room for them is kept.
  const isOpen = labels.some(({ closed }) => closed === undefined)
  const limit = isOpen ? cap - overflowCombinations(spec) : Number.POSITIVE_INFINITY
  const series = new Map<string, T>()
  /** By the values asked for, which may lead to the same series. */
  const asked = new Map<string, T>()

  function resolve(values: readonly string[]): T {
    const closed = values.map((value, i) => (labels[i]!.closed?.has(value) === false ? OTHER : value))
    const known = series.get(closed.join('\0'))
    if (known !== undefined) return known
    const isOver = series.size >= limit
    const taken = isOver ? closed.map((value, i) => (labels[i]!.givesWay ? OVERFLOW : value)) : closed
    const key = taken.join('\0')
    const found =
      series.get(key) ?? create(Object.fromEntries(labels.map(({ name }, i) => [name, taken[i]!])), isOver)
    series.set(key, found)
    return found
  }

  return {
    find(values) {
      const key = values.join('\0')
      const known = asked.get(key)
      if (known !== undefined) return known
      if (values.length !== labels.length)
        throw new Error(`Cannot count: ${values.length} values for ${labels.length} labels`)
      const found = resolve(values)
      if (asked.size < limit + REMEMBERED) asked.set(key, found)
      return found
    },
    remove(values) {
      const key = values.join('\0')
      series.delete(key)
      asked.delete(key)
    },
    all: () => series.values(),
  }
}
