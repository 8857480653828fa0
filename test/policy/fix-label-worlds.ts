// Random worlds where a label is what is missing: rules for pods that bear `access`, pods that lack it, and now and then a policy
// that makes the label mean something else too.

import type { Labels, Namespace, Pod, PolicyObject, World } from '../../agent/policy/objects.ts'
import { createRandom, type Random } from '../oracle/random.ts'

type Json = Record<string, unknown>

export function lackingWorldOf(seed: number): World {
  const random = createRandom(seed)
  const namespaces = ['x', 'y', 'z'].map(name => namespaceOf(random, name))
  const pods = Array.from({ length: random.between(5, 10) }, (_, i) => podOf(random, i))
  const policies = Array.from({ length: random.between(1, 3) }, (_, i) => policyOf(random, i))
  return {
    namespaces,
    pods,
    nodes: [],
    policies: random.chance(0.2) ? [...policies, tierOf(random)] : policies,
  }
}

function namespaceOf(random: Random, name: string): Namespace {
  return {
    name,
    labels: { 'kubernetes.io/metadata.name': name, ...some(random, { env: 'prod', team: 'red' }, 0.3) },
  }
}

function some(random: Random, labels: Labels, probability: number): Labels {
  return Object.fromEntries(random.some(Object.entries(labels), probability))
}

function podOf(random: Random, i: number): Pod {
  return {
    uid: `pod-${i}`,
    ns: i < 3 ? 'x' : random.pick(['x', 'y', 'y', 'z']),
    name: `p${i}`,
    labels: {
      ...some(random, { app: random.pick(['api', 'cart']) }, 0.7),
      ...some(random, { access: 'true', 'example.com/role': 'reader' }, 0.2),
    },
    ips: [`10.0.0.${i + 1}`],
    hostIPs: [],
    hostNetwork: false,
    phase: 'Running',
    terminating: false,
    ports: random.chance(0.5) ? [{ name: 'http', port: random.pick([80, 8080]), protocol: 'TCP' }] : [],
    workload: `Deployment/d${i % 5}`,
  }
}

const wanted = [
  { matchLabels: { access: 'true' } },
  { matchExpressions: [{ key: 'access', operator: 'In', values: ['true', 'full'] }] },
  { matchExpressions: [{ key: 'access', operator: 'Exists' }] },
  { matchLabels: { access: 'true' }, matchExpressions: [{ key: 'debug', operator: 'DoesNotExist' }] },
  { matchLabels: { access: 'true', 'example.com/role': 'reader' } },
]
const unwanted = [
  { matchExpressions: [{ key: 'access', operator: 'DoesNotExist' }] },
  { matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['prod'] }] },
]

function policyOf(random: Random, i: number): PolicyObject {
  const rules = (peers: 'from' | 'to') =>
    Array.from({ length: random.between(1, 2) }, () => ({
      [peers]: Array.from({ length: random.between(1, 2) }, () => peerOf(random)),
      ports: [{ port: random.pick([80, 80, 80, 'http', 8080]) }],
    }))
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `np-${i}`, namespace: random.pick(['x', 'x', 'x', 'y']) },
    spec: {
      podSelector: random.chance(0.85) ? {} : random.pick(wanted),
      ingress: rules('from'),
      ...(random.chance(0.3) ? { egress: rules('to') } : {}),
    },
  }
}

function peerOf(random: Random): Json {
  // Pods that have no label to be named by, which is where a label of their namespace can let in the fewest.
  if (random.chance(0.15))
    return {
      podSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
      namespaceSelector: { matchLabels: { env: 'prod' } },
    }
  const podSelector = random.chance(0.12) ? random.pick(unwanted) : random.pick([...wanted, {}])
  const namespaceSelector = random.pick([
    undefined,
    {},
    { matchLabels: { env: 'prod' } },
    { matchLabels: { env: 'prod' } },
    { matchExpressions: [{ key: 'team', operator: 'Exists' }] },
    random.pick(unwanted),
  ])
  return { podSelector, ...(namespaceSelector && { namespaceSelector }) }
}

function tierOf(random: Random): PolicyObject {
  const peer = { pods: { namespaceSelector: {}, podSelector: random.pick(wanted) } }
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'AdminNetworkPolicy',
    metadata: { name: 'tier' },
    spec: {
      priority: 5,
      subject: { namespaces: random.pick([{}, { matchLabels: { env: 'prod' } }]) },
      ingress: [{ action: random.pick(['Allow', 'Deny', 'Pass']), from: [peer] }],
    },
  }
}
