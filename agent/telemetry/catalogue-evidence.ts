// Metrics of sources and evidence: what was read, what was lost, and how good the answers are.

import { attributions, stages, verdicts } from './closed-sets.ts'
import { type Catalogue, open } from './metric-spec.ts'

const resources = [
  'manifests',
  'pods',
  'namespaces',
  'nodes',
  'services',
  'networkpolicies',
  'adminnetworkpolicies',
  'baselineadminnetworkpolicies',
  'clusternetworkpolicies',
] as const
const tables = ['connections', 'held', 'folds', 'identities', 'verdicts'] as const

export const evidenceMetrics = {
  culprit_source_up: {
    type: 'gauge',
    unit: '',
    help: '1 while every source of this format is attached and readable, 0 while one is not',
    labels: { source: open },
  },
  culprit_source_last_event_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Time of the newest event of a source, by its own clock, as seconds since 1970',
    labels: { source: open },
  },
  culprit_source_lag_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'From the time of an event to its being processed',
    labels: { source: open },
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  culprit_source_lines_total: {
    type: 'counter',
    unit: 'lines',
    help: 'Lines read; `foreign` are none of the format, `malformed` are but cannot be read whole',
    labels: { source: open, kind: ['understood', 'foreign', 'malformed'] },
  },
  culprit_events_received_total: {
    type: 'counter',
    unit: 'events',
    help: 'Flows that lines told of, by their verdict; `undecided` lines claim none',
    labels: { source: open, kind: [...verdicts, 'undecided'] },
  },
  culprit_events_lost_total: {
    type: 'counter',
    unit: 'events',
    help: 'Evidence known to be missing, an estimate: a gap of unknown size counts 1. Each has an `evidence.gap` record',
    labels: {
      source: open,
      stage: stages,
      cause: [
        'overrun',
        'rotated',
        'restarted',
        'not_running',
        'process_ended',
        'unreadable',
        'malformed',
        'upstream',
      ],
    },
  },
  culprit_evidence_gaps_total: {
    type: 'counter',
    unit: 'gaps',
    help: 'Gaps in the evidence, by whether the number of lost events is known',
    labels: { source: open, extent: ['counted', 'unknown'] },
  },
  culprit_source_rotations_total: {
    type: 'counter',
    unit: 'rotations',
    help: 'Rotations of followed files: a new file under the name was gone on with, or a gap was found in one, where something is lost or may be',
    labels: { source: open, outcome: ['followed', 'gap'] },
  },
  culprit_attributions_total: {
    type: 'counter',
    unit: 'flows',
    help: 'How sure the answers are, of flows with a record',
    labels: { verdict: verdicts, attribution: attributions },
  },
  culprit_attribution_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'From a line being read to its record being written',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  culprit_correlation_entries: {
    type: 'gauge',
    unit: 'entries',
    help: 'Entries of a bounded table',
    labels: { table: tables },
  },
  culprit_correlation_capacity: {
    type: 'gauge',
    unit: 'entries',
    help: 'How many entries that table can have',
    labels: { table: tables },
  },
  culprit_correlation_evictions_total: {
    type: 'counter',
    unit: 'entries',
    help: 'Entries that left it; `full` means that it is too small for this node',
    labels: { table: tables, cause: ['ttl', 'full'] },
  },
  culprit_watch_restarts_total: {
    type: 'counter',
    unit: 'restarts',
    help: 'How often the view of a resource was lost and built anew',
    labels: { resource: resources, cause: ['closed', 'expired', 'unreachable', 'refused', 'restart'] },
  },
  culprit_watch_last_event_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'When the newest news of a resource came, as seconds since 1970: how old the view of the cluster may be',
    labels: { resource: resources },
  },
  culprit_cache_objects: {
    type: 'gauge',
    unit: 'objects',
    help: 'Objects of the cluster that are known',
    labels: { resource: resources },
  },
} as const satisfies Catalogue
