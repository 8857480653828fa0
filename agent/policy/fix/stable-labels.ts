// Which labels of a pod say what it is, and not only which incarnation of it this one is.

import type { Labels } from '../objects.ts'

/** Set by controllers, other values with every rollout, run or replica. */
const incarnationKeys = new Set([
  'pod-template-hash',
  'rollouts-pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'controller-uid',
  'job-name',
  'workflows.argoproj.io/workflow',
  'tekton.dev/pipelineRun',
  'tekton.dev/taskRun',
  'spark-app-selector',
  'spark-exec-id',
])

/** `batch.kubernetes.io/job-name`, `/controller-uid`, `/job-completion-index` and what will follow. */
const incarnationPrefix = 'batch.kubernetes.io/'

/** What people select by, the best known first. */
const conventionalKeys = [
  'app.kubernetes.io/name',
  'app',
  'k8s-app',
  'name',
  'app.kubernetes.io/component',
  'component',
  'app.kubernetes.io/instance',
  'role',
  'tier',
  'app.kubernetes.io/part-of',
]

/** Keys of labels that the next pod of the workload will have too: conventional ones first, then by name. */
export function stableKeys(labels: Labels): string[] {
  return Object.keys(labels)
    .filter(key => !incarnationKeys.has(key) && !key.startsWith(incarnationPrefix))
    .sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))
}

function rankOf(key: string): number {
  const rank = conventionalKeys.indexOf(key)
  return rank < 0 ? conventionalKeys.length : rank
}
