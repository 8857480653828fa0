import fc from 'fast-check'
import t from 'tap'
import { differenceOf, labelDifference } from '../../agent/policy/difference.ts'
import type { PolicyObject } from '../../agent/policy/objects.ts'

function networkPolicy(spec: unknown): PolicyObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'data' },
    spec,
  }
}

function tierPolicy(kind: string, spec: unknown): PolicyObject {
  return { apiVersion: 'policy.networking.k8s.io/v1alpha1', kind, metadata: { name: 'p' }, spec }
}

const api = { podSelector: { matchLabels: { app: 'api' } } }
const cart = { podSelector: { matchLabels: { app: 'cart' } } }
const web = { podSelector: { matchLabels: { app: 'web' } } }
const shop = { namespaceSelector: { matchLabels: { team: 'shop' } } }
const net = { ipBlock: { cidr: '10.0.0.0/8' } }
const tcp = (port: unknown, endPort?: number) => ({ protocol: 'TCP', port, ...(endPort && { endPort }) })

const networkPolicies: readonly [string, unknown, unknown, readonly string[]][] = [
  ['nothing', { ingress: [{ from: [api] }] }, { ingress: [{ from: [api] }] }, []],
  ['null is absent', { ingress: null, podSelector: null }, { podSelector: {} }, []],
  ['an empty list is an absent one', { egress: [], ingress: [{ ports: [] }] }, { ingress: [{}] }, []],
  [
    'a peer removed',
    { ingress: [{ from: [api, cart] }] },
    { ingress: [{ from: [api] }] },
    ['ingress[0].from[1] removed'],
  ],
  [
    'a peer removed from the middle is one removal',
    { ingress: [{ from: [api, cart, web, shop] }] },
    { ingress: [{ from: [api, web, shop] }] },
    ['ingress[0].from[1] removed'],
  ],
  [
    'a peer added in front',
    { ingress: [{ from: [cart] }] },
    { ingress: [{ from: [api, cart] }] },
    ['ingress[0].from[0] added'],
  ],
  [
    'a rule added',
    { ingress: [{ from: [api] }] },
    { ingress: [{ from: [api] }, { from: [net] }] },
    ['ingress[1] added'],
  ],
  [
    'the first rule',
    { policyTypes: ['Ingress'] },
    { policyTypes: ['Ingress'], ingress: [{}] },
    ['ingress[0] added'],
  ],
  [
    'a rule removed, and the next one edited where it now stands',
    {
      ingress: [
        { from: [api], ports: [tcp(1)] },
        { from: [cart], ports: [tcp(80)] },
      ],
    },
    { ingress: [{ from: [cart], ports: [tcp(81)] }] },
    ['ingress[0] removed', 'ingress[0].ports[0] 80/TCP -> 81/TCP'],
  ],
  [
    'a port',
    { egress: [{ ports: [tcp(5432)] }] },
    { egress: [{ ports: [tcp(5433)] }] },
    ['egress[0].ports[0] 5432/TCP -> 5433/TCP'],
  ],
  [
    'a range, a name, and the default protocol',
    { egress: [{ ports: [tcp(8000), { port: 53, protocol: 'UDP' }] }] },
    { egress: [{ ports: [tcp(8000, 8080), { port: 'dns' }] }] },
    ['egress[0].ports[0] 8000/TCP -> 8000-8080/TCP', 'egress[0].ports[1] 53/UDP -> dns/TCP'],
  ],
  [
    'a port added',
    { egress: [{ ports: [tcp(1)] }] },
    { egress: [{ ports: [tcp(1), tcp(2)] }] },
    ['egress[0].ports[1] 2/TCP added'],
  ],
  [
    'ports where there were none',
    { egress: [{}] },
    { egress: [{ ports: [tcp(1)] }] },
    ['egress[0].ports added (was all ports)'],
  ],
  [
    'no peers any more',
    { egress: [{ to: [api] }] },
    { egress: [{ to: [] }] },
    ['egress[0].to removed (now everybody)'],
  ],
  [
    'a selector of a peer',
    { ingress: [{ from: [api] }] },
    { ingress: [{ from: [cart] }] },
    ['ingress[0].from[0].podSelector app=api -> app=cart'],
  ],
  [
    'another kind of peer',
    { ingress: [{ from: [api] }] },
    { ingress: [{ from: [net] }] },
    ['ingress[0].from[0] removed', 'ingress[0].from[0] added'],
  ],
  [
    'a namespace selector beside the other',
    { ingress: [{ from: [api] }] },
    { ingress: [{ from: [{ ...api, ...shop }] }] },
    ['ingress[0].from[0].namespaceSelector team=shop added'],
  ],
  [
    'an empty selector',
    { ingress: [{ from: [api] }] },
    { ingress: [{ from: [{ ...api, namespaceSelector: {} }] }] },
    ['ingress[0].from[0].namespaceSelector added'],
  ],
  [
    'subjects',
    { podSelector: { matchLabels: { app: 'cart', tier: 'a' } } },
    { podSelector: { matchLabels: { app: 'kart', tier: 'a' } } },
    ['podSelector app=cart -> app=kart'],
  ],
  ['subjects that were all', {}, { podSelector: { matchLabels: { app: 'x' } } }, ['podSelector app=x added']],
  [
    'expressions',
    { podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['b', 'a'] }] } },
    { podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } },
    ['podSelector app in (a,b) -> app'],
  ],
  [
    'types',
    { policyTypes: ['Ingress'] },
    { policyTypes: ['Egress', 'Ingress'] },
    ['policyTypes Egress added'],
  ],
  [
    'types removed',
    { policyTypes: ['Ingress', 'Egress'] },
    { policyTypes: ['Ingress'] },
    ['policyTypes Egress removed'],
  ],
  [
    'a CIDR',
    { egress: [{ to: [net] }] },
    { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/16' } }] }] },
    ['egress[0].to[0].ipBlock.cidr 10.0.0.0/8 -> 10.0.0.0/16'],
  ],
  [
    'an exception',
    { egress: [{ to: [net] }] },
    { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] },
    ['egress[0].to[0].ipBlock.except 10.1.0.0/16 added'],
  ],
  [
    'the order of rules, which means nothing',
    { ingress: [{ from: [api] }, { from: [cart] }] },
    { ingress: [{ from: [cart] }, { from: [api] }] },
    ['ingress reordered'],
  ],
  [
    'very much',
    { podSelector: { matchLabels: { a: '1' } }, policyTypes: ['Ingress'] },
    {
      podSelector: { matchLabels: { a: '2' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [api] }, { from: [cart] }, { from: [web] }],
      egress: [{ to: [net] }, { to: [shop] }],
    },
    [
      'egress[0] added',
      'egress[1] added',
      'ingress[0] added',
      'ingress[1] added',
      'ingress[2] added',
      'and 2 more',
    ],
  ],
]

t.test('differenceOf() says what was edited in a NetworkPolicy', t => {
  for (const [name, before, after, said] of networkPolicies)
    t.same(differenceOf(networkPolicy(before), networkPolicy(after)), said, name)
  t.end()
})

const rule = (name: string, action: string, more: object = {}) => ({
  name,
  action,
  from: [{ namespaces: {} }],
  ...more,
})

const tierPolicies: readonly [string, unknown, unknown, readonly string[]][] = [
  ['a priority', { priority: 10 }, { priority: 5 }, ['priority 10 -> 5']],
  [
    'an action',
    { ingress: [rule('a', 'Allow')] },
    { ingress: [rule('a', 'Deny')] },
    ['ingress[0].action Allow -> Deny'],
  ],
  [
    'rules that changed places',
    { ingress: [rule('a', 'Allow'), rule('b', 'Deny'), rule('c', 'Pass')] },
    { ingress: [rule('c', 'Pass'), rule('a', 'Allow'), rule('b', 'Deny')] },
    ['ingress[2] moved to ingress[0]'],
  ],
  [
    'a rule that moved and was edited is known by its name',
    { ingress: [rule('a', 'Allow'), rule('b', 'Deny')] },
    { ingress: [rule('b', 'Pass'), rule('a', 'Allow')] },
    ['ingress[0].action Deny -> Pass'],
  ],
  [
    'subjects',
    { subject: { namespaces: { matchLabels: { env: 'prod' } } } },
    { subject: { namespaces: { matchLabels: { env: 'dev' } } } },
    ['subject.namespaces env=prod -> env=dev'],
  ],
  [
    'another kind of subjects',
    { subject: { namespaces: {} } },
    { subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'x' } } } } },
    ['subject.namespaces removed', 'subject.pods added'],
  ],
  [
    'ports of v1alpha1',
    {
      ingress: [
        rule('a', 'Allow', { ports: [{ portNumber: { protocol: 'TCP', port: 80 } }, { namedPort: 'web' }] }),
      ],
    },
    {
      ingress: [
        rule('a', 'Allow', {
          ports: [{ portRange: { protocol: 'TCP', start: 80, end: 90 } }, { namedPort: 'api' }],
        }),
      ],
    },
    ['ingress[0].ports[0] 80/TCP -> 80-90/TCP', 'ingress[0].ports[1] web -> api'],
  ],
  [
    'ports of v1alpha2',
    { ingress: [rule('a', 'Accept', { protocols: [{ tcp: { destinationPort: { number: 80 } } }] })] },
    {
      ingress: [
        rule('a', 'Accept', { protocols: [{ tcp: { destinationPort: { range: { start: 80, end: 90 } } } }] }),
      ],
    },
    ['ingress[0].protocols[0] 80/TCP -> 80-90/TCP'],
  ],
  [
    'networks',
    { egress: [{ action: 'Deny', to: [{ networks: ['10.0.0.0/8'] }] }] },
    { egress: [{ action: 'Deny', to: [{ networks: ['10.0.0.0/8', '192.168.0.0/16'] }] }] },
    ['egress[0].to[0].networks 192.168.0.0/16 added'],
  ],
]

t.test('differenceOf() says what was edited in a cluster-scoped policy', t => {
  for (const [name, before, after, said] of tierPolicies)
    t.same(
      differenceOf(tierPolicy('AdminNetworkPolicy', before), tierPolicy('AdminNetworkPolicy', after)),
      said,
      name,
    )
  t.end()
})

t.test('differenceOf() has nothing to add to a creation or a deletion', t => {
  t.same(differenceOf(undefined, networkPolicy({})), [])
  t.same(differenceOf(networkPolicy({}), undefined), [])
  t.end()
})

t.test('labelDifference() says which labels came, went and changed', t => {
  t.same(labelDifference({ app: 'cart' }, { app: 'kart' }), ['label app: cart -> kart'])
  t.same(labelDifference({ app: 'cart' }, { app: 'cart', team: 'data' }), ['label team added: data'])
  t.same(labelDifference({ app: 'cart', z: '' }, { z: '' }), ['label app removed (was cart)'])
  t.same(labelDifference({ constructor: 'a' }, {}), ['label constructor removed (was a)'])
  const many = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`k${i}`, 'v']))
  t.equal(labelDifference({}, many).at(-1), 'and 3 more')
  t.end()
})

t.test('whatever is removed from, or added to, a list of different rules is said, and nothing else', t => {
  const rules = Array.from({ length: 12 }, (_, i) => ({
    from: [{ ipBlock: { cidr: `10.${i}.0.0/16` } }],
    ports: [tcp(i + 1)],
  }))
  const subset = fc.subarray(rules, { minLength: 1 })
  fc.assert(
    fc.property(subset, fc.integer({ min: 0, max: 11 }), (left, at) => {
      const gone = at % left.length
      const fewer = left.filter((_, i) => i !== gone)
      const [more, less] = [networkPolicy({ ingress: left }), networkPolicy({ ingress: fewer })]
      t.same(differenceOf(more, less), [`ingress[${gone}] removed`])
      t.same(differenceOf(less, more), [`ingress[${gone}] added`])
    }),
    { numRuns: 200 },
  )
  t.end()
})
