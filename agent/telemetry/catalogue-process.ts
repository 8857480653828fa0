// The process and its event loop, under the names that Prometheus' client libraries give them, so that common dashboards work.

import type { Catalogue } from './metric-spec.ts'

export const processMetrics = {
  process_cpu_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time used, user and system',
  },
  process_cpu_user_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time used by the program',
  },
  process_cpu_system_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time used by the kernel on its behalf',
  },
  process_resident_memory_bytes: { type: 'gauge', unit: 'bytes', help: 'Resident memory' },
  process_start_time_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'When the process started, as seconds since 1970',
  },
  process_open_fds: { type: 'gauge', unit: 'descriptors', help: 'Open file descriptors' },
  nodejs_heap_size_total_bytes: { type: 'gauge', unit: 'bytes', help: 'Size of the JavaScript heap' },
  nodejs_heap_size_used_bytes: { type: 'gauge', unit: 'bytes', help: 'Part of the heap that is in use' },
  nodejs_external_memory_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory outside of the heap that JavaScript objects hold, buffers for example',
  },
  nodejs_gc_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Pauses for collecting garbage, by kind',
    labels: { kind: ['major', 'minor', 'incremental', 'weakcb'] },
    buckets: [0.001, 0.01, 0.1, 1, 2, 5],
  },
  nodejs_eventloop_lag_max_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Longest delay of the event loop since the last scrape',
  },
  nodejs_eventloop_lag_mean_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Average delay of the event loop in the last second',
  },
} as const satisfies Catalogue
