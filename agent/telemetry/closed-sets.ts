// The closed sets of label values. Verdicts, reasons, directions and certainties are spelt as in the records, so that what a metric
// shows can be asked of `culprit query` in the same words. A value outside its set is counted as `other`.

export const verdicts = ['allowed', 'denied', 'rejected', 'audited', 'unanswered'] as const
export const directions = ['egress', 'ingress'] as const
export const attributions = ['certain', 'candidates', 'unknown'] as const
export const reasons = [
  'rule-matched',
  'not-isolated',
  'no-rule-matched',
  'explicit-deny',
  'other-policy',
  'exempt-node',
  'exempt-self',
  'established',
  'not-a-policy',
  'unknown',
] as const
export const policyKinds = [
  'NetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
  '__multiple__',
  '__none__',
  '__overflow__',
] as const
export const operations = ['created', 'changed', 'deleted'] as const
export const recordEvents = [
  'flow.allowed',
  'flow.denied',
  'flow.rejected',
  'flow.audited',
  'flow.unanswered',
  'policy.changed',
  'policy.enforced',
  'policy.unenforced',
  'verdict.leak',
  'verdict.overblock',
  'evidence.gap',
  'agent.started',
  'agent.stopped',
  'agent.degraded',
  'chain.checkpoint',
] as const
export const stages = ['kernel', 'read', 'parse', 'queue', 'join'] as const
export const triggers = ['cpu', 'memory', 'queue', 'disk'] as const
export const discardCauses = ['overflow', 'disk_full', 'io_error', 'stopping'] as const
/** What the agent says about itself: one word per function of `Events`. */
export const agentEvents = [
  'started',
  'stopped',
  'source_opened',
  'source_trouble',
  'source_recovered',
  'source_not_found',
  'gap',
  'config_reloaded',
  'config_refused',
  'config_needs_restart',
  'manifests_read',
  'manifests_refused',
  'cluster_doubtful',
  'records_not_written',
  'records_discarded',
  'records_writing_again',
  'journal_not_written',
  'state_restored',
  'state_refused',
  'degraded',
  'internal_error',
  'http_listening',
  'http_failed',
  'clock_stepped',
] as const
