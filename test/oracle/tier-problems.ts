// What the custom resource definitions of the cluster-scoped kinds would refuse.

import type { Direction } from './manifest.ts'
import type { TierKind, TierRule, TierSpec } from './tier-manifest.ts'
import { fieldsOf, peerProblems, subjectProblems } from './tier-peers.ts'
import { hasNamedPort, portProblems, protocolProblems } from './tier-ports.ts'

/** A6, A12, C4: what each kind may do. */
const actions: Readonly<Record<TierKind, readonly string[]>> = {
  AdminNetworkPolicy: ['Allow', 'Deny', 'Pass'],
  BaselineAdminNetworkPolicy: ['Allow', 'Deny'],
  ClusterNetworkPolicy: ['Accept', 'Deny', 'Pass'],
}

/** A5, C5: rules per direction; the lists inside a rule have the same limit. */
const most: Readonly<Record<TierKind, number>> = {
  AdminNetworkPolicy: 100,
  BaselineAdminNetworkPolicy: 100,
  ClusterNetworkPolicy: 25,
}

export function tierProblems(kind: TierKind, name: string, spec: TierSpec): string[] {
  return [
    ...headProblems(kind, name, spec),
    ...subjectProblems(kind, spec.subject),
    ...rulesProblems(kind, 'ingress', spec.ingress ?? []),
    ...rulesProblems(kind, 'egress', spec.egress ?? []),
  ]
}

function headProblems(kind: TierKind, name: string, { tier, priority }: TierSpec): string[] {
  // A12: a singleton named `default`, without priority.
  if (kind === 'BaselineAdminNetworkPolicy') return name === 'default' ? [] : [`not named default: ${name}`]
  const problems: string[] = []
  // A4, C3: priority 0-1000.
  if (!Number.isInteger(priority) || priority! < 0 || priority! > 1000) problems.push(`priority ${priority}`)
  // C1: Admin or Baseline.
  if (kind === 'ClusterNetworkPolicy' && tier !== 'Admin' && tier !== 'Baseline')
    problems.push(`tier ${tier}`)
  return problems
}

function rulesProblems(kind: TierKind, direction: Direction, rules: readonly TierRule[]): string[] {
  const tooMany = rules.length > most[kind] ? [`${rules.length} ${direction} rules`] : []
  return [...tooMany, ...rules.flatMap(rule => ruleProblems(kind, direction, rule))]
}

function ruleProblems(kind: TierKind, direction: Direction, rule: TierRule): string[] {
  const peers = (direction === 'egress' ? rule.to : rule.from) ?? []
  const ports = kind === 'ClusterNetworkPolicy' ? rule.protocols : rule.ports
  const problems: string[] = []
  if ((rule.name ?? '').length > 100) problems.push('a name of more than 100 characters')
  if (!actions[kind].includes(rule.action)) problems.push(`action ${rule.action}`)
  // A15: at least one element.
  if (peers.length === 0 || peers.length > most[kind]) problems.push(`${peers.length} peers`)
  // A10, C6: missing means no filter, so an empty list would mean nothing.
  if (ports !== undefined && (ports.length === 0 || ports.length > most[kind]))
    problems.push(`${ports.length} ports`)
  // A9, C5: domainNames in Allow and Accept rules only.
  if (peers.some(peer => fieldsOf(kind, direction, peer).includes('domainNames')) && !isAdmitting(rule))
    problems.push(`domainNames in a ${rule.action} rule`)
  // C6: a name of a port together with peers that have no named ports.
  if (hasNamedPort(kind, rule) && peers.some(peer => fieldsOf(kind, direction, peer).some(isAddressField)))
    problems.push('a named port beside addresses')
  return [
    ...problems,
    ...peers.flatMap(peer => peerProblems(kind, direction, peer)),
    ...(kind === 'ClusterNetworkPolicy'
      ? (rule.protocols ?? []).flatMap(protocolProblems)
      : (rule.ports ?? []).flatMap(portProblems)),
  ]
}

export function isAdmitting({ action }: TierRule): boolean {
  return action === 'Allow' || action === 'Accept'
}

function isAddressField(field: string): boolean {
  return field === 'nodes' || field === 'networks' || field === 'domainNames'
}
