// The small cluster that every situation of the golden page happens in, and its log lines. Two nodes, five namespaces, ten pods.

export const cluster = `apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Namespace, metadata: { name: shop, labels: { kubernetes.io/metadata.name: shop, team: shop } } }
  - { apiVersion: v1, kind: Namespace, metadata: { name: data, labels: { kubernetes.io/metadata.name: data } } }
  - { apiVersion: v1, kind: Namespace, metadata: { name: monitoring, labels: { kubernetes.io/metadata.name: monitoring } } }
  - { apiVersion: v1, kind: Namespace, metadata: { name: kube-system, labels: { kubernetes.io/metadata.name: kube-system } } }
  - { apiVersion: v1, kind: Node, metadata: { name: worker-1 }, spec: { podCIDR: 10.244.1.0/24 }, status: { addresses: [{ type: InternalIP, address: 10.0.0.11 }] } }
  - { apiVersion: v1, kind: Node, metadata: { name: worker-2 }, spec: { podCIDR: 10.244.2.0/24 }, status: { addresses: [{ type: InternalIP, address: 10.0.0.12 }] } }
${[
  pod('shop', 'web-5d9f7c6b8-kx2vp', 'worker-1', '10.244.1.10', 'Deployment', { app: 'web' }, [
    ['http', 8080],
  ]),
  pod('shop', 'cart-6c9f7d4b8-x2v9k', 'worker-1', '10.244.1.11', 'Deployment', { app: 'cart' }, [
    ['http', 8080],
  ]),
  pod('shop', 'cart-6c9f7d4b8-q8w4z', 'worker-2', '10.244.2.11', 'Deployment', { app: 'cart' }, [
    ['http', 8080],
  ]),
  pod('data', 'pg-0', 'worker-1', '10.244.1.20', 'StatefulSet', { app: 'pg' }, [
    ['pg', 5432],
    ['metrics', 9187],
  ]),
  pod('data', 'redis-0', 'worker-1', '10.244.1.21', 'StatefulSet', { app: 'redis' }, [['redis', 6379]]),
  pod('monitoring', 'prometheus-0', 'worker-2', '10.244.2.30', 'StatefulSet', { app: 'prometheus' }, [
    ['web', 9090],
  ]),
  pod(
    'kube-system',
    'coredns-7db6d8ff4-5tqzl',
    'worker-2',
    '10.244.2.53',
    'Deployment',
    { 'k8s-app': 'kube-dns' },
    [['dns', 53, 'UDP']],
  ),
].join('\n')}
  - { apiVersion: v1, kind: Service, metadata: { namespace: data, name: pg }, spec: { clusterIP: 10.96.0.20, selector: { app: pg }, ports: [{ port: 5432 }] } }
  - { apiVersion: v1, kind: Service, metadata: { namespace: shop, name: web }, spec: { clusterIP: 10.96.0.10, selector: { app: web }, ports: [{ port: 80, targetPort: http }] } }
`

type Port = readonly [name: string, port: number, protocol?: string]

function pod(
  ns: string,
  name: string,
  node: string,
  ip: string,
  kind: 'Deployment' | 'StatefulSet',
  labels: Record<string, string>,
  ports: readonly Port[],
): string {
  return `  - ${JSON.stringify(podObject(ns, name, node, ip, kind, labels, ports))}`
}

/** A running pod as the API server has it. */
export function podObject(
  ns: string,
  name: string,
  node: string,
  ip: string,
  kind: 'Deployment' | 'StatefulSet',
  labels: Record<string, string>,
  ports: readonly Port[] = [],
) {
  const owner = name.replace(/-[^-]+$/, '')
  const hash = kind === 'Deployment' ? { 'pod-template-hash': owner.replace(/^.*-/, '') } : {}
  const host = node === 'worker-1' ? '10.0.0.11' : '10.0.0.12'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: ns,
      name,
      uid: `uid-${name}`,
      labels: { ...labels, ...hash },
      ownerReferences: [{ kind: kind === 'Deployment' ? 'ReplicaSet' : kind, name: owner, controller: true }],
    },
    spec: {
      nodeName: node,
      containers: [
        {
          name: 'main',
          ports: ports.map(([portName, containerPort, protocol = 'TCP']) => ({
            name: portName,
            containerPort,
            protocol,
          })),
        },
      ],
    },
    status: { phase: 'Running', hostIP: host, podIP: ip, podIPs: [{ ip }] },
  }
}

/** Who is who on the wire. */
export const address: Readonly<Record<string, string>> = {
  web: '10.244.1.10',
  cart: '10.244.1.11',
  cart2: '10.244.2.11',
  pg: '10.244.1.20',
  redis: '10.244.1.21',
  prometheus: '10.244.2.30',
  coredns: '10.244.2.53',
  node: '10.0.0.11',
}

const ip = (end: string): string => address[end] ?? end

export const DAY = '2026-11-22'

/** A kernel LOG line: \`drop('14:48:46', 'cart', 'pg', 5432)\`. */
export function drop(
  time: string,
  from: string,
  to: string,
  port: number,
  {
    proto = 'TCP',
    word = 'np-drop',
  }: { readonly proto?: 'TCP' | 'UDP' | 'ICMP'; readonly word?: string } = {},
): string {
  const start = `${DAY}T${time}.123456+00:00 worker-1 kernel: ${word} IN=veth1 OUT=veth2 MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=${ip(from)} DST=${ip(to)} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=43587 DF`
  if (proto === 'ICMP') return `${start} PROTO=ICMP TYPE=8 CODE=0 ID=7 SEQ=1`
  if (proto === 'UDP') return `${start} PROTO=UDP SPT=41000 DPT=${port} LEN=40`
  return `${start} PROTO=TCP SPT=41000 DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0`
}

/** The two conntrack events of a connection; `called` is the Service's address and port, \`seen\` what source NAT made of the client. */
export function connection(
  time: string,
  from: string,
  to: string,
  port: number,
  options: {
    readonly called?: readonly [string, number]
    readonly seen?: string
    readonly isAnswered?: boolean
  } = {},
): string[] {
  const { called = [to, port] as const, seen = from, isAnswered = true } = options
  const seconds = Date.parse(`${DAY}T${time}Z`) / 1000
  const there = `src=${ip(from)} dst=${ip(called[0])} sport=41000 dport=${called[1]}`
  const back = `src=${ip(to)} dst=${ip(seen)} sport=${port} dport=41000`
  const begun = `[${seconds}.100000]\t    [NEW] ipv4     2 tcp      6 120 SYN_SENT ${there} [UNREPLIED] ${back} id=77`
  const end = isAnswered ? `${there} ${back} [ASSURED] id=77` : `${there} [UNREPLIED] ${back} id=77`
  return [begun, `[${seconds + 1}.100000]\t[DESTROY] ipv4     2 tcp      6 ${end}`]
}

/** A Hubble flow, as Cilium exports it; \`fields\` are members of its own. */
export function hubble(
  time: string,
  from: string,
  to: string,
  port: number,
  fields: Record<string, unknown>,
): string {
  const at = `${DAY}T${time}.123456789Z`
  const flow = {
    time: at,
    uuid: '0a1b2c3d-0000-4000-8000-000000000001',
    IP: { source: ip(from), destination: ip(to), ipVersion: 'IPv4' },
    l4: { TCP: { source_port: 41000, destination_port: port, flags: { SYN: true } } },
    Type: 'L3_L4',
    event_type: { type: 5 },
    ...fields,
  }
  return JSON.stringify({ flow, node_name: 'worker-1', time: at })
}

/** A NetworkPolicy as a manifest; \`spec\` is YAML of the spec, indented as it stands there. */
export function policy(key: string, spec: string, meta = ''): string {
  const [ns, name] = key.split('/')
  return `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { namespace: ${ns}, name: ${name}${meta} }\nspec:\n${spec.replace(/^/gm, '  ')}\n`
}

/** A cluster-scoped policy of the admin tiers. */
export function admin(kind: string, name: string, spec: string): string {
  return `---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n${spec.replace(/^/gm, '  ')}\n`
}
