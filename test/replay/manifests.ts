// A random world of test/oracle written out as the manifests that a cluster would print, with Services in front of its pods.

import type { Pod, World } from '../../agent/policy/objects.ts'
import type { Random } from '../oracle/random.ts'

export interface Service {
  readonly ns: string
  readonly name: string
  readonly ip: string
  readonly port: number
  readonly targetPort: number
}

export function servicesOf(random: Random, world: World): Service[] {
  return [1, 2, 3].map(index => ({
    ns: random.pick(world.namespaces).name,
    name: `svc-${index}`,
    ip: index === 3 ? 'fd00:10:96::13' : `10.96.0.1${index}`,
    port: random.pick([53, 80, 443]),
    targetPort: random.pick([53, 5432, 8080]),
  }))
}

export function manifestsOf(world: World, services: readonly Service[]): object {
  const items = [
    ...world.namespaces.map(({ name, labels }) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    })),
    ...world.nodes.map(({ name, labels, addresses, podCIDRs }) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      spec: podCIDRs.length > 0 ? { podCIDR: podCIDRs[0], podCIDRs } : {},
      status: { addresses: addresses.map(address => ({ type: 'InternalIP', address })) },
    })),
    ...world.pods.map(podManifest),
    ...world.policies,
    ...services.map(serviceManifest),
  ]
  return { apiVersion: 'v1', kind: 'List', items }
}

/** The owner of a pod as records name it: worlds.ts spreads the pods over three workloads. */
export function workloadOf(pod: Pod): string {
  return pod.workload.replace('Deployment/', 'StatefulSet/')
}

function podManifest(pod: Pod): object {
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: workloadOf(pod).split('/')[1], uid: 'o' }
  const containers = pod.ports.map(({ name, port, protocol }, index) => ({
    name: `c${index}`,
    ports: [{ ...(name === undefined ? {} : { name }), containerPort: port, protocol }],
  }))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: pod.ns,
      name: pod.name,
      uid: pod.uid,
      labels: pod.labels,
      ownerReferences: [{ ...owner, controller: true }],
      ...(pod.terminating
        ? { deletionTimestamp: '2026-11-22T09:00:30Z', deletionGracePeriodSeconds: 30 }
        : {}),
    },
    spec: {
      nodeName: pod.node,
      ...(pod.hostNetwork ? { hostNetwork: true } : {}),
      containers: containers.length > 0 ? containers : [{ name: 'main' }],
    },
    status: {
      phase: pod.phase,
      ...(pod.hostIPs.length > 0 ? { hostIP: pod.hostIPs[0], hostIPs: pod.hostIPs.map(ip => ({ ip })) } : {}),
      ...(pod.ips.length > 0 ? { podIP: pod.ips[0], podIPs: pod.ips.map(ip => ({ ip })) } : {}),
    },
  }
}

function serviceManifest({ ns, name, ip, port, targetPort }: Service): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: ns, name },
    spec: {
      selector: { app: 'api' },
      clusterIP: ip,
      clusterIPs: [ip],
      ports: [
        { name: 'main', port, targetPort, protocol: 'TCP' },
        { name: 'main-udp', port, targetPort, protocol: 'UDP' },
      ],
    },
  }
}
