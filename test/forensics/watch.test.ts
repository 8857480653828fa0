// What is said against the data plane, and what is not: through the whole pipeline, flow by flow.

import t from 'tap'
import type { AccusationRecord, EnforcementRecord, ForensicRecord } from '../../agent/forensics/record.ts'
import { createPipeline, type PipelineOptions } from '../../agent/pipeline.ts'
import type { Epoch } from '../../agent/policy/index.ts'
import type { Pod, PolicyObject, World } from '../../agent/policy/objects.ts'
import type { Timeline } from '../../agent/timeline/index.ts'
import { type Collector, Outcome } from '../../collectors/collector.ts'
import { Event, type Flow, Notice, Proto, Reply, TcpFlag, Verdict } from '../../collectors/flow.ts'
import { applied, type Edit, eventOf, packetFlow, START, timelineOf } from '../verdict/blame-world.ts'

const S = 1_000_000

const pod = (ns: string, name: string, ip: string, app: string, workload: string): Pod => ({
  uid: `uid-${name}`,
  ns,
  name,
  labels: { app },
  ips: [ip],
  hostIPs: ['192.168.0.1'],
  node: 'n1',
  hostNetwork: false,
  phase: 'Running',
  terminating: false,
  ports: [],
  workload,
})

const policy = (generation: number, ...apps: readonly string[]): PolicyObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'data', name: 'in', uid: 'uid-in', generation },
  spec: {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: apps.map(app => ({ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app } } }] })),
  },
})

const world: World = {
  namespaces: ['shop', 'data'].map(name => ({ name, labels: { 'kubernetes.io/metadata.name': name } })),
  nodes: [{ name: 'n1', labels: {}, addresses: ['192.168.0.1'], podCIDRs: ['10.0.0.0/16'] }],
  pods: [
    pod('shop', 'cart-a', '10.0.0.1', 'cart', 'Deployment/cart'),
    pod('shop', 'cart-b', '10.0.0.2', 'cart', 'Deployment/cart'),
    pod('shop', 'api', '10.0.0.3', 'api', 'Deployment/api'),
    pod('data', 'pg', '10.0.0.5', 'pg', 'StatefulSet/pg'),
  ],
  policies: [policy(1, 'api')],
}

/** Edits of the one policy, by the second of each. */
function edited(...steps: readonly (readonly [second: number, object: PolicyObject])[]): Timeline<Epoch> {
  let state = world
  const edits = steps.map(([second, object]): Edit => {
    const change = { kind: 'Policy', key: 'uid-in', object } as const
    state = applied(state, change)
    return { change, world: state, at: START + second * S }
  })
  return timelineOf(world, edits)
}

type Seen = Partial<Omit<Flow, 'address' | 'time' | 'verdict'>> & {
  readonly from?: string
  readonly to?: string
}

function seen(second: number, verdict: 'allowed' | 'denied' | 'audited', more: Seen = {}): Flow {
  const { from = '10.0.0.1', to = '10.0.0.5', ...fields } = more
  const packet = { from, to, port: 5432, time: START + second * S }
  return { ...packetFlow(packet, Verdict[verdict]), ...fields }
}

/** A collector whose lines are these flows. */
function linesOf(flows: readonly Flow[]): Collector {
  let next = 0
  return {
    read(_bytes, _start, _end, flow) {
      const { address, spans: _, ...fields } = flows[next++]!
      Object.assign(flow, fields)
      flow.address.set(address)
      return Outcome.flow
    },
  }
}

function run(
  timeline: Timeline<Epoch>,
  flows: readonly Flow[],
  more: Partial<PipelineOptions> = {},
): ForensicRecord[] {
  const records: ForensicRecord[] = []
  const pipeline = createPipeline({
    timeline,
    node: undefined,
    allowed: 'full',
    fold: true,
    emit: record => records.push(record),
    ...more,
  })
  const collector = linesOf(flows)
  const intake = pipeline.open({
    format: 'netfilter-log',
    collector,
    file: undefined,
    stream: 's',
    decide: 'reply',
  })
  for (const [i] of flows.entries()) intake.line(new Uint8Array(), 0, 0, i)
  intake.end()
  pipeline.close()
  return records
}

const accusations = (records: readonly ForensicRecord[]) =>
  records.filter((each): each is AccusationRecord => each.event.startsWith('verdict.'))
const second = (time: string | undefined) => (Date.parse(time!) * 1000 - START) / S
const brief = (records: readonly ForensicRecord[]) =>
  accusations(records).map(({ event, since, ts, n }) => [event.slice(8), second(since), second(ts), n])

t.test('packets that the policies deny and that were let through are one leak', t => {
  const records = run(edited(), [
    seen(1, 'allowed'),
    seen(2, 'allowed', { count: 3 }),
    seen(9, 'allowed', { from: '10.0.0.2' }),
  ])
  const [leak, ...others] = accusations(records)
  t.same(others, [])
  const first = records.find(each => each.event === 'flow.allowed')
  t.same(JSON.parse(JSON.stringify(leak)), {
    v: 1,
    id: leak!.id,
    ts: '2026-11-24T12:00:09.000Z',
    event: 'verdict.leak',
    src: { ip: '10.0.0.1', kind: 'pod', ns: 'shop', pod: 'cart-a', uid: 'uid-cart-a', wl: 'Deployment/cart' },
    dst: {
      ip: '10.0.0.5',
      port: 5432,
      kind: 'pod',
      ns: 'data',
      pod: 'pg',
      uid: 'uid-pg',
      wl: 'StatefulSet/pg',
    },
    port: 5432,
    proto: 'tcp',
    since: '2026-11-24T12:00:01.000Z',
    n: 5,
    of: first!.id,
    why: {
      dir: 'ingress',
      reason: 'no-rule-matched',
      certainty: 'certain',
      agreement: 'contradicts',
      policies: [{ ns: 'data', name: 'in', uid: 'uid-in', gen: 1, role: 'isolates' }],
    },
  })
  t.end()
})

t.test('packets that the policies admit and that were denied are overblocked', t => {
  const flows = [seen(1, 'denied', { from: '10.0.0.3' }), seen(2, 'denied', { from: '10.0.0.3' })]
  const [record] = accusations(run(edited(), flows))
  t.match(record, { event: 'verdict.overblock', n: 2, why: { dir: 'ingress', reason: 'rule-matched' } })
  t.end()
})

t.test('an allowed flow that is only counted has no record to point to', t => {
  const [leak] = accusations(run(edited(), [seen(1, 'allowed')], { allowed: 'count' }))
  t.equal(leak!.of, undefined)
  t.end()
})

const leaks: readonly [string, Flow, boolean][] = [
  ['a SYN', seen(1, 'allowed'), true],
  [
    'a SYN whose bits of congestion control are set',
    seen(1, 'allowed', { tcpFlags: TcpFlag.syn | TcpFlag.ece | TcpFlag.cwr }),
    true,
  ],
  [
    'a packet from the middle of a connection',
    seen(1, 'allowed', { tcpFlags: TcpFlag.ack, sport: 5432 }),
    false,
  ],
  ['its end', seen(1, 'allowed', { tcpFlags: TcpFlag.fin | TcpFlag.ack }), false],
  ['a packet whose flags are not printed', seen(1, 'allowed', { tcpFlags: -1 }), false],
  ['a notice of a verdict', seen(1, 'allowed', { tcpFlags: -1, notice: Notice.verdict }), true],
  ['a trace', seen(1, 'allowed', { notice: Notice.trace }), false],
  ['a reply', seen(1, 'allowed', { isReply: Reply.yes, from: '10.0.0.5', to: '10.0.0.1' }), false],
  [
    'a datagram, which may be of a conversation',
    seen(1, 'allowed', { proto: Proto.udp, tcpFlags: -1 }),
    false,
  ],
  ['one whose beginning was not', seen(1, 'allowed', { tcpFlags: -1, event: Event.update }), false],
  ['one at an end that nobody knows', seen(1, 'allowed', { from: '10.0.0.77' }), false],
]

/** The same as conntrack prints it: no verdict, and the reply's tuple. */
function tracked(flow: Flow): Flow {
  const address = Int32Array.of(
    ...flow.address.subarray(0, 8),
    ...flow.address.subarray(4, 8),
    ...flow.address.subarray(0, 4),
  )
  const reply = { hasReply: true, replySport: flow.dport, replyDport: flow.sport }
  return { ...flow, ...reply, address, verdict: Verdict.none, tcpFlags: -1 }
}

t.test('a connection that conntrack saw begin and be answered is a leak', t => {
  const flows = [
    tracked(seen(1, 'allowed', { event: Event.new })),
    tracked(seen(2, 'allowed', { event: Event.update, replied: true })),
  ]
  t.same(brief(run(edited(), flows)), [['leak', 1, 1, 1]])
  t.end()
})

t.test('a leak is never claimed for what may have been let through before', t => {
  for (const [name, flow, isLeak] of leaks) t.equal(brief(run(edited(), [flow])).length, isLeak ? 1 : 0, name)
  t.end()
})

const overblocks: readonly [string, Flow, boolean][] = [
  ['a SYN', seen(1, 'denied', { from: '10.0.0.3' }), true],
  ['a datagram', seen(1, 'denied', { from: '10.0.0.3', proto: Proto.udp, tcpFlags: -1 }), true],
  ['a packet from the middle', seen(1, 'denied', { from: '10.0.0.3', tcpFlags: TcpFlag.ack }), false],
  [
    'an ICMP error',
    seen(1, 'denied', { from: '10.0.0.5', to: '10.0.0.3', proto: Proto.icmp, icmpType: 3 }),
    false,
  ],
  [
    'an echo request',
    seen(1, 'denied', { from: '10.0.0.5', to: '10.0.0.3', proto: Proto.icmp, icmpType: 8 }),
    true,
  ],
  ['what was only audited', seen(1, 'audited', { from: '10.0.0.3' }), false],
]

t.test('over-blocking is claimed only for packets that were judged now', t => {
  for (const [name, flow, is] of overblocks) t.equal(brief(run(edited(), [flow])).length, is ? 1 : 0, name)
  t.end()
})

t.test('nothing is claimed while the data plane may lag behind, nor before this node could know', t => {
  const tightened = edited([60, policy(2)])
  const from = '10.0.0.3'
  t.same(brief(run(tightened, [seen(62, 'allowed', { from })])), [], 'lagging')
  t.same(brief(run(tightened, [seen(59, 'denied', { from })])), [], 'enforced before it was known')
  t.same(brief(run(tightened, [seen(66, 'allowed', { from })])), [['leak', 66, 66, 1]], 'beyond the lag')
  t.same(brief(run(tightened, [seen(50, 'denied', { from })])), [['overblock', 50, 50, 1]])
  t.end()
})

t.test('a spell ends after a minute of silence, and is told every five while it lasts', t => {
  const at = (...seconds: number[]) =>
    brief(
      run(
        edited(),
        seconds.map(each => seen(each, 'allowed')),
      ),
    )
  t.same(at(0, 59, 118), [['leak', 0, 118, 3]])
  t.same(at(0, 60), [
    ['leak', 0, 0, 1],
    ['leak', 60, 60, 1],
  ])
  const standing = Array.from({ length: 40 }, (_, i) => i * 10)
  t.same(at(...standing), [
    ['leak', 0, 290, 30],
    ['leak', 300, 390, 10],
  ])
  t.same(at(30, 5), [['leak', 5, 30, 2]], 'a late line belongs to it')
  t.end()
})

t.test('a connection that goes as the policies say ends no spell: another pod may be judged otherwise', t => {
  const flows = [seen(1, 'allowed'), seen(5, 'denied'), seen(9, 'allowed')]
  t.same(brief(run(edited(), flows)), [['leak', 1, 9, 2]])
  t.end()
})

t.test('kinds that are not evaluated here make nobody a culprit', t => {
  t.same(brief(run(edited(), [seen(1, 'allowed')], { hasUnsupported: true })), [])
  t.end()
})

t.test('with patience, what the timeline learns late still counts', t => {
  const timeline = edited()
  const records: ForensicRecord[] = []
  const pipeline = createPipeline({
    timeline,
    node: undefined,
    allowed: 'count',
    fold: true,
    patienceMs: 5_000,
    emit: record => records.push(record),
  })
  const flows = [seen(10, 'allowed'), seen(30, 'allowed', { from: '10.0.0.2' })]
  const intake = pipeline.open({
    format: 'netfilter-log',
    collector: linesOf(flows),
    file: undefined,
    stream: 's',
    decide: 'reply',
  })
  intake.line(new Uint8Array(), 0, 0, 0)
  // The edit that admits it was made before, and is heard of after.
  const change = { kind: 'Policy', key: 'uid-in', object: policy(2, 'api', 'cart') } as const
  timeline.apply(eventOf(world, { change, world: applied(world, change), at: START + 11 * S }))
  pipeline.advance(START + 40 * S)
  intake.line(new Uint8Array(), 0, 0, 1)
  pipeline.close()
  t.same(brief(records), [])
  t.end()
})

t.test('an edit is measured by the connections it turns', t => {
  const from = '10.0.0.3'
  const flows = [
    seen(59, 'allowed', { from, event: Event.none }),
    seen(60.2, 'allowed', { from }),
    seen(60.9, 'denied', { from }),
    seen(70, 'denied', { from }),
  ]
  const timeline = edited([60, policy(2)])
  const records = run(timeline, flows, { node: 'n1' })
  const measured = records.filter((each): each is EnforcementRecord => each.event.startsWith('policy.'))
  t.same(JSON.parse(JSON.stringify(measured)), [
    {
      v: 1,
      id: measured[0]!.id,
      ts: '2026-11-24T12:01:00.900Z',
      event: 'policy.enforced',
      node: 'n1',
      policy: 'data/in',
      gen: 2,
      at: '2026-11-24T12:01:00.000Z',
      delay_s: [0.2, 5.9],
      leaked: 1,
      blocked: 0,
      evidence: 'last old 12:01:00.200, first new 12:01:00.900, 3 flows',
    },
  ])
  t.end()
})

t.test('an edit that is never enforced is told with what it let through', t => {
  const flows = [61, 66, 90].map(each => seen(each, 'allowed', { from: '10.0.0.3' }))
  const records = run(edited([60, policy(2)]), flows)
  const [pending] = records.filter((each): each is EnforcementRecord => each.event === 'policy.unenforced')
  t.match(pending, { policy: 'data/in', gen: 2, pending_s: 30, leaked: 3, blocked: 0 })
  t.equal(pending!.delay_s, undefined)
  t.same(brief(records), [['leak', 66, 90, 2]], 'and is a leak once the lag is over')
  t.end()
})

t.test('two readings of the same flows give the same ids', t => {
  const flows = [
    seen(1, 'allowed'),
    seen(61, 'allowed', { from: '10.0.0.3' }),
    seen(62, 'denied', { from: '10.0.0.3' }),
  ]
  const ids = () => run(edited([60, policy(2)]), flows).map(({ id }) => id)
  t.same(ids(), ids())
  t.equal(new Set(ids()).size, ids().length)
  t.end()
})

t.test('an edit of labels is measured by the object that it was made to', t => {
  const relabelled = { ...world.pods[2]!, labels: { app: 'other' } }
  const change = { kind: 'Pod', key: relabelled.uid, object: relabelled } as const
  const timeline = timelineOf(world, [{ change, world: applied(world, change), at: START + 60 * S }])
  const flows = [seen(61, 'allowed', { from: '10.0.0.3' }), seen(63, 'denied', { from: '10.0.0.3' })]
  const [measured] = run(timeline, flows).filter(
    (each): each is EnforcementRecord => each.event === 'policy.enforced',
  )
  t.match(measured, { object: 'pod shop/api', node: 'n1', leaked: 1, delay_s: [1, 8] })
  t.equal(measured!.policy, undefined)
  t.equal(measured!.gen, undefined)
  t.end()
})

t.test('the enforcement lag is learnt from what was measured', t => {
  const pipeline = createPipeline({
    timeline: edited([60, policy(2)]),
    node: undefined,
    allowed: 'count',
    fold: true,
    emit: () => {},
  })
  const collector = linesOf([
    seen(64, 'allowed', { from: '10.0.0.3' }),
    seen(65, 'denied', { from: '10.0.0.3' }),
  ])
  const intake = pipeline.open({
    format: 'netfilter-log',
    collector,
    file: undefined,
    stream: 's',
    decide: 'reply',
  })
  intake.line(new Uint8Array(), 0, 0, 0)
  intake.line(new Uint8Array(), 0, 0, 1)
  pipeline.close()
  t.equal(pipeline.learnLag(), 6000, 'half as long again as the four seconds that it took at least')
  t.equal(pipeline.learnLag(), undefined)
  t.end()
})
