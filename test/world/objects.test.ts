import t from 'tap'
import { readObject } from '../../agent/cluster/index.ts'
import { formatTime, type Observed } from '../../agent/timeline/index.ts'

function observe(value: unknown): Observed {
  const reading = readObject(value)
  if (reading.outcome !== 'observed') throw new Error(JSON.stringify(reading))
  return reading.observed
}

function issues(value: unknown): string[] {
  const reading = readObject(value)
  return reading.outcome === 'wrong' ? reading.issues.map(issue => issue.text) : [reading.outcome]
}

const bare = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'cart' } }

t.test('a Pod is read as policies see it', async t => {
  const observed = observe({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'cart-6c9f7d4b8-x2v9k',
      namespace: 'shop',
      uid: 'u1',
      labels: { app: 'cart', 'pod-template-hash': '6c9f7d4b8' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-6c9f7d4b8', controller: true }],
    },
    spec: {
      nodeName: 'w1',
      containers: [
        { ports: [{ name: 'http', containerPort: 8080 }] },
        { ports: [{ containerPort: 53, protocol: 'UDP' }] },
      ],
      initContainers: [
        { restartPolicy: 'Always', ports: [{ name: 'proxy', containerPort: 15001 }] },
        { ports: [{ containerPort: 1 }] },
      ],
    },
    status: {
      phase: 'Running',
      podIP: '10.244.1.5',
      podIPs: [{ ip: '010.244.001.005' }, { ip: 'FD00:0:0::5' }],
      hostIP: '192.168.0.1',
    },
  })
  t.strictSame(observed.object, {
    uid: 'u1',
    ns: 'shop',
    name: 'cart-6c9f7d4b8-x2v9k',
    labels: { app: 'cart', 'pod-template-hash': '6c9f7d4b8' },
    ips: ['10.244.1.5', 'fd00::5'],
    hostIPs: ['192.168.0.1'],
    node: 'w1',
    hostNetwork: false,
    phase: 'Running',
    terminating: false,
    ports: [
      { name: 'http', port: 8080, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
      { name: 'proxy', port: 15001, protocol: 'TCP' },
    ],
    workload: 'Deployment/cart',
  })
  t.equal(observed.id, 'u1')
  t.equal(observed.name, 'shop/cart-6c9f7d4b8-x2v9k')
})

t.test('what a Pod does not say has its usual value, and null means absent', async t => {
  const nulls = {
    ...bare,
    metadata: { name: 'cart', namespace: null, uid: null, labels: null },
    spec: null,
    status: { podIPs: null, phase: null },
  }
  for (const value of [bare, nulls]) {
    t.match(observe(value), {
      id: 'default/cart',
      object: {
        uid: 'default/cart',
        ns: 'default',
        labels: {},
        ips: [],
        phase: 'Pending',
        workload: 'Pod/cart',
        ports: [],
      },
    })
  }
  t.match(observe({ ...bare, status: { podIP: '10.0.0.1' } }).object, { phase: 'Running' })
})

t.test('the workload is what the pod can prove', async t => {
  const owned = (kind: string, name: string, labels = {}) => {
    const metadata = { name: 'p', labels, ownerReferences: [{ kind, name, controller: true }] }
    const { object } = observe({ ...bare, metadata })
    return 'workload' in object ? object.workload : ''
  }
  t.equal(owned('ReplicaSet', 'cart-abc', { 'pod-template-hash': 'abc' }), 'Deployment/cart')
  t.equal(owned('ReplicaSet', 'cart-abc', { 'rollouts-pod-template-hash': 'abc' }), 'Rollout/cart')
  t.equal(owned('ReplicaSet', 'cart-abc', { 'pod-template-hash': 'xyz' }), 'ReplicaSet/cart-abc')
  t.equal(owned('ReplicaSet', 'cart'), 'ReplicaSet/cart')
  t.equal(owned('StatefulSet', 'pg'), 'StatefulSet/pg')
  t.equal(owned('Job', 'backup-28391234'), 'Job/backup-28391234')
})

t.test('times are lower bounds in microseconds, deletion is dated to its request', async t => {
  const { stamp } = observe({
    ...bare,
    metadata: {
      name: 'cart',
      creationTimestamp: '2026-11-22T15:00:00Z',
      deletionTimestamp: '2026-11-22T15:11:46Z',
      deletionGracePeriodSeconds: 30,
      managedFields: [
        {
          manager: 'kubelet',
          time: '2026-11-22T15:09:00Z',
          subresource: 'status',
          fieldsV1: { 'f:status': {} },
        },
        {
          manager: 'kubectl-label',
          time: '2026-11-22T15:05:00Z',
          fieldsV1: { 'f:metadata': { 'f:labels': { 'f:app': {} } } },
        },
        {
          manager: 'kube-controller-manager',
          time: '2026-11-22T15:00:00Z',
          fieldsV1: { 'f:metadata': { 'f:labels': {} } },
        },
      ],
    },
    status: {
      startTime: '2026-11-22T15:00:02Z',
      containerStatuses: [
        { state: { terminated: { finishedAt: '2026-11-22T15:10:00Z' } } },
        { state: { terminated: { finishedAt: '2026-11-22T15:10:05Z' } } },
      ],
    },
  })
  t.equal(formatTime(stamp.created), '2026-11-22T15:00:00.000Z')
  t.equal(formatTime(stamp.deleting), '2026-11-22T15:11:16.000Z')
  t.equal(formatTime(stamp.started), '2026-11-22T15:00:02.000Z')
  t.equal(formatTime(stamp.finished), '2026-11-22T15:10:05.000Z')
  t.strictSame([formatTime(stamp.written), stamp.by], ['2026-11-22T15:05:00.000Z', 'kubectl-label'])
  const running = { ...bare, status: { containerStatuses: [{ state: { running: {} } }] } }
  t.ok(Number.isNaN(observe(running).stamp.finished))
})

t.test('a Node has all its addresses and the ranges of its pods', async t => {
  const value = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'w1',
      annotations: {
        'projectcalico.org/IPv4Address': '192.168.0.1/24',
        'projectcalico.org/IPv4VXLANTunnelAddr': '10.244.1.0',
      },
    },
    spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] },
    status: {
      addresses: [
        { type: 'InternalIP', address: '192.168.0.1' },
        { type: 'Hostname', address: 'w1' },
        { type: 'ExternalIP', address: '203.0.113.1' },
      ],
    },
  }
  t.match(observe(value).object, {
    name: 'w1',
    addresses: ['192.168.0.1', '203.0.113.1', '10.244.1.0'],
    podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'],
  })
})

t.test('a Namespace has the label with its name (S8)', async t => {
  const labels = { 'kubernetes.io/metadata.name': 'shop', team: 'a' }
  t.strictSame(
    observe({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'a' } } })
      .object,
    { name: 'shop', labels },
  )
})

t.test('a Service is read with its addresses, ports and selector', async t => {
  const spec = {
    clusterIP: '10.96.0.10',
    clusterIPs: ['10.96.0.10', 'fd00::a'],
    externalIPs: ['198.51.100.1'],
    selector: { app: 'dns' },
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns', nodePort: 30053 },
      { port: 80, targetPort: 8080 },
      { port: 443 },
    ],
  }
  const status = { loadBalancer: { ingress: [{ ip: '203.0.113.5' }, { hostname: 'lb.example' }] } }
  t.strictSame(
    observe({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'dns' }, spec, status }).object,
    {
      ns: 'default',
      name: 'dns',
      clusterIPs: ['10.96.0.10', 'fd00::a'],
      externalIPs: ['198.51.100.1', '203.0.113.5'],
      ports: [
        { name: 'dns', port: 53, targetPort: 'dns', protocol: 'UDP', nodePort: 30053 },
        { port: 80, targetPort: 8080, protocol: 'TCP' },
        { port: 443, targetPort: 443, protocol: 'TCP' },
      ],
      selector: { app: 'dns' },
    },
  )
  const headless = observe({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'x' },
    spec: { clusterIP: 'None', clusterIPs: ['None'] },
  })
  t.match(headless.object, { clusterIPs: [] })
})

t.test('policies are passed on, valid or not', async t => {
  const spec = { podSelector: {}, ingress: 'nonsense' }
  const observed = observe({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'shop', uid: 'u', generation: 4 },
    spec,
  })
  t.strictSame(observed.object, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'shop', uid: 'u', generation: 4 },
    spec,
  })
  t.strictSame([observed.id, observed.name], ['u', 'shop/p'])
  for (const kind of ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy']) {
    const { name, object, api } = observe({
      apiVersion: 'policy.networking.k8s.io/v1alpha1',
      kind,
      metadata: { name: 'x', namespace: 'ignored' },
    })
    t.strictSame([name, api], [`${kind}/x`, kind])
    t.notHas(object, { metadata: { namespace: 'ignored' } })
  }
})

t.test('other kinds are ignored, also those that only share a name', async t => {
  const kinds: [object, string][] = [
    [{ apiVersion: 'v1', kind: 'ConfigMap' }, 'ConfigMap'],
    [{ apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy' }, 'NetworkPolicy (projectcalico.org/v3)'],
    [{ apiVersion: 'serving.knative.dev/v1', kind: 'Service' }, 'Service (serving.knative.dev/v1)'],
  ]
  for (const [value, kind] of kinds) t.strictSame(readObject(value), { outcome: 'ignored', kind })
})

t.test('a shape that cannot be read is said in full', async t => {
  t.strictSame(issues({ ...bare, metadata: {} }), ['Pod has no metadata.name'])
  t.strictSame(issues({ ...bare, metadata: { name: 7 } }), [
    'Pod default/: metadata.name is the number 7, not a string',
  ])
  t.strictSame(issues('text'), ['is "text", not a Kubernetes object'])
  t.strictSame(issues({ metadata: {} }), [
    'has no kind; every Kubernetes object names its apiVersion and kind',
  ])
  t.strictSame(
    issues({
      ...bare,
      metadata: { name: 'cart', labels: { version: 1 } },
      spec: { containers: [{ ports: [{ containerPort: 70_000, protocol: 'ICMP' }] }] },
      status: { phase: 'Runing', podIPs: [{ ip: '10.0.0.x' }], hostIPs: 'here' },
    }),
    [
      'Pod default/cart: metadata.labels.version is the number 1, not a string; in YAML it needs quotes: "1"',
      'Pod default/cart: status.phase is "Runing", not one of Pending, Running, Succeeded, Failed, Unknown',
      'Pod default/cart: status.podIPs[0].ip "10.0.0.x" is not an IP address',
      'Pod default/cart: status.hostIPs is "here", not a list',
      'Pod default/cart: spec.containers[0].ports[0].containerPort is the number 70000, not a whole number from 1 to 65535',
      'Pod default/cart: spec.containers[0].ports[0].protocol is "ICMP", not one of TCP, UDP, SCTP',
    ],
  )
  t.strictSame(
    issues({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'w' }, spec: { podCIDRs: ['10.0.0.0/40'] } }),
    ['Node w: spec.podCIDRs[0] "10.0.0.0/40" is not a CIDR (10.244.1.0/24)'],
  )
  t.strictSame(issues({ ...bare, metadata: { name: 'cart', creationTimestamp: 'yesterday' } }), [
    'Pod default/cart: metadata.creationTimestamp "yesterday" is not an RFC 3339 time (2026-11-22T14:41:02Z)',
  ])
})
