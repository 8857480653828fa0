// Metrics of the agent itself: its control group, its queues, its degradation, its own errors.

import { agentEvents, triggers, verdicts } from './closed-sets.ts'
import { type Catalogue, open } from './metric-spec.ts'

const queues = ['outbox', 'held_records', 'journal', 'follow_ups', 'ordered'] as const

export const selfMetrics = {
  culprit_build_info: {
    type: 'gauge',
    unit: '',
    help: 'Always 1; the labels say what runs',
    labels: { version: open, revision: open, node_version: open },
  },
  culprit_cgroup_cpu_periods_total: {
    type: 'counter',
    unit: 'periods',
    help: 'Scheduling periods of the own control group that had a quota',
  },
  culprit_cgroup_cpu_throttled_periods_total: {
    type: 'counter',
    unit: 'periods',
    help: 'Those in which the quota was used up and the kernel stopped the agent',
  },
  culprit_cgroup_cpu_throttled_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    help: 'How long it was stopped',
  },
  culprit_cgroup_cpu_usage_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time used by the own control group',
  },
  culprit_cgroup_cpu_limit_cores: {
    type: 'gauge',
    unit: 'cores',
    help: 'Lowest processor quota that holds for the agent; absent without one',
  },
  culprit_cgroup_memory_working_set_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory that the kernel cannot simply take back: all but the inactive file cache',
  },
  culprit_cgroup_memory_limit_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Lowest memory limit that holds for the agent; absent without one',
  },
  culprit_cgroup_memory_events_total: {
    type: 'counter',
    unit: 'events',
    help: 'What happened at the memory limit',
    labels: { event: ['high', 'max', 'oom', 'oom_kill'] },
  },
  culprit_cgroup_pressure_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    help: 'How long tasks of the own control group waited for a resource: some of them, or all (`full`); version 2 only',
    labels: { resource: ['cpu', 'memory', 'io'], kind: ['some', 'full'] },
  },
  culprit_queue_length: {
    type: 'gauge',
    unit: 'items',
    help: 'Items in a bounded queue',
    labels: { queue: queues },
  },
  culprit_queue_capacity: {
    type: 'gauge',
    unit: 'items',
    help: 'How many it can hold',
    labels: { queue: queues },
  },
  culprit_degradation_level: {
    type: 'gauge',
    unit: '',
    help: '0 normal; 1 allowed flows are sampled; 2 spans off and allowed flows only counted; 3 denied flows fold to one record per pair of workloads and minute',
  },
  culprit_degradations_total: {
    type: 'counter',
    unit: 'changes',
    help: 'How often a level was entered from below, and what made it',
    labels: { level: ['1', '2', '3'], trigger: triggers },
    startsAtZero: true,
  },
  culprit_flow_sampling_ratio: {
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of flows that are kept one by one; the others are counted',
    labels: { verdict: verdicts },
  },
  culprit_flows_shed_total: {
    type: 'counter',
    unit: 'flows',
    help: 'Shed for want of means: allowed `flows` that were counted and not judged, and `lines` of connections that were counted and not even read',
    labels: { what: ['flows', 'lines'] },
  },
  culprit_config_last_reload_successful: {
    type: 'gauge',
    unit: '',
    help: '1 if the configuration in force is the one in the file, 0 while the last edit is refused',
  },
  culprit_config_reloads_total: {
    type: 'counter',
    unit: 'reloads',
    help: 'Edits of the configuration that were seen',
    labels: { outcome: ['taken', 'refused'] },
    startsAtZero: true,
  },
  culprit_clock_steps_total: {
    type: 'counter',
    unit: 'steps',
    help: 'How often the clock of this machine was set',
    labels: { direction: ['forward', 'back'] },
    startsAtZero: true,
  },
  culprit_agent_events_total: {
    type: 'counter',
    unit: 'events',
    help: 'What the agent said about itself, those that the log folds included',
    labels: { event: agentEvents },
  },
  culprit_series_overflow_total: {
    type: 'counter',
    unit: 'observations',
    help: 'Observations charged to `__overflow__` because the metric has as many series as it may have',
    labels: { metric: open },
  },
  culprit_internal_errors_total: {
    type: 'counter',
    unit: 'errors',
    help: 'Errors of its own that were handled',
    labels: { component: open, error_type: open },
  },
} as const satisfies Catalogue
