// Cluster-scoped policies that no API server would have let in, each with one thing wrong.

import type { Random } from './random.ts'
import type { TierKind } from './tier-manifest.ts'

type Json = Record<string, unknown>

const everyone = { namespaces: {} }

export function spoiltTier(random: Random, kind: TierKind, spec: Json): Json {
  return random.pick([...heads(kind), ...subjects(), ...rules(random, kind)])(spec)
}

type Spoil = (spec: Json) => Json

function heads(kind: TierKind): Spoil[] {
  if (kind === 'BaselineAdminNetworkPolicy') return []
  const priorities = [-1, 1001, 1.5, '10', null].map<Spoil>(priority => spec => ({ ...spec, priority }))
  const tiers = ['admin', 'Pass', null].map<Spoil>(tier => spec => ({ ...spec, tier }))
  return kind === 'ClusterNetworkPolicy' ? [...priorities, ...tiers] : priorities
}

function subjects(): Spoil[] {
  const broken = { matchExpressions: [{ key: 'app', operator: 'Within', values: ['api'] }] }
  return [
    null,
    {},
    { namespaces: {}, pods: { namespaceSelector: {}, podSelector: {} } },
    { namespaces: broken },
    { pods: { namespaceSelector: broken, podSelector: {} } },
    { pods: { namespaceSelector: {}, podSelector: broken } },
    { pods: { namespaceSelector: {} } },
    { nodes: {} },
  ].map<Spoil>(subject => spec => ({ ...spec, subject }))
}

function rules(random: Random, kind: TierKind): Spoil[] {
  const admit = kind === 'ClusterNetworkPolicy' ? 'Accept' : 'Allow'
  const field = random.pick(['ingress', 'egress'])
  const peers = field === 'egress' ? 'to' : 'from'
  const inRule = (rule: Json): Spoil => {
    const whole = { action: 'Deny', [peers]: [everyone], ...rule }
    return spec => ({ ...spec, [field]: [whole] })
  }
  const outward = (peer: Json, rule: Json = {}): Spoil => {
    const whole = { action: 'Deny', to: [peer], ...rule }
    return spec => ({ ...spec, egress: [whole] })
  }
  const limit = kind === 'ClusterNetworkPolicy' ? 25 : 100
  const many = Array.from({ length: limit + 1 }, () => ({ action: 'Deny', [peers]: [everyone] }))
  const wrongAction = kind === 'ClusterNetworkPolicy' ? 'Allow' : 'Accept'
  return [
    spec => ({ ...spec, [field]: many }),
    inRule({ action: wrongAction }),
    inRule({ action: 'deny' }),
    inRule({ action: null }),
    inRule({ name: 'n'.repeat(101) }),
    ...(kind === 'BaselineAdminNetworkPolicy' ? [inRule({ action: 'Pass' })] : []),
    inRule({ [peers]: [] }),
    inRule({ [peers]: null }),
    inRule({ [peers]: [{ ...everyone, pods: { namespaceSelector: {}, podSelector: {} } }] }),
    inRule({
      [peers]: [{ namespaces: { matchExpressions: [{ key: 'app', operator: 'in', values: ['api'] }] } }],
    }),
    inRule({ [peers]: [{ pods: { namespaceSelector: {} } }] }),
    outward({ nodes: {}, networks: ['0.0.0.0/0'] }),
    outward({ networks: ['10.0.0.0'] }),
    outward({ networks: ['10.0.0.0/33'] }),
    outward({ networks: [] }),
    outward({ networks: ['::ffff:10.0.0.0/104'] }),
    outward({ networks: ['10.0.0.0/8', '10.0.0.0/8'] }),
    outward({ networks: Array.from({ length: 26 }, (_, index) => `10.${index}.0.0/16`) }),
    ...(kind === 'BaselineAdminNetworkPolicy'
      ? []
      : [
          outward({ domainNames: ['example.org'] }),
          outward({ domainNames: ['*.org'] }, { action: admit }),
          outward({ domainNames: ['www.*.org'] }, { action: admit }),
        ]),
    ...(kind === 'ClusterNetworkPolicy' ? protocols(inRule, outward) : ports(inRule, outward)),
  ]
}

type InRule = (rule: Json) => Spoil
type Outward = (peer: Json, rule?: Json) => Spoil

function ports(inRule: InRule, outward: Outward): Spoil[] {
  return [
    inRule({ ports: [] }),
    inRule({ ports: [{}] }),
    inRule({ ports: [{ portNumber: { port: 80 }, namedPort: 'http' }] }),
    inRule({ ports: [{ portNumber: { port: 0 } }] }),
    inRule({ ports: [{ portNumber: { protocol: 'ICMP', port: 80 } }] }),
    inRule({ ports: [{ portRange: { start: 80, end: 80 } }] }),
    inRule({ ports: [{ portRange: { start: 90, end: 80 } }] }),
    inRule({ ports: [{ portRange: { start: 80, end: 65536 } }] }),
    outward({ networks: ['0.0.0.0/0'] }, { ports: [{ namedPort: 'http' }] }),
  ]
}

function protocols(inRule: InRule, outward: Outward): Spoil[] {
  return [
    inRule({ protocols: [] }),
    inRule({ protocols: [{}] }),
    inRule({ protocols: [{ tcp: {}, udp: {} }] }),
    inRule({ protocols: [{ icmp: {} }] }),
    inRule({ protocols: [{ tcp: { sourcePort: 80 } }] }),
    inRule({ protocols: [{ tcp: { destinationPort: {} } }] }),
    inRule({ protocols: [{ tcp: { destinationPort: { number: 0 } } }] }),
    inRule({ protocols: [{ udp: { destinationPort: { number: 80, range: { start: 80, end: 81 } } } }] }),
    inRule({ protocols: [{ sctp: { destinationPort: { range: { start: 80, end: 80 } } } }] }),
    outward({ nodes: {} }, { protocols: [{ destinationNamedPort: 'http' }] }),
  ]
}
