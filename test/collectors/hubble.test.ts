import t from 'tap'
import { Outcome } from '../../collectors/collector.ts'
import { Cause, Direction, type Flow, Verdict } from '../../collectors/flow.ts'
import { type HubbleCollector, hubble } from '../../collectors/hubble.ts'
import { options, outcomeNames, readOne } from './flows.ts'

const create = (): HubbleCollector => hubble.create(options) as HubbleCollector

const ip = { source: '10.0.0.1', destination: '10.0.0.2', ipVersion: 'IPv4' }

function read(flow: Record<string, unknown>, collector = create()): Flow {
  const line = JSON.stringify({
    flow: {
      time: '2026-12-01T08:00:00Z',
      IP: ip,
      l4: { TCP: { source_port: 1, destination_port: 2 } },
      ...flow,
    },
    node_name: 'n',
  })
  const result = readOne(collector, line)
  if (result.outcome !== Outcome.flow) throw new Error(`${outcomeNames[result.outcome]}: ${line}`)
  return result.flow
}

t.test("a drop is the policies' question, another kind's doing, or no policy's at all", async t => {
  const rows: [Record<string, unknown>, Cause][] = [
    [{ drop_reason_desc: 'POLICY_DENIED' }, Cause.none],
    [{ drop_reason: 133 }, Cause.none],
    [{ event_type: { type: 1, sub_type: 133 } }, Cause.none],
    [{}, Cause.none],
    [{ drop_reason_desc: 'POLICY_DENY' }, Cause.otherPolicy],
    [{ drop_reason_desc: 'AUTH_REQUIRED' }, Cause.otherPolicy],
    [{ event_type: { type: 1, sub_type: 155 } }, Cause.notPolicy],
    [{ drop_reason_desc: 'STALE_OR_UNROUTABLE_IP' }, Cause.notPolicy],
    [
      {
        drop_reason_desc: 'POLICY_DENY',
        ingress_denied_by: [{ name: 'a', namespace: 'b', kind: 'CiliumNetworkPolicy' }],
      },
      Cause.otherPolicy,
    ],
    [
      { drop_reason_desc: 'POLICY_DENY', ingress_denied_by: [{ name: 'a', kind: 'ClusterNetworkPolicy' }] },
      Cause.none,
    ],
    [
      { drop_reason_desc: 'POLICY_DENY', ingress_denied_by: [{ name: 'a', namespace: 'b' }] },
      Cause.otherPolicy,
    ],
  ]
  for (const [more, cause] of rows) {
    const flow = read({ verdict: 'DROPPED', ...more })
    t.equal(flow.verdict, Verdict.denied)
    t.equal(flow.cause, cause, JSON.stringify(more))
  }
})

t.test('the direction is believed of policy verdicts and policy drops, not of traces', async t => {
  const direction = { traffic_direction: 'EGRESS' }
  t.equal(read({ verdict: 'FORWARDED', event_type: { type: 5 }, ...direction }).direction, Direction.egress)
  t.equal(
    read({ verdict: 'DROPPED', drop_reason_desc: 'POLICY_DENIED', event_type: { type: 1 }, ...direction })
      .direction,
    Direction.egress,
  )
  t.equal(read({ verdict: 'AUDIT', ...direction }).direction, Direction.egress)
  t.equal(read({ verdict: 'FORWARDED', event_type: { type: 4 }, ...direction }).direction, Direction.none)
  t.equal(
    read({ verdict: 'FORWARDED', ...direction }).direction,
    Direction.none,
    'no event type, so it may be a trace',
  )
  t.equal(
    read({
      verdict: 'DROPPED',
      drop_reason_desc: 'CT_MAP_INSERTION_FAILED',
      event_type: { type: 1 },
      ...direction,
    }).direction,
    Direction.none,
  )
})

t.test('policies are named as their kind is, and equal lists are one object', async t => {
  const collector = create()
  const label = (kind: string): string => `k8s:io.cilium.k8s.policy.derived-from=${kind}`
  const list = [
    { name: 'a', namespace: 'shop', kind: 'NetworkPolicy' },
    { name: 'b', namespace: 'shop', labels: [label('NetworkPolicy')] },
    { name: 'c', namespace: 'shop', kind: 'CiliumNetworkPolicy' },
    { name: 'd', labels: [label('CiliumClusterwideNetworkPolicy')] },
    {
      labels: [
        'k8s:io.cilium.k8s.policy.name=e',
        'k8s:io.cilium.k8s.policy.namespace=shop',
        label('NetworkPolicy'),
      ],
    },
    { name: 'f', namespace: 'shop' },
  ]
  const first = read({ verdict: 'FORWARDED', ingress_allowed_by: list }, collector).reported!
  t.strictSame(first.policies, [
    'shop/a',
    'shop/b',
    'CiliumNetworkPolicy/shop/c',
    'CiliumClusterwideNetworkPolicy/d',
    'shop/e',
    'shop/f',
  ])
  t.equal(read({ verdict: 'FORWARDED', ingress_allowed_by: list }, collector).reported, first)
  const denied = read({ verdict: 'DROPPED', drop_reason_desc: 'POLICY_DENIED' }, collector).reported
  t.equal(read({ verdict: 'DROPPED', drop_reason_desc: 'POLICY_DENIED' }, collector).reported, denied)
  t.strictSame(denied, { by: 'cilium', verdict: 'denied', policies: [], as: 'POLICY_DENIED' })
})

t.test('thousands of different lists keep their own names', async t => {
  const collector = create()
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 9000; i++) {
      const flow = read(
        {
          verdict: 'FORWARDED',
          egress_allowed_by: [
            { name: `p${i}`, namespace: 'shop', kind: 'NetworkPolicy', revision: `${round}` },
          ],
        },
        collector,
      )
      if (flow.reported?.policies[0] !== `shop/p${i}`) return t.fail(`${i}: ${flow.reported?.policies}`)
    }
  }
})

t.test('only what the walk cannot read goes to JSON.parse, and is counted', async t => {
  const collector = create()
  const outcome = (line: string): string => outcomeNames[readOne(collector, line).outcome]
  t.equal(
    outcome('{"flow":{"verdict":"DROPPED","IP":{"source":"10.0.0.1","destination":"10.0.0.2"}}}'),
    'flow',
  )
  t.equal(outcome('{"node_name":"n","flow":{"IP":{"source":"10.0.0.1","destination":"10.0.0.2"}}}'), 'flow')
  t.equal(outcome('{"flow":{}}'), 'note')
  t.equal(outcome('{"msg":"x","level":"info"}'), 'foreign')
  t.equal(collector.fallbacks, 0)
  t.equal(
    outcome('{"fl\\u006fw":{"IP":{"source":"10.0.0.1","destination":"10.0.0.2"}},"x":"\\"flow\\""}'),
    'foreign',
    'no exporter writes its key so',
  )
  t.equal(outcome('{"flow":{"\\u0049P":{"source":"10.0.0.1","destination":"10.0.0.2"}}}'), 'flow')
  t.equal(collector.fallbacks, 1)
  t.equal(outcome('{"flow":{"IP":{"source":"10.0.0.1","destination":"10.0.0.2"}}'), 'malformed')
  t.equal(collector.fallbacks, 2)
})

t.test('two lines torn into one are never read as one flow', async t => {
  const collector = create()
  const whole = (n: number): string =>
    JSON.stringify({
      flow: {
        time: `2026-12-01T08:00:0${n}.123456789Z`,
        uuid: '0a1b2c3d-0000-4000-8000-000000000001',
        verdict: n === 1 ? 'DROPPED' : 'FORWARDED',
        IP: { source: `10.0.0.${n}`, destination: '10.0.0.9', ipVersion: 'IPv4' },
        l4: { TCP: { source_port: n, destination_port: 80, flags: { SYN: true } } },
        source: { ID: 4, identity: 5, namespace: 'a', labels: ['k8s:app=x', 'k8s:b=y'], pod_name: 'x-1' },
        destination: {
          identity: 6,
          namespace: 'b',
          labels: ['k8s:app=z'],
          pod_name: 'z-1',
          workloads: [{ name: 'z', kind: 'Deployment' }],
        },
        Type: 'L3_L4',
        node_name: 'n',
        node_labels: ['a=b', 'c=d'],
        event_type: { type: 5 },
        traffic_direction: 'INGRESS',
      },
      node_name: 'n',
      time: `2026-12-01T08:00:0${n}.123456789Z`,
    })
  const [first, second] = [whole(1), whole(2)]
  for (let cut = 1; cut < first.length; cut++) {
    const { outcome } = readOne(collector, first.slice(0, cut) + second)
    if (outcome === Outcome.flow) return t.fail(first.slice(cut - 40, cut))
  }
})

t.test('what a broken line leaves behind never sends the next one back to where it was', async t => {
  // The length of a node's name that was not whole once became negative: the walk over the next line went round in a circle.
  const collector = hubble.create(options)
  t.equal(readOne(collector, '{"flow":{"node_name":"abc').outcome, Outcome.malformed)
  const line =
    '{"flow":{"verdict":"DROPPED","x":"ab","node_name":"n","time":"2026-11-24T17:33:05Z","IP":{"source":"10.0.0.1","destination":"10.0.0.2"},"l4":{"UDP":{"source_port":5,"destination_port":53}}}}'
  t.equal(readOne(collector, line).outcome, Outcome.flow)
})
