// Metrics of what the network policies do, and of how long the data plane took to enforce them.

import { attributions, directions, operations, policyKinds, reasons, verdicts } from './closed-sets.ts'
import { type Catalogue, open } from './metric-spec.ts'

const policy = { policy_kind: policyKinds, policy_namespace: open, policy: open } as const
/** How the enforcement is known; a packet gives bounds. */
const evidences = ['first_packet', 'dataplane_report', 'rule_dump', 'probe'] as const
const delayBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const

export const policyMetrics = {
  culprit_drops_total: {
    type: 'counter',
    unit: 'attempts',
    help: 'Denied and rejected attempts after de-duplication, charged to the policy that decided; several that decided together are `__multiple__`, none is `__none__`',
    labels: { ...policy, direction: directions, reason: reasons, attribution: attributions },
    hasExemplars: true,
  },
  culprit_dropped_packets_total: {
    type: 'counter',
    unit: 'packets',
    help: 'Packets behind those drops, as the evidence counts them',
    labels: { direction: directions, reason: reasons },
  },
  culprit_dropped_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes behind those drops, where the source gives them; repeats that were folded have none',
    labels: { direction: directions, reason: reasons },
  },
  culprit_flows_total: {
    type: 'counter',
    unit: 'flows',
    help: 'Every flow that was judged, allowed ones without a record included: the denominator of ratios',
    labels: { verdict: verdicts },
    startsAtZero: true,
  },
  culprit_allows_total: {
    type: 'counter',
    unit: 'flows',
    help: 'Allowed flows with a record, by each policy that admitted them',
    labels: { ...policy, direction: directions },
    isOptional: true,
  },
  culprit_namespace_drops_total: {
    type: 'counter',
    unit: 'attempts',
    help: 'Who cannot reach whom; squares the namespaces, hence only on demand',
    labels: { source_namespace: open, destination_namespace: open, direction: directions },
    isOptional: true,
  },
  culprit_unanswered_connections_total: {
    type: 'counter',
    unit: 'connections',
    help: 'Connections that ended without a reply although nobody claimed a denial: a drop that no log shows, or a dead server',
    labels: { direction: directions },
  },
  culprit_verdict_mismatches_total: {
    type: 'counter',
    unit: 'flows',
    help: 'Flows whose observed verdict contradicts the policies in force: over-blocking, or a leak',
    labels: {
      policy_namespace: open,
      policy: open,
      direction: directions,
      expected: verdicts,
      observed: verdicts,
    },
    hasExemplars: true,
  },
  culprit_policies: {
    type: 'gauge',
    unit: 'policies',
    help: 'Policies known to this agent, by what they are on this node',
    labels: { policy_kind: policyKinds, state: ['selected_here', 'not_selected', 'invalid'] },
  },
  culprit_policy_last_change_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'When a policy last changed, as seconds since 1970; gone with the policy',
    labels: policy,
  },
  culprit_policy_changes_total: {
    type: 'counter',
    unit: 'changes',
    help: 'Policies created, changed and deleted',
    labels: { policy_kind: policyKinds, operation: operations },
  },
  culprit_policy_enforcement_delay_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'From a policy change to the first connection that was decided by it: what the delay was at most',
    labels: { operation: operations, evidence: evidences },
    buckets: delayBuckets,
    hasExemplars: true,
  },
  culprit_policy_enforcement_delay_least_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'The same delay at least: up to the last connection that was decided by the old state',
    labels: { operation: operations, evidence: evidences },
    buckets: delayBuckets,
  },
  culprit_policy_pending: {
    type: 'gauge',
    unit: 'changes',
    help: 'Changes that were not yet seen enforced',
  },
  culprit_policy_oldest_pending_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Age of the oldest of them, 0 if there is none',
  },
  culprit_enforcement_unknown_total: {
    type: 'counter',
    unit: 'changes',
    help: 'Changes for which no evidence ever came',
    labels: { cause: ['no_evidence_source', 'no_traffic', 'timeout'] },
  },
} as const satisfies Catalogue
