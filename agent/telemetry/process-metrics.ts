// Figures of this process for its metrics. Not prom-client's defaults: their event-loop histogram alone takes half a percent of a core
// from an idle agent (event-loop.ts), their collector of garbage collections counts one of several that end together, and some list
// every handle at each scrape.

import { readdirSync } from 'node:fs'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import type { Families } from './registry.ts'

const gcKinds: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}

export interface ProcessMetrics extends Disposable {
  /** Before every rendering. */
  collect(): void
}

export function processMetricsOf(families: Families): ProcessMetrics {
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { readonly detail: { readonly kind: number } }).detail
      families
        .family('nodejs_gc_duration_seconds')
        .series(gcKinds[kind] ?? '')
        .observe(entry.duration / 1000)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  const started = (performance.timeOrigin / 1000).toFixed(3)
  families.family('process_start_time_seconds').series().set(Number(started))
  return {
    collect: () => collect(families),
    [Symbol.dispose]: () => observer.disconnect(),
  }
}

function collect(families: Families): void {
  const { user, system } = process.cpuUsage()
  families
    .family('process_cpu_user_seconds_total')
    .series()
    .total(user / 1e6)
  families
    .family('process_cpu_system_seconds_total')
    .series()
    .total(system / 1e6)
  families
    .family('process_cpu_seconds_total')
    .series()
    .total((user + system) / 1e6)
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
  families.family('process_resident_memory_bytes').series().set(rss)
  families.family('nodejs_heap_size_total_bytes').series().set(heapTotal)
  families.family('nodejs_heap_size_used_bytes').series().set(heapUsed)
  families.family('nodejs_external_memory_bytes').series().set(external)
  const open = openDescriptors()
  if (open !== undefined) families.family('process_open_fds').series().set(open)
}

function openDescriptors(): number | undefined {
  try {
    // Without the one that lists them.
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    // Not Linux.
    return undefined
  }
}
