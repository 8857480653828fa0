import t from 'tap'
import { isRejected, parsePolicy } from '../../agent/policy/index.ts'
import { ask, epochOf, plain, type Spec, tierPolicy, withPolicies } from './small-world.ts'

const ANP = 'AdminNetworkPolicy/p'
const BANP = 'BaselineAdminNetworkPolicy/default'
const CNP = 'ClusterNetworkPolicy/p'
const everyPod = { namespaces: {} }
const good: Spec = { tier: 'Admin', priority: 1, subject: everyPod }
const ingress = (rule: Spec): Spec => ({ ...good, ingress: [rule] })
const egress = (rule: Spec): Spec => ({ ...good, egress: [rule] })
const peer = (value: unknown): Spec => ingress({ action: 'Deny', from: [value] })
const target = (value: unknown, action = 'Deny'): Spec => egress({ action, to: [value] })
const port = (value: unknown): Spec => ingress({ action: 'Deny', from: [everyPod], ports: [value] })
const protocol = (value: unknown): Spec => ingress({ action: 'Deny', from: [everyPod], protocols: [value] })
const many = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value)
const rule = { action: 'Deny', from: [everyPod] }

const refused: readonly (readonly [policy: string, spec: unknown, ...problems: string[]])[] = [
  [ANP, 'text', 'spec: must be an object, not "text"'],
  [
    ANP,
    undefined,
    'spec.priority: must be a whole number from 0 to 1000, not undefined',
    'spec.subject: must have exactly one of namespaces, pods',
  ],
  [ANP, { ...good, priority: -1 }, 'spec.priority: must be a whole number from 0 to 1000, not -1'],
  [ANP, { ...good, priority: 1001 }, 'spec.priority: must be a whole number from 0 to 1000, not 1001'],
  [ANP, { ...good, priority: 1.5 }, 'spec.priority: must be a whole number from 0 to 1000, not 1.5'],
  [CNP, { ...good, priority: null }, 'spec.priority: must be a whole number from 0 to 1000, not undefined'],
  [CNP, { ...good, tier: undefined }, 'spec.tier: must be Admin or Baseline, not undefined'],
  [CNP, { ...good, tier: 'admin' }, 'spec.tier: must be Admin or Baseline, not "admin"'],
  [
    'BaselineAdminNetworkPolicy/other',
    good,
    'metadata.name: must be "default", not "other": a cluster has only one',
  ],
  ['AdminNetworkPolicy/Big', good, 'metadata.name: "Big" is not a valid name'],
  [ANP, { ...good, subject: {} }, 'spec.subject: must have exactly one of namespaces, pods'],
  [
    ANP,
    { ...good, subject: { namespaces: {}, pods: { namespaceSelector: {}, podSelector: {} } } },
    'spec.subject: must have exactly one of namespaces, pods',
  ],
  [
    ANP,
    { ...good, subject: { pods: {} } },
    'spec.subject.pods.namespaceSelector: must be given; {} selects everything',
    'spec.subject.pods.podSelector: must be given; {} selects everything',
  ],
  [
    CNP,
    { ...good, subject: { pods: {} } },
    'spec.subject.pods.podSelector: must be given; {} selects everything',
  ],
  [
    ANP,
    { ...good, subject: { namespaces: { matchLabels: { 'a b': 'c' } } } },
    'spec.subject.namespaces.matchLabels: "a b" is not a valid label key',
  ],
  [ANP, { ...good, ingress: many(101, rule) }, 'spec.ingress: may have at most 100 rules, not 101'],
  [CNP, { ...good, ingress: many(26, rule) }, 'spec.ingress: may have at most 25 rules, not 26'],
  [
    CNP,
    ingress({ action: 'Deny', from: many(26, everyPod) }),
    'spec.ingress[0].from: may have at most 25 elements, not 26',
  ],
  [ANP, ingress({ action: 'Deny' }), 'spec.ingress[0].from: must have at least one element'],
  [BANP, egress({ action: 'Deny', to: [] }), 'spec.egress[0].to: must have at least one element'],
  [
    ANP,
    ingress({ ...rule, name: 'n'.repeat(101) }),
    'spec.ingress[0].name: may have at most 100 characters, not 101',
  ],
  [
    ANP,
    ingress({ ...rule, action: 'Accept' }),
    'spec.ingress[0].action: must be one of Allow, Deny, Pass, not "Accept"',
  ],
  [
    BANP,
    ingress({ ...rule, action: 'Pass' }),
    'spec.ingress[0].action: must be one of Allow, Deny, not "Pass"',
  ],
  [
    CNP,
    ingress({ from: [everyPod] }),
    'spec.ingress[0].action: must be one of Accept, Deny, Pass, not undefined',
  ],
  [
    ANP,
    peer({ namespaces: {}, pods: { namespaceSelector: {}, podSelector: {} } }),
    'spec.ingress[0].from[0]: must have exactly one of namespaces, pods',
  ],
  [
    ANP,
    target({ nodes: {}, networks: ['10.0.0.0/8'] }),
    'spec.egress[0].to[0]: must have exactly one of nodes, networks',
  ],
  [
    ANP,
    peer({ pods: { podSelector: {} } }),
    'spec.ingress[0].from[0].pods.namespaceSelector: must be given; {} selects everything',
  ],
  [ANP, target({ networks: [] }), 'spec.egress[0].to[0].networks: must have at least one element'],
  [
    ANP,
    target({ networks: ['10.0.0.0'] }),
    'spec.egress[0].to[0].networks[0]: "10.0.0.0" is not a valid CIDR (for example 10.0.0.0/8 or fd00::/64)',
  ],
  [
    ANP,
    target({ networks: ['::ffff:10.0.0.0/104'] }),
    'spec.egress[0].to[0].networks[0]: "::ffff:10.0.0.0/104" must be written as IPv4',
  ],
  [
    ANP,
    target({ networks: ['10.0.0.0/8', '10.0.0.0/8'] }),
    'spec.egress[0].to[0].networks[1]: "10.0.0.0/8" is there twice',
  ],
  [
    ANP,
    target({ networks: Array.from({ length: 26 }, (_, i) => `10.${i}.0.0/16`) }),
    'spec.egress[0].to[0].networks: may have at most 25 elements, not 26',
  ],
  [
    CNP,
    target({ domainNames: ['*'] }, 'Accept'),
    'spec.egress[0].to[0].domainNames[0]: "*" is not a domain name, exact or with the prefix "*."',
  ],
  [
    CNP,
    target({ domainNames: ['a.*.org'] }, 'Accept'),
    'spec.egress[0].to[0].domainNames[0]: "a.*.org" is not a domain name, exact or with the prefix "*."',
  ],
  [
    CNP,
    target({ domainNames: ['example.org'] }),
    'spec.egress[0].to: may have domainNames in Accept rules only',
  ],
  [
    ANP,
    target({ domainNames: ['example.org'] }, 'Pass'),
    'spec.egress[0].to: may have domainNames in Allow rules only',
  ],
  [ANP, port({}), 'spec.ingress[0].ports[0]: must have exactly one of portNumber, portRange, namedPort'],
  [
    ANP,
    port({ namedPort: 'http', portNumber: { port: 80 } }),
    'spec.ingress[0].ports[0]: must have exactly one of portNumber, portRange, namedPort',
  ],
  [
    ANP,
    ingress({ ...rule, ports: [] }),
    'spec.ingress[0].ports: must have at least one element, or not be there',
  ],
  [
    ANP,
    port({ portNumber: { port: 0 } }),
    'spec.ingress[0].ports[0].portNumber.port: 0 must be between 1 and 65535, inclusive',
  ],
  [
    ANP,
    port({ portNumber: { port: 80, protocol: 'tcp' } }),
    'spec.ingress[0].ports[0].portNumber.protocol: "tcp" is not supported: TCP, UDP, SCTP',
  ],
  [
    ANP,
    port({ portRange: { start: 80, end: 80 } }),
    'spec.ingress[0].ports[0].portRange: start 80 must be less than end 80',
  ],
  [
    ANP,
    port({ portRange: { start: 80 } }),
    'spec.ingress[0].ports[0].portRange.end: must be a number, not undefined',
  ],
  [
    CNP,
    protocol({ tcp: {}, udp: {} }),
    'spec.ingress[0].protocols[0]: must have exactly one of tcp, udp, sctp, destinationNamedPort',
  ],
  [
    CNP,
    protocol({ tcp: { sourcePort: { number: 1 } } }),
    'spec.ingress[0].protocols[0].tcp.destinationPort: must have exactly one of number, range',
  ],
  [
    CNP,
    protocol({ udp: { destinationPort: { number: 65536 } } }),
    'spec.ingress[0].protocols[0].udp.destinationPort.number: 65536 must be between 1 and 65535, inclusive',
  ],
  [
    CNP,
    protocol({ destinationNamedPort: '' }),
    'spec.ingress[0].protocols[0].destinationNamedPort: must not be empty',
  ],
  [
    CNP,
    egress({ action: 'Deny', to: [{ nodes: {} }], protocols: [{ destinationNamedPort: 'http' }] }),
    'spec.egress[0].protocols: may not have a named port together with to nodes',
  ],
]

t.test('what the CRDs refuse is refused, with every problem and its path', async t => {
  for (const [name, spec, ...problems] of refused) {
    const parsed = parsePolicy(tierPolicy(name, spec))
    t.strictSame(
      isRejected(parsed) && { key: parsed.key, problems: parsed.problems },
      { key: name, problems },
      `${name} ${JSON.stringify(spec)?.slice(0, 100)}`,
    )
  }
})

t.test('what they accept is accepted', async t => {
  const valid: (readonly [string, Spec])[] = [
    [ANP, { ...good, priority: 0 }],
    [ANP, { ...good, priority: 1000, ingress: many(100, rule) }],
    [BANP, { subject: everyPod, ingress: [{ ...rule, action: 'Allow' }] }],
    [CNP, { ...good, tier: 'Baseline', ingress: many(25, { ...rule, action: 'Pass' }) }],
    [CNP, { ...good, subject: { pods: { podSelector: {} } } }],
    [ANP, port({ namedPort: 'http' })],
    [ANP, target({ networks: ['10.1.2.3/8', 'fd00::/8'] })],
    [ANP, target({ domainNames: ['*.example.org', 'a_b.example.org.'] }, 'Allow')],
    [ANP, { ...good, later: true, ingress: [{ ...rule, later: true }] }],
    [ANP, peer(null)],
    [CNP, protocol({ tcp: {} })],
    [CNP, protocol({ tcp: null, udp: {} })],
  ]
  for (const [name, spec] of valid) {
    const parsed = parsePolicy(tierPolicy(name, spec))
    t.notOk(isRejected(parsed) && parsed.problems, `${name} ${JSON.stringify(spec).slice(0, 100)}`)
  }
})

t.test('a refused policy is named where it could have touched the answer', async t => {
  const bad = { ...good, priority: -1, ingress: [rule] }
  const inX = { namespaces: { matchLabels: { team: 'one' } } }
  const rows: [string, Spec, string, string[] | undefined][] = [
    ['its subjects', { ...bad, subject: inX }, 'y/b -> x/a 80/TCP', [ANP]],
    ['other namespaces', { ...bad, subject: inX }, 'x/a -> y/b 80/TCP', undefined],
    [
      'other pods',
      { ...bad, subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'db' } } } } },
      'y/b -> x/a 80/TCP',
      undefined,
    ],
    ['subjects that cannot be read', { ...bad, subject: {} }, 'y/b -> x/a 80/TCP', [ANP]],
    ['another direction', { ...bad, subject: inX }, 'x/a -> z/c 80/TCP', undefined],
    ['no rules', { ...bad, ingress: [] }, 'y/b -> x/a 80/TCP', undefined],
    ['rules that cannot be read', { ...bad, ingress: 'text' }, 'y/b -> x/a 80/TCP', [ANP]],
    ['nothing that can be read', 'text' as unknown as Spec, 'y/b -> x/a 80/TCP', [ANP]],
  ]
  for (const [name, spec, probe, leftOut] of rows) {
    const line = ask(epochOf(withPolicies(plain, tierPolicy(ANP, spec))), probe)
    t.strictSame(line.leftOut, leftOut, name)
    t.equal(line.certainty, leftOut && 'candidates', name)
    t.equal(line.verdict, 'allowed', name)
  }
})

t.test('a namespace in the metadata of a cluster-scoped policy says nothing', async t => {
  const object = tierPolicy(ANP, { ...good, ingress: [rule] })
  const epoch = epochOf(withPolicies(plain, { ...object, metadata: { name: 'p', namespace: 'z' } }))
  t.strictSame(ask(epoch, 'y/b -> x/a 80/TCP').responsible?.at(-1)?.policies, [ANP])
})
