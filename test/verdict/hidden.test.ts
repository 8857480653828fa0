// Flows whose line hides addresses: who their ends may have been, and how much less is sure for it.

import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { readObject } from '../../agent/cluster/index.ts'
import { flowRecord } from '../../agent/forensics/flow-record.ts'
import { foldKey } from '../../agent/forensics/fold-key.ts'
import { shortForm } from '../../agent/forensics/short.ts'
import { compile, type Epoch } from '../../agent/policy/index.ts'
import { createTimeline, type Observed, type TimelineEvent } from '../../agent/timeline/index.ts'
import { createCases } from '../../agent/verdict/cases.ts'
import type { Finding } from '../../agent/verdict/finding.ts'
import { judge } from '../../agent/verdict/judge.ts'
import { orient } from '../../agent/verdict/orient.ts'
import {
  Cause,
  createFlow,
  Direction,
  type Flow,
  type FlowNames,
  type NamedEnd,
  Proto,
  Verdict,
} from '../../collectors/flow.ts'

const US = 1_000_000
const T0 = Date.parse('2026-11-24T12:00:00Z') * 1000

function observe(object: unknown): Observed {
  const reading = readObject(object)
  if (reading.outcome !== 'observed') throw new Error(JSON.stringify(reading))
  return reading.observed
}

interface PodText {
  readonly labels?: object
  readonly node?: string
  readonly owner?: string
}

const pod = (ns: string, name: string, ip: string, { labels = {}, node = 'n1', owner }: PodText = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace: ns,
    name,
    uid: `uid-${name}`,
    labels,
    ...(owner && { ownerReferences: [{ kind: 'ReplicaSet', name: owner, controller: true }] }),
  },
  spec: { nodeName: node, containers: [{ name: 'c' }] },
  status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], hostIP: '192.168.0.1' },
})
const policy = (ns: string, name: string, spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: ns, name, generation: 1 },
  spec,
})

const web = { labels: { app: 'web', 'pod-template-hash': '6c9f' }, owner: 'web-6c9f' }
const world = [
  pod('shop', 'web-6c9f-aaaaa', '10.0.0.1', web),
  pod('shop', 'web-6c9f-bbbbb', '10.0.9.1', { ...web, node: 'n2' }),
  pod('shop', 'web-6c9f-db-0', '10.0.0.3', { labels: { app: 'db' } }),
  pod('shop', 'api', '10.0.0.2', { labels: { app: 'api' } }),
  pod('data', 'pg-0', '10.0.0.5', { labels: { app: 'pg' } }),
  policy('data', 'pg-ingress', {
    podSelector: { matchLabels: { app: 'pg' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'api' } } }] }],
  }),
]

const someWeb: NamedEnd = { kind: 'pod', ns: 'shop', prefix: 'web-6c9f-', labels: { app: 'web' } }
const pg: NamedEnd = { kind: 'pod', ns: 'data', name: 'pg-0' }

function flowOf(names: FlowNames, fields: Partial<Flow> = {}): Flow {
  return {
    ...createFlow(),
    time: T0,
    proto: Proto.tcp,
    dport: 5432,
    direction: Direction.ingress,
    verdict: Verdict.denied,
    window: 15,
    names,
    ...fields,
  }
}

function find(
  names: FlowNames,
  fields: Partial<Flow> = {},
  objects: readonly unknown[] = world,
  { node, events = [] }: { node?: string; events?: readonly TimelineEvent[] } = {},
): Finding {
  const flow = flowOf(names, fields)
  const timeline = createTimeline<Epoch>(
    { objects: objects.map(observe), events },
    { compile: w => compile(w, { profile: 'upstream' }) },
  )
  return judge(flow, orient(flow), timeline.viewAt(flow.time, flow.precision), { node })
}

const brief = ({ deciding, egress, ingress, unjudged }: Finding) => {
  const side = deciding ?? ingress ?? egress
  if (side === undefined) return [unjudged.reason, unjudged.unsure.join()]
  const policies = side.witnesses.map(witness => witness.policy.key).join()
  return [side.direction, side.reason, side.certainty, side.agreement, policies, side.unsure.join()]
}

const evidence = { source: 'calico-whisker' }
const record = (finding: Finding) =>
  flowRecord(finding, { time: T0, n: 1, bytes: 0, reported: undefined, evidence, stream: '' }, undefined)

t.test('one of several pods is judged as any of them, and is a candidate at most', async t => {
  const finding = find({ source: someWeb, destination: pg })
  t.strictSame(brief(finding), [
    'ingress',
    'no-rule-matched',
    'candidates',
    'agrees',
    'data/pg-ingress',
    'aggregated',
  ])
  const { src, dst, why } = record(finding)
  t.strictSame(JSON.parse(JSON.stringify(src)), {
    kind: 'pod',
    ns: 'shop',
    wl: 'Deployment/web',
    as: 'web-6c9f-*',
  })
  t.strictSame(JSON.parse(JSON.stringify(dst)), {
    port: 5432,
    kind: 'pod',
    ns: 'data',
    pod: 'pg-0',
    uid: 'uid-pg-0',
    wl: 'Pod/pg-0',
  })
  t.match(why, { policies: [{ role: 'candidate' }], nearest: { want: 'app=api', have: 'app=web' } })
  t.match(shortForm(record(finding)), /^12:00:00 DENIED {2}shop\/web-\* -> data\/pg-0:5432 tcp {2}ingress /)
  t.match(foldKey(finding), /^denied\|shop\/Deployment\/web\|data\/Pod\/pg-0\|5432\|6\|/)
})

t.test('an end that has an address is known by it, beside one that has none', async t => {
  const address = new Int32Array(16)
  address.set(parseAddress('10.0.0.2')!, 0)
  const finding = find({ destination: pg }, { address, verdict: Verdict.allowed })
  t.equal(finding.initiator.ip, '10.0.0.2')
  t.equal(finding.initiator.pod?.name, 'api')
  t.equal(finding.responder.ip, undefined)
  t.strictSame(brief(finding), [
    'ingress',
    'rule-matched',
    'candidates',
    'agrees',
    'data/pg-ingress',
    'aggregated',
  ])
})

t.test('which pods an end may have been is told by namespace, name and labels', async t => {
  const rows: [string, NamedEnd, string[]][] = [
    ['a prefix is followed by one word', { kind: 'pod', ns: 'shop', prefix: 'web-6c9f-' }, ['a', 'b']],
    ['another namespace', { ...someWeb, ns: 'data' }, []],
    ['an exact name', { kind: 'pod', ns: 'shop', name: 'api' }, ['api']],
    ['a name is not a beginning', { kind: 'pod', ns: 'shop', name: 'web-6c9f' }, []],
    ['labels alone', { kind: 'pod', ns: 'shop', labels: { app: 'db' } }, ['db']],
    ['labels that have been edited', { ...someWeb, labels: { app: 'old' } }, ['a', 'b']],
    ['a kind that is not told', { kind: 'unknown', ns: 'shop', name: 'api' }, ['api']],
    ['a network set of a namespace', { kind: 'network', ns: 'shop', name: 'api' }, []],
    ['no namespace', { kind: 'unknown', name: 'api' }, []],
  ]
  const denies = policy('shop', 'none', { podSelector: {}, policyTypes: ['Ingress'] })
  const nodes = ['a', 'b', 'db', 'api']
  const objects = [
    ...nodes.map((node, i) =>
      pod('shop', ['web-6c9f-aaaaa', 'web-6c9f-bbbbb', 'web-6c9f-db-0', 'api'][i]!, `10.0.0.${i + 1}`, {
        labels: { app: i < 2 ? 'web' : node },
        node,
      }),
    ),
    denies,
  ]
  for (const [what, end, expected] of rows) {
    // Each pod is on a node of its own: where it is judged tells that it is one of them.
    const seen = nodes.filter(
      node =>
        find({ source: { kind: 'network' }, destination: end }, {}, objects, { node }).deciding !== undefined,
    )
    t.strictSame(seen, expected, what)
  }
})

t.test('a generated name that was cut is found by what is left of it', async t => {
  const long = 'x'.repeat(70)
  const objects = [pod('shop', `${long.slice(0, 58)}abcde`, '10.0.0.1'), ...world.slice(4)]
  const finding = find(
    { source: { kind: 'pod', ns: 'shop', prefix: `${long}-` }, destination: pg },
    {},
    objects,
  )
  t.equal(finding.initiator.kind, 'pod')
})

t.test('a pod that came or went while the line summed up is one of them', async t => {
  const at = (seconds: number) => T0 + seconds * US
  const changing = (from: number, to: number): TimelineEvent[] => {
    const observed = observe(pod('shop', 'web-6c9f-ccccc', '10.0.0.7', web))
    const rest: TimelineEvent[] = world
      .slice(4)
      .map(object => ({ at: at(-3600), type: 'ADDED', observed: observe(object) }))
    const first: TimelineEvent = {
      at: at(-3600),
      type: 'ADDED',
      observed: observe(pod('shop', 'b', '10.0.0.9')),
    }
    return [
      first,
      ...rest,
      { at: at(from), type: 'ADDED', observed },
      { at: at(to), type: 'DELETED', observed },
    ].sort((a, b) => a.at - b.at) as TimelineEvent[]
  }
  const kindOf = (from: number, to: number) =>
    find({ source: someWeb, destination: pg }, {}, [], { events: changing(from, to) }).initiator.kind
  t.equal(kindOf(10, 100), 'pod')
  t.equal(kindOf(-100, 5), 'pod')
  t.equal(kindOf(60, 100), 'unknown')
  t.equal(kindOf(-300, -200), 'unknown')
})

t.test('of an end that is nobody we know only what was observed is repeated', async t => {
  const gone: NamedEnd = { kind: 'pod', ns: 'shop', prefix: 'gone-' }
  const finding = find({ source: gone, destination: pg })
  t.strictSame(
    brief(finding),
    ['ingress', 'no-rule-matched', 'candidates', 'agrees', 'data/pg-ingress', 'peer-unresolved,aggregated'],
    'it was denied, so that no rule matched',
  )
  t.strictSame(record(finding).why?.nearest, undefined, 'which term failed cannot be known')
  t.match(shortForm(record(finding)), / shop\/gone-\* -> /)
  t.match(foldKey(finding), /^denied\|shop\/gone-\*\|/)
  t.strictSame(
    brief(find({ source: pg, destination: gone })),
    ['ingress', 'unknown', 'unknown', 'undecided', '', 'peer-unresolved,aggregated'],
    'no policy of the end that is known denied it',
  )
  const stranger: FlowNames = { source: { kind: 'network', name: 'pvt' }, destination: gone }
  t.strictSame(brief(find(stranger)), ['unknown', 'peer-unresolved,aggregated'])
})

t.test('no ipBlock is judged of an address that is hidden', async t => {
  const blocks = (cidr: string) => [
    ...world.slice(0, 5),
    policy('data', 'p', {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ ipBlock: { cidr } }] }],
    }),
  ]
  const names = { source: { kind: 'network', name: 'pub' }, destination: pg } as const
  const unknown = ['ingress', 'unknown', 'unknown', 'undecided', '', 'peer-unresolved,aggregated']
  t.strictSame(brief(find(names, { verdict: Verdict.allowed }, blocks('203.0.113.0/24'))), unknown)
  t.strictSame(brief(find(names, {}, blocks('::/0'))), unknown)
  const api = { source: { kind: 'pod', ns: 'shop', name: 'api' }, destination: pg } as const
  t.strictSame(
    brief(find(api, { verdict: Verdict.allowed }, blocks('10.0.0.2/32'))),
    ['ingress', 'rule-matched', 'candidates', 'agrees', 'data/p', 'aggregated'],
    'but of a pod that is known there is one',
  )
  t.match(shortForm(record(find(names))), / pub -> data\/pg-0:5432 /)
})

t.test(
  'what contradicts the policies is undecided, and what Calico blames on another kind stays so',
  async t => {
    const api = { kind: 'pod', ns: 'shop', name: 'api' } as const
    t.strictSame(brief(find({ source: api, destination: pg })), [
      'ingress',
      'rule-matched',
      'candidates',
      'undecided',
      'data/pg-ingress',
      'aggregated',
    ])
    t.strictSame(brief(find({ source: someWeb, destination: pg }, { cause: Cause.otherPolicy })), [
      'ingress',
      'other-policy',
      'candidates',
      'undecided',
      '',
      'aggregated',
    ])
    t.strictSame(brief(find({ source: pg, destination: api })), [
      'ingress',
      'not-isolated',
      'candidates',
      'undecided',
      '',
      'aggregated',
    ])
  },
)

t.test('a host endpoint is its node', async t => {
  const { initiator } = find({ source: { kind: 'node', name: 'n1' }, destination: pg })
  t.match(initiator, { kind: 'node', node: 'n1', ip: undefined })
})

t.test('lines of other names are other cases', async t => {
  const timeline = createTimeline<Epoch>(
    { objects: world.map(observe), events: [] },
    { compile: w => compile(w, { profile: 'upstream' }) },
  )
  const view = timeline.viewAt(T0)
  const cases = createCases(flow => flow.names)
  const [one, two]: FlowNames[] = [{ source: someWeb }, { source: pg }]
  for (const names of [one!, two!, one!]) t.equal(cases.find(flowOf(names, { window: 0 }), view), names)
  t.equal(cases.find({ ...flowOf(one!, { window: 0 }), names: undefined }, view), undefined)
  t.equal(cases.judged, 3)
})
