// `Metrics` over the families of the catalogue. What is kept elsewhere as a total is handed over at a scrape; nothing is looked up per line.

import { agentMetrics } from './agent-metrics.ts'
import { evidenceMetricsOf } from './evidence-metrics.ts'
import type { Metrics, MetricsOptions } from './metrics.ts'
import { type ProcessMetrics, processMetricsOf } from './process-metrics.ts'
import { recordCounter } from './record-metrics.ts'
import { createFamilies, type Families } from './registry.ts'
import { contentTypes, formatFor, render } from './render.ts'

/** @throws RangeError as `createFamilies` does */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  return metricsOver(createFamilies(options), options)
}

export function metricsOver(families: Families, { hasProcess = true }: MetricsOptions): Metrics {
  const collectors = new Set<() => void>()
  const ofProcess: ProcessMetrics | undefined = hasProcess ? processMetricsOf(families) : undefined
  const ofAgent = agentMetrics(families)
  return {
    countRecord: recordCounter(families),
    ...evidenceMetricsOf(families),
    ...ofAgent.metrics,
    onScrape(collect) {
      collectors.add(collect)
      return () => collectors.delete(collect)
    },
    async render(accept) {
      const format = formatFor(accept)
      for (const collect of collectors) collect()
      ofProcess?.collect()
      const body = await render(families.registry, format)
      ofAgent.scraped()
      return { contentType: contentTypes[format], body }
    },
    [Symbol.dispose]() {
      ofProcess?.[Symbol.dispose]()
    },
  }
}
