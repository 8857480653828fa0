// One counter or gauge with its series, as a metric of prom-client's registry. prom-client's own counters build a text of all labels for
// every increment, and give a copy of everything to be rendered: too slow at the cap (test/bench/metrics.bench.ts).

import { createLabelSets, type LabelSets } from './label-sets.ts'
import type { MetricSpec } from './metric-spec.ts'
import { Cell, type Labels, type Series } from './series.ts'

export const EXEMPLAR_LABEL = 'record_id'

export interface FamilyOptions {
  readonly name: string
  readonly spec: MetricSpec
  /** How many series it may have in all. */
  readonly cap: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Called for everything that is counted under `__overflow__`. */
  readonly onOverflow: () => void
}

/** What prom-client asks of a metric. */
export interface Snapshot {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly values: readonly {
    readonly value: number
    readonly labels: Labels
    readonly exemplar?: { readonly labelSet: Labels; readonly value: number; readonly timestamp: number }
  }[]
  readonly aggregator: string
}

export class Family {
  /** prom-client's registry takes the suffix of counters off. */
  name: string
  readonly help: string
  readonly type: string
  readonly #sets: LabelSets<Cell>

  constructor({ name, spec, cap, now, onOverflow }: FamilyOptions) {
    this.name = name
    this.help = spec.help
    this.type = spec.type
    this.#sets = createLabelSets(
      spec,
      cap,
      (labels, isOver) => new Cell(labels, now, isOver ? onOverflow : undefined),
    )
  }

  /** Values in the order of the catalogue. The series may be kept and used again. */
  series(...values: readonly string[]): Series {
    return this.#sets.find(values)
  }

  /** A series that stands for something that is gone. */
  remove(...values: readonly string[]): void {
    this.#sets.remove(values)
  }

  cells(): Iterable<Cell> {
    return this.#sets.all()
  }

  async get(): Promise<Snapshot> {
    const { name, help, type } = this
    const values = [...this.cells()].map(({ value, labels, exemplar }) => ({
      value,
      labels,
      ...(exemplar !== undefined && {
        exemplar: {
          labelSet: { [EXEMPLAR_LABEL]: exemplar.id },
          value: exemplar.value,
          timestamp: exemplar.at,
        },
      }),
    }))
    return { name, help, type, values, aggregator: 'sum' }
  }
}
