// Who is at the two ends of a probe: a pod under policy, a host-network pod, or only an address.

import type { Pod, World } from '../../agent/policy/objects.ts'
import { contains, type Ip, isSameIp, readBlock, readIp } from './addresses.ts'

/** One line of `culprit evaluate --probes`, without its id. */
export interface Probe {
  readonly from: string
  readonly to: string
  readonly port: number | null
  readonly protocol?: string
  readonly reply?: boolean
}

/** One end of the connection. `pod`: under policy. `hosts`: host-network pods, which are their node's traffic (S52, S53). */
export interface End {
  readonly ip: Ip
  readonly pod: Pod | undefined
  readonly hosts: readonly Pod[]
  /** False where several live pods claim the address, and where it is of a pod network and nobody is known to have it. */
  readonly isCertain: boolean
}

export interface Connection {
  readonly source: End
  readonly destination: End
  readonly protocol: string
  readonly port: number
}

export function readConnection(world: World, probe: Probe): Connection | undefined {
  // S54: replies belong to the connection; the packet `from` -> `to` is a reply of the connection `to` -> `from`.
  const [from, to] = probe.reply === true ? [probe.to, probe.from] : [probe.from, probe.to]
  const protocol = (probe.protocol ?? 'TCP').toUpperCase()
  if (!isPortOf(protocol, probe.port)) return undefined
  const source = resolve(world, from, to)
  const destination = resolve(world, to, from)
  if (source === undefined || destination === undefined) return undefined
  return { source, destination, protocol, port: probe.port ?? -1 }
}

/** 1 to 65535 for the protocols that have ports, null for the others. */
function isPortOf(protocol: string, port: number | null): boolean {
  if (!['TCP', 'UDP', 'SCTP'].includes(protocol)) return port === null
  return port !== null && Number.isInteger(port) && port >= 1 && port <= 65535
}

/** Part 7: an address is resolved to the live pod that owns it; a pod uses its address of the family of the other end. */
function resolve(world: World, text: string, other: string): End | undefined {
  if (!text.includes('/')) {
    const ip = readIp(text)
    return ip === undefined ? undefined : endOfAddress(world, ip)
  }
  const pod = findPod(world, text)
  if (pod === undefined || !ownsAddresses(pod)) return undefined
  const theirs = addressesOf(world, other)
  const own = addressesOf(world, text)
  const ip = own.find(mine => theirs.some(their => their.family === mine.family)) ?? own[0]!
  return endOfPod(pod, ip)
}

function endOfAddress(world: World, ip: Ip): End {
  const owners = world.pods.filter(
    pod => ownsAddresses(pod) && pod.ips.some(text => isSameIp(readIp(text)!, ip)),
  )
  // A node's address belongs to the node, however many host-network pods share it.
  const hosts = owners.filter(pod => pod.hostNetwork)
  const claims = owners.filter(pod => !pod.hostNetwork).toSorted(byClaim)
  const isNobodys = owners.length === 0 && isOfPodNetwork(world, ip)
  return { ip, pod: claims[0], hosts, isCertain: claims.length < 2 && !isNobodys }
}

/** DESIGN section 12: "An address inside a Node's podCIDRs without a pod known at that time is kind unknown, never external." */
function isOfPodNetwork({ nodes }: World, ip: Ip): boolean {
  if (nodes.some(({ addresses }) => addresses.some(text => isSameIp(readIp(text)!, ip)))) return false
  return nodes.some(({ podCIDRs }) => podCIDRs.some(text => contains(readBlock(text)!, ip)))
}

/** Of live pods that claim one address a running one (S60), else the first by name; it stays a candidate in any case. */
function byClaim(a: Pod, b: Pod): number {
  const name = `${a.ns}/${a.name}` < `${b.ns}/${b.name}` ? -1 : 1
  return Number(b.phase === 'Running') - Number(a.phase === 'Running') || name
}

function endOfPod(pod: Pod, ip: Ip): End {
  // S52, S53: a host-network pod is not governed and not selected: it is a node's address.
  const isHost = pod.hostNetwork
  return { ip, pod: isHost ? undefined : pod, hosts: isHost ? [pod] : [], isCertain: true }
}

function findPod(world: World, text: string): Pod | undefined {
  return world.pods.find(pod => `${pod.ns}/${pod.name}` === text)
}

function addressesOf(world: World, text: string): Ip[] {
  if (text.includes('/')) return (findPod(world, text)?.ips ?? []).map(ip => readIp(ip)!)
  const ip = readIp(text)
  return ip === undefined ? [] : [ip]
}

/** S58: a pod without an address takes no part. S60: a finished pod owns none. S59: a terminating one keeps its own. */
function ownsAddresses(pod: Pod): boolean {
  return pod.ips.length > 0 && pod.phase !== 'Succeeded' && pod.phase !== 'Failed'
}
