// Random cluster-scoped policies for tiered-worlds.ts: every shape of subject, peer and port, priorities that meet, peers that no
// version knows, and a few that the custom resource definitions would have refused.

import type { PolicyObject } from '../../agent/policy/objects.ts'
import { namespaceSelectorOf, selectorOf } from './policies.ts'
import { domainNames, labelValues, nodeLabelValues, portNames } from './pools.ts'
import type { Random } from './random.ts'
import { spoiltTier } from './spoilt-tiers.ts'
import type { TierKind } from './tier-manifest.ts'

type Json = Record<string, unknown>
type Field = 'ingress' | 'egress'

const patterns = [...domainNames, '*.example.org', '*.example.org', 'WWW.example.ORG.']

const versions: Readonly<Record<TierKind, string>> = {
  AdminNetworkPolicy: 'policy.networking.k8s.io/v1alpha1',
  BaselineAdminNetworkPolicy: 'policy.networking.k8s.io/v1alpha1',
  ClusterNetworkPolicy: 'policy.networking.k8s.io/v1alpha2',
}

/** Names do not sort as the policies were made. */
export function tierPolicyOf(
  random: Random,
  kind: TierKind,
  index: number,
  addresses: readonly string[],
): PolicyObject {
  const isNamed = kind !== 'BaselineAdminNetworkPolicy' || random.chance(0.03)
  const name = isNamed ? `${random.pick(['a', 'm', 'z'])}-${index}` : 'default'
  const isForeign = random.chance(0.01)
  return {
    apiVersion: isForeign ? 'policy.networking.k8s.io/v1beta1' : versions[kind],
    kind,
    metadata: { name, uid: `tier-${index}`, generation: random.between(1, 9) },
    ...(random.chance(0.01) ? {} : { spec: tierSpecOf(random, kind, addresses) }),
  }
}

function tierSpecOf(random: Random, kind: TierKind, addresses: readonly string[]): Json {
  const spec: Json = {
    ...(kind === 'ClusterNetworkPolicy' ? { tier: random.pick(['Admin', 'Admin', 'Baseline']) } : {}),
    ...(kind === 'BaselineAdminNetworkPolicy' ? {} : { priority: priorityOf(random) }),
    subject: subjectOf(random, kind),
    ...rulesOf(random, kind, 'ingress', addresses),
    ...rulesOf(random, kind, 'egress', addresses),
  }
  return random.chance(0.06) ? spoiltTier(random, kind, spec) : spec
}

/** Equal ones now and then, and the edges. */
function priorityOf(random: Random): number {
  return random.chance(0.6) ? random.pick([0, 10, 1000]) : random.below(1001)
}

function subjectOf(random: Random, kind: TierKind): Json {
  if (random.chance(0.4)) return { namespaces: {} }
  if (random.chance(0.4)) return { namespaces: namespaceSelectorOf(random) }
  return { pods: podsOf(random, kind) }
}

/** v1alpha2 lets the namespaces' selector be absent. */
function podsOf(random: Random, kind: TierKind): Json {
  const podSelector = selectorOf(random, labelValues, 0.3)
  if (kind === 'ClusterNetworkPolicy' && random.chance(0.2)) return { podSelector }
  return { namespaceSelector: random.chance(0.4) ? {} : namespaceSelectorOf(random), podSelector }
}

function rulesOf(random: Random, kind: TierKind, field: Field, addresses: readonly string[]): Json {
  const count = random.pick([0, 1, 1, 2, 2, 3])
  if (count === 0) return random.chance(0.5) ? {} : { [field]: random.pick([[], null]) }
  return { [field]: Array.from({ length: count }, () => ruleOf(random, kind, field, addresses)) }
}

function ruleOf(random: Random, kind: TierKind, field: Field, addresses: readonly string[]): Json {
  const action = actionOf(random, kind)
  const peers = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () =>
    peerOf(random, kind, field, action, addresses),
  )
  // A named port beside addresses would be refused.
  const mayName = peers.every(peer => !['nodes', 'networks', 'domainNames'].some(name => name in peer))
  return {
    ...(random.chance(0.2) ? { name: 'why' } : {}),
    action,
    [field === 'egress' ? 'to' : 'from']: peers,
    ...portsOf(random, kind, mayName),
  }
}

function actionOf(random: Random, kind: TierKind): string {
  const admit = kind === 'ClusterNetworkPolicy' ? 'Accept' : 'Allow'
  const all = kind === 'BaselineAdminNetworkPolicy' ? [admit, 'Deny'] : [admit, 'Deny', 'Pass']
  return random.pick(all)
}

function peerOf(
  random: Random,
  kind: TierKind,
  field: Field,
  action: string,
  addresses: readonly string[],
): Json {
  if (random.chance(0.03)) return unknownPeer(random, kind, field)
  const choice = random.below(field === 'ingress' ? 4 : 9)
  if (choice < 2) return { namespaces: random.chance(0.2) ? {} : namespaceSelectorOf(random) }
  if (choice < 4) return { pods: podsOf(random, kind) }
  if (choice === 4) return { nodes: selectorOf(random, nodeLabelValues, 0.4) }
  const mayName = (action === 'Allow' || action === 'Accept') && kind !== 'BaselineAdminNetworkPolicy'
  if (choice < 7 && mayName) return { domainNames: setOf(random.between(1, 2), () => random.pick(patterns)) }
  return { networks: setOf(random.between(1, 3), () => networkOf(random, addresses)) }
}

/** A11, A14, C10: what no version knows, or only an older one, or another kind. */
function unknownPeer(random: Random, kind: TierKind, field: Field): Json {
  return random.pick<Json>([
    {},
    { namespaces: null },
    { serviceAccounts: {} },
    { namespaces: { sameLabels: ['team'] } },
    { namespaces: { namespaceSelector: {} } },
    { pods: { namespaces: { namespaceSelector: {} }, podSelector: {} } },
    { nodes: { names: ['node-0'] } },
    field === 'ingress' ? { networks: ['0.0.0.0/0'] } : { externalNames: ['example.org'] },
    kind === 'BaselineAdminNetworkPolicy' ? { domainNames: ['example.org'] } : {},
    // One known field is enough, whatever stands beside it.
    { namespaces: namespaceSelectorOf(random), serviceAccounts: {} },
  ])
}

function setOf(count: number, one: () => string): string[] {
  return [...new Set(Array.from({ length: count }, one))]
}

function networkOf(random: Random, addresses: readonly string[]): string {
  if (random.chance(0.15)) return random.pick(['0.0.0.0/0', '::/0'])
  const address = random.pick(addresses)
  const lengths = address.includes(':') ? [16, 48, 64, 120, 127, 128] : [8, 16, 23, 24, 30, 31, 32]
  return `${address}/${random.pick(lengths)}`
}

function portsOf(random: Random, kind: TierKind, mayName: boolean): Json {
  if (random.chance(0.5)) return random.chance(0.1) ? { ports: null, protocols: null } : {}
  const of = kind === 'ClusterNetworkPolicy' ? protocolOf : portOf
  const list = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => of(random, mayName))
  return { [kind === 'ClusterNetworkPolicy' ? 'protocols' : 'ports']: list }
}

function portOf(random: Random, mayName: boolean): Json {
  if (mayName && random.chance(0.3)) return { namedPort: random.pick(portNames) }
  const protocol = random.pick([undefined, 'TCP', 'TCP', 'UDP', 'SCTP'])
  const where = protocol === undefined ? {} : { protocol }
  if (random.chance(0.6)) return { portNumber: { ...where, port: numberOf(random) } }
  return { portRange: { ...where, ...rangeOf(random) } }
}

function protocolOf(random: Random, mayName: boolean): Json {
  if (mayName && random.chance(0.3)) return { destinationNamedPort: random.pick(portNames) }
  const name = random.pick(['tcp', 'tcp', 'udp', 'sctp'])
  if (random.chance(0.2)) return { [name]: {} }
  const destinationPort = random.chance(0.6) ? { number: numberOf(random) } : { range: rangeOf(random) }
  return { [name]: { destinationPort } }
}

function numberOf(random: Random): number {
  return random.pick([53, 80, 443, 5432, 8080, 1, 65535])
}

function rangeOf(random: Random): Json {
  const start = random.pick([1, 50, 53, 79, 80, 5000, 8000])
  return { start, end: start + random.pick([1, 10, 432]) }
}
