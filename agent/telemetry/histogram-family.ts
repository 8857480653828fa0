// One of prom-client's histograms, behind the same labels and caps as counters and gauges.

import { Histogram, type Registry } from 'prom-client'
import { EXEMPLAR_LABEL, type FamilyOptions } from './family.ts'
import { createLabelSets, type LabelSets } from './label-sets.ts'
import type { Labels, Series } from './series.ts'

export class HistogramFamily {
  readonly #sets: LabelSets<Series>
  readonly #histogram: Histogram

  constructor({ name, spec, cap, onOverflow }: FamilyOptions, registry: Registry) {
    const hasExemplars = spec.hasExemplars ?? false
    this.#histogram = new Histogram({
      name,
      help: spec.help,
      labelNames: Object.keys(spec.labels ?? {}),
      buckets: [...spec.buckets!],
      registers: [registry],
      enableExemplars: hasExemplars,
    })
    const observe = hasExemplars ? withExemplar(this.#histogram) : plain(this.#histogram)
    this.#sets = createLabelSets(spec, cap, (labels, isOver) =>
      observing(labels, (value, id) => {
        observe(labels, value, id)
        if (isOver) onOverflow()
      }),
    )
  }

  series(...values: readonly string[]): Series {
    return this.#sets.find(values)
  }

  remove(...values: readonly string[]): void {
    this.#histogram.remove(this.#sets.find(values).labels)
    this.#sets.remove(values)
  }
}

type Observe = (labels: Labels, value: number, id: string | undefined) => void

function plain(histogram: Histogram): Observe {
  return (labels, value) => histogram.observe(labels, value)
}

function withExemplar(histogram: Histogram): Observe {
  return (labels, value, id) =>
    histogram.observe({
      labels,
      value,
      ...(id !== undefined && { exemplarLabels: { [EXEMPLAR_LABEL]: id } }),
    })
}

function observing(labels: Labels, observe: (value: number, id?: string) => void): Series {
  const refuse = (): never => {
    throw new Error('Cannot count: this metric is a histogram')
  }
  return { labels, observe, add: refuse, total: refuse, set: refuse }
}
