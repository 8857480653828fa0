// What is handed over of the agent's own figures: its queues, its store, its control group, its event loop.

import type { MetricName } from './catalogue.ts'
import type { CgroupFigures } from './cgroup.ts'
import type { Metrics } from './metrics.ts'
import type { Families } from './registry.ts'

type AgentMetrics = Pick<
  Metrics,
  'observeQueue' | 'observeStore' | 'observeCgroup' | 'observeLoop' | 'observeSampling'
>

export interface AgentMetricsOf {
  readonly metrics: AgentMetrics
  /** A rendering is done: the longest delay begins anew. */
  scraped(): void
}

export function agentMetrics(families: Families): AgentMetricsOf {
  const { family } = families
  family('culprit_degradation_level').series().set(0)
  let maxMs = 0

  const metrics: AgentMetrics = {
    observeQueue(queue, { length, capacity }) {
      family('culprit_queue_length').series(queue).set(length)
      family('culprit_queue_capacity').series(queue).set(capacity)
    },
    observeStore({ writtenBytes, segmentBytes, oldestRecord, chainSequence, chainErrors }) {
      total('culprit_forensic_written_bytes_total', writtenBytes)
      gauge('culprit_forensic_segment_bytes', segmentBytes)
      gauge('culprit_forensic_oldest_record_timestamp_seconds', oldestRecord)
      gauge('culprit_forensic_chain_sequence', chainSequence)
      total('culprit_forensic_chain_errors_total', chainErrors)
    },
    observeCgroup: figures => observeCgroup(families, figures, gauge, total),
    observeLoop(delay) {
      maxMs = Math.max(maxMs, delay.maxMs)
      gauge('nodejs_eventloop_lag_max_seconds', maxMs / 1000)
      gauge('nodejs_eventloop_lag_mean_seconds', delay.meanMs / 1000)
    },
    observeSampling(verdict, share) {
      family('culprit_flow_sampling_ratio').series(verdict).set(share)
    },
  }

  function gauge(name: MetricName, value: number | undefined): void {
    if (value !== undefined) family(name).series().set(value)
    else family(name).remove()
  }

  function total(name: MetricName, value: number | undefined): void {
    if (value !== undefined) family(name).series().total(value)
  }

  return {
    metrics,
    scraped() {
      maxMs = 0
    },
  }
}

type Put = (name: MetricName, value: number | undefined) => void

function observeCgroup(families: Families, figures: CgroupFigures, gauge: Put, total: Put): void {
  const { cpu, memory, pressure } = figures
  total('culprit_cgroup_cpu_periods_total', cpu.periods)
  total('culprit_cgroup_cpu_throttled_periods_total', cpu.throttledPeriods)
  total('culprit_cgroup_cpu_throttled_seconds_total', cpu.throttledSeconds)
  total('culprit_cgroup_cpu_usage_seconds_total', cpu.usageSeconds)
  gauge('culprit_cgroup_cpu_limit_cores', cpu.limitCores)
  gauge('culprit_cgroup_memory_working_set_bytes', memory.workingSetBytes)
  gauge('culprit_cgroup_memory_limit_bytes', memory.limitBytes)
  for (const [event, n] of Object.entries(memory.events))
    families.family('culprit_cgroup_memory_events_total').series(event).total(n)
  for (const { resource, kind, seconds } of pressure)
    families.family('culprit_cgroup_pressure_seconds_total').series(resource, kind).total(seconds)
}
