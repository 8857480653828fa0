// Every metric of the agent's, in one table: name, type, labels, unit, help, closed sets, buckets. The registry and docs/metrics are made
// from it. Labels are never called namespace, pod, node, container, instance or job: those are what discovery calls the target itself.

import { evidenceMetrics } from './catalogue-evidence.ts'
import { policyMetrics } from './catalogue-policy.ts'
import { processMetrics } from './catalogue-process.ts'
import { recordMetrics } from './catalogue-records.ts'
import { selfMetrics } from './catalogue-self.ts'

export const catalogue = {
  ...policyMetrics,
  ...evidenceMetrics,
  ...recordMetrics,
  ...selfMetrics,
  ...processMetrics,
} as const

export type MetricName = keyof typeof catalogue

/** In the order of the metric reference. */
export const chapters = [
  { title: 'What the network policies do', metrics: policyMetrics },
  { title: 'Is culprit blind? Sources and evidence', metrics: evidenceMetrics },
  { title: 'Records at rest', metrics: recordMetrics },
  { title: 'The agent itself', metrics: selfMetrics },
  { title: 'Process and Node.js', metrics: processMetrics },
] as const
