// The kinds of policies that CNIs name, and which of them culprit evaluates itself.

/** A denial by one of these is a question for the policies of that moment; one by any other kind is that kind's doing. */
const evaluated = new Set([
  'NetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
])

export function isEvaluated(kind: string): boolean {
  return evaluated.has(kind)
}

/** A policy as `Reported.policies` has it: `ns/name` for a NetworkPolicy, `Kind/ns/name` or `Kind/name` for the others. */
export function policyName(kind: string, ns: string, name: string): string {
  const text = ns === '' ? name : `${ns}/${name}`
  return kind === 'NetworkPolicy' ? text : `${kind}/${text}`
}
