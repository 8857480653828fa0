// What is handed over of sources, tables and the view of the cluster.

import type { Metrics } from './metrics.ts'
import type { Families } from './registry.ts'

type EvidenceMetrics = Pick<
  Metrics,
  | 'observeFlows'
  | 'observeSource'
  | 'observeEvent'
  | 'countRotation'
  | 'observeAttribution'
  | 'observeTable'
  | 'observeObjects'
  | 'observePolicies'
  | 'observeEnforcement'
  | 'countEnforcementUnknown'
  | 'countWatchRestart'
  | 'observeWatch'
>

const verdicts = ['allowed', 'denied', 'rejected', 'audited', 'unanswered'] as const

export function evidenceMetricsOf(families: Families): EvidenceMetrics {
  const { family } = families
  const attribution = family('culprit_attribution_seconds').series()
  /** Those seen so far: one that is gone has none, not what it had last. */
  const resources = new Set<string>()
  return {
    observeFlows(totals) {
      for (const verdict of verdicts) family('culprit_flows_total').series(verdict).total(totals[verdict])
      const shed = family('culprit_flows_shed_total')
      shed.series('flows').total(totals.shed)
      shed.series('lines').total(totals.shedLines)
    },
    observeSource(source, totals) {
      const { lines, foreign, malformed } = totals
      const ofKind = family('culprit_source_lines_total')
      ofKind.series(source, 'understood').total(lines - foreign - malformed)
      ofKind.series(source, 'foreign').total(foreign)
      ofKind.series(source, 'malformed').total(malformed)
      const received = family('culprit_events_received_total')
      for (const kind of [...verdicts, 'undecided'] as const)
        received.series(source, kind).total(totals[kind])
      family('culprit_events_lost_total').series(source, 'parse', 'malformed').total(malformed)
    },
    observeEvent(source, { at, lagSeconds }) {
      family('culprit_source_last_event_timestamp_seconds').series(source).set(at)
      if (lagSeconds !== undefined)
        family('culprit_source_lag_seconds').series(source).observe(Math.max(0, lagSeconds))
    },
    countRotation(source, outcome) {
      family('culprit_source_rotations_total').series(source, outcome).add(1)
    },
    observeAttribution(seconds) {
      attribution.observe(Math.max(0, seconds))
    },
    observeTable(table, { entries, capacity, expired, displaced }) {
      family('culprit_correlation_entries').series(table).set(entries)
      family('culprit_correlation_capacity').series(table).set(capacity)
      const evictions = family('culprit_correlation_evictions_total')
      if (expired !== undefined) evictions.series(table, 'ttl').total(expired)
      if (displaced !== undefined) evictions.series(table, 'full').total(displaced)
    },
    observeObjects(objects) {
      for (const resource of Object.keys(objects)) resources.add(resource)
      for (const resource of resources)
        family('culprit_cache_objects')
          .series(resource)
          .set(objects[resource] ?? 0)
    },
    observePolicies(kind, { selectedHere, notSelected, invalid }) {
      const policies = family('culprit_policies')
      policies.series(kind, 'selected_here').set(selectedHere)
      policies.series(kind, 'not_selected').set(notSelected)
      policies.series(kind, 'invalid').set(invalid)
    },
    observeEnforcement({ pending, oldestPendingSeconds }) {
      family('culprit_policy_pending').series().set(pending)
      family('culprit_policy_oldest_pending_seconds').series().set(oldestPendingSeconds)
    },
    countEnforcementUnknown(cause) {
      family('culprit_enforcement_unknown_total').series(cause).add(1)
    },
    countWatchRestart(resource, cause) {
      family('culprit_watch_restarts_total').series(resource, cause).add(1)
    },
    observeWatch(resource, at) {
      family('culprit_watch_last_event_timestamp_seconds').series(resource).set(at)
    },
  }
}
