// The smallest edit, kind by kind: which object, which patch, what it opens, and when there is none. Random worlds are in
// fix-worlds.test.ts.

import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import {
  type Direction,
  type End,
  type Epoch,
  type Fix,
  type Profile,
  protocolNumber,
} from '../../agent/policy/index.ts'
import type { PolicyObject, World } from '../../agent/policy/objects.ts'
import { epochOf, namespace, node, plain, pod, policy, type Spec, withPolicies } from './small-world.ts'

/** `y/b -> x/a 80/TCP`, an end being a pod or an address; the direction is the one that is denied. */
function fix(world: World, text: string, profile: Profile = 'upstream'): Fix | undefined {
  return fixIn(epochOf(world, profile), text)
}

function fixIn(epoch: Epoch, text: string): Fix | undefined {
  const [, from, to, what] = /^(\S+) -> (\S+) (\S+)$/.exec(text)!
  const [port, protocol] = what!.includes('/') ? what!.split('/') : ['-1', what!]
  const ends: [End, End] = [endOf(epoch, from!), endOf(epoch, to!)]
  const ask = (direction: Direction) =>
    epoch.fix(...ends, protocolNumber(protocol!)!, Number(port), direction)
  return ask('egress') ?? ask('ingress')
}

function endOf(epoch: Epoch, text: string): End {
  if (!text.includes('/')) return epoch.resolve(parseAddress(text)!)
  const entry = epoch.entryNamed(text)!
  return epoch.endOf(entry, parseAddress(entry.pod.ips[0]!)!)
}

function np(name: string, spec: Spec): PolicyObject {
  return policy(name, spec)
}

const inY = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }
const cart = { podSelector: { matchLabels: { app: 'cart' } } }
const tcp80 = { protocol: 'TCP', port: 80 }
const api = { matchLabels: { app: 'api' } }

t.test('the edit of a NetworkPolicy adds the least that does it', t => {
  const rows: [string, Spec, string, object][] = [
    [
      'the peer where a rule has the port',
      { podSelector: api, ingress: [{ from: [{ podSelector: api }], ports: [{ port: 80 }] }] },
      'y/b -> x/a 80/TCP',
      { path: '/spec/ingress/0/from/-', value: { ...inY, ...cart } },
    ],
    [
      'without a namespaceSelector in the policy own namespace',
      { podSelector: api, ingress: [{ from: [{ podSelector: api }], ports: [{ port: 80 }] }] },
      'x/b -> x/a 80/TCP',
      { path: '/spec/ingress/0/from/-', value: cart },
    ],
    [
      'the port where a rule has this peer and no other',
      { podSelector: api, ingress: [{ from: [{ ...inY, ...cart }], ports: [{ port: 81 }] }] },
      'y/b -> x/a 80/TCP',
      { path: '/spec/ingress/0/ports/-', value: tcp80 },
    ],
    [
      'a rule where the one with the peer is for others too',
      { podSelector: api, ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 81 }] }] },
      'y/b -> x/a 80/TCP',
      { path: '/spec/ingress/-', value: { from: [{ ...inY, ...cart }], ports: [tcp80] } },
    ],
    [
      'a rule where the one with the port has other ports too',
      { podSelector: api, ingress: [{ from: [{ podSelector: api }], ports: [{ port: 80 }, { port: 81 }] }] },
      'y/b -> x/a 80/TCP',
      { path: '/spec/ingress/-', value: { from: [{ ...inY, ...cart }], ports: [tcp80] } },
    ],
    [
      'a rule where the one with the port has a range',
      { podSelector: api, ingress: [{ from: [{ podSelector: api }], ports: [{ port: 80, endPort: 81 }] }] },
      'y/b -> x/a 80/TCP',
      { path: '/spec/ingress/-', value: { from: [{ ...inY, ...cart }], ports: [tcp80] } },
    ],
    [
      'a rule where there is no list',
      { podSelector: api },
      'y/b -> x/a 80/TCP',
      { path: '/spec/ingress', value: [{ from: [{ ...inY, ...cart }], ports: [tcp80] }] },
    ],
    [
      'a rule where the list is null',
      { podSelector: api, ingress: null },
      'y/b -> x/a 80/TCP',
      { path: '/spec/ingress', value: [{ from: [{ ...inY, ...cart }], ports: [tcp80] }] },
    ],
    [
      'a rule where the list is empty',
      { podSelector: api, ingress: [] },
      'y/b -> x/a 80/TCP',
      { path: '/spec/ingress', value: [{ from: [{ ...inY, ...cart }], ports: [tcp80] }] },
    ],
    [
      'egress that policyTypes alone isolates',
      { podSelector: api, policyTypes: ['Egress'] },
      'x/a -> y/b 80/TCP',
      { path: '/spec/egress', value: [{ to: [{ ...inY, ...cart }], ports: [tcp80] }] },
    ],
    [
      'an address from outside as a block of its own',
      { podSelector: api, policyTypes: ['Egress'], egress: [{ ports: [{ port: 443 }] }] },
      'x/a -> 203.0.113.10 80/TCP',
      { path: '/spec/egress/-', value: { to: [{ ipBlock: { cidr: '203.0.113.10/32' } }], ports: [tcp80] } },
    ],
    [
      'an IPv6 address likewise',
      {
        podSelector: api,
        ingress: [{ from: [{ ipBlock: { cidr: '::/0', except: ['2001:db8::/32'] } }], ports: [tcp80] }],
      },
      '2001:db8::1 -> x/a 80/TCP',
      { path: '/spec/ingress/0/from/-', value: { ipBlock: { cidr: '2001:db8::1/128' } } },
    ],
    [
      'the port where a rule has this address and no other',
      {
        podSelector: api,
        ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.10/32' } }], ports: [{ port: 81 }] }],
      },
      '203.0.113.10 -> x/a 80/TCP',
      { path: '/spec/ingress/0/ports/-', value: tcp80 },
    ],
    [
      'S46: no ports for a protocol that has none',
      { podSelector: api, ingress: [{ from: [{ podSelector: api }], ports: [{ port: 80 }] }] },
      'y/b -> x/a ICMP',
      { path: '/spec/ingress/-', value: { from: [{ ...inY, ...cart }] } },
    ],
    [
      'S46: the peer where a rule is for all ports',
      { podSelector: api, ingress: [{ from: [{ podSelector: api }] }] },
      'y/b -> x/a ICMP',
      { path: '/spec/ingress/0/from/-', value: { ...inY, ...cart } },
    ],
  ]
  for (const [name, spec, probe, { path, value }] of rows as [
    string,
    Spec,
    string,
    { path: string; value: unknown },
  ][])
    t.match(
      fix(withPolicies(plain, np('x/p', spec)), probe),
      { kind: 'policy', target: 'x/p', patch: [{ op: 'add', path, value }] },
      name,
    )
  t.same(
    patchOf(fix(withPolicies(plain, { ...np('x/p', {}), spec: undefined }), 'x/b -> x/a 80/TCP')),
    [{ op: 'add', path: '/spec', value: { ingress: [{ from: [cart], ports: [tcp80] }] } }],
    'a policy without a spec gets one',
  )
  t.end()
})

function patchOf(fix: Fix | undefined): unknown {
  return fix?.kind === 'none' ? fix.because : fix?.patch
}

/** Three pods of one workload beside another, and a policy for all of x. */
const replicas: World = {
  ...plain,
  pods: [
    ...['y/d', 'y/e', 'y/f'].map(name =>
      pod(
        name,
        { app: 'web', 'pod-template-hash': name === 'y/f' ? 'new' : 'old' },
        { workload: 'Deployment/web' },
      ),
    ),
    ...plain.pods,
  ],
  policies: [np('x/all', { podSelector: {} })],
}

t.test('what opens is counted in pods at both ends', t => {
  t.match(fix(replicas, 'y/d -> x/a 80/TCP'), {
    patch: [{ value: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] }],
    opens: { pods: 3, namespaces: ['y'], ports: '80/TCP', subjects: 2 },
  })
  const narrow = withPolicies(replicas, np('x/narrow', { podSelector: api }))
  t.match(
    fix(narrow, 'y/d -> x/a 80/TCP'),
    { target: 'x/narrow', opens: { pods: 3 } },
    'the policy of fewer subjects',
  )
  t.notOk(
    JSON.stringify(fix(narrow, 'y/d -> x/a 80/TCP')).includes('subjects'),
    'of one subject nothing is said',
  )
  t.same(
    fix(replicas, '203.0.113.10 -> x/a 80/TCP'),
    {
      kind: 'policy',
      target: 'x/all',
      patch: [
        {
          op: 'add',
          path: '/spec/ingress',
          value: [{ from: [{ ipBlock: { cidr: '203.0.113.10/32' } }], ports: [tcp80] }],
        },
      ],
      opens: { pods: 0, namespaces: [], addresses: '203.0.113.10/32', ports: '80/TCP', subjects: 2 },
    },
    'an address is nobody of a namespace',
  )
  const some = withPolicies(
    replicas,
    np('x/some', {
      ingress: [{ from: [{ ...inY, podSelector: { matchLabels: { 'pod-template-hash': 'new' } } }] }],
    }),
  )
  t.match(
    fix(some, 'y/d -> x/a 80/TCP'),
    { opens: { pods: 2 } },
    'whom another policy lets in already is not counted',
  )
  t.match(fix(replicas, 'y/d -> x/a ICMP'), { opens: { ports: 'all' } })
  t.end()
})

t.test('S47: a node is not newly let in to the pods that it runs', t => {
  const on = (node: string, hostIP: string) => ({ node, hostIPs: [hostIP] })
  const pods = [
    pod('x/a', api.matchLabels, on('n', '192.168.0.11')),
    pod('x/b', api.matchLabels, on('m', '192.168.0.12')),
    pod('x/c', api.matchLabels, on('m', '192.168.0.12')),
  ]
  const nodes = [node('n', ['192.168.0.11']), node('m', ['192.168.0.12'])]
  const world = { ...plain, pods, nodes, policies: [np('x/p', {})] }
  t.match(fix(world, '192.168.0.11 -> x/b 80/TCP'), {
    opens: { pods: 0, addresses: '192.168.0.11/32', subjects: 2 },
  })
  t.end()
})

t.test('the policy that opens the fewest pairs is edited, whichever selects more pods', t => {
  // x/wide selects three pods, two of which let y/b in already; x/narrow selects two, which do not.
  const pods = [
    pod('x/a', { app: 'api', wide: 'yes', narrow: 'yes' }),
    pod('x/b', { app: 'b', narrow: 'yes' }),
    pod('x/c', { app: 'c', wide: 'yes', open: 'yes' }),
    pod('x/d', { app: 'd', wide: 'yes', open: 'yes' }),
    pod('y/b', { app: 'cart' }),
  ]
  const by = (label: string) => ({ podSelector: { matchLabels: { [label]: 'yes' } } })
  const policies = [
    np('x/narrow', by('narrow')),
    np('x/wide', by('wide')),
    np('x/open', { ...by('open'), ingress: [{}] }),
  ]
  t.match(fix({ ...plain, pods, policies }, 'y/b -> x/a 80/TCP'), { target: 'x/wide' })
  t.end()
})

t.test('of edits that open as much, a rule that came near is first, then the first name', t => {
  const near = { podSelector: api, ingress: [{ from: [{ podSelector: api }], ports: [{ port: 80 }] }] }
  const far = { podSelector: api, ingress: [{ from: [{ podSelector: api }], ports: [{ port: 81 }] }] }
  const both = withPolicies(plain, np('x/a-far', far), np('x/b-near', near))
  t.match(fix(both, 'y/b -> x/a 80/TCP'), { target: 'x/b-near' })
  const alike = withPolicies(plain, np('x/b', near), np('x/a', near))
  t.match(fix(alike, 'y/b -> x/a 80/TCP'), { target: 'x/a' })
  t.end()
})

t.test('a pod is named by labels that its next one will have', t => {
  const rows: [Record<string, string>, object][] = [
    [{ app: 'web', tier: 'front' }, { app: 'web' }],
    [{ zone: 'a', tier: 'front' }, { tier: 'front' }],
    [{ 'app.kubernetes.io/name': 'web', app: 'web' }, { 'app.kubernetes.io/name': 'web' }],
    [{ 'k8s-app': 'dns', 'pod-template-hash': 'abc' }, { 'k8s-app': 'dns' }],
    // app=cart and legacy=yes are other pods' of y too, each for itself.
    [{ app: 'cart', tier: 'cache' }, { tier: 'cache' }],
  ]
  for (const [labels, wanted] of rows) {
    const world = {
      ...plain,
      pods: [...plain.pods, pod('y/n', labels)],
      policies: [np('x/p', { podSelector: api })],
    }
    const selector = { ...inY, podSelector: { matchLabels: wanted } }
    t.same((patchOf(fix(world, 'y/n -> x/a 80/TCP')) as [{ value: unknown }])[0].value, [
      { from: [selector], ports: [tcp80] },
    ])
  }
  const pair = {
    ...plain,
    pods: [
      pod('y/l', { app: 'cart', tier: 'old' }),
      pod('y/m', { app: 'new', tier: 'cache' }),
      pod('y/n', { app: 'cart', tier: 'cache' }),
    ],
  }
  const both = withPolicies({ ...pair, pods: [...plain.pods, ...pair.pods] }, np('x/p', { podSelector: api }))
  t.match(fix(both, 'y/n -> x/a 80/TCP'), {
    patch: [{ value: [{ from: [{ podSelector: { matchLabels: { app: 'cart', tier: 'cache' } } }] }] }],
  })
  t.end()
})

t.test('a pod without a label of its own is named by its namespace, which lets in the others there', t => {
  for (const labels of [{}, { 'pod-template-hash': 'abc', 'batch.kubernetes.io/job-name': 'x' }]) {
    const pods = [...plain.pods, pod('y/n', labels)]
    const world = { ...plain, pods, policies: [np('x/p', { podSelector: api })] }
    t.match(fix(world, 'y/n -> x/a 80/TCP'), {
      patch: [{ value: [{ from: [{ ...inY, podSelector: {} }], ports: [tcp80] }] }],
      opens: { pods: 2, namespaces: ['y'] },
    })
  }
  t.end()
})

/** x/a and x/b let in pods of y that have `access`; y/n has no label of its own. */
function lacking(
  podSelector: object,
  labels: Record<string, string> = {},
  ...policies: PolicyObject[]
): World {
  const rule = { from: [{ ...inY, podSelector }], ports: [{ port: 80 }] }
  const pods = [...plain.pods, pod('y/n', labels)]
  return withPolicies({ ...plain, pods }, np('x/p', { podSelector: api, ingress: [rule] }), ...policies)
}

t.test('a label that a pod lacks is added where every policy edit would let in more', t => {
  const rows: [object, Record<string, string>, object[]][] = [
    [
      { matchLabels: { access: 'db' } },
      {},
      [{ op: 'add', path: '/metadata/labels', value: { access: 'db' } }],
    ],
    [
      { matchExpressions: [{ key: 'access', operator: 'In', values: ['web', 'db'] }] },
      { 'pod-template-hash': 'a' },
      [{ op: 'add', path: '/metadata/labels/access', value: 'db' }],
    ],
    [
      { matchExpressions: [{ key: 'access', operator: 'Exists' }] },
      { 'pod-template-hash': 'a' },
      [{ op: 'add', path: '/metadata/labels/access', value: 'true' }],
    ],
    [
      { matchLabels: { 'example.com/access': 'db', more: 'x' } },
      { 'pod-template-hash': 'a' },
      [
        { op: 'add', path: '/metadata/labels/example.com~1access', value: 'db' },
        { op: 'add', path: '/metadata/labels/more', value: 'x' },
      ],
    ],
  ]
  for (const [selector, labels, patch] of rows)
    t.same(fix(lacking(selector, labels), 'y/n -> x/a 80/TCP'), {
      kind: 'pod',
      target: 'y/n',
      patch,
      opens: { pods: 1, namespaces: ['y'], ports: '80/TCP' },
    })
  t.end()
})

t.test('a label is for the pod that was asked about, not for others like it', t => {
  const one = lacking({ matchLabels: { access: 'db' } })
  const epoch = epochOf({ ...one, pods: [...one.pods, pod('y/m')] })
  for (const name of ['y/n', 'y/m', 'y/n'])
    t.match(fixIn(epoch, `${name} -> x/a 80/TCP`), { kind: 'pod', target: name, opens: { pods: 1 } })
  t.end()
})

t.test('a label is not added where it would change or break anything else', t => {
  const access = { matchLabels: { access: 'db' } }
  const open = { ingress: [{}], egress: [{}], policyTypes: ['Ingress', 'Egress'] }
  const rows: [string, World][] = [
    ['the pod has another value', lacking(access, { access: 'web' })],
    ['the pod is told apart by a label that it has', lacking(access, { app: 'new' })],
    ['the label is a controller own', lacking({ matchLabels: { 'pod-template-hash': 'b' } })],
    [
      'a policy would select the pod',
      lacking(access, {}, np('y/q', { podSelector: access, policyTypes: ['Egress'] })),
    ],
    [
      'a rule would lose it',
      lacking(
        access,
        {},
        np('z/q', {
          ingress: [
            {
              from: [
                {
                  namespaceSelector: {},
                  podSelector: { matchExpressions: [{ key: 'access', operator: 'DoesNotExist' }] },
                },
              ],
              ports: [{ port: 80 }],
            },
          ],
        }),
      ),
    ],
    [
      'another port would open',
      lacking(
        access,
        {},
        np('z/q', {
          ingress: [{ from: [{ namespaceSelector: {}, podSelector: access }], ports: [{ port: 81 }] }],
        }),
      ),
    ],
    [
      'the other direction would open',
      lacking(
        access,
        {},
        np('z/q', { ...open, egress: [{ to: [{ namespaceSelector: {}, podSelector: access }] }] }),
      ),
    ],
    [
      'an admin policy speaks of it',
      lacking(
        access,
        {},
        anp('q', {
          ingress: [{ action: 'Pass', from: [{ pods: { namespaceSelector: {}, podSelector: access } }] }],
        }),
      ),
    ],
  ]
  for (const [name, world] of rows)
    t.match(fix(world, 'y/n -> x/a 80/TCP'), { kind: 'policy', target: 'x/p' }, name)
  t.end()
})

t.test('a label that a namespace lacks is added where it lets in the fewest', t => {
  const from = {
    namespaceSelector: { matchLabels: { zone: 'db' } },
    podSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
  }
  const rule = { from: [from], ports: [{ port: 80 }] }
  const world = {
    ...plain,
    pods: [...plain.pods, pod('y/n')],
    policies: [np('x/p', { podSelector: api, ingress: [rule] })],
  }
  t.same(fix(world, 'y/n -> x/a 80/TCP'), {
    kind: 'namespace',
    target: 'y',
    patch: [{ op: 'add', path: '/metadata/labels/zone', value: 'db' }],
    opens: { pods: 1, namespaces: ['y'], ports: '80/TCP' },
  })
  const selecting = withPolicies(
    world,
    anp('q', { subject: { namespaces: { matchLabels: { zone: 'db' } } } }),
  )
  t.match(
    fix(selecting, 'y/n -> x/a 80/TCP'),
    { kind: 'policy' },
    'not where an admin policy would select the namespace',
  )
  t.end()
})

function anp(name: string, spec: Spec, kind = 'AdminNetworkPolicy', version = 'v1alpha1'): PolicyObject {
  const full = { priority: 5, subject: { namespaces: {} }, ...spec }
  return { apiVersion: `policy.networking.k8s.io/${version}`, kind, metadata: { name }, spec: full }
}

const cartPeer = { pods: { ...inY, ...cart } }
const everybody = { pods: { namespaceSelector: {}, podSelector: {} } }

t.test('an admin rule that denies gets one before it, in the words of its kind', t => {
  const pass = { action: 'Pass', to: [everybody], from: [everybody], ports: [{ portNumber: { port: 9 } }] }
  const denying = anp('deny', {
    ingress: [
      { ...pass, to: undefined },
      { action: 'Deny', from: [everybody] },
    ],
  })
  t.same(fix(withPolicies(plain, denying), 'y/b -> x/a 80/TCP'), {
    kind: 'policy',
    target: 'AdminNetworkPolicy/deny',
    patch: [
      {
        op: 'add',
        path: '/spec/ingress/1',
        value: { action: 'Allow', from: [cartPeer], ports: [{ portNumber: { protocol: 'TCP', port: 80 } }] },
      },
    ],
    opens: { pods: 1, namespaces: ['y'], ports: '80/TCP', subjects: 3 },
  })
  const cluster = anp(
    'deny',
    { tier: 'Baseline', egress: [{ action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] }] },
    'ClusterNetworkPolicy',
    'v1alpha2',
  )
  t.match(fix(withPolicies(plain, cluster), 'x/a -> 203.0.113.10 53/UDP'), {
    target: 'ClusterNetworkPolicy/deny',
    patch: [
      {
        path: '/spec/egress/0',
        value: {
          action: 'Accept',
          to: [{ networks: ['203.0.113.10/32'] }],
          protocols: [{ udp: { destinationPort: { number: 53 } } }],
        },
      },
    ],
    opens: { addresses: '203.0.113.10/32' },
  })
  const baseline = anp(
    'default',
    { ingress: [{ action: 'Deny', from: [everybody] }] },
    'BaselineAdminNetworkPolicy',
  )
  const { priority: _, ...spec } = baseline.spec as Record<string, unknown>
  t.match(fix(withPolicies(plain, { ...baseline, spec }), 'y/b -> x/a ICMP'), {
    target: 'BaselineAdminNetworkPolicy/default',
    patch: [{ path: '/spec/ingress/0', value: { action: 'Allow', from: [cartPeer] } }],
    opens: { ports: 'all', subjects: 3 },
  })
  t.end()
})

/** Two pods of one workload of y, one of which is `legacy`. */
const twins: World = {
  ...plain,
  pods: [
    pod('x/a', { app: 'api' }),
    pod('y/b', { app: 'cart' }, { workload: 'Deployment/cart' }),
    pod('y/c', { app: 'cart', legacy: 'yes' }, { workload: 'Deployment/cart' }),
  ],
}
const legacy = { pods: { ...inY, podSelector: { matchLabels: { legacy: 'yes' } } } }

t.test('what a rule of the same tier decides before is not counted', t => {
  const rules = [legacy, everybody].map(peer => ({ action: 'Deny', from: [peer] }))
  t.match(fix(withPolicies(twins, anp('deny', { ingress: rules })), 'y/b -> x/a 80/TCP'), {
    patch: [{ path: '/spec/ingress/1' }],
    opens: { pods: 1 },
  })
  t.end()
})

t.test('an edit for all ports counts whom an admin rule leaves to it at some port', t => {
  const ingress = [
    { action: 'Pass', from: [everybody], ports: [{ portNumber: { port: 80 } }] },
    { action: 'Allow', from: [legacy] },
  ]
  const world = withPolicies(twins, anp('some', { ingress }), np('x/p', { podSelector: api }))
  t.match(fix(world, 'y/b -> x/a ICMP'), { target: 'x/p', opens: { pods: 2, ports: 'all' } })
  t.end()
})

t.test('there is none where nothing that a policy can say would do it, and it says why', t => {
  const closed = np('x/p', { podSelector: api, policyTypes: ['Ingress', 'Egress'] })
  const nodes = [node('n', ['192.168.0.12'], ['10.0.0.0/16'])]
  const world = withPolicies({ ...plain, nodes }, closed)
  const full = anp('deny', {
    ingress: Array.from({ length: 100 }, () => ({ action: 'Deny', from: [everybody] })),
  })
  const unknown = anp('deny', { ingress: [{ action: 'Deny', from: [{ someday: {} }] }] })
  const rows: [World, string, RegExp, Profile?][] = [
    [world, '10.0.9.9 -> x/a 80/TCP', /pod.*not known/],
    [world, 'y/b -> x/a -1/TCP', /the port is not known/],
    [world, 'y/b -> x/a 0/TCP', /port 0/],
    [world, '192.168.0.12 -> x/a 80/TCP', /node.*cilium/, 'cilium'],
    [withPolicies(plain, full), 'y/b -> x/a 80/TCP', /AdminNetworkPolicy\/deny has 100 ingress rules/],
    [withPolicies(plain, unknown), '203.0.113.10 -> x/a 80/TCP', /no rule of AdminNetworkPolicy can name/],
  ]
  for (const [world, probe, because, profile] of rows)
    t.match(fix(world, probe, profile), { kind: 'none', because }, probe)
  t.match(fix(world, '192.168.0.12 -> x/a 80/TCP'), {
    kind: 'policy',
    opens: { addresses: '192.168.0.12/32' },
  })
  t.end()
})

t.test('there is nothing to edit where nothing is denied', t => {
  t.equal(fix(plain, 'y/b -> x/a 80/TCP'), undefined)
  t.end()
})

t.test('an edit is worked out once per epoch, and anew in the next', t => {
  const epoch = epochOf(replicas)
  t.equal(
    fixIn(epoch, 'y/d -> x/a 80/TCP'),
    fixIn(epoch, 'y/e -> x/a 80/TCP'),
    'pods of one workload have one edit',
  )
  t.not(fixIn(epoch, 'y/d -> x/a 80/TCP'), fixIn(epoch, 'y/d -> x/a 81/TCP'))
  const gone = epoch.with([{ kind: 'Pod', key: 'y/f' }])
  t.match(fixIn(gone, 'y/d -> x/a 80/TCP'), { opens: { pods: 2 } })
  t.match(fixIn(epoch, 'y/d -> x/a 80/TCP'), { opens: { pods: 3 } }, 'the old epoch is as it was')
  const edited = epoch.with([{ kind: 'Policy', key: 'x/all', object: np('x/all', { podSelector: api }) }])
  t.notOk(JSON.stringify(fixIn(edited, 'y/d -> x/a 80/TCP')).includes('subjects'))
  t.end()
})

t.test('a pod that the epoch does not have, or has as finished, is counted with those of its kind', t => {
  const epoch = epochOf(replicas)
  const to = endOf(epoch, 'x/a')
  const strange = pod('y/g', { app: 'web' }, { uid: 'late', workload: 'Deployment/web' })
  const from = epoch.end(parseAddress('10.0.25.7')!, 0, strange)
  t.match(epoch.fix(from, to, 6, 80, 'ingress'), { opens: { pods: 4 } })
  t.match(fixIn(epoch, 'y/d -> x/a 80/TCP'), { opens: { pods: 3 } })
  const object = { ...replicas.pods[0]!, phase: 'Succeeded' as const }
  const after = epoch.with([{ kind: 'Pod', key: object.uid, object }])
  const finished = after.end(parseAddress(object.ips[0]!)!, 0, object)
  t.match(after.fix(finished, endOf(after, 'x/a'), 6, 80, 'ingress'), { opens: { pods: 3 } })
  t.end()
})

t.test('a name of a port counts where it is that port at every pod that has it', t => {
  const ports = (port: number) => ({ ports: [{ name: 'web', port, protocol: 'TCP' as const }] })
  const spec = { ingress: [{ from: [{ podSelector: api }], ports: [{ port: 'web' }] }] }
  const worldOf = (other: number) => ({
    ...plain,
    pods: [
      pod('x/a', { app: 'api' }, ports(80)),
      pod('x/d', { app: 'd' }, ports(other)),
      pod('y/b', { app: 'cart' }),
    ],
    policies: [np('x/p', spec)],
  })
  t.match(fix(worldOf(80), 'y/b -> x/a 80/TCP'), {
    patch: [{ path: '/spec/ingress/0/from/-' }],
    opens: { subjects: 2 },
  })
  t.match(
    fix(worldOf(81), 'y/b -> x/a 80/TCP'),
    { patch: [{ path: '/spec/ingress/-' }] },
    'it would be another port of x/d',
  )
  t.end()
})

t.test('pods of a namespace that nobody has an object of are named by its name', t => {
  const world = { ...plain, namespaces: [namespace('x')], policies: [np('x/p', { podSelector: api })] }
  t.match(fix(world, 'y/b -> x/a 80/TCP'), { patch: [{ value: [{ from: [{ ...inY, ...cart }] }] }] })
  t.end()
})
