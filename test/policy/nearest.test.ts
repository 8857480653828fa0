import t from 'tap'
import { ask, epochOf, plain, pod, policy, type Spec, withPolicies } from './small-world.ts'

const subject = { podSelector: { matchLabels: { app: 'api' } } }
const from = (...peers: unknown[]): Spec => ({ ...subject, ingress: [{ from: peers }] })
const cart = { podSelector: { matchLabels: { app: 'web' } } }

/** What a nearest miss says: rule, then failed, want and have of each term. */
type Miss = readonly [rule: string, ...terms: (readonly [failed: string, want: string, have: string])[]]

function nearest(probe: string, ...specs: Spec[]): (string | Miss)[] {
  const policies = specs.map((spec, i) => policy(`x/p${i}`, spec))
  const line = ask(epochOf(withPolicies(world, ...policies)), probe)
  return (line.nearest ?? []).map(miss => {
    const { rule, failed, want, have, also } = miss as {
      rule: string
      failed: string
      want: string
      have: string
      also: object[]
    }
    const terms = [{ failed, want, have }, ...also].map(term => Object.values(term))
    return [rule, ...terms] as unknown as Miss
  })
}

const world = {
  ...plain,
  pods: [...plain.pods, pod('z/h', {}, { hostNetwork: true, ips: ['192.168.0.99'], hostIPs: [] })],
}

const rows: [string, string, Spec, Miss[]][] = [
  [
    'one label',
    'x/b -> x/a 80/TCP',
    from(cart),
    [['ingress[0]', ['from[0].podSelector', 'app=web', 'app=cart']]],
  ],
  [
    'a missing label',
    'x/b -> x/a 80/TCP',
    from({ podSelector: { matchLabels: { zone: 'a' } } }),
    [['ingress[0]', ['from[0].podSelector', 'zone=a', 'zone absent']]],
  ],
  [
    'only what failed, sorted by key',
    'x/b -> x/a 80/TCP',
    from({ podSelector: { matchLabels: { zone: 'a', tier: 'web', app: 'x' } } }),
    [['ingress[0]', ['from[0].podSelector', 'app=x,zone=a', 'app=cart,zone absent']]],
  ],
  [
    "expressions in kubectl's words",
    'x/b -> x/a 80/TCP',
    from({
      podSelector: {
        matchExpressions: [
          { key: 'app', operator: 'In', values: ['web', 'api'] },
          { key: 'app', operator: 'NotIn', values: ['cart'] },
          { key: 'debug', operator: 'Exists' },
          { key: 'tier', operator: 'DoesNotExist' },
        ],
      },
    }),
    [
      [
        'ingress[0]',
        [
          'from[0].podSelector',
          'app in (api,web),app notin (cart),debug,!tier',
          'app=cart,debug absent,tier=web',
        ],
      ],
    ],
  ],
  [
    'the implied own namespace',
    'y/b -> x/a 80/TCP',
    from({ podSelector: {} }),
    [['ingress[0]', ['from[0].namespaceSelector', 'namespace x', 'namespace y']]],
  ],
  [
    'namespace and labels are two terms, in that order',
    'y/b -> x/a 80/TCP',
    from(cart),
    [
      [
        'ingress[0]',
        ['from[0].namespaceSelector', 'namespace x', 'namespace y'],
        ['from[0].podSelector', 'app=web', 'app=cart'],
      ],
    ],
  ],
  [
    'a namespaceSelector',
    'z/c -> x/a 80/TCP',
    from({
      namespaceSelector: { matchLabels: { team: 'two' } },
      podSelector: { matchLabels: { app: 'db' } },
    }),
    [['ingress[0]', ['from[0].namespaceSelector', 'team=two', 'team absent']]],
  ],
  [
    'the peer with the fewest terms stands for the rule, the first of equals',
    'y/b -> x/a 80/TCP',
    from(
      cart,
      { namespaceSelector: { matchLabels: { team: 'one' } } },
      { namespaceSelector: { matchLabels: { team: 'six' } } },
    ),
    [['ingress[0]', ['from[1].namespaceSelector', 'team=one', 'team=two']]],
  ],
  [
    'a selector cannot match an external address',
    '203.0.113.10 -> x/a 80/TCP',
    from(cart),
    [['ingress[0]', ['from[0].podSelector', 'app=web', '203.0.113.10']]],
  ],
  [
    'of two selectors the first is named',
    '203.0.113.10 -> x/a 80/TCP',
    from({ namespaceSelector: { matchLabels: { team: 'two' } }, ...cart }),
    [['ingress[0]', ['from[0].namespaceSelector', 'team=two', '203.0.113.10']]],
  ],
  [
    'an empty selector',
    '203.0.113.10 -> x/a 80/TCP',
    from({ podSelector: {} }),
    [['ingress[0]', ['from[0].podSelector', 'any pod', '203.0.113.10']]],
  ],
  [
    'an empty namespaceSelector',
    'z/h -> x/a 80/TCP',
    from({ namespaceSelector: {} }),
    [['ingress[0]', ['from[0].namespaceSelector', 'any namespace', '192.168.0.99']]],
  ],
  [
    'outside the cidr',
    '203.0.113.10 -> x/a 80/TCP',
    from({ ipBlock: { cidr: '198.51.100.9/24' } }),
    [['ingress[0]', ['from[0].ipBlock', '198.51.100.9/24', '203.0.113.10']]],
  ],
  [
    'inside an except',
    '203.0.113.10 -> x/a 80/TCP',
    from({ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.0/28', '203.0.113.64/28'] } }),
    [['ingress[0]', ['from[0].ipBlock.except', 'not 203.0.113.0/28', '203.0.113.10']]],
  ],
  [
    'a pod against an ipBlock',
    'y/b -> x/a 80/TCP',
    from({ ipBlock: { cidr: '203.0.113.0/24' } }),
    [['ingress[0]', ['from[0].ipBlock', '203.0.113.0/24', '10.0.25.2']]],
  ],
  [
    'a port',
    'y/b -> x/a 80/TCP',
    { ...subject, ingress: [{ ports: [{ port: 5433 }] }] },
    [['ingress[0]', ['ports[0]', '5433/TCP', '80/TCP']]],
  ],
  [
    "of several ports the first of the packet's protocol",
    'y/b -> x/a 80/UDP',
    {
      ...subject,
      ingress: [{ ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }, { port: 54, protocol: 'UDP' }] }],
    },
    [['ingress[0]', ['ports[1]', '53/UDP', '80/UDP']]],
  ],
  [
    'no port of its protocol: the first',
    'y/b -> x/a 80/SCTP',
    {
      ...subject,
      ingress: [
        {
          ports: [
            { port: 8000, endPort: 8080 },
            { port: 53, protocol: 'UDP' },
          ],
        },
      ],
    },
    [['ingress[0]', ['ports[0]', '8000-8080/TCP', '80/SCTP']]],
  ],
  [
    'a name',
    'y/b -> x/a 80/TCP',
    { ...subject, ingress: [{ ports: [{ port: 'http' }] }] },
    [['ingress[0]', ['ports[0]', 'http/TCP', '80/TCP']]],
  ],
  [
    'a protocol alone',
    'y/b -> x/a 80/TCP',
    { ...subject, ingress: [{ ports: [{ protocol: 'UDP' }] }] },
    [['ingress[0]', ['ports[0]', 'UDP', '80/TCP']]],
  ],
  [
    'ICMP',
    'y/b -> x/a ICMP',
    { ...subject, ingress: [{ ports: [{ port: 80 }] }] },
    [['ingress[0]', ['ports[0]', '80/TCP', 'ICMP']]],
  ],
  [
    'peers before ports',
    'x/b -> x/a 80/TCP',
    { ...subject, ingress: [{ ports: [{ port: 81 }], from: [cart] }] },
    [['ingress[0]', ['from[0].podSelector', 'app=web', 'app=cart'], ['ports[0]', '81/TCP', '80/TCP']]],
  ],
  [
    'the rule with the fewest terms, the first of equals',
    'y/b -> x/a 80/TCP',
    {
      ...subject,
      ingress: [
        { from: [cart], ports: [{ port: 81 }] },
        { ports: [{ port: 82 }] },
        { ports: [{ port: 83 }] },
      ],
    },
    [['ingress[1]', ['ports[0]', '82/TCP', '80/TCP']]],
  ],
  ['no rules, nothing near', 'y/b -> x/a 80/TCP', subject, []],
  [
    'egress speaks of `to`',
    'x/a -> y/b 80/TCP',
    { ...subject, egress: [{ to: [{ podSelector: {} }] }], policyTypes: ['Egress'] },
    [['egress[0]', ['to[0].namespaceSelector', 'namespace x', 'namespace y']]],
  ],
]

t.test('the nearest miss names the rule, the failed terms, and what was wanted and found', async t => {
  for (const [name, probe, spec, misses] of rows) t.strictSame(nearest(probe, spec), misses, name)
})

t.test('policies come nearest first: fewest terms, then by name', async t => {
  const two = { ...from(cart) }
  const one = { ...subject, ingress: [{ ports: [{ port: 81 }] }] }
  const misses = nearest('y/b -> x/a 80/TCP', two, one, subject, one)
  t.strictSame(
    misses.map(([, term]) => term?.[0]),
    ['ports[0]', 'ports[0]', 'from[0].namespaceSelector'],
  )
})

t.test(
  'both directions denied: both have their misses, egress before ingress where they stand equal',
  async t => {
    const both = { podSelector: {}, ingress: [{ ports: [{ port: 1 }] }], egress: [{ ports: [{ port: 2 }] }] }
    const line = ask(epochOf(withPolicies(world, policy('x/p', both))), 'x/b -> x/a 80/TCP')
    t.strictSame(
      line.nearest?.map(({ direction, policy, rule }) => [direction, policy, rule]),
      [
        ['egress', 'x/p', 'egress[0]'],
        ['ingress', 'x/p', 'ingress[0]'],
      ],
    )
  },
)
