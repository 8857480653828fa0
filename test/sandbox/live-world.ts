// The world of the live agent's sandbox, as Kubernetes objects. The namespace of a pod says which way its denials are logged, so that
// each packet is told by one source only. Addresses are drawn anew for every run: the kernel's log is the machine's, and other nodes
// of namespaces may be writing into it.

import { randomInt } from 'node:crypto'

export type LogPath = 'kmsg' | 'logemu' | 'json'

/** Namespaces whose denials go to a group of NFLOG; all others are written into the kernel's log. */
export const logPathOf: Readonly<Record<string, LogPath>> = { emu: 'logemu', json: 'json' }

export interface Addresses {
  /** Of a pod, by its number. */
  pod(number: number): readonly [ipv4: string, ipv6: string]
  service(number: number): string
  /** Outside the cluster. */
  outside(number: number): string
  readonly outsideRange: (length: number, first: number) => string
  readonly podRange: string
  readonly node: readonly string[]
}

export function drawAddresses(): Addresses {
  const [a, b] = [randomInt(16, 200), randomInt(1, 255)]
  return {
    pod: number => [`10.${a}.${b}.${number}`, `fd00:${a}:${b}::${number}`],
    service: number => `10.${a}.0.${number}`,
    outside: number => `198.19.${b}.${number}`,
    outsideRange: (length, first) => `198.19.${b}.${first}/${length}`,
    podRange: `10.${a}.${b}.0/24`,
    node: [`172.30.${a}.${b}`, `fd00:${a}:${b}:f::1`],
  }
}

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly [field: string]: unknown
}

export interface KubernetesObject {
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}

export const nodeName = 'worker-1'

type Port = readonly [name: string, port: number, protocol: 'TCP' | 'UDP']

/** A pod of this node. `name` is without a dash: it is the alias too. */
export function pod(
  namespace: string,
  name: string,
  ips: readonly string[],
  ports: readonly Port[] = [],
  labels: Readonly<Record<string, string>> = { app: name },
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, uid: `uid-${namespace}-${name}`, labels },
    spec: {
      nodeName,
      containers: [
        { name, ports: ports.map(([name, containerPort, protocol]) => ({ name, containerPort, protocol })) },
      ],
    },
    status: { phase: 'Running', podIPs: ips.map(ip => ({ ip })) },
  }
}

export function policy(namespace: string, name: string, spec: object): KubernetesObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name, uid: `uid-${namespace}-${name}`, generation: 1 },
    spec,
  }
}

const namespace = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    labels: { 'kubernetes.io/metadata.name': name },
    ...(name === 'strict' && { annotations: { 'quickstart.culprit/deny-with': 'reject' } }),
  },
})

const app = (name: string) => ({ podSelector: { matchLabels: { app: name } } })
const appOf = (namespace: string, name: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  ...app(name),
})
const tcp = (port: number | string) => ({ protocol: 'TCP', port })
const udp = (port: number | string) => ({ protocol: 'UDP', port })

function service(namespace: string, name: string, ip: string, ports: readonly object[]): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { selector: { app: name }, clusterIPs: [ip], clusterIP: ip, ports },
  }
}

const names = ['front', 'ops', 'jail', 'vault', 'strict', 'emu', 'json']

export function worldOf(net: Addresses): readonly KubernetesObject[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: nodeName },
      spec: { podCIDRs: [net.podRange] },
      status: { addresses: net.node.map(address => ({ type: 'InternalIP', address })) },
    },
    ...names.map(namespace),
    ...podsOf(net),
    service('front', 'api', net.service(20), [{ protocol: 'TCP', port: 80, targetPort: 'http' }]),
    service('emu', 'db', net.service(21), [{ protocol: 'TCP', port: 5432, targetPort: 5432 }]),
    ...policiesOf(net),
  ]
}

function podsOf(net: Addresses): readonly KubernetesObject[] {
  return [
    pod('front', 'web', net.pod(11)),
    pod('front', 'api', net.pod(12), [
      ['http', 8080, 'TCP'],
      ['admin', 9090, 'TCP'],
      ['feed', 5353, 'UDP'],
      ['stats', 8125, 'UDP'],
    ]),
    pod('ops', 'probe', net.pod(13)),
    pod('jail', 'worker', net.pod(14)),
    pod('vault', 'safe', net.pod(15)),
    pod('vault', 'key', net.pod(16), [['tls', 8443, 'TCP']]),
    pod('strict', 'desk', net.pod(17), [['http', 8080, 'TCP']]),
    pod('emu', 'db', net.pod(18), [['sql', 5432, 'TCP']]),
    pod('json', 'cache', net.pod(19), [['redis', 6379, 'TCP']]),
  ]
}

function policiesOf(net: Addresses): readonly KubernetesObject[] {
  const office = { cidr: net.outsideRange(24, 0), except: [net.outsideRange(25, 128)] }
  return [
    policy('front', 'api-in', {
      ...app('api'),
      policyTypes: ['Ingress'],
      ingress: [
        { from: [app('web')], ports: [tcp('http'), udp('feed')] },
        { from: [{ ipBlock: office }], ports: [tcp(9090)] },
        { from: [appOf('jail', 'worker')] },
      ],
    }),
    policy('jail', 'worker-out', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [
        { to: [{ ipBlock: { cidr: net.outsideRange(32, 10) } }], ports: [tcp(443)] },
        { to: [appOf('front', 'api')] },
      ],
    }),
    policy('vault', 'default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    policy('strict', 'desk-in', {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from: [app('desk')] }],
    }),
    policy('emu', 'db-in', {
      ...app('db'),
      policyTypes: ['Ingress'],
      ingress: [{ from: [appOf('front', 'api')], ports: [tcp(5432)] }],
    }),
    policy('json', 'cache-in', {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from: [appOf('front', 'api')], ports: [tcp('redis')] }],
    }),
  ]
}
