// Random small clusters from a seed. Everything is drawn from small pools, so that labels, addresses, names
// and ports nearly match all the time: a near-miss finds more than noise does.

import type { ContainerPort, Labels, Namespace, Node, Phase, Pod, World } from '../../agent/policy/objects.ts'
import { policyOf } from './policies.ts'
import {
  externals,
  isInherited,
  labelValues,
  namespaceLabelValues,
  namespaceNames,
  portNames,
  portNumbers,
} from './pools.ts'
import { createRandom, type Random } from './random.ts'

export function worldOf(seed: number): World {
  const random = createRandom(seed)
  const nodes = Array.from({ length: random.between(1, 3) }, (_, index) => nodeOf(random, index))
  const namespaces = namespaceNames.slice(0, random.between(2, 5)).map(name => namespaceOf(random, name))
  const pods: Pod[] = []
  const count = random.between(4, 14)
  while (pods.length < count) pods.push(podOf(random, pods.length, namespaces, nodes, pods))
  // Policies meet each other in few namespaces, and their pods there.
  const busy = namespaces.slice(0, random.between(1, 2))
  const policies = Array.from({ length: random.pick([0, 1, 3, 5, 6, 7, 8, 9, 10]) }, (_, index) =>
    policyOf(random, index, random.pick(busy).name, addressesOf(nodes, pods)),
  )
  return { namespaces, pods, nodes, policies }
}

/** Every address that anything in the world has, and some that nothing has. */
export function addressesOf(nodes: readonly Node[], pods: readonly Pod[]): string[] {
  return [
    ...nodes.flatMap(node => node.addresses),
    ...pods.flatMap(pod => pod.ips),
    ...externals,
    '10.0.0.200',
  ]
}

export function nodeOf(random: Random, index: number): Node {
  const extra = [`10.200.0.${index + 1}`, `fd00:192:168::1${index + 1}`]
  return {
    name: `node-${index}`,
    labels: { 'kubernetes.io/hostname': `node-${index}` },
    addresses: [`192.168.0.${11 + index}`, ...random.some(extra, 0.7)],
    podCIDRs: random.chance(0.8) ? [`10.0.${index}.0/24`, `fd00:10:0:${index}::/64`] : [],
  }
}

export function namespaceOf(random: Random, name: string): Namespace {
  return { name, labels: { 'kubernetes.io/metadata.name': name, ...labelsOf(random, namespaceLabelValues) } }
}

export function labelsOf(random: Random, pool: Readonly<Record<string, readonly string[]>>): Labels {
  const keys = Object.keys(pool).filter(key => random.chance(isInherited(key) ? 0.1 : 0.65))
  return Object.fromEntries(keys.map(key => [key, random.pick(pool[key]!)]))
}

export function podOf(
  random: Random,
  index: number,
  namespaces: readonly Namespace[],
  nodes: readonly Node[],
  others: readonly Pod[],
): Pod {
  const node = random.pick(nodes)
  const hostNetwork = random.chance(0.1)
  const phase = random.chance(0.15)
    ? random.pick(['Succeeded', 'Failed', 'Pending', 'Unknown'] as const)
    : 'Running'
  const place = { node, nodes, others }
  return {
    uid: `pod-${index}`,
    ns: random.pick(namespaces.slice(0, random.chance(0.7) ? 2 : 5)).name,
    name: `p${index}`,
    labels: labelsOf(random, labelValues),
    ips: hostNetwork ? hostAddresses(random, phase, place) : podAddresses(random, phase, place, index),
    hostIPs: random.chance(0.8) ? node.addresses.slice(0, 1) : [],
    node: node.name,
    hostNetwork,
    phase,
    terminating: random.chance(0.08),
    ports: containerPorts(random),
    workload: `Deployment/d${index % 3}`,
  }
}

interface Place {
  readonly node: Node
  readonly nodes: readonly Node[]
  readonly others: readonly Pod[]
}

function isFinished(phase: Phase): boolean {
  return phase === 'Succeeded' || phase === 'Failed'
}

/** The node's own; a finished pod may still show what the node had before another node got it (S60). */
function hostAddresses(random: Random, phase: Phase, { node, nodes }: Place): readonly string[] {
  if (phase === 'Pending' && random.chance(0.5)) return []
  return isFinished(phase) && random.chance(0.3) ? random.pick(nodes).addresses : node.addresses
}

/**
 * IPv4 only, IPv6 only or both, IPv4 first as in a cluster whose primary family it is. The address of a finished pod may belong
 * to another by now (S60), and while an address changes hands a reader may see two live pods that claim it.
 */
function podAddresses(
  random: Random,
  phase: Phase,
  { node, others }: Place,
  index: number,
): readonly string[] {
  if (phase === 'Pending' && random.chance(0.5)) return []
  const running = others.filter(pod => pod.phase === 'Running' && !pod.hostNetwork)
  if (running.length > 0 && random.chance(isFinished(phase) ? 0.7 : 0.04)) return random.pick(running).ips
  const third = node.name.slice(5)
  const both = [`10.0.${third}.${2 + index}`, `fd00:10:0:${third}::${(2 + index).toString(16)}`]
  if (random.chance(0.35)) return both
  return random.chance(0.15) ? both.slice(1) : both.slice(0, 1)
}

/** The same name on other numbers, protocols and containers. */
export function containerPorts(random: Random): ContainerPort[] {
  return Array.from({ length: random.between(0, 4) }, () => ({
    ...(random.chance(0.85) ? { name: random.pick(portNames) } : {}),
    port: random.pick(portNumbers),
    protocol: random.chance(0.65) ? 'TCP' : random.pick(['UDP', 'SCTP'] as const),
  }))
}
