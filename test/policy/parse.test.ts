import t from 'tap'
import { isRejected, parsePolicy } from '../../agent/policy/index.ts'
import { ask, epochOf, plain, policy, withPolicies } from './small-world.ts'

/** A spec and everything that is wrong with it. */
const invalid: [string, unknown, string[]][] = [
  ['a peer without fields', { ingress: [{ from: [{}] }] }, ['spec.ingress[0].from[0]: must specify a peer']],
  ['a null peer', { egress: [{ to: [null] }] }, ['spec.egress[0].to[0]: must specify a peer']],
  [
    'a peer whose only field is null',
    { ingress: [{ from: [{ podSelector: null }] }] },
    ['spec.ingress[0].from[0]: must specify a peer'],
  ],
  [
    'an ipBlock beside a selector',
    { ingress: [{ from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
    ['spec.ingress[0].from[0]: may not specify both ipBlock and another peer'],
  ],
  [
    'three policyTypes',
    { policyTypes: ['Ingress', 'Egress', 'Ingress'] },
    ['spec.policyTypes: may not specify more than two policyTypes'],
  ],
  [
    'an unknown policyType',
    { policyTypes: ['ingress'] },
    ['spec.policyTypes[0]: "ingress" is not supported: Ingress, Egress'],
  ],
  [
    'an unknown protocol',
    { ingress: [{ ports: [{ protocol: 'ICMP' }] }] },
    ['spec.ingress[0].ports[0].protocol: "ICMP" is not supported: TCP, UDP, SCTP'],
  ],
  [
    'a protocol in lower case',
    { ingress: [{ ports: [{ protocol: 'tcp' }] }] },
    ['spec.ingress[0].ports[0].protocol: "tcp" is not supported: TCP, UDP, SCTP'],
  ],
  [
    'an empty protocol',
    { ingress: [{ ports: [{ protocol: '' }] }] },
    ['spec.ingress[0].ports[0].protocol: "" is not supported: TCP, UDP, SCTP'],
  ],
  [
    'endPort with a name',
    { ingress: [{ ports: [{ port: 'http', endPort: 90 }] }] },
    ['spec.ingress[0].ports[0].endPort: may not be specified when `port` is non-numeric'],
  ],
  [
    'endPort without port',
    { ingress: [{ ports: [{ endPort: 90 }] }] },
    ['spec.ingress[0].ports[0].endPort: may not be specified when `port` is not specified'],
  ],
  [
    'endPort below port',
    { ingress: [{ ports: [{ port: 90, endPort: 80 }] }] },
    ['spec.ingress[0].ports[0].endPort: 80 must be greater than or equal to `port` 90'],
  ],
  [
    'endPort out of range',
    { ingress: [{ ports: [{ port: 90, endPort: 70000 }] }] },
    ['spec.ingress[0].ports[0].endPort: 70000 must be between 1 and 65535, inclusive'],
  ],
  [
    'port 0',
    { ingress: [{ ports: [{ port: 0 }] }] },
    ['spec.ingress[0].ports[0].port: 0 must be between 1 and 65535, inclusive'],
  ],
  [
    'port 65536',
    { ingress: [{ ports: [{ port: 65536 }] }] },
    ['spec.ingress[0].ports[0].port: 65536 must be between 1 and 65535, inclusive'],
  ],
  [
    'a fraction of a port',
    { ingress: [{ ports: [{ port: 80.5 }] }] },
    ['spec.ingress[0].ports[0].port: must be a number or a name, not 80.5'],
  ],
  [
    'a number as a name',
    { ingress: [{ ports: [{ port: '80' }] }] },
    ['spec.ingress[0].ports[0].port: "80" must contain at least one letter (a-z)'],
  ],
  [
    'a bad port name',
    { ingress: [{ ports: [{ port: '-Long--name-of-port' }] }] },
    [
      'spec.ingress[0].ports[0].port: "-Long--name-of-port" must be no more than 15 characters',
      'spec.ingress[0].ports[0].port: "-Long--name-of-port" must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.ingress[0].ports[0].port: "-Long--name-of-port" must not contain consecutive hyphens',
      'spec.ingress[0].ports[0].port: "-Long--name-of-port" must not begin or end with a hyphen',
    ],
  ],
  [
    'except outside',
    { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }] },
    [
      'spec.ingress[0].from[0].ipBlock.except[0]: "11.0.0.0/16" must be a strict subset of `cidr` "10.0.0.0/8"',
    ],
  ],
  [
    'except the whole',
    { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }] }] },
    [
      'spec.ingress[0].from[0].ipBlock.except[0]: "10.0.0.0/8" must be a strict subset of `cidr` "10.0.0.0/8"',
    ],
  ],
  [
    'except of the other family',
    { ingress: [{ from: [{ ipBlock: { cidr: '::/0', except: ['10.0.0.0/8'] } }] }] },
    ['spec.ingress[0].from[0].ipBlock.except[0]: "10.0.0.0/8" must be a strict subset of `cidr` "::/0"'],
  ],
  [
    'no CIDR',
    { ingress: [{ from: [{ ipBlock: {} }] }] },
    ['spec.ingress[0].from[0].ipBlock.cidr: "" is not a valid CIDR (for example 10.0.0.0/8 or fd00::/64)'],
  ],
  [
    'an address as CIDR',
    { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.1' } }] }] },
    [
      'spec.egress[0].to[0].ipBlock.cidr: "10.0.0.1" is not a valid CIDR (for example 10.0.0.0/8 or fd00::/64)',
    ],
  ],
  [
    'In without values',
    { podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
    ['spec.podSelector.matchExpressions[0].values: must be specified when `operator` is "In" or "NotIn"'],
  ],
  [
    'Exists with values',
    { podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } },
    [
      'spec.podSelector.matchExpressions[0].values: may not be specified when `operator` is "Exists" or "DoesNotExist"',
    ],
  ],
  [
    'an unknown operator',
    { podSelector: { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] } },
    [
      'spec.podSelector.matchExpressions[0].operator: "Gt" is not a valid selector operator: In, NotIn, Exists, DoesNotExist',
    ],
  ],
  [
    'a bad label key',
    { podSelector: { matchLabels: { 'a b': 'c' } } },
    ['spec.podSelector.matchLabels: "a b" is not a valid label key'],
  ],
  [
    'a bad key prefix',
    { podSelector: { matchLabels: { 'UP/a': 'c' } } },
    ['spec.podSelector.matchLabels: "UP/a" is not a valid label key'],
  ],
  [
    'a bad label value',
    { podSelector: { matchLabels: { a: '-c' } } },
    ['spec.podSelector.matchLabels.a: "-c" is not a valid label value'],
  ],
  [
    'a long label value',
    { podSelector: { matchLabels: { a: 'c'.repeat(64) } } },
    [`spec.podSelector.matchLabels.a: "${'c'.repeat(56)}... is not a valid label value`],
  ],
  [
    'a number as label value',
    { podSelector: { matchLabels: { a: 5 } } },
    ['spec.podSelector.matchLabels.a: must be a string, not 5'],
  ],
  ['text as spec', 'deny', ['spec: must be an object, not "deny"']],
  ['an object as rules', { ingress: { from: [] } }, ['spec.ingress: must be a list, not {"from":[]}']],
  ['a list as selector', { podSelector: [] }, ['spec.podSelector: must be an object, not []']],
  [
    'several things at once',
    { ingress: [{ from: [{}] }, { ports: [{ port: 0 }] }], policyTypes: ['Both'] },
    [
      'spec.ingress[0].from[0]: must specify a peer',
      'spec.ingress[1].ports[0].port: 0 must be between 1 and 65535, inclusive',
      'spec.policyTypes[0]: "Both" is not supported: Ingress, Egress',
    ],
  ],
]

t.test(
  'parsePolicy() refuses what the API server refuses, with every problem and its path (S27)',
  async t => {
    for (const [name, spec, problems] of invalid) {
      const parsed = parsePolicy(policy('x/p', spec))
      t.strictSame(
        isRejected(parsed) && { key: parsed.key, problems: parsed.problems },
        { key: 'x/p', problems },
        name,
      )
    }
  },
)

const valid: [string, unknown][] = [
  ['no spec', undefined],
  ['null everywhere', { podSelector: null, ingress: null, egress: null, policyTypes: null }],
  ['a null rule, which is the empty one', { ingress: [null] }],
  ['empty lists', { ingress: [{ from: [], ports: [] }], policyTypes: [] }],
  [
    'host bits and leading zeros (S35)',
    { ingress: [{ from: [{ ipBlock: { cidr: '010.1.2.3/8', except: ['10.9.9.9/16'] } }] }] },
  ],
  ['a mapped CIDR (S34)', { ingress: [{ from: [{ ipBlock: { cidr: '::ffff:10.0.0.0/104' } }] }] }],
  ['an unknown field', { ingress: [{ from: [{ podSelector: {}, serviceAccountSelector: {} }] }], extra: 1 }],
  [
    'the longest names',
    { podSelector: { matchLabels: { [`${'a'.repeat(253)}/${'b'.repeat(63)}`]: 'c'.repeat(63) } } },
  ],
  ['both policyTypes twice the same', { policyTypes: ['Egress', 'Egress'] }],
  ['one port as a range', { ingress: [{ ports: [{ port: 80, endPort: 80, protocol: 'SCTP' }] }] }],
  ['an empty label value', { podSelector: { matchLabels: { debug: '' } } }],
]

t.test('parsePolicy() accepts what the API server accepts or has accepted', async t => {
  for (const [name, spec] of valid) t.notOk(isRejected(parsePolicy(policy('x/p', spec))), name)
})

t.test('parsePolicy() refuses names that no object can have', async t => {
  const problems = (name: string) => {
    const parsed = parsePolicy(policy(name, {}))
    return isRejected(parsed) && parsed.problems
  }
  t.strictSame(problems('x/Bad_Name'), ['metadata.name: "Bad_Name" is not a valid name'])
  t.strictSame(problems('x.y/p'), ['metadata.namespace: "x.y" is not a valid namespace name'])
})

t.test('policyTypes are defaulted as the API server does it (S14)', async t => {
  const rows: [unknown, boolean, boolean][] = [
    [{}, false, true],
    [{ egress: [] }, false, true],
    [{ egress: [{}] }, true, true],
    [{ egress: [{}], policyTypes: [] }, true, true],
    [{ policyTypes: ['Egress'] }, true, false],
    [{ ingress: [{}], policyTypes: ['Egress'] }, true, false],
    [{ policyTypes: ['Ingress', 'Egress'] }, true, true],
  ]
  for (const [spec, egress, ingress] of rows) {
    const parsed = parsePolicy(policy('x/p', spec))
    t.strictSame('isolates' in parsed && parsed.isolates, { egress, ingress }, JSON.stringify(spec))
  }
})

t.test('a refused policy is left out of the answers that it could have touched, and they say so', async t => {
  const bad = { ports: [{ port: 0 }] }
  const rows: [string, unknown, string, string[] | undefined][] = [
    [
      'its direction and subjects',
      { podSelector: { matchLabels: { app: 'api' } }, ingress: [bad] },
      'y/b -> x/a 80/TCP',
      ['x/p'],
    ],
    ['another direction', { ingress: [bad] }, 'x/a -> y/b 80/TCP', undefined],
    [
      'another pod',
      { podSelector: { matchLabels: { app: 'api' } }, ingress: [bad] },
      'y/b -> x/b 80/TCP',
      undefined,
    ],
    ['another namespace', { ingress: [bad] }, 'x/a -> z/c 80/TCP', undefined],
    ['egress that is only implied', { egress: [bad] }, 'x/a -> y/b 80/TCP', ['x/p']],
    [
      'a selector that cannot be read',
      { podSelector: { matchExpressions: [{}] } },
      'y/b -> x/b 80/TCP',
      ['x/p'],
    ],
    ['types that cannot be read', { policyTypes: ['Both'] }, 'x/a -> y/b 80/TCP', ['x/p']],
    ['a spec that cannot be read', 'text', 'x/a -> y/b 80/TCP', ['x/p']],
  ]
  for (const [name, spec, probe, leftOut] of rows) {
    const line = ask(epochOf(withPolicies(plain, policy('x/p', spec))), probe)
    t.strictSame(line.leftOut, leftOut, name)
    t.equal(line.certainty, leftOut && 'candidates', name)
    t.equal(line.verdict, 'allowed', name)
  }
})

t.test('a kind that is not evaluated is left out of every answer that it could reach', async t => {
  const spec = { priority: 1 }
  const metadata = { name: 'guard' }
  const object = {
    apiVersion: 'policy.networking.k8s.io/v1alpha9',
    kind: 'AdminNetworkPolicy',
    metadata,
    spec,
  }
  const epoch = epochOf(withPolicies(plain, object))
  t.strictSame(ask(epoch, 'y/b -> x/a 80/TCP').leftOut, ['AdminNetworkPolicy/guard'])
  t.strictSame(
    epoch.rejections.map(({ key, kind }) => ({ key, kind })),
    [{ key: 'AdminNetworkPolicy/guard', kind: 'AdminNetworkPolicy' }],
  )
  const gone = epoch.with([{ kind: 'Policy', key: 'AdminNetworkPolicy/guard' }])
  t.equal(ask(gone, 'y/b -> x/a 80/TCP').leftOut, undefined)
})
