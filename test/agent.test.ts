import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { type Agent, openAgent } from '../agent/agent.ts'
import { eventReader } from '../agent/cluster/index.ts'
import type { FlowRecord, ForensicRecord } from '../agent/forensics/record.ts'
import { isFlowRecord } from '../agent/forensics/record.ts'
import { compile, type Epoch } from '../agent/policy/index.ts'
import { createFed } from '../agent/source/fed.ts'
import { createTimeline } from '../agent/timeline/index.ts'
import { formatByName } from '../collectors/index.ts'

const start = Date.parse('2026-11-24T10:00:00Z')
const read = eventReader()

const pod = (name: string, ip: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name, uid: name, labels: { app: name } },
  spec: { nodeName: 'w1', containers: [{ name: 'c' }] },
  status: { phase: 'Running', podIPs: [{ ip }] },
})
const objects = [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'w1' },
    spec: { podCIDRs: ['10.0.0.0/16'] },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
  },
  pod('db', '10.0.0.2'),
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'db-in', uid: 'u', generation: 1 },
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [] },
  },
]

interface Stage {
  readonly agent: Agent
  readonly feed: (bytes: Uint8Array) => void
  readonly flows: () => FlowRecord[]
  /** How many seconds the lines of records took. */
  readonly answered: readonly number[]
  /** Up to when the cluster is known, and how often more was asked for. */
  readonly proof: { until: number; asked: number }
  /** Lets `ms` of the agent's clock go by, and its heartbeat beat. */
  readonly pass: (ms: number) => Promise<void>
}

async function stage(): Promise<Stage> {
  const records: ForensicRecord[] = []
  const answered: number[] = []
  const clock = { now: start + 1000 }
  const proof = { until: Number.NaN, asked: 0 }
  const agent = openAgent({
    timeline: createTimeline<Epoch>(
      { events: objects.map(object => read({ at: (start - 60_000) * 1000, type: 'ADDED', object })) },
      { compile: world => compile(world, { profile: 'upstream' }) },
    ),
    node: 'w1',
    proof: {
      until: () => proof.until,
      ask: () => {
        proof.asked++
      },
    },
    sinks: [{ write: record => records.push(record), flush: async () => {} }],
    allowed: 'count',
    now: () => clock.now,
    monotonic: () => clock.now,
    events: {
      opened() {},
      trouble() {},
      gap() {},
      record() {},
      checkpoint() {},
      answered: seconds => answered.push(seconds),
      clockStepped() {},
      sinkError: error => {
        throw error
      },
    },
  })
  const fed = createFed('netfilter-log', 's')
  const createCollector = () =>
    formatByName('netfilter-log')!.create({
      zone: wall => wall,
      year: 2026,
      prefixes: [],
      bootTime: Number.NaN,
    })
  const spec = { name: 'k', title: 'k', format: 'netfilter-log', identity: '', isSpared: false }
  await agent.sources.set([{ ...spec, createCollector, open: fed.open }])
  return {
    agent,
    feed: fed.feed,
    proof,
    answered,
    flows: () => records.filter(isFlowRecord),
    pass: async ms => {
      clock.now += ms
      await wait(300)
    },
  }
}

const drop = (from: string) =>
  Buffer.from(
    `2026-11-24T10:00:01.500000+00:00 w1 kernel: np-drop x IN=a OUT=b MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=${from} DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF PROTO=TCP SPT=44444 DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0 \n`,
  )

t.test(
  'a line that comes before the watch event of its pod waits for it, and others do not wait',
  async t => {
    const { agent, feed, flows, answered, pass } = await stage()
    await pass(250)
    feed(drop('10.0.0.9'))
    feed(drop('203.0.113.9'))
    await pass(0)
    t.strictSame(answered, [0])
    t.strictSame(
      flows().map(({ src }) => src.kind),
      ['external'],
    )
    await pass(500)
    t.equal(flows().length, 1)
    agent.apply([read({ at: (start + 1700) * 1000, type: 'ADDED', object: pod('new', '10.0.0.9') })])
    await pass(250)
    t.strictSame(
      flows().map(({ src }) => src.pod ?? src.kind),
      ['external', 'new'],
    )
    t.strictSame(answered, [0, 0.75], 'waiting counts')
    t.match(agent.counts, { held: 1, expired: 0, denied: 2 })
    await agent.stop('asked to')
    t.equal(flows().length, 2)
    t.equal(answered.length, 2, 'what the agent says of itself answers no line')
  },
)

t.test('one whose pod never comes is judged when two seconds are over', async t => {
  const { agent, feed, flows, pass } = await stage()
  await pass(250)
  feed(drop('10.0.0.9'))
  await pass(1900)
  t.equal(flows().length, 0)
  await pass(200)
  t.strictSame(
    flows().map(({ src }) => src.kind),
    ['unknown'],
  )
  t.match(agent.counts, { held: 1, expired: 1, denied: 1 })
  await agent.stop('asked to')
})

t.test('what waits when the agent closes is judged then', async t => {
  const { agent, feed, flows } = await stage()
  feed(drop('10.0.0.9'))
  t.equal(flows().length, 0)
  await agent.stop('asked to')
  t.strictSame(
    flows().map(({ src }) => src.kind),
    ['unknown'],
  )
})

const opened = (generation: number, ingress: object[]) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace: 'shop', name: 'db-in', uid: 'u', generation },
  spec: { podSelector: {}, policyTypes: ['Ingress'], ingress },
})

t.test(
  'what is newer than the last look at the cluster waits for the next one, and is judged by what it finds',
  async t => {
    const { agent, feed, flows, pass, proof } = await stage()
    agent.apply([read({ at: (start - 20_000) * 1000, type: 'MODIFIED', object: opened(2, [{}]) })])
    proof.until = (start + 1000) * 1000
    feed(drop('203.0.113.9'))
    await pass(100)
    t.equal(flows().length, 0)
    t.ok(proof.asked > 0, 'a look is asked for')
    agent.apply([read({ at: (start + 1400) * 1000, type: 'MODIFIED', object: opened(3, []) })])
    proof.until = (start + 1600) * 1000
    agent.proven()
    await pass(0)
    t.match(flows(), [{ why: { agreement: 'agrees', policies: [{ name: 'db-in', gen: 3 }] } }])
    await agent.stop('asked to')
  },
)

t.test('what is older than the last look does not wait', async t => {
  const { agent, feed, flows, pass, proof } = await stage()
  proof.until = (start + 1600) * 1000
  feed(drop('203.0.113.9'))
  await pass(0)
  t.equal(flows().length, 1)
  t.equal(proof.asked, 0)
  await agent.stop('asked to')
})

t.test('where no look comes it is judged when two seconds are over', async t => {
  const { agent, feed, flows, pass, proof } = await stage()
  proof.until = (start + 1000) * 1000
  await pass(250)
  feed(drop('203.0.113.9'))
  await pass(1900)
  t.equal(flows().length, 0)
  await pass(200)
  t.equal(flows().length, 1)
  await agent.stop('asked to')
})

t.test('a line that is stamped later than it is read is judged by no time, and closes no window', async t => {
  const { agent, feed, flows, pass } = await stage()
  const late = (line: Buffer) => Buffer.from(String(line).replace('T10:00:01', 'T13:00:01'))
  feed(late(drop('203.0.113.9')))
  await pass(0)
  t.match(flows(), [{ ts: /T13:00/, why: { certainty: 'candidates', unsure: ['clock-uncertain'] } }])
  feed(drop('203.0.113.8'))
  await pass(0)
  t.match(flows()[1], { why: { certainty: 'certain' } }, 'the next one is what it is')
  await agent.stop('asked to')
})
