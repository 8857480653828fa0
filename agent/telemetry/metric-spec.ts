// What one metric is: a row of the catalogue. The registry, the metric reference and the checks of labels are all made from it.

/** A label whose values nobody can list: names of policies and namespaces. Series of such labels are capped. */
export const open = 'open'

export interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One sentence without a full stop. */
  readonly help: string
  /** What is counted or measured: seconds, bytes, records. */
  readonly unit: string
  /** In the order in which values are given: each a closed set, outside of which everything is `other`, or open. */
  readonly labels?: Readonly<Record<string, readonly string[] | typeof open>>
  /** Upper bounds, rising, of a histogram. */
  readonly buckets?: readonly number[]
  /** Samples carry the id of the latest record behind them. */
  readonly hasExemplars?: true
  /** Closed label sets stand at 0 from the beginning, so that the first increase is an increase. */
  readonly startsAtZero?: true
  /** Kept only where the configuration asks for it. */
  readonly isOptional?: true
}

export type Catalogue = Readonly<Record<string, MetricSpec>>

export const OVERFLOW = '__overflow__'

/** Whether a label becomes `__overflow__` at the cap: open ones do, and closed sets that have it. */
export function givesWay(values: readonly string[] | typeof open): boolean {
  return values === open || values.includes(OVERFLOW)
}

/** How many label sets the other labels can make together, `other` included: what overflow may need at most. */
export function overflowCombinations({ labels = {} }: MetricSpec): number {
  return Object.values(labels).reduce(
    (product, values) => (givesWay(values) ? product : product * (values.length + 1)),
    1,
  )
}

/** Every label set that closed labels can make. */
export function combinations({ labels = {} }: MetricSpec): readonly (readonly string[])[] {
  return Object.values(labels).reduce<readonly (readonly string[])[]>(
    (sets, values) => sets.flatMap(set => (values === open ? [] : values.map(value => [...set, value]))),
    [[]],
  )
}
