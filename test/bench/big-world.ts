// A cluster of the size that the goals are about, the same one every time: namespaces of teams, workloads with several pods each,
// policies as people write them. Deterministic from its seed, so that competitors judge the same world.

import type { ContainerPort, Namespace, Node, Pod, PolicyObject, World } from '../../agent/policy/objects.ts'

export interface Size {
  readonly namespaces: number
  readonly pods: number
  readonly policies: number
  readonly nodes: number
}

export const fullSize: Size = { namespaces: 50, pods: 10_000, policies: 1_000, nodes: 100 }

/** Numbers in [0, 1), mulberry32: small, and the same on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export type Random = () => number

export function below(random: Random, count: number): number {
  return Math.floor(random() * count)
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)]!
}

const teams = ['shop', 'data', 'web', 'infra', 'search', 'pay']
const tiers = ['frontend', 'backend', 'cache', 'queue', 'store']
const apps = Array.from({ length: 24 }, (_, i) => `app-${i}`)
const portNames = ['http', 'metrics', 'grpc', 'admin']

export function bigWorld(size: Size = fullSize, seed = 1): World {
  const random = randomFrom(seed)
  const namespaces = Array.from({ length: size.namespaces }, (_, i) => namespaceOf(random, i))
  const nodes = Array.from({ length: size.nodes }, (_, i) => nodeOf(i))
  const pods = podsOf(random, size, namespaces, nodes)
  const policies = Array.from({ length: size.policies }, (_, i) =>
    policyOf(random, i, namespaces[i % size.namespaces]!.name),
  )
  return { namespaces, nodes, pods, policies }
}

function namespaceOf(random: Random, i: number): Namespace {
  const name = `ns-${i}`
  const labels = {
    'kubernetes.io/metadata.name': name,
    team: pick(random, teams),
    env: pick(random, ['prod', 'test']),
  }
  return { name, labels }
}

function nodeOf(i: number): Node {
  const ips = [`192.168.${i >> 8}.${i & 255}`, `fd00:1::${i.toString(16)}`]
  return {
    name: `node-${i}`,
    labels: {},
    addresses: ips,
    podCIDRs: [`10.${i}.0.0/16`, `fd00:2:${i.toString(16)}::/48`],
  }
}

/** Workloads of about ten pods, each with a pod-template-hash as Deployments have it. */
function podsOf(random: Random, size: Size, namespaces: readonly Namespace[], nodes: readonly Node[]): Pod[] {
  const pods: Pod[] = []
  for (let workload = 0; pods.length < size.pods; workload++) {
    const ns = namespaces[workload % namespaces.length]!.name
    const app = pick(random, apps)
    const labels = {
      app,
      tier: pick(random, tiers),
      team: pick(random, teams),
      'pod-template-hash': `h${workload}`,
    }
    const ports = portsOf(random)
    for (let i = 0; i < 10 && pods.length < size.pods; i++) {
      pods.push(
        podOf(pods.length, ns, `${app}-h${workload}`, labels, ports, nodes[pods.length % nodes.length]!),
      )
    }
  }
  return pods
}

function portsOf(random: Random): ContainerPort[] {
  return portNames
    .filter(() => random() < 0.5)
    .map(name => ({ name, port: 8000 + below(random, 4), protocol: random() < 0.9 ? 'TCP' : 'UDP' }))
}

function podOf(
  i: number,
  ns: string,
  workload: string,
  labels: Pod['labels'],
  ports: ContainerPort[],
  node: Node,
): Pod {
  const host = Number(node.name.slice('node-'.length))
  const serial = Math.floor(i / 100) + 2
  return {
    uid: `pod-${i}`,
    ns,
    name: `${workload}-${i}`,
    labels,
    ips: [`10.${host}.${serial >> 8}.${serial & 255}`, `fd00:2:${host.toString(16)}::${serial.toString(16)}`],
    hostIPs: node.addresses,
    node: node.name,
    hostNetwork: false,
    phase: 'Running',
    terminating: false,
    ports,
    workload: `Deployment/${workload}`,
  }
}

/** One policy; every 20th of a namespace's is its default deny. */
export function policyOf(random: Random, i: number, ns: string, generation = 1): PolicyObject {
  const metadata = { name: `policy-${i}`, namespace: ns, uid: `policy-${i}`, generation }
  const spec = random() < 0.05 ? { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } : specOf(random)
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec }
}

function specOf(random: Random): unknown {
  const rules = (peers: 'from' | 'to') =>
    Array.from({ length: 1 + below(random, 3) }, () => ({
      [peers]: Array.from({ length: 1 + below(random, 3) }, () => peerOf(random)),
      ...(random() < 0.8 && { ports: Array.from({ length: 1 + below(random, 3) }, () => portOf(random)) }),
    }))
  const hasEgress = random() < 0.4
  return {
    podSelector: selectorOf(random),
    ingress: rules('from'),
    ...(hasEgress && { egress: rules('to') }),
    policyTypes: hasEgress ? ['Ingress', 'Egress'] : ['Ingress'],
  }
}

function selectorOf(random: Random): unknown {
  const kind = random()
  if (kind < 0.5) return { matchLabels: { app: pick(random, apps) } }
  if (kind < 0.7) return { matchLabels: { tier: pick(random, tiers), team: pick(random, teams) } }
  if (kind < 0.9)
    return {
      matchExpressions: [{ key: 'app', operator: 'In', values: [pick(random, apps), pick(random, apps)] }],
    }
  return {
    matchExpressions: [
      { key: 'team', operator: 'NotIn', values: [pick(random, teams)] },
      { key: 'tier', operator: 'Exists' },
    ],
  }
}

function peerOf(random: Random): unknown {
  const kind = random()
  if (kind < 0.3) return { podSelector: selectorOf(random) }
  if (kind < 0.5) return { namespaceSelector: { matchLabels: { team: pick(random, teams) } } }
  if (kind < 0.75)
    return {
      namespaceSelector: { matchLabels: { env: pick(random, ['prod', 'test']) } },
      podSelector: selectorOf(random),
    }
  const net = below(random, 100)
  if (kind < 0.95)
    return { ipBlock: { cidr: `10.${net}.0.0/16`, except: [`10.${net}.${below(random, 4)}.0/24`] } }
  return { ipBlock: { cidr: `fd00:2:${net.toString(16)}::/48` } }
}

function portOf(random: Random): unknown {
  const kind = random()
  const protocol = random() < 0.9 ? 'TCP' : 'UDP'
  if (kind < 0.25) return { protocol, port: pick(random, portNames) }
  const port = 8000 + below(random, 8)
  return kind < 0.45 ? { protocol, port, endPort: port + below(random, 4) } : { protocol, port }
}
