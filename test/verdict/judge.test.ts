import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { readObject } from '../../agent/cluster/index.ts'
import { compile, type Epoch } from '../../agent/policy/index.ts'
import { createTimeline, type Observed, type TimelineEvent } from '../../agent/timeline/index.ts'
import type { Attribution, Finding } from '../../agent/verdict/finding.ts'
import { judge } from '../../agent/verdict/judge.ts'
import { orient } from '../../agent/verdict/orient.ts'
import {
  Cause,
  createFlow,
  Direction,
  Event,
  type Flow,
  Proto,
  Reply,
  TcpFlag,
  Verdict,
} from '../../collectors/flow.ts'

const US = 1_000_000
const T0 = Date.parse('2026-11-24T12:00:00Z') * 1000

function observe(object: unknown): Observed {
  const reading = readObject(object)
  if (reading.outcome !== 'observed') throw new Error(JSON.stringify(reading))
  return reading.observed
}

const pod = (ns: string, name: string, ip: string, labels: object, node = 'n1') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: ns, name, uid: `uid-${name}`, labels },
  spec: { nodeName: node, containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }] },
  status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], hostIP: '192.168.0.1' },
})
const policy = (ns: string, name: string, spec: object, generation = 1) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: ns, name, uid: `uid-${name}`, generation },
  spec,
})
const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1' },
  spec: { podCIDRs: ['10.0.0.0/16'] },
  status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'data', name: 'pg' },
  spec: {
    clusterIPs: ['10.96.0.5'],
    selector: { app: 'pg' },
    ports: [{ port: 5432, targetPort: 5432, protocol: 'TCP' }],
  },
}

const cart = pod('shop', 'cart', '10.0.0.1', { app: 'cart' })
const api = pod('shop', 'api', '10.0.0.2', { app: 'api' })
const pg = pod('data', 'pg', '10.0.0.5', { app: 'pg' })
const far = pod('shop', 'far', '10.0.9.1', { app: 'api' }, 'n2')
const fromApi = {
  podSelector: {},
  policyTypes: ['Ingress'],
  ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'api' } } }] }],
}
const denyEgress = { podSelector: { matchLabels: { app: 'cart' } }, policyTypes: ['Egress'] }
const world = [node, service, cart, api, pg, far, policy('data', 'pg-ingress', fromApi)]

function timelineOf(objects: readonly unknown[], events: readonly TimelineEvent[] = []) {
  return createTimeline<Epoch>(
    { objects: objects.map(observe), events },
    { compile: w => compile(w, { profile: 'upstream' }) },
  )
}

type Fields = Partial<Omit<Flow, 'address'>> & {
  src: string
  dst: string
  replySrc?: string
  replyDst?: string
}

function flowOf({ src, dst, replySrc, replyDst, ...fields }: Fields): Flow {
  const flow = {
    ...createFlow(),
    time: T0,
    proto: Proto.tcp,
    sport: 40000,
    dport: 5432,
    tcpFlags: TcpFlag.syn,
    verdict: Verdict.denied,
    ...fields,
  } as Flow
  for (const [i, text] of [src, dst, replySrc, replyDst].entries())
    if (text) flow.address.set(parseAddress(text)!, 4 * i)
  return flow
}

function find(
  objects: readonly unknown[],
  fields: Fields,
  options: { node?: string; events?: readonly TimelineEvent[] } = {},
): Finding {
  const flow = flowOf(fields)
  return judge(flow, orient(flow), timelineOf(objects, options.events).viewAt(flow.time, flow.precision), {
    node: options.node,
  })
}

const brief = (a: Attribution | undefined) =>
  a && [
    a.direction,
    a.reason,
    a.certainty,
    a.agreement,
    a.witnesses.map(w => `${w.policy.key}${w.rule < 0 ? '' : `#${w.rule}`}`).join(),
    a.unsure.join(),
  ]

t.test(
  'judge() accuses nobody where the line speaks of the policies of an end that is not judged',
  async t => {
    const gone = { src: '10.0.0.1', dst: '203.0.113.9', direction: Direction.ingress }
    t.same(brief(find(world, gone).deciding), [
      'ingress',
      'unknown',
      'unknown',
      'undecided',
      '',
      'peer-unresolved',
    ])
    const own = { ...gone, direction: Direction.egress }
    t.equal(find(world, own).deciding?.agreement, 'contradicts', 'of its own direction it does')
  },
)

t.test(
  'judge() names the culprit of a denial, behind a NAT, from either packet of the connection',
  async t => {
    const expected = ['ingress', 'no-rule-matched', 'certain', 'agrees', 'data/pg-ingress', '']
    t.same(brief(find(world, { src: '10.0.0.1', dst: '10.0.0.5' }).deciding), expected)
    const answer = find(world, {
      src: '10.0.0.5',
      dst: '10.0.0.1',
      sport: 5432,
      dport: 40000,
      tcpFlags: TcpFlag.syn | TcpFlag.ack,
    })
    t.same(brief(answer.deciding), expected, 'a SYN-ACK is about the connection that it answers')
    t.equal(answer.initiator.pod?.name, 'cart')
    t.equal(answer.port, 5432)
    const service = find(world, {
      src: '10.0.0.1',
      dst: '10.96.0.5',
      replySrc: '10.0.0.5',
      replyDst: '10.0.0.1',
      hasReply: true,
      replySport: 5432,
      replyDport: 40000,
      event: Event.new,
      verdict: Verdict.unanswered,
    })
    t.same(brief(service.deciding), expected, 'a Service address is taken back to the pod')
    t.same(service.nat, { dst: '10.96.0.5:5432' })
    t.equal(service.service, 'data/pg')
    t.equal(service.deciding?.nearest()[0]?.failed, 'from[0].podSelector')
  },
)

t.test('judge() of an allowed flow says which rules admitted it, one direction each', async t => {
  const { egress, ingress, deciding } = find(world, {
    src: '10.0.0.2',
    dst: '10.0.0.5',
    verdict: Verdict.allowed,
  })
  t.same(brief(egress), ['egress', 'not-isolated', 'certain', 'agrees', '', ''])
  t.same(brief(ingress), ['ingress', 'rule-matched', 'certain', 'agrees', 'data/pg-ingress#0', ''])
  t.equal(deciding, undefined)
})

t.test(
  "judge() with both directions denying takes the line's own, else egress, and keeps the other",
  async t => {
    const both = [...world, policy('shop', 'no-egress', denyEgress)]
    const silent = find(both, { src: '10.0.0.1', dst: '10.0.0.5' })
    t.equal(silent.deciding?.direction, 'egress')
    t.equal(silent.other?.direction, 'ingress')
    const named = find(both, { src: '10.0.0.1', dst: '10.0.0.5', direction: Direction.ingress })
    t.equal(named.deciding?.direction, 'ingress')
    t.equal(named.other?.direction, 'egress')
  },
)

t.test('judge() with a node sees only the pods of that node as subjects', async t => {
  t.equal(
    find(world, { src: '10.0.9.1', dst: '10.0.0.5', verdict: Verdict.allowed }, { node: 'n1' }).egress,
    undefined,
  )
  t.equal(
    find(world, { src: '10.0.9.1', dst: '10.0.0.5', verdict: Verdict.allowed }, { node: 'n2' }).ingress,
    undefined,
  )
})

t.test(
  'judge() calls what the policies do not explain a contradiction, and only where nothing unknown could explain it',
  async t => {
    t.same(brief(find(world, { src: '10.0.0.2', dst: '10.0.0.5' }).deciding)?.slice(1, 4), [
      'not-isolated',
      'certain',
      'contradicts',
    ])
    t.same(brief(find(world, { src: '10.0.0.2', dst: '10.0.0.5' }, { node: 'n9' }).deciding), undefined)
    t.same(
      brief(find(world, { src: '10.0.0.1', dst: '10.0.0.5', verdict: Verdict.allowed }).ingress)?.slice(1, 4),
      ['no-rule-matched', 'certain', 'contradicts'],
      'a leak',
    )
    const old = find(world, {
      src: '10.0.0.1',
      dst: '10.0.0.5',
      verdict: Verdict.allowed,
      tcpFlags: TcpFlag.ack,
    })
    t.same(
      brief(old.ingress)?.slice(1, 4),
      ['established', 'candidates', 'undecided'],
      'a packet from the middle of a connection proves no leak',
    )
    const replyOf = find(world, {
      src: '10.0.0.5',
      dst: '10.0.0.1',
      sport: 5432,
      dport: 40000,
      verdict: Verdict.allowed,
      isReply: Reply.yes,
    })
    t.equal(replyOf.ingress?.reason, 'established')
    const stranger = find(world, { src: '10.0.0.77', dst: '10.0.0.2' })
    t.same(
      [stranger.initiator.kind, ...brief(stranger.deciding)!.slice(1, 4)],
      ['unknown', 'unknown', 'unknown', 'undecided'],
    )
  },
)

t.test(
  'judge() of a peer that nobody knows is certain only where no rule could tell peers apart',
  async t => {
    const some = find(world, { src: '10.0.0.77', dst: '10.0.0.5' })
    t.equal(some.initiator.kind, 'unknown', 'inside podCIDRs, so never external')
    t.same(brief(some.deciding)?.slice(1), [
      'no-rule-matched',
      'candidates',
      'agrees',
      'data/pg-ingress',
      'peer-unresolved',
    ])
    const ports = find(
      [
        ...world.slice(0, -1),
        policy('data', 'pg-ingress', {
          ...fromApi,
          ingress: [{ ...fromApi.ingress[0], ports: [{ port: 6000 }] }],
        }),
      ],
      { src: '10.0.0.77', dst: '10.0.0.5' },
    )
    t.same(
      brief(ports.deciding)?.slice(1),
      ['no-rule-matched', 'certain', 'agrees', 'data/pg-ingress', ''],
      'no rule is about this port',
    )
    const nobody = find([...world.slice(0, -1), policy('data', 'pg-ingress', { podSelector: {} })], {
      src: '10.0.0.77',
      dst: '10.0.0.5',
    })
    t.same(
      brief(nobody.deciding)?.slice(1),
      ['no-rule-matched', 'certain', 'agrees', 'data/pg-ingress', ''],
      'no rule at all',
    )
    const external = find(world, { src: '203.0.113.9', dst: '10.0.0.5' })
    t.same(
      [external.initiator.kind, ...brief(external.deciding)!.slice(1, 4)],
      ['external', 'no-rule-matched', 'certain', 'agrees'],
    )
  },
)

t.test('judge() of traffic without a pod under policy blames nobody', async t => {
  const { deciding, unjudged, initiator, responder } = find(world, { src: '203.0.113.9', dst: '192.168.0.1' })
  t.equal(deciding, undefined)
  t.same(unjudged, { reason: 'not-a-policy', unsure: [] })
  t.same([initiator.kind, responder.kind, responder.node], ['external', 'node', 'n1'])
})

t.test("judge() takes the CNI's word for drops that are no NetworkPolicy's", async t => {
  t.same(
    brief(find(world, { src: '10.0.0.1', dst: '10.0.0.5', cause: Cause.notPolicy }).deciding)?.slice(1, 5),
    ['not-a-policy', 'certain', 'undecided', ''],
  )
  t.equal(
    find(world, { src: '10.0.0.1', dst: '10.0.0.5', cause: Cause.otherPolicy }).deciding?.reason,
    'other-policy',
  )
  const allowed = find(world, {
    src: '10.0.0.1',
    dst: '10.0.0.5',
    verdict: Verdict.allowed,
    cause: Cause.otherPolicy,
  })
  t.equal(allowed.ingress?.reason, 'other-policy', 'another kind of policy let it in: no leak')
})

t.test('judge() says when a policy was left out that could have touched the answer', async t => {
  const broken = policy('data', 'broken', { podSelector: {}, ingress: [{ from: [{}] }] })
  const { deciding } = find([...world, broken], { src: '10.0.0.1', dst: '10.0.0.5' })
  t.same(deciding?.leftOut, ['data/broken'])
  t.same(brief(deciding)?.slice(2), ['candidates', 'agrees', 'data/pg-ingress', 'policy-left-out'])
})

t.test('judge() just after an edit takes the state that explains what was observed', async t => {
  const open = policy('data', 'pg-ingress', { podSelector: {}, ingress: [{}] }, 1)
  const closed = policy('data', 'pg-ingress', fromApi, 2)
  const events = (at: number): TimelineEvent[] => [
    { type: 'ADDED', at: T0 - 600 * US, observed: observe(open) },
    { type: 'MODIFIED', at, observed: observe(closed) },
  ]
  const at = (edit: number, verdict: Verdict) =>
    find(world.slice(0, -1), { src: '10.0.0.1', dst: '10.0.0.5', verdict }, { events: events(edit) })
  t.same(
    brief(at(T0 - 60 * US, Verdict.denied).deciding)?.slice(1, 4),
    ['no-rule-matched', 'certain', 'agrees'],
    'long after',
  )
  t.same(
    brief(at(T0 - 1 * US, Verdict.denied).deciding)?.slice(1, 4),
    ['no-rule-matched', 'certain', 'agrees'],
    'just after, by the new state',
  )
  t.same(
    brief(at(T0 - 1 * US, Verdict.allowed).ingress)?.slice(1, 4),
    ['rule-matched', 'certain', 'lagging'],
    'just after, by the old state',
  )
  t.equal(at(T0 - 1 * US, Verdict.allowed).ingress?.witnesses[0]?.policy.generation, 1)
  t.same(
    brief(at(T0 - 60 * US, Verdict.allowed).ingress)?.slice(1, 4),
    ['no-rule-matched', 'certain', 'contradicts'],
    'long after, still by the old state: a leak',
  )
})
