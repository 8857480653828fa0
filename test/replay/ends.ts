// Who the oracle says is at an address, as a record names it, and who else it might be.

import type { Labels, Pod, World } from '../../agent/policy/objects.ts'
import { contains, readBlock, readIp, writeIp } from '../oracle/addresses.ts'
import { type Service, workloadOf } from './manifests.ts'

export interface EndFields {
  readonly ip: string
  readonly kind: 'pod' | 'node' | 'service' | 'external' | 'unknown'
  readonly ns?: string
  readonly pod?: string
  readonly uid?: string
  readonly wl?: string
  readonly node?: string
}

export function endOf(world: World, services: readonly Service[], address: string): EndFields {
  const ip = canonical(address)
  const pod = claimsOn(world, address)[0]
  if (pod !== undefined) return podEnd(pod, address)
  const node = world.nodes.find(({ addresses }) => addresses.some(one => isSameAddress(one, address)))
  if (node !== undefined) return { ip, kind: 'node', node: node.name }
  if (services.some(service => isSameAddress(service.ip, address))) return { ip, kind: 'service' }
  // "An address inside a Node's podCIDRs without a pod known at that time is kind: unknown, never external."
  const isPodAddress = world.nodes.some(({ podCIDRs }) =>
    podCIDRs.some(cidr => contains(readBlock(cidr)!, readIp(address)!)),
  )
  // S60: the address of a finished pod "may already belong to another".
  const wasPods = world.pods.some(pod => !pod.hostNetwork && pod.ips.some(one => isSameAddress(one, address)))
  return { ip, kind: isPodAddress || wasPods ? 'unknown' : 'external' }
}

export function podEnd(pod: Pod, address: string): EndFields {
  const { ns, name, uid } = pod
  return { ip: canonical(address), kind: 'pod', ns, pod: name, uid, wl: workloadOf(pod) }
}

/** The live pods on the pod network that claim an address: S58 to S60, of several a running one, then by name. */
export function claimsOn(world: World, address: string): Pod[] {
  return world.pods
    .filter(pod => !pod.hostNetwork && pod.phase !== 'Succeeded' && pod.phase !== 'Failed')
    .filter(pod => pod.ips.some(ip => isSameAddress(ip, address)))
    .toSorted(
      (a, b) =>
        Number(b.phase === 'Running') - Number(a.phase === 'Running') ||
        (`${a.ns}/${a.name}` < `${b.ns}/${b.name}` ? -1 : 1),
    )
}

/** S50, S51: one pod at both ends, whom nothing may keep from itself. */
export function isSelf(world: World, { from, to }: { readonly from: string; readonly to: string }): boolean {
  const pod = claimsOn(world, from)[0]
  return pod !== undefined && pod === claimsOn(world, to)[0]
}

export function isSameAddress(a: string, b: string): boolean {
  return canonical(a) === canonical(b)
}

const spellings = new Map<string, string>()

/** Kept, because everything here is asked about few addresses very often. */
function canonical(address: string): string {
  const known = spellings.get(address)
  if (known !== undefined) return known
  const text = writeIp(readIp(address)!)
  spellings.set(address, text)
  return text
}

/** Every world that what is known of an address leaves open: first the one in which the pod `shown` has it. */
export function worldsAround(world: World, address: string, shown: string | undefined): World[] {
  const claims = claimsOn(world, address)
  if (claims.length > 1) {
    const first = claims.toSorted((a, b) => Number(b.uid === shown) - Number(a.uid === shown))
    return first.map(one =>
      without(
        world,
        claims.filter(other => other !== one),
      ),
    )
  }
  if (endOf(world, [], address).kind !== 'unknown') return [world]
  return [world, ...strangers(world, address).map(pod => ({ ...world, pods: [...world.pods, pod] }))]
}

function without(world: World, gone: readonly Pod[]): World {
  return { ...world, pods: world.pods.filter(pod => !gone.includes(pod)) }
}

/** Pods that might be at an address nobody is known to have: any namespace, any labels of the world, none, and others. */
function strangers(world: World, address: string): Pod[] {
  const labelings: Labels[] = [
    ...world.pods.map(pod => pod.labels),
    {},
    { app: 'api' },
    { app: 'db', tier: 'back', role: 'old' },
  ]
  const ports = world.pods.flatMap(pod => pod.ports)
  return world.namespaces.flatMap(({ name: ns }) =>
    labelings.map((labels, index) => ({
      uid: 'stranger',
      ns,
      name: 'stranger',
      labels,
      ips: [address],
      hostIPs: [],
      hostNetwork: false,
      phase: 'Running' as const,
      terminating: false,
      ports: index % 2 === 0 ? ports : [],
      workload: 'Pod/stranger',
    })),
  )
}
