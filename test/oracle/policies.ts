// Random NetworkPolicies for worlds.ts: every feature of the API, absent beside empty beside null, and a few that an API
// server would have refused.

import type { PolicyObject } from '../../agent/policy/objects.ts'
import { readIp, writeIp } from './addresses.ts'
import { isInherited, labelValues, namespaceLabelValues, portNames } from './pools.ts'
import type { Random } from './random.ts'

type Json = Record<string, unknown>

export function policyOf(
  random: Random,
  index: number,
  namespace: string,
  addresses: readonly string[],
): PolicyObject {
  const foreign = random.chance(0.01)
  return {
    apiVersion: foreign ? 'projectcalico.org/v3' : 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: `np-${index}`,
      namespace,
      uid: `policy-${index}`,
      generation: random.between(1, 9),
    },
    ...(random.chance(0.02) ? {} : { spec: specOf(random, addresses) }),
  }
}

function specOf(random: Random, addresses: readonly string[]): Json {
  const spec: Json = {
    ...maybe(random, 'podSelector', 0.92, () => selectorOf(random, labelValues, 0.55)),
    ...typesOf(random),
    ...maybe(random, 'ingress', 0.7, () => rulesOf(random, 'from', addresses)),
    ...maybe(random, 'egress', 0.5, () => rulesOf(random, 'to', addresses)),
  }
  return random.chance(0.03) ? spoilt(random, spec) : spec
}

/** The field, or nothing, or (which means the same) null. */
export function maybe(random: Random, name: string, probability: number, value: () => unknown): Json {
  if (random.chance(probability)) return { [name]: value() }
  return random.chance(0.2) ? { [name]: null } : {}
}

function typesOf(random: Random): Json {
  const types = random.pick([
    undefined,
    undefined,
    [],
    ['Ingress'],
    ['Egress'],
    ['Ingress', 'Egress'],
    ['Egress', 'Ingress'],
  ])
  return types === undefined ? {} : { policyTypes: types }
}

/** A selector over the labels of a pool; `empty` is how often it selects everything. */
export function selectorOf(
  random: Random,
  pool: Readonly<Record<string, readonly string[]>>,
  empty: number,
): Json {
  if (random.chance(empty)) return random.chance(0.8) ? {} : { matchLabels: {} }
  const keys = Object.keys(pool).filter(key => random.chance(isInherited(key) ? 0.02 : 0.4))
  const matchLabels = Object.fromEntries(keys.map(key => [key, random.pick(pool[key]!)]))
  const expressions = random.some([1, 2], 0.3).map(() => expressionOf(random, pool))
  return {
    ...(keys.length > 0 ? { matchLabels } : {}),
    ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
  }
}

function expressionOf(random: Random, pool: Readonly<Record<string, readonly string[]>>): Json {
  const key = keyOf(random, pool)
  const known = Object.hasOwn(pool, key) ? pool[key]! : ['no']
  const operator = random.pick(['In', 'NotIn', 'Exists', 'DoesNotExist'])
  if (operator === 'Exists' || operator === 'DoesNotExist')
    return random.chance(0.3) ? { key, operator, values: [] } : { key, operator }
  const values = random.some(known, 0.5)
  return { key, operator, values: values.length > 0 ? values : [random.pick(known)] }
}

function keyOf(random: Random, pool: Readonly<Record<string, readonly string[]>>): string {
  if (random.chance(0.08)) return random.pick(['nowhere', 'valueOf', 'a.b/c'])
  const keys = Object.keys(pool)
  return random.pick(random.chance(0.1) ? keys : keys.filter(key => !isInherited(key)))
}

function rulesOf(random: Random, field: 'from' | 'to', addresses: readonly string[]): Json[] {
  const count = random.pick([0, 1, 1, 1, 2, 2, 3])
  return Array.from({ length: count }, () => ruleOf(random, field, addresses))
}

function ruleOf(random: Random, field: 'from' | 'to', addresses: readonly string[]): Json {
  if (random.chance(0.04)) return {}
  return {
    ...maybe(random, field, 0.85, () =>
      Array.from({ length: random.pick([0, 1, 1, 1, 2, 2, 3]) }, () => peerOf(random, addresses)),
    ),
    ...maybe(random, 'ports', 0.6, () =>
      Array.from({ length: random.pick([0, 1, 1, 2, 2, 3]) }, () => portOf(random)),
    ),
  }
}

function peerOf(random: Random, addresses: readonly string[]): Json {
  switch (random.below(6)) {
    case 0:
    case 1:
      return { podSelector: selectorOf(random, labelValues, 0.15) }
    case 2:
      return {
        namespaceSelector: namespaceSelectorOf(random),
        ...(random.chance(0.2) ? { podSelector: null } : {}),
      }
    case 3:
      return {
        namespaceSelector: namespaceSelectorOf(random),
        podSelector: selectorOf(random, labelValues, 0.15),
      }
    default:
      return { ipBlock: ipBlockOf(random, addresses) }
  }
}

/** A selector of namespaces, a quarter of them by name. */
export function namespaceSelectorOf(random: Random): Json {
  if (random.chance(0.25))
    return {
      matchLabels: { 'kubernetes.io/metadata.name': random.pick(['shop', 'data', 'default', 'shop-b']) },
    }
  return selectorOf(random, namespaceLabelValues, 0.15)
}

/** A block around one of the world's addresses, with exceptions around it or its neighbours. */
function ipBlockOf(random: Random, addresses: readonly string[]): Json {
  if (random.chance(0.1))
    return { cidr: random.pick(['0.0.0.0/0', '::/0', '::ffff:0:0/96', '::ffff:0.0.0.0/90', '0::/00']) }
  const ip = readIp(random.pick(addresses))!
  const width = ip.family === 4 ? 32 : 128
  const length = random.pick(
    width === 32 ? [0, 8, 16, 23, 24, 25, 30, 31, 32] : [0, 16, 48, 64, 120, 127, 128],
  )
  const cidr = writeBlock(random, ip.value, ip.family, length)
  const count = length === width || random.chance(0.25) ? 0 : random.between(1, 2)
  const except = Array.from({ length: count }, () => {
    const longer = random.between(length + 1, width)
    // The address itself, or one that differs in a single bit below the block's mask.
    const flip = random.chance(0.6) ? 0n : 1n << BigInt(random.below(width - length))
    return writeBlock(random, ip.value ^ flip, ip.family, longer)
  })
  return { cidr, ...(count > 0 || random.chance(0.1) ? { except } : {}) }
}

/** Host bits stay, spellings vary. */
function writeBlock(random: Random, value: bigint, family: 4 | 6, length: number): string {
  const text = writeIp({ family, value })
  if (family === 6) return `${random.chance(0.2) ? text.toUpperCase() : text}/${length}`
  if (random.chance(0.06)) return `::ffff:${text}/${length + 96}`
  if (random.chance(0.06)) return `${text.replace(/\.(\d)$/, '.0$1')}/${length}`
  return `${text}/${length}`
}

function portOf(random: Random): Json {
  const protocol = random.pick([undefined, undefined, 'TCP', 'TCP', 'UDP', 'SCTP'])
  const named = protocol === undefined ? {} : { protocol }
  switch (random.below(6)) {
    case 0:
      return random.chance(0.3) ? { ...named, port: null } : named
    case 1:
    case 2:
      return { ...named, port: random.pick(portNames) }
    case 3: {
      const port = random.pick([50, 53, 79, 80, 8000, 5000])
      return { ...named, port, endPort: port + random.pick([0, 1, 10, 432]) }
    }
    default:
      return { ...named, port: random.pick([53, 80, 443, 5432, 8080, 1, 65535]) }
  }
}

/** What no API server would have let in (S27). */
function spoilt(random: Random, spec: Json): Json {
  const field = random.pick(['ingress', 'egress'])
  const peers = field === 'ingress' ? 'from' : 'to'
  const inPeers = (peer: Json) => ({ ...spec, [field]: [{ [peers]: [peer] }] })
  const inPorts = (port: Json) => ({ ...spec, [field]: [{ ports: [port] }] })
  return random.pick<() => Json>([
    () => inPeers({}),
    () => inPeers({ podSelector: null, namespaceSelector: null }),
    () => inPeers({ ipBlock: { cidr: '0.0.0.0/0' }, podSelector: {} }),
    () => inPeers({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }),
    () => inPeers({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }),
    () => inPeers({ ipBlock: { cidr: '10.0.0.0/16', except: ['10.0.0.0/8'] } }),
    () => inPeers({ ipBlock: { cidr: '0.0.0.0/0', except: ['fd00::/8'] } }),
    () => inPeers({ ipBlock: { cidr: '10.0.0.0' } }),
    () => inPeers({ ipBlock: { cidr: '10.0.0.0/33' } }),
    () => inPeers({ podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: [] }] } }),
    () =>
      inPeers({ podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists', values: ['api'] }] } }),
    () =>
      inPeers({ namespaceSelector: { matchExpressions: [{ key: 'app', operator: 'in', values: ['api'] }] } }),
    () => inPorts({ port: 'http', endPort: 90 }),
    () => inPorts({ endPort: 90 }),
    () => inPorts({ port: 80, endPort: 79 }),
    () => inPorts({ port: 80, endPort: 70000 }),
    () => inPorts({ port: 0 }),
    () => inPorts({ port: '80' }),
    () => inPorts({ port: 80, protocol: 'ICMP' }),
    () => ({ ...spec, policyTypes: ['Ingress', 'Both'] }),
    () => ({ ...spec, policyTypes: ['Ingress', 'Egress', 'Ingress'] }),
    () => ({
      ...spec,
      podSelector: { matchExpressions: [{ key: 'app', operator: 'Within', values: ['api'] }] },
    }),
  ])()
}
