import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import type { World } from '../../agent/policy/objects.ts'
import { ask, epochOf, namespace, node, plain, pod, policy, type Spec, withPolicies } from './small-world.ts'

/** A rule by its number, a probe, its verdict, and the spec of a policy in namespace x. */
type Row = readonly [rule: string, probe: string, verdict: 'allowed' | 'denied', spec: Spec]

const subject = { podSelector: { matchLabels: { app: 'api' } } }
const from = (...peers: unknown[]): Spec => ({ ...subject, ingress: [{ from: peers }] })
const ports = (...list: unknown[]): Spec => ({ ...subject, ingress: [{ ports: list }] })
const selecting = (podSelector: unknown): Spec => ({ podSelector })
const expression = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [values.length > 0 ? { key, operator, values } : { key, operator }],
})

/** The probes whose verdict differs from what their row says. */
function wrong(world: World, rows: readonly Row[]): string[] {
  return rows.flatMap(([rule, probe, verdict, spec]) => {
    const line = ask(epochOf(withPolicies(world, policy('x/p', spec))), probe)
    return line.verdict === verdict
      ? []
      : [`${rule}: ${probe} ${JSON.stringify(spec)} gave ${JSON.stringify(line)}`]
  })
}

t.test('podSelector chooses the subjects (S1-S7); a default deny on it shows whom', async t => {
  const rows: Row[] = [
    ['S1 own namespace only', 'x/a -> y/b 80/TCP', 'allowed', selecting({ matchLabels: { app: 'cart' } })],
    ['S2 missing selects all', 'y/b -> x/b 80/TCP', 'denied', {}],
    ['S2 empty selects all', 'y/b -> x/b 80/TCP', 'denied', selecting({})],
    ['S3 equal', 'y/b -> x/a 80/TCP', 'denied', selecting({ matchLabels: { app: 'api' } })],
    ['S3 case', 'y/b -> x/a 80/TCP', 'allowed', selecting({ matchLabels: { app: 'API' } })],
    [
      'S3 missing key is not empty',
      'y/b -> x/a 80/TCP',
      'allowed',
      selecting({ matchLabels: { debug: '' } }),
    ],
    [
      'S3 not what objects inherit',
      'y/b -> x/a 80/TCP',
      'allowed',
      selecting(expression('constructor', 'Exists')),
    ],
    ['S4 In', 'y/b -> x/a 80/TCP', 'denied', selecting(expression('app', 'In', 'web', 'api'))],
    ['S4 In, missing key', 'y/b -> x/a 80/TCP', 'allowed', selecting(expression('tier', 'In', ''))],
    ['S5 NotIn, other value', 'y/b -> x/a 80/TCP', 'denied', selecting(expression('app', 'NotIn', 'web'))],
    ['S5 NotIn, listed', 'y/b -> x/a 80/TCP', 'allowed', selecting(expression('app', 'NotIn', 'api'))],
    [
      'S5 NotIn, missing key matches',
      'y/b -> x/a 80/TCP',
      'denied',
      selecting(expression('tier', 'NotIn', 'web')),
    ],
    ['S6 Exists', 'y/b -> x/a 80/TCP', 'allowed', selecting(expression('tier', 'Exists'))],
    ['S6 DoesNotExist', 'y/b -> x/a 80/TCP', 'denied', selecting(expression('tier', 'DoesNotExist'))],
    [
      'S7 AND',
      'y/b -> x/b 80/TCP',
      'allowed',
      selecting({ matchLabels: { app: 'cart' }, ...expression('tier', 'DoesNotExist') }),
    ],
    [
      'S7 contradiction',
      'y/b -> x/b 80/TCP',
      'allowed',
      selecting({ matchLabels: { app: 'cart' }, ...expression('app', 'NotIn', 'cart') }),
    ],
  ]
  t.strictSame(wrong(plain, rows), [])
})

t.test('isolation per direction, rules and the empty rule (S11-S20)', async t => {
  const rows: Row[] = [
    ['S11 ingress isolation leaves egress open', 'x/a -> y/b 80/TCP', 'allowed', subject],
    ['S12 another pod is open', 'y/b -> x/b 80/TCP', 'allowed', subject],
    ['S14 egress: [] does not isolate egress', 'x/a -> y/b 80/TCP', 'allowed', { ...subject, egress: [] }],
    ['S14 egress rules isolate ingress too', 'y/b -> x/a 80/TCP', 'denied', { ...subject, egress: [{}] }],
    [
      'S15 inert rules',
      'y/b -> x/a 80/TCP',
      'allowed',
      { ...subject, ingress: [{ ports: [{ port: 1 }] }], policyTypes: ['Egress'] },
    ],
    ['S16 empty list', 'y/b -> x/a 80/TCP', 'denied', { ...subject, ingress: [] }],
    ['S16 egress', 'x/a -> y/b 80/TCP', 'denied', { ...subject, policyTypes: ['Egress'] }],
    [
      'S17 peer of one rule, port of another',
      'y/b -> x/a 80/TCP',
      'denied',
      {
        ...subject,
        ingress: [
          { from: [{ namespaceSelector: {} }], ports: [{ port: 81 }] },
          { from: [{ podSelector: {} }], ports: [{ port: 80 }] },
        ],
      },
    ],
    ['S18 from: []', '203.0.113.10 -> x/a 80/TCP', 'allowed', { ...subject, ingress: [{ from: [] }] }],
    [
      'S19 ports: []',
      'y/b -> x/a 80/SCTP',
      'allowed',
      { ...subject, ingress: [{ from: [{ namespaceSelector: {} }], ports: [] }] },
    ],
    ['S20 {}', '203.0.113.10 -> x/a 80/TCP', 'allowed', { ...subject, ingress: [{}] }],
  ]
  t.strictSame(wrong(plain, rows), [])
})

t.test('peers by selectors (S21-S26)', async t => {
  const teamTwo = { namespaceSelector: { matchLabels: { team: 'two' } } }
  const cart = { podSelector: { matchLabels: { app: 'cart' } } }
  const rows: Row[] = [
    ['S21 OR, first', 'y/b -> x/a 80/TCP', 'allowed', from(teamTwo, cart)],
    ['S21 OR, second', 'x/b -> x/a 80/TCP', 'allowed', from(teamTwo, cart)],
    ['S22 own namespace', 'x/b -> x/a 80/TCP', 'allowed', from(cart)],
    ['S22 not another', 'y/b -> x/a 80/TCP', 'denied', from(cart)],
    ['S23 selected namespace', 'y/b -> x/a 80/TCP', 'allowed', from(teamTwo)],
    ['S23 not the own unless it matches', 'x/b -> x/a 80/TCP', 'denied', from(teamTwo)],
    ['S24 AND', 'z/c -> x/a 80/TCP', 'denied', from({ ...teamTwo, ...cart })],
    ['S24 AND', 'y/b -> x/a 80/TCP', 'allowed', from({ ...teamTwo, ...cart })],
    ['S25 podSelector {}', 'x/b -> x/a 80/TCP', 'allowed', from({ podSelector: {} })],
    ['S25 podSelector {} is the own namespace', 'z/c -> x/a 80/TCP', 'denied', from({ podSelector: {} })],
    ['S25 namespaceSelector {}', 'z/c -> x/a 80/TCP', 'allowed', from({ namespaceSelector: {} })],
    ['S25 both empty', 'z/c -> x/a 80/TCP', 'allowed', from({ namespaceSelector: {}, podSelector: {} })],
    [
      'S25 null is missing',
      'z/c -> x/a 80/TCP',
      'denied',
      from({ namespaceSelector: null, podSelector: {} }),
    ],
    ['S26 no external address', '203.0.113.10 -> x/a 80/TCP', 'denied', from({ namespaceSelector: {} })],
    [
      'S8 the name label',
      'z/c -> x/a 80/TCP',
      'allowed',
      from({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'z' } } }),
    ],
  ]
  t.strictSame(wrong(plain, rows), [])
})

t.test('peers by address (S28-S35)', async t => {
  const block = (cidr: string, ...except: string[]) => ({ ipBlock: { cidr, except } })
  const rows: Row[] = [
    ['S28 inside', '203.0.113.10 -> x/a 80/TCP', 'allowed', from(block('203.0.113.0/24'))],
    ['S28 outside', '203.0.114.10 -> x/a 80/TCP', 'denied', from(block('203.0.113.0/24'))],
    ['S29 except', '203.0.113.10 -> x/a 80/TCP', 'denied', from(block('203.0.113.0/24', '203.0.113.8/29'))],
    [
      'S29 beside the except',
      '203.0.113.20 -> x/a 80/TCP',
      'allowed',
      from(block('203.0.113.0/24', '203.0.113.8/29')),
    ],
    [
      'S29 another element',
      '203.0.113.10 -> x/a 80/TCP',
      'allowed',
      from(block('203.0.113.0/24', '203.0.113.8/29'), block('203.0.113.10/32')),
    ],
    ['S30 a pod', 'y/b -> x/a 80/TCP', 'allowed', from(block('10.0.25.2/32'))],
    ['S33 families', '2001:db8::1 -> x/a 80/TCP', 'denied', from(block('0.0.0.0/0'))],
    ['S33 families', '203.0.113.10 -> x/a 80/TCP', 'denied', from(block('::/0'))],
    ['S33 IPv6', '2001:db8::1 -> x/a 80/TCP', 'allowed', from(block('::/0', 'fd00::/8'))],
    ['S34 mapped probe', '::ffff:203.0.113.10 -> x/a 80/TCP', 'allowed', from(block('203.0.113.0/24'))],
    ['S34 mapped CIDR', '203.0.113.10 -> x/a 80/TCP', 'allowed', from(block('::ffff:203.0.113.0/120'))],
    ['S35 host bits', '203.0.113.10 -> x/a 80/TCP', 'allowed', from(block('203.0.113.77/24'))],
    ['S35 leading zeros', '10.0.0.10 -> x/a 80/TCP', 'allowed', from(block('010.000.000.010/32'))],
  ]
  t.strictSame(wrong(plain, rows), [])
})

t.test('ports (S36-S46)', async t => {
  const rows: Row[] = [
    ['S36 TCP by default', 'y/b -> x/a 80/UDP', 'denied', ports({ port: 80 })],
    ['S36 SCTP', 'y/b -> x/a 80/SCTP', 'allowed', ports({ port: 80, protocol: 'SCTP' })],
    ['S37 number', 'y/b -> x/a 81/TCP', 'denied', ports({ port: 80 })],
    ['S38 protocol alone', 'y/b -> x/a 12345/UDP', 'allowed', ports({ protocol: 'UDP' })],
    ['S38 {}', 'y/b -> x/a 65535/TCP', 'allowed', ports({})],
    ['S39 first', 'y/b -> x/a 8000/TCP', 'allowed', ports({ port: 8000, endPort: 8010 })],
    ['S39 last', 'y/b -> x/a 8010/TCP', 'allowed', ports({ port: 8000, endPort: 8010 })],
    ['S39 beyond', 'y/b -> x/a 8011/TCP', 'denied', ports({ port: 8000, endPort: 8010 })],
    ['several', 'y/b -> x/a 53/UDP', 'allowed', ports({ port: 80 }, { port: 53, protocol: 'UDP' })],
    ['S46 no ports', 'y/b -> x/a ICMP', 'allowed', { ...subject, ingress: [{}] }],
    ['S46 ports', 'y/b -> x/a ICMP', 'denied', ports({})],
  ]
  t.strictSame(wrong(plain, rows), [])
})

t.test('named ports resolve on the destination pod (S40-S44)', async t => {
  const named: World = {
    ...plain,
    pods: [
      pod(
        'x/a',
        { app: 'api' },
        {
          ports: [
            { name: 'http', port: 8080, protocol: 'TCP' },
            { name: 'http', port: 8081, protocol: 'TCP' },
            { name: 'http', port: 9090, protocol: 'UDP' },
            { name: 'dns', port: 53, protocol: 'UDP' },
            { port: 7000, protocol: 'TCP' },
          ],
        },
      ),
      pod('y/b', { app: 'cart' }, { ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }),
      pod(
        'z/h',
        {},
        { hostNetwork: true, ips: ['192.168.0.12'], ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] },
      ),
    ],
  }
  const out: Spec = { ...subject, egress: [{ ports: [{ port: 'http' }] }], policyTypes: ['Egress'] }
  const rows: Row[] = [
    ['S40 ingress', 'y/b -> x/a 8080/TCP', 'allowed', ports({ port: 'http' })],
    ['S40 not the source', 'y/b -> x/a 80/TCP', 'denied', ports({ port: 'http' })],
    ['S40 egress', 'x/a -> y/b 80/TCP', 'allowed', out],
    ['S40 egress, not the subject', 'x/a -> y/b 8080/TCP', 'denied', out],
    ['S41 protocol of the rule', 'y/b -> x/a 53/UDP', 'denied', ports({ port: 'dns' })],
    ['S41 all three agree', 'y/b -> x/a 53/UDP', 'allowed', ports({ port: 'dns', protocol: 'UDP' })],
    ['S41 one name, two protocols', 'y/b -> x/a 9090/TCP', 'denied', ports({ port: 'http' })],
    ['S42 not declared', 'y/b -> x/a 8080/TCP', 'denied', ports({ port: 'nope' })],
    ['S43 external', 'x/a -> 203.0.113.10 80/TCP', 'denied', out],
    ['S43 host network', 'x/a -> z/h 8080/TCP', 'denied', out],
    ['S44 second declaration', 'y/b -> x/a 8081/TCP', 'allowed', ports({ port: 'http' })],
  ]
  t.strictSame(wrong(named, rows), [])
})

t.test('nodes, host-network pods and the pod itself (S47-S53)', async t => {
  const nodes: World = {
    ...plain,
    nodes: [node('n1', ['192.168.0.11', 'fd00:1::11', 'n1.example']), node('n2', ['192.168.0.12'])],
    pods: [
      pod('x/a', { app: 'api' }, { node: 'n1', hostIPs: [] }),
      pod('x/g', { app: 'api' }, { hostIPs: ['192.168.0.13'] }),
      pod('y/h', {}, { node: 'n1', hostNetwork: true, ips: ['10.9.9.9'], hostIPs: [] }),
      pod('y/i', {}, { node: 'n2', hostNetwork: true, ips: ['192.168.0.12'], hostIPs: ['192.168.0.12'] }),
      pod('y/j', {}, { node: 'n1', hostIPs: ['192.168.0.14'] }),
    ],
  }
  const both: Spec = { ...subject, policyTypes: ['Ingress', 'Egress'] }
  const rows: Row[] = [
    ['S47 Node address', '192.168.0.11 -> x/a 80/TCP', 'allowed', both],
    ['S47 any of its addresses', 'fd00:1::11 -> x/a 80/TCP', 'allowed', both],
    ['S47 the host address of the pod', '192.168.0.13 -> x/g 80/TCP', 'allowed', both],
    ['S47 what other pods of the node say', '192.168.0.14 -> x/a 80/TCP', 'allowed', both],
    ['S47 host-network pod of the node', 'y/h -> x/a 80/TCP', 'allowed', both],
    ['S47 its address', '10.9.9.9 -> x/a 80/TCP', 'allowed', both],
    ['S47 no privilege for other pods', 'y/j -> x/a 80/TCP', 'denied', both],
    ['S48 egress is enforced', 'x/a -> 192.168.0.11 80/TCP', 'denied', both],
    ['S49 other node', '192.168.0.12 -> x/a 80/TCP', 'denied', both],
    ['S50 itself', 'x/a -> x/a 80/TCP', 'allowed', both],
    ['S52 not a subject', 'y/j -> y/h 80/TCP', 'allowed', both],
    ['S53 not selected', 'y/i -> x/a 80/TCP', 'denied', from({ namespaceSelector: {} })],
    ['S53 by address', 'y/i -> x/a 80/TCP', 'allowed', from({ ipBlock: { cidr: '192.168.0.12/32' } })],
    ['S53 rule for everybody', 'y/i -> x/a 80/TCP', 'allowed', ports({ port: 80 })],
  ]
  t.strictSame(wrong(nodes, rows), [])
  const deny = epochOf(withPolicies(nodes, policy('x/p', both)))
  const reasons = (line: ReturnType<typeof ask>) =>
    line.responsible?.map(({ direction, reason, policies }) => [direction, reason, policies])
  t.strictSame(reasons(ask(deny, '192.168.0.11 -> x/a 80/TCP')), [['ingress', 'exempt-node', ['x/p']]])
  t.strictSame(reasons(ask(deny, 'x/a -> x/a 80/TCP')), [
    ['egress', 'exempt-self', ['x/p']],
    ['ingress', 'exempt-self', ['x/p']],
  ])
  const open = epochOf(withPolicies(nodes, policy('x/p', { ...subject, ingress: [{}] })))
  t.strictSame(
    reasons(ask(open, '192.168.0.11 -> x/a 80/TCP')),
    [['ingress', 'rule-matched', ['x/p']]],
    'S66: an exemption only where rules would have denied',
  )
})

t.test('pods without an address, finished and terminating (S58-S61)', async t => {
  const world: World = {
    ...plain,
    pods: [
      pod('x/a', { app: 'api' }, { terminating: true }),
      pod('y/o', { role: 'old' }, { ips: ['10.0.9.9'], phase: 'Failed' }),
      pod('y/n', { role: 'new' }, { ips: ['10.0.9.9'], phase: 'Pending' }),
      pod('y/e', {}, { ips: [], phase: 'Pending' }),
      pod('y/f', { role: 'old' }, { ips: ['10.0.9.8'], phase: 'Succeeded' }),
    ],
  }
  const role = (value: string) =>
    from({ namespaceSelector: {}, podSelector: { matchLabels: { role: value } } })
  const rows: Row[] = [
    ['S60 the living pod', '10.0.9.9 -> x/a 80/TCP', 'allowed', role('new')],
    ['S60 not the finished one', '10.0.9.9 -> x/a 80/TCP', 'denied', role('old')],
    ['S60 nobody', '10.0.9.8 -> x/a 80/TCP', 'denied', role('old')],
    ['S59 terminating stays a subject', '203.0.113.1 -> x/a 80/TCP', 'denied', subject],
  ]
  t.strictSame(wrong(world, rows), [])
  t.match(ask(epochOf(world), 'y/f -> x/a 80/TCP').error, /has succeeded and owns no address/)
  t.match(ask(epochOf(world), 'y/e -> x/a 80/TCP').error, /has no address yet/)
})

t.test('every responsible policy and rule is named, sorted (S10, S66)', async t => {
  const epoch = epochOf(
    withPolicies(
      plain,
      policy('x/two', { ...subject, ingress: [{ ports: [{ port: 1 }] }, { ports: [{ port: 80 }] }, {}] }),
      policy('x/one', { ...subject, ingress: [{}] }),
      policy('x/all', { podSelector: {} }),
      policy('y/out', { policyTypes: ['Egress'] }),
    ),
  )
  t.strictSame(ask(epoch, 'z/c -> x/a 80/TCP').responsible, [
    { direction: 'egress', policies: [], reason: 'not-isolated' },
    {
      direction: 'ingress',
      policies: ['x/one', 'x/two'],
      rules: ['x/one#0', 'x/two#1', 'x/two#2'],
      reason: 'rule-matched',
    },
  ])
  t.strictSame(ask(epoch, 'y/b -> x/b 80/TCP').responsible, [
    { direction: 'egress', policies: ['y/out'], reason: 'no-rule-matched' },
    { direction: 'ingress', policies: ['x/all'], reason: 'no-rule-matched' },
  ])
})

t.test('dual stack: ends use one family, selectors match whatever the family (S33)', async t => {
  const dual: World = {
    ...plain,
    pods: [
      pod('x/a', { app: 'api' }, { ips: ['10.0.1.1', 'fd00::1'] }),
      pod('y/b', { app: 'cart' }, { ips: ['fd00::2', '10.0.1.2'] }),
      pod('y/s', { app: 'cart' }, { ips: ['fd00::3'] }),
    ],
  }
  const v4 = from({ ipBlock: { cidr: '10.0.0.0/8' } })
  const rows: Row[] = [
    ['first family of the source', 'y/b -> x/a 80/TCP', 'denied', v4],
    ['by address', '10.0.1.2 -> x/a 80/TCP', 'allowed', v4],
    ['the only common family', 'y/s -> x/a 80/TCP', 'denied', v4],
    ['selector', 'fd00::2 -> x/a 80/TCP', 'allowed', from({ namespaceSelector: {} })],
  ]
  t.strictSame(wrong(dual, rows), [])
})

t.test(
  "an address inside a node's pod range without a pod is unknown, and selected by nothing (S26)",
  async t => {
    const world: World = {
      ...plain,
      nodes: [node('n1', [], ['10.0.0.0/16', 'fd00:9::/64'])],
      namespaces: [namespace('x')],
    }
    const epoch = epochOf(world)
    const kind = (text: string) => epoch.resolve(parse(text)).kind
    t.strictSame(['10.0.77.77', 'fd00:9::7', '10.1.0.1', '10.0.24.1', '192.168.0.11'].map(kind), [
      'unknown',
      'unknown',
      'external',
      'pod',
      'node',
    ])
    t.strictSame(
      wrong(world, [['S26', '10.0.77.77 -> x/a 80/TCP', 'denied', from({ namespaceSelector: {} })]]),
      [],
    )
  },
)

function parse(text: string) {
  return parseAddress(text)!
}
