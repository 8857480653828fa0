import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { type Direction, type Epoch, TCP } from '../../agent/policy/index.ts'
import type { PolicyObject, World } from '../../agent/policy/objects.ts'
import {
  ask,
  epochOf,
  namespace,
  node,
  plain,
  pod,
  policy,
  type Spec,
  tierPolicy,
  withPolicies,
} from './small-world.ts'

const inX = { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'x' } } }
const y = { namespaces: { matchLabels: { team: 'two' } } }
const everyPod = { namespaces: {} }

const anp = (name: string, priority: number, spec: Spec) =>
  tierPolicy(`AdminNetworkPolicy/${name}`, { priority, subject: inX, ...spec })
const banp = (spec: Spec) => tierPolicy('BaselineAdminNetworkPolicy/default', { subject: inX, ...spec })
const cnp = (name: string, tier: string, priority: number, spec: Spec) =>
  tierPolicy(`ClusterNetworkPolicy/${name}`, { tier, priority, subject: inX, ...spec })
const from = (action: string, peer: unknown = y, more: Spec = {}) => ({ action, from: [peer], ...more })
const to = (action: string, peer: unknown, more: Spec = {}) => ({ action, to: [peer], ...more })
const denyAll = policy('x/np', { policyTypes: ['Ingress', 'Egress'] })
const allowAll = policy('x/np', { ingress: [{}], egress: [{}] })

/** A rule by its number, a probe, `egress ingress` verdicts by their first letters, and the policies. */
type Row = readonly [rule: string, probe: string, verdicts: string, ...policies: PolicyObject[]]

const letters: Readonly<Record<string, string>> = { allowed: 'a', denied: 'd', 'n/a': '-' }

function wrong(world: World, rows: readonly Row[]): string[] {
  return rows.flatMap(([rule, probe, verdicts, ...policies]) => {
    const line = ask(epochOf(withPolicies(world, ...policies)), probe)
    const got = `${letters[line.egress!]}${letters[line.ingress!]}`
    return got === verdicts ? [] : [`${rule}: ${probe} gave ${got} ${JSON.stringify(line)}`]
  })
}

const Y_TO_X = 'y/b -> x/a 80/TCP'
const X_TO_Y = 'x/a -> y/b 80/TCP'

t.test(
  'admin policies, then NetworkPolicies, then baseline ones, then allow (A1, A3, A6, A12, A13)',
  async t => {
    const rows: Row[] = [
      ['A1 Deny before NetworkPolicy', Y_TO_X, 'ad', anp('p', 1, { ingress: [from('Deny')] }), allowAll],
      ['A6 Allow before NetworkPolicy', Y_TO_X, 'aa', anp('p', 1, { ingress: [from('Allow')] }), denyAll],
      ['A3 no match isolates nothing', 'z/c -> x/a 80/TCP', 'aa', anp('p', 1, { ingress: [from('Allow')] })],
      ['A6 Pass to NetworkPolicy', Y_TO_X, 'ad', anp('p', 1, { ingress: [from('Pass')] }), denyAll],
      [
        'A6 Pass to baseline',
        Y_TO_X,
        'ad',
        anp('p', 1, { ingress: [from('Pass')] }),
        banp({ ingress: [from('Deny')] }),
      ],
      ['A6 Pass to nothing', Y_TO_X, 'aa', anp('p', 1, { ingress: [from('Pass')] })],
      [
        'A6 Allow before baseline',
        Y_TO_X,
        'aa',
        anp('p', 1, { ingress: [from('Allow')] }),
        banp({ ingress: [from('Deny')] }),
      ],
      ['A12 baseline Deny', Y_TO_X, 'ad', banp({ ingress: [from('Deny')] })],
      ['A12 NetworkPolicy before baseline', Y_TO_X, 'aa', banp({ ingress: [from('Deny')] }), allowAll],
      ['A12 an implicit denial is final', Y_TO_X, 'ad', banp({ ingress: [from('Allow')] }), denyAll],
      ['A13 default', 'z/c -> x/a 80/TCP', 'aa', banp({ ingress: [from('Deny')] })],
      [
        'C9 per direction',
        Y_TO_X,
        'ad',
        banp({ ingress: [from('Deny')] }),
        policy('x/out', { egress: [{}], policyTypes: ['Egress'] }),
      ],
      [
        'A7 egress Allow does not speak for ingress',
        'x/a -> x/b 80/TCP',
        'ad',
        anp('p', 1, { egress: [to('Allow', everyPod)] }),
        denyAll,
      ],
      ['C7 no rules in the direction', X_TO_Y, 'aa', anp('p', 1, { ingress: [from('Deny')] })],
    ]
    t.strictSame(wrong(plain, rows), [])
  },
)

t.test('precedence: priority, then the order of rules, and Pass leaves the tier (A4-A6, C1-C4)', async t => {
  const rows: Row[] = [
    [
      'A4 lower first',
      Y_TO_X,
      'ad',
      anp('a', 20, { ingress: [from('Allow')] }),
      anp('b', 10, { ingress: [from('Deny')] }),
    ],
    ['A5 first rule', Y_TO_X, 'aa', anp('p', 1, { ingress: [from('Allow'), from('Deny', everyPod)] })],
    [
      'A5 second rule',
      'z/c -> x/a 80/TCP',
      'ad',
      anp('p', 1, { ingress: [from('Allow'), from('Deny', everyPod)] }),
    ],
    [
      'A6 Pass skips every priority',
      Y_TO_X,
      'aa',
      anp('a', 1, { ingress: [from('Pass')] }),
      anp('b', 2, { ingress: [from('Deny')] }),
    ],
    [
      'C1 tiers before priorities',
      Y_TO_X,
      'aa',
      cnp('a', 'Admin', 1000, { ingress: [from('Accept')] }),
      cnp('b', 'Baseline', 0, { ingress: [from('Deny')] }),
    ],
    [
      'C3 baseline priorities',
      Y_TO_X,
      'ad',
      cnp('a', 'Baseline', 2, { ingress: [from('Accept')] }),
      cnp('b', 'Baseline', 1, { ingress: [from('Deny')] }),
    ],
    [
      'C4 baseline Pass',
      Y_TO_X,
      'aa',
      cnp('a', 'Baseline', 1, { ingress: [from('Pass')] }),
      cnp('b', 'Baseline', 2, { ingress: [from('Deny')] }),
    ],
    [
      'C2 NetworkPolicy overrides',
      Y_TO_X,
      'aa',
      cnp('a', 'Baseline', 1, { ingress: [from('Deny')] }),
      allowAll,
    ],
  ]
  t.strictSame(wrong(plain, rows), [])
})

const wide: World = {
  ...plain,
  nodes: [
    { ...node('n1', ['192.168.0.11', 'fd00:1::11']), labels: { role: 'control' } },
    { ...node('n2', ['192.168.0.12']), labels: { role: 'worker' } },
  ],
  pods: [
    pod('x/a', { app: 'api' }, { node: 'n1', ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] }),
    pod('x/b', { app: 'cart' }, { node: 'n1' }),
    pod('x/h', { app: 'api' }, { node: 'n2', hostNetwork: true, ips: ['192.168.0.12'] }),
    pod('y/b', { app: 'cart' }, { node: 'n1', ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] }),
    pod(
      'y/h',
      { app: 'cart' },
      { node: 'n2', hostNetwork: true, ips: ['192.168.0.12'], hostIPs: ['192.168.0.13'] },
    ),
    pod('z/c', { app: 'db' }, { node: 'n2', hostIPs: ['192.168.0.14'] }),
  ],
}

t.test('subjects and peers (A2, A8, A9, A15, C5, C8, C12)', async t => {
  const subject = (value: unknown) => anp('p', 1, { subject: value, ingress: [from('Deny', everyPod)] })
  const both = (namespaceSelector: unknown, podSelector: unknown) => ({
    pods: { namespaceSelector, podSelector },
  })
  const api = { matchLabels: { app: 'api' } }
  const out = (peer: unknown) => anp('p', 1, { egress: [to('Deny', peer)] })
  const hosts = cnp('p', 'Admin', 1, { ingress: [from('Deny', everyPod)] })
  const rows: Row[] = [
    ['A2 by pods', Y_TO_X, 'ad', subject(both({ matchLabels: { team: 'one' } }, api))],
    ['A2 other pods', 'y/b -> x/b 80/TCP', 'aa', subject(both({ matchLabels: { team: 'one' } }, api))],
    ['A2 other namespace', 'x/a -> y/b 80/TCP', 'aa', subject(both({ matchLabels: { team: 'one' } }, {}))],
    ['A2 empty selectors', 'x/a -> y/b 80/TCP', 'ad', subject(both({}, {}))],
    ['A2 host-network pods are no subjects', 'y/b -> x/h 80/TCP', 'a-', subject(everyPod)],
    [
      'A8 pods by both',
      Y_TO_X,
      'ad',
      anp('p', 1, { ingress: [from('Deny', both({}, { matchLabels: { app: 'cart' } }))] }),
    ],
    [
      'A8 pods by both',
      'z/c -> x/a 80/TCP',
      'aa',
      anp('p', 1, { ingress: [from('Deny', both({}, { matchLabels: { app: 'cart' } }))] }),
    ],
    ['A8 host-network pods are no peers', 'x/a -> y/h 80/TCP', 'a-', out(everyPod)],
    ['A15 external addresses are no pods', 'x/a -> 203.0.113.10 80/TCP', 'a-', out(everyPod)],
    [
      'A9 networks',
      'x/a -> 203.0.113.10 80/TCP',
      'd-',
      out({ networks: ['198.51.100.0/24', '203.0.113.0/24'] }),
    ],
    ['A9 other networks', 'x/a -> 203.0.114.10 80/TCP', 'a-', out({ networks: ['203.0.113.0/24'] })],
    ['A9 networks are pods too', X_TO_Y, 'da', out({ networks: ['0.0.0.0/0'] })],
    ['A9 networks are nodes too', 'x/a -> 192.168.0.11 80/TCP', 'd-', out({ networks: ['0.0.0.0/0'] })],
    ['S33 families', 'x/a -> 2001:db8::1 80/TCP', 'a-', out({ networks: ['0.0.0.0/0'] })],
    ['A9 nodes', 'x/a -> 192.168.0.11 80/TCP', 'd-', out({ nodes: { matchLabels: { role: 'control' } } })],
    [
      'A9 any address of the node',
      'x/a -> fd00:1::11 80/TCP',
      'd-',
      out({ nodes: { matchLabels: { role: 'control' } } }),
    ],
    [
      'A9 other nodes',
      'x/a -> 192.168.0.12 80/TCP',
      'a-',
      out({ nodes: { matchLabels: { role: 'control' } } }),
    ],
    ['C5 nodes: {}', 'x/a -> y/h 80/TCP', 'd-', out({ nodes: {} })],
    ['A9 only addresses in the status', 'x/a -> 192.168.0.14 80/TCP', 'a-', out({ nodes: {} })],
    ['A9 nodes are no pods', X_TO_Y, 'aa', out({ nodes: {} })],
    [
      'S50, C8 itself',
      'x/a -> x/a 80/TCP',
      'aa',
      cnp('p', 'Admin', 1, { ingress: [from('Deny', everyPod)], egress: [to('Deny', everyPod)] }),
    ],
    ['C12 own node', '192.168.0.11 -> x/a 80/TCP', '-a', hosts],
    ['C12 own node, after a NetworkPolicy', '192.168.0.11 -> x/a 80/TCP', '-a', hosts, denyAll],
    ['A8 another node', '192.168.0.12 -> x/a 80/TCP', '-a', hosts],
  ]
  t.strictSame(wrong(wide, rows), [])
})

t.test('ports (A10, C6)', async t => {
  const deny = (...ports: unknown[]) => anp('p', 1, { ingress: [from('Deny', everyPod, { ports })] })
  const refuse = (...protocols: unknown[]) =>
    cnp('p', 'Admin', 1, { ingress: [from('Deny', everyPod, { protocols })] })
  const rows: Row[] = [
    ['A10 number', Y_TO_X, 'ad', deny({ portNumber: { port: 80 } })],
    ['A10 TCP by default', 'y/b -> x/a 80/UDP', 'aa', deny({ portNumber: { port: 80 } })],
    ['A10 range', 'y/b -> x/a 90/SCTP', 'ad', deny({ portRange: { protocol: 'SCTP', start: 80, end: 90 } })],
    ['A10 beyond', 'y/b -> x/a 91/SCTP', 'aa', deny({ portRange: { protocol: 'SCTP', start: 80, end: 90 } })],
    [
      'A10 several',
      'y/b -> x/a 82/TCP',
      'ad',
      deny({ portNumber: { port: 80 } }, { portNumber: { port: 82 } }),
    ],
    ['A10 missing, ICMP', 'y/b -> x/a ICMP', 'ad', anp('p', 1, { ingress: [from('Deny', everyPod)] })],
    ['A10 ports and ICMP', 'y/b -> x/a ICMP', 'aa', deny({ portNumber: { port: 80 } })],
    ['A10 name on the destination', 'y/b -> x/a 53/UDP', 'ad', deny({ namedPort: 'dns' })],
    ['A10 in its protocol', 'y/b -> x/a 53/TCP', 'aa', deny({ namedPort: 'dns' })],
    ['A10 not the source', 'y/b -> x/a 8080/TCP', 'aa', deny({ namedPort: 'http' })],
    [
      'A10 egress',
      'x/a -> y/b 8080/TCP',
      'da',
      anp('p', 1, { egress: [to('Deny', everyPod, { ports: [{ namedPort: 'http' }] })] }),
    ],
    ['C6 number', Y_TO_X, 'ad', refuse({ tcp: { destinationPort: { number: 80 } } })],
    ['C6 protocol', 'y/b -> x/a 80/UDP', 'aa', refuse({ tcp: { destinationPort: { number: 80 } } })],
    [
      'C6 range',
      'y/b -> x/a 5010/UDP',
      'ad',
      refuse({ udp: { destinationPort: { range: { start: 5000, end: 5010 } } } }),
    ],
    ['C6 tcp: {}', 'y/b -> x/a 65535/TCP', 'ad', refuse({ tcp: {} })],
    ['C6 tcp: {} is TCP', 'y/b -> x/a 80/SCTP', 'aa', refuse({ tcp: {} })],
    ['C6 name', 'y/b -> x/a 53/UDP', 'ad', refuse({ destinationNamedPort: 'dns' })],
  ]
  t.strictSame(wrong(wide, rows), [])
})

t.test('a peer of unknown kind fails closed (A11, A14, C10)', async t => {
  const open = [
    {},
    { serviceAccounts: {} },
    // Not known of an ingress peer.
    { networks: ['203.0.113.0/24'] },
    // Before v0.1.7.
    { namespaces: { sameLabels: ['team'] } },
    { namespaces: { namespaceSelector: {} } },
    { pods: { namespaces: { namespaceSelector: {} }, podSelector: {} } },
  ]
  for (const peer of open) {
    const name = JSON.stringify(peer)
    const rows: Row[] = [
      ['Allow matches nothing', Y_TO_X, 'ad', anp('p', 1, { ingress: [from('Allow', peer)] }), denyAll],
      ['Deny denies all', 'z/c -> x/a 80/TCP', 'ad', anp('p', 1, { ingress: [from('Deny', peer)] })],
      ['Deny denies all', '203.0.113.1 -> x/a 80/TCP', '-d', anp('p', 1, { ingress: [from('Deny', peer)] })],
      ['Pass denies all', 'z/c -> x/a 80/TCP', 'ad', anp('p', 1, { ingress: [from('Pass', peer)] })],
      [
        'every port',
        'z/c -> x/a 81/UDP',
        'ad',
        anp('p', 1, { ingress: [from('Deny', peer, { ports: [{ portNumber: { port: 80 } }] })] }),
      ],
      [
        'the whole rule, whatever its other peers',
        Y_TO_X,
        'ad',
        cnp('p', 'Admin', 1, { ingress: [{ action: 'Accept', from: [y, peer] }] }),
        denyAll,
      ],
      [
        'the rules before it count',
        Y_TO_X,
        'aa',
        cnp('p', 'Admin', 1, { ingress: [from('Accept'), from('Deny', peer)] }),
      ],
    ]
    t.strictSame(wrong(plain, rows), [], name)
  }
  const baseline: Row[] = [
    [
      'A12 no domainNames there',
      'x/a -> 203.0.113.1 80/TCP',
      'd-',
      banp({ egress: [to('Deny', { domainNames: ['example.org'] })] }),
    ],
    [
      'A12 no domainNames there',
      'x/a -> 203.0.113.1 80/TCP',
      'a-',
      banp({ egress: [to('Allow', { domainNames: ['example.org'] })] }),
    ],
  ]
  t.strictSame(wrong(plain, baseline), [])
  const own = ask(
    epochOf(withPolicies(wide, anp('p', 1, { ingress: [from('Deny', {})] }))),
    '192.168.0.11 -> x/a 80/TCP',
  )
  t.match(own.responsible, [{ reason: 'exempt-node', policies: ['AdminNetworkPolicy/p'] }], 'S47, C12')
})

t.test(
  'domain names match what DNS says of an address, and are undecided where nobody asks it (A9)',
  async t => {
    const names = (...domainNames: string[]) =>
      anp('p', 1, { egress: [to('Allow', { domainNames }), to('Deny', { networks: ['0.0.0.0/0'] })] })
    const dns = {
      '203.0.113.1': ['Blog.Kubernetes.io.'],
      '203.0.113.2': ['kubernetes.io'],
      '10.0.25.2': ['kubernetes.io'],
    }
    const rows: Row[] = [
      ['exact', 'x/a -> 203.0.113.2 80/TCP', 'a-', names('kubernetes.io')],
      ['exact', 'x/a -> 203.0.113.1 80/TCP', 'd-', names('kubernetes.io')],
      ['case and final dot', 'x/a -> 203.0.113.1 80/TCP', 'a-', names('BLOG.kubernetes.io')],
      ['wildcard', 'x/a -> 203.0.113.1 80/TCP', 'a-', names('example.org', '*.kubernetes.io')],
      ['not the apex', 'x/a -> 203.0.113.2 80/TCP', 'd-', names('*.kubernetes.io')],
      ['no name', 'x/a -> 203.0.113.3 80/TCP', 'd-', names('*.kubernetes.io')],
      ['not inside the cluster', X_TO_Y, 'da', names('kubernetes.io')],
    ]
    t.strictSame(wrong({ ...plain, dns }, rows), [])
    const unknown = (spec: PolicyObject, probe: string) => {
      const { verdict, certainty } = ask(epochOf(withPolicies(plain, spec)), probe)
      return `${verdict} ${certainty ?? 'certain'}`
    }
    t.equal(unknown(names('kubernetes.io'), 'x/a -> 203.0.113.2 80/TCP'), 'denied candidates')
    t.equal(unknown(names('kubernetes.io'), X_TO_Y), 'denied certain', 'a pod has no such name')
    const web = anp('p', 1, {
      egress: [to('Allow', { domainNames: ['kubernetes.io'] }, { ports: [{ portNumber: { port: 443 } }] })],
    })
    t.equal(unknown(web, 'x/a -> 203.0.113.2 80/TCP'), 'allowed certain', 'the port does not fit')
    t.equal(unknown(web, 'x/a -> 203.0.113.2 443/TCP'), 'allowed candidates')
    const later = anp('p', 1, {
      egress: [to('Deny', { networks: ['0.0.0.0/0'] }), to('Allow', { domainNames: ['kubernetes.io'] })],
    })
    t.equal(unknown(later, 'x/a -> 203.0.113.2 80/TCP'), 'denied certain', 'decided before')
  },
)

/** `role policy rule` of each witness in a direction. */
function witnesses(epoch: Epoch, direction: Direction = 'ingress'): string[] {
  const [source, target] = [epoch.endOfPod('y/b')!, epoch.endOfPod('x/a')!]
  const answer = epoch.evaluate(source, target, TCP, 80)[direction]
  return answer.witnesses.map(({ role, policy, rule }) => `${role} ${policy.key} ${rule}`)
}

t.test('witnesses lead through all tiers, in the order of their keys', async t => {
  const pass = anp('p', 1, {
    ingress: [from('Allow', { namespaces: { matchLabels: { none: '' } } }), from('Pass')],
  })
  const rows: [string[], ...PolicyObject[]][] = [
    [['denies AdminNetworkPolicy/p 0'], anp('p', 1, { ingress: [from('Deny')] })],
    [['admits ClusterNetworkPolicy/p 0'], cnp('p', 'Admin', 1, { ingress: [from('Accept')] })],
    [['passes AdminNetworkPolicy/p 1', 'isolates x/np -1'], pass, denyAll],
    [['passes AdminNetworkPolicy/p 1', 'admits x/np 0'], pass, allowAll],
    [
      ['passes AdminNetworkPolicy/p 1', 'denies BaselineAdminNetworkPolicy/default 0'],
      pass,
      banp({ ingress: [from('Deny')] }),
    ],
    [['passes AdminNetworkPolicy/p 1'], pass],
    [
      ['passes ClusterNetworkPolicy/b 0', 'passes ClusterNetworkPolicy/p 0'],
      cnp('p', 'Admin', 1, { ingress: [from('Pass')] }),
      cnp('b', 'Baseline', 1, { ingress: [from('Pass')] }),
    ],
  ]
  for (const [expected, ...policies] of rows)
    t.strictSame(witnesses(epochOf(withPolicies(plain, ...policies))), expected)
  const { responsible, nearest } = ask(
    epochOf(withPolicies(plain, pass, policy('x/np', { ingress: [{ ports: [{ port: 81 }] }] }))),
    Y_TO_X,
  )
  t.strictSame(responsible?.at(-1), { direction: 'ingress', policies: ['x/np'], reason: 'no-rule-matched' })
  t.match(nearest, [{ policy: 'x/np', failed: 'ports[0]', want: '81/TCP', have: '80/TCP' }], 'after a Pass')
  const denied = ask(epochOf(withPolicies(plain, anp('p', 1, { ingress: [from('Deny')] }), denyAll)), Y_TO_X)
  t.strictSame(denied.nearest, [], 'nothing comes near a rule that denies')
  t.strictSame(denied.responsible?.at(-1), {
    direction: 'ingress',
    policies: ['AdminNetworkPolicy/p'],
    rules: ['AdminNetworkPolicy/p#0'],
    reason: 'explicit-deny',
  })
})

t.test('the same answer is the same object through the tiers too, frozen', async t => {
  const epoch = epochOf(withPolicies(plain, anp('p', 1, { ingress: [from('Pass', everyPod)] }), denyAll))
  const target = epoch.endOfPod('x/a')!
  const [first, second, other] = ['y/b', 'z/c', 'x/a'].map(
    uid => epoch.evaluate(epoch.endOfPod(uid)!, target, TCP, 80).ingress,
  )
  t.equal(first, second)
  t.match(other, { verdict: 'allowed', reason: 'exempt-self' })
  t.ok(Object.isFrozen(first) && Object.isFrozen(first!.witnesses))
})

t.test('answers that differ in who passed or in what is exempt are kept apart', async t => {
  const z = { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'z' } } }
  const passes = epochOf(
    withPolicies(plain, anp('p', 1, { ingress: [from('Pass'), from('Pass', z)] }), denyAll),
  )
  const passed = ['y/b', 'z/c'].map(uid => {
    const { ingress } = passes.evaluate(passes.endOfPod(uid)!, passes.endOfPod('x/a')!, TCP, 80)
    return ingress.witnesses[0]?.rule
  })
  t.strictSame(passed, [0, 1])
  const closed = epochOf(withPolicies(wide, anp('p', 1, { ingress: [from('Deny', {})] })))
  const reasons = ['192.168.0.11', 'x/a', '192.168.0.12'].map(
    source => ask(closed, `${source} -> x/a 80/TCP`).responsible?.at(-1)?.reason,
  )
  t.strictSame(reasons, ['exempt-node', 'exempt-self', 'explicit-deny'])
})

t.test(
  'of equal priorities the first by name decides, and the answer is a candidate where that matters (A4, C3)',
  async t => {
    const candidates = (...policies: PolicyObject[]) => {
      const { ingress, certainty } = ask(epochOf(withPolicies(plain, ...policies)), Y_TO_X)
      return `${ingress} ${certainty ?? 'certain'}`
    }
    const rule = (action: string, peer?: unknown) => ({ ingress: [from(action, peer)] })
    const elsewhere = { namespaces: { matchLabels: { team: 'none' } } }
    const rows: [string, ...PolicyObject[]][] = [
      ['allowed candidates', anp('b', 1, rule('Deny')), anp('a', 1, rule('Allow'))],
      ['denied candidates', anp('a', 1, rule('Deny')), anp('b', 1, rule('Deny'))],
      ['denied certain', anp('a', 1, rule('Deny')), anp('b', 1, rule('Allow', elsewhere))],
      ['denied certain', anp('a', 1, rule('Allow', elsewhere)), anp('b', 1, rule('Deny'))],
      ['denied certain', anp('a', 1, rule('Deny')), anp('b', 2, rule('Allow')), anp('c', 2, rule('Deny'))],
      ['denied certain', anp('a', 1, { ingress: [from('Deny'), from('Allow')] })],
      ['denied certain', anp('a', 1, rule('Deny')), cnp('b', 'Baseline', 1, rule('Accept'))],
      ['denied candidates', anp('a', 1, rule('Deny')), cnp('b', 'Admin', 1, rule('Accept'))],
      // Two versions of the API at once: nothing says where a policy without a priority stands.
      ['allowed candidates', cnp('b', 'Baseline', 1, rule('Accept')), banp(rule('Deny'))],
      ['allowed candidates', anp('b', 1, rule('Deny')), cnp('a', 'Admin', 1, rule('Accept'))],
      ['allowed certain', cnp('b', 'Baseline', 1, rule('Accept')), banp(rule('Deny')), allowAll],
    ]
    for (const [expected, ...policies] of rows)
      t.equal(candidates(...policies), expected, policies.map(({ metadata }) => metadata.name).join())
    t.strictSame(
      ask(
        epochOf(withPolicies(plain, anp('b', 1, rule('Deny')), anp('a', 1, rule('Allow')))),
        'z/c -> x/a 80/TCP',
      ).certainty,
      undefined,
      'where neither matches, nothing is open',
    )
  },
)

t.test('labels of namespaces, pods and nodes choose subjects and peers as they are now (S9)', async t => {
  const subject = {
    pods: {
      namespaceSelector: { matchLabels: { team: 'one' } },
      podSelector: { matchLabels: { app: 'api' } },
    },
  }
  const guard = anp('p', 1, {
    subject,
    ingress: [from('Deny')],
    egress: [to('Deny', { nodes: { matchLabels: { role: 'control' } } })],
  })
  let epoch = epochOf(withPolicies(wide, guard))
  t.equal(ask(epoch, Y_TO_X).verdict, 'denied')
  epoch = epoch.with([{ kind: 'Namespace', key: 'x', object: namespace('x', { team: 'three' }) }])
  t.equal(ask(epoch, Y_TO_X).verdict, 'allowed', 'the subject has left')
  epoch = epoch.with([{ kind: 'Namespace', key: 'x', object: namespace('x', { team: 'one' }) }])
  t.equal(ask(epoch, Y_TO_X).verdict, 'denied', 'and is back')
  const relabelled = epoch.with([{ kind: 'Pod', key: 'x/a', object: pod('x/a', { app: 'other' }) }])
  t.equal(ask(relabelled, Y_TO_X).verdict, 'allowed')
  const peers = epoch.with([{ kind: 'Namespace', key: 'y', object: namespace('y') }])
  t.equal(ask(peers, Y_TO_X).verdict, 'allowed')
  t.equal(ask(epoch, 'x/a -> 192.168.0.12 80/TCP').verdict, 'allowed')
  const n2 = { ...node('n2', ['192.168.0.12']), labels: { role: 'control' } }
  t.equal(
    ask(epoch.with([{ kind: 'Node', key: 'n2', object: n2 }]), 'x/a -> 192.168.0.12 80/TCP').verdict,
    'denied',
  )
  const gone = epoch.with([{ kind: 'Policy', key: 'AdminNetworkPolicy/p' }])
  t.equal(ask(gone, Y_TO_X).verdict, 'allowed')
  t.equal(ask(epoch, Y_TO_X).verdict, 'denied', 'what was is as it was')
})

t.test('rulesOf() gives the rules that are asked, as they are written', async t => {
  const subject = plain.pods[0]!
  const rules = (...policies: PolicyObject[]) => {
    const epoch = epochOf(withPolicies(plain, ...policies))
    return epoch.rulesOf(subject, 'ingress').map(rule => ('action' in rule ? rule.action : 'NetworkPolicy'))
  }
  const admin = anp('p', 1, { ingress: [from('Pass'), from('Allow', {})] })
  const last = banp({ ingress: [from('Deny')] })
  t.strictSame(rules(admin, last), ['Pass', 'Deny'])
  t.strictSame(
    rules(admin, last, allowAll),
    ['Pass', 'NetworkPolicy'],
    'C2: baseline rules are not asked then',
  )
  const host = pod('x/a', {}, { hostNetwork: true })
  t.strictSame(epochOf({ ...withPolicies(plain, admin), pods: [host] }).rulesOf(host, 'ingress'), [])
})

t.test('two nodes with one address are both meant', async t => {
  const nodes = ['a', 'b'].map(name => ({ ...node(name, ['192.168.0.20']), labels: { name } }))
  for (const name of ['a', 'b', 'c']) {
    const guard = anp('p', 1, { egress: [to('Deny', { nodes: { matchLabels: { name } } })] })
    const epoch = epochOf(withPolicies({ ...plain, nodes }, guard))
    const end = epoch.resolve(parseAddress('192.168.0.20')!)
    const answer = epoch.evaluate(epoch.endOfPod('x/a')!, end, TCP, 80)
    t.equal(answer.verdict, name === 'c' ? 'allowed' : 'denied', name)
  }
})
