import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { readObject } from '../../agent/cluster/index.ts'
import { flowRecord } from '../../agent/forensics/flow-record.ts'
import { compile, type Epoch } from '../../agent/policy/index.ts'
import { createTimeline, type Observed } from '../../agent/timeline/index.ts'
import { judge } from '../../agent/verdict/judge.ts'
import { orient } from '../../agent/verdict/orient.ts'
import { createFlow, type Flow, Proto, TcpFlag, Verdict } from '../../collectors/flow.ts'

const T0 = Date.parse('2026-11-24T12:00:00Z') * 1000

function observe(object: unknown): Observed {
  const reading = readObject(object)
  if (reading.outcome !== 'observed') throw new Error(JSON.stringify(reading))
  return reading.observed
}

const pod = (name: string, ip: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name, labels: { app: name } },
  spec: { nodeName: 'n1' },
  status: { phase: 'Running', podIP: ip, hostIP: '192.168.0.1' },
})
const world = [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    spec: { podCIDRs: ['10.0.0.0/16'] },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
  },
  pod('cart', '10.0.0.1'),
  pod('api', '10.0.0.2'),
]
const np = (spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: 'np' },
  spec,
})
const anp = (rules: object) => ({
  apiVersion: 'policy.networking.k8s.io/v1alpha1',
  kind: 'AdminNetworkPolicy',
  metadata: { name: 'guard', generation: 3 },
  spec: { priority: 1, subject: { namespaces: {} }, ...rules },
})
const everyPod = { namespaces: {} }
const cartPeer = { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'cart' } } } }

interface Asked {
  readonly src?: string
  readonly dst?: string
  readonly dport?: number
  readonly verdict?: number
  /** What the client addressed, where NAT made `dst` of it. */
  readonly addressed?: string
}

/** A denied packet from cart to api, unless said otherwise. */
function find(policies: readonly unknown[], asked: Asked = {}) {
  const { src = '10.0.0.1', dst = '10.0.0.2', dport = 80, verdict = Verdict.denied, addressed } = asked
  const flow = {
    ...createFlow(),
    time: T0,
    proto: Proto.tcp,
    sport: 40000,
    dport,
    tcpFlags: TcpFlag.syn,
    verdict,
    ...(addressed && { hasReply: true, replySport: dport, replyDport: 40000 }),
  } as Flow
  const ends = addressed === undefined ? [src, dst] : [src, addressed, dst, src]
  for (const [i, text] of ends.entries()) flow.address.set(parseAddress(text)!, 4 * i)
  const timeline = createTimeline<Epoch>(
    { objects: [...world, ...policies].map(observe) },
    { compile: w => compile(w, { profile: 'upstream' }) },
  )
  return judge(flow, orient(flow), timeline.viewAt(flow.time, flow.precision), { node: undefined })
}

const occurrence = {
  time: T0,
  n: 1,
  bytes: 0,
  reported: undefined,
  evidence: { source: 'test' },
  stream: '',
} as unknown as Parameters<typeof flowRecord>[1]

/** What a record says of the reason and of who had a part in it. */
function told(policies: readonly unknown[], asked?: Asked) {
  const { why } = JSON.parse(JSON.stringify(flowRecord(find(policies, asked), occurrence, undefined)))
  return { reason: why.reason, certainty: why.certainty, policies: why.policies, nearest: why.nearest }
}

t.test('records name the rule of every tier that had a part', async t => {
  const guard = { kind: 'AdminNetworkPolicy', name: 'guard', gen: 3 }
  t.same(told([anp({ ingress: [{ action: 'Deny', from: [everyPod] }] })]), {
    reason: 'explicit-deny',
    certainty: 'certain',
    policies: [{ ...guard, role: 'denies', rule: 'ingress[0]' }],
    nearest: undefined,
  })
  const passed = told([
    anp({ ingress: [{ action: 'Pass', from: [everyPod] }] }),
    np({ podSelector: { matchLabels: { app: 'api' } }, ingress: [{ ports: [{ port: 81 }] }] }),
  ])
  t.match(passed, {
    reason: 'no-rule-matched',
    policies: [
      { ...guard, role: 'passes', rule: 'ingress[0]' },
      { ns: 'shop', name: 'np', role: 'isolates' },
    ],
    nearest: { policy: 'shop/np', rule: 'ingress[0]', failed: 'ports[0]' },
  })
  const allowed = find([anp({ ingress: [{ action: 'Allow', from: [everyPod] }] })], {
    verdict: Verdict.allowed,
  })
  const record = JSON.parse(JSON.stringify(flowRecord(allowed, occurrence, undefined)))
  t.match(record.ingress, {
    reason: 'rule-matched',
    policies: [{ ...guard, role: 'admits', rule: 'ingress[0]' }],
  })
})

t.test('who the peer is counts only where a rule of some tier tells peers apart', async t => {
  const nobody = { dst: '10.0.0.99' }
  const sure = (policies: readonly unknown[]) => {
    const { egress } = find(policies, nobody)
    return `${egress!.reason} ${egress!.certainty}`
  }
  const deny = (peer: object, more: object = {}) => anp({ egress: [{ action: 'Deny', to: [peer], ...more }] })
  const other = { ports: [{ portNumber: { port: 443 } }] }
  const closed = np({ podSelector: {}, policyTypes: ['Egress'] })
  t.equal(sure([deny({ networks: ['10.0.0.0/8'] })]), 'explicit-deny certain')
  t.equal(sure([deny({ later: true })]), 'explicit-deny certain', 'denies everybody')
  t.equal(sure([deny(everyPod), closed]), 'no-rule-matched candidates', 'it may be a pod')
  t.equal(sure([deny({ nodes: {} }), closed]), 'no-rule-matched candidates', 'or a node')
  t.equal(sure([deny(everyPod, other), closed]), 'no-rule-matched certain', 'but not at this port')
  const baseline = {
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'BaselineAdminNetworkPolicy',
    metadata: { name: 'default' },
    spec: { subject: everyPod, egress: [{ action: 'Deny', to: [cartPeer] }] },
  }
  t.equal(sure([baseline, closed]), 'no-rule-matched certain', 'a baseline that is not asked')
})

t.test('a line without a port is certain only where every port has this answer', async t => {
  const guard = (...rules: readonly (readonly [string, number, number])[]) =>
    anp({
      ingress: rules.map(([action, start, end]) => ({
        action,
        from: [everyPod],
        ports: [{ portRange: { start, end } }],
      })),
    })
  const closed = np({ podSelector: { matchLabels: { app: 'api' } } })
  const certainty = (...policies: unknown[]) => find(policies, { dport: -1 }).ingress!.certainty
  t.equal(certainty(closed), 'certain')
  t.equal(certainty(guard(['Allow', 80, 90]), closed), 'candidates')
  t.equal(
    certainty(guard(['Deny', 80, 81], ['Allow', 80, 90]), closed),
    'candidates',
    'open behind the end of an earlier rule',
  )
})

t.test('a domain name that nobody knows leaves the answer a candidate', async t => {
  const guard = anp({
    egress: [
      { action: 'Allow', to: [{ domainNames: ['example.org'] }] },
      { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
    ],
  })
  const { egress } = find([guard], { dst: '203.0.113.1' })
  t.match(egress, { reason: 'explicit-deny', certainty: 'candidates', unsure: ['peer-unresolved'] })
})

t.test(
  'a pod that reaches itself through a Service is subject to cluster-scoped policies, or not (C8, S51)',
  async t => {
    const guard = anp({ ingress: [{ action: 'Deny', from: [cartPeer] }] })
    const itself = { dst: '10.0.0.1', verdict: Verdict.allowed }
    t.match(find([guard], itself).ingress, { reason: 'exempt-self', certainty: 'certain' })
    t.match(find([guard], { ...itself, addressed: '10.96.0.9' }).ingress, {
      reason: 'exempt-self',
      certainty: 'candidates',
      unsure: ['undefined-choice'],
    })
  },
)
