import t from 'tap'
import type { Counts } from '../agent/counts.ts'
import type { FlowRecord, GapRecord } from '../agent/forensics/record.ts'
import { isFlowRecord } from '../agent/forensics/record.ts'
import { pipelineOver } from './pipeline-over.ts'

const drop = (second: number, rest = 'PROTO=TCP SPT=58886 DPT=5432 WINDOW=64240 RES=0x00 SYN URGP=0 ') =>
  `Nov 24 10:00:${String(second).padStart(2, '0')} worker-1 kernel: [ 1156.246182] np-drop data/pg-0-in IN=veth1 OUT=veth2 MAC= SRC=10.244.1.12 DST=10.244.1.21 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=43047 DF ${rest}`
const broken =
  'Nov 24 10:00:05 worker-1 kernel: [ 1156.246182] np-drop data/pg-0-in IN=veth1 OUT=veth2 MAC= SRC=10.244.1.12 DST=10.24'

t.test('a denied packet becomes a record with its evidence', async t => {
  const [record] = (await pipelineOver({ logs: { 'netfilter-log': [drop(0)] } })) as [FlowRecord]
  t.equal(record.event, 'flow.denied')
  t.equal(record.ts, '2026-11-24T10:00:00.000Z')
  t.same(record.evidence, { source: 'netfilter-log', offset: 0 })
  t.equal(record.bytes, 60)
  t.same(
    record.why?.policies?.map(p => [p.ns, p.name, p.role]),
    [['data', 'pg-ingress', 'isolates']],
  )
  t.same(Object.keys(JSON.parse(JSON.stringify(record))), [
    'v',
    'id',
    'ts',
    'event',
    'verdict',
    'dir',
    'src',
    'dst',
    'proto',
    'why',
    'n',
    'bytes',
    'evidence',
  ])
})

t.test('repeats are folded into counts, and nothing is lost in it', async t => {
  const records = await pipelineOver({
    logs: { 'netfilter-log': [0, 1, 5, 9, 11, 12].map(second => drop(second)) },
  })
  const [first, ...others] = records as [FlowRecord, ...{ of: string; n: number; last: string }[]]
  t.same(
    others.map(({ of, n, last }) => [of === first.id, n, last.slice(17, 19)]),
    [
      [true, 3, '09'],
      [true, 2, '12'],
    ],
  )
})

t.test(
  'a stretch of lines that cannot be read is a gap with its number, between the times around it',
  async t => {
    const lines = [drop(1), broken, broken, broken, drop(7), broken]
    const gaps = (await pipelineOver({ logs: { 'netfilter-log': lines }, decide: 'end' })).filter(
      record => record.event === 'evidence.gap',
    ) as GapRecord[]
    t.same(
      gaps.map(({ lost, from, to, cause, source }) => [
        lost,
        from?.slice(17, 19),
        to?.slice(17, 19),
        cause,
        source,
      ]),
      [
        [3, '01', '07', 'lines could not be read', 'netfilter-log'],
        [1, '07', undefined, 'lines could not be read', 'netfilter-log'],
      ],
    )
    t.equal(gaps[0]?.evidence?.offset, drop(1).length + 1)
    t.not(gaps[0]?.id, gaps[1]?.id)
  },
)

t.test('a connection of conntrack is one flow, by its reply or by its end', async t => {
  const tuple = 'src=10.244.1.13 dst=10.96.0.20 sport=41538 dport=5432'
  const reply = 'src=10.244.1.21 dst=10.244.1.13 sport=5432 dport=41538'
  const lines = [
    `[1795541609.664935]\t    [NEW] tcp      6 120 SYN_SENT ${tuple} [UNREPLIED] ${reply} id=1`,
    `[1795541609.665020]\t [UPDATE] tcp      6 60 SYN_RECV ${tuple} ${reply} id=1`,
    `[1795541611.665029]\t[DESTROY] tcp      6 ${tuple} packets=5 bytes=300 ${reply} packets=4 bytes=900 [ASSURED] id=1`,
  ]
  for (const [decide, bytes] of [
    ['reply', undefined],
    ['end', 300],
  ] as const) {
    const records = (await pipelineOver({ logs: { conntrack: lines }, decide })) as FlowRecord[]
    t.equal(records.length, 1, decide)
    const [record] = records
    t.equal(record?.event, 'flow.allowed')
    t.equal(record?.ts, '2026-11-24T17:33:29.664935Z', 'the time of its first event')
    t.equal(record?.bytes, bytes)
    t.equal(record?.dst.pod, 'pg-0', 'the pod behind the Service')
    t.same(record?.nat, { dst: '10.96.0.20:5432' })
    t.equal(record?.ingress?.reason, 'rule-matched')
  }
})

t.test(
  'a connection that ends without a reply is unanswered, and the policies say what they think of it',
  async t => {
    const tuple = 'src=10.244.1.12 dst=10.244.1.21 sport=41538 dport=5432'
    const reply = 'src=10.244.1.21 dst=10.244.1.12 sport=5432 dport=41538'
    const records = (await pipelineOver({
      logs: {
        conntrack: [
          `[1795541609.664935]\t    [NEW] tcp      6 120 SYN_SENT ${tuple} [UNREPLIED] ${reply} id=1`,
          `[1795541729.665029]\t[DESTROY] tcp      6 ${tuple} packets=5 bytes=300 [UNREPLIED] ${reply} packets=0 bytes=0 id=1`,
        ],
      },
    })) as FlowRecord[]
    t.same(
      records.map(({ event, dir, why }) => [event, dir, why?.reason, why?.agreement]),
      [['flow.unanswered', 'ingress', 'no-rule-matched', 'agrees']],
    )
  },
)

t.test('reading the same lines again gives the same ids', async t => {
  const logs = { 'netfilter-log': [drop(0), drop(1), broken, drop(20)] }
  const ids = async () => (await pipelineOver({ logs })).map(record => record.id)
  t.same(await ids(), await ids())
  const all = (await pipelineOver({ logs, fold: false })).filter(isFlowRecord).map(record => record.id)
  t.equal(new Set(all).size, 3)
})

const nflog = (sequence: number): string =>
  JSON.stringify({
    'oob.prefix': 'np-drop data/pg-0-in',
    'oob.time.sec': 1_795_514_400 + sequence,
    'oob.time.usec': 0,
    'oob.seq.local': sequence,
    'oob.family': 2,
    'ip.protocol': 6,
    src_port: 58886,
    dest_port: 5432,
    'tcp.syn': 1,
    src_ip: '10.244.1.12',
    dest_ip: '10.244.1.21',
  })

t.test(
  'what the numbers of a producer tell to be missing is a gap before the packet that tells it',
  async t => {
    const records = await pipelineOver({ logs: { ulogd: [nflog(0), nflog(1), nflog(5)] }, fold: false })
    t.same(
      records.map(record => [record.event, record.event === 'evidence.gap' ? (record as GapRecord).lost : 0]),
      [
        ['flow.denied', 0],
        ['flow.denied', 0],
        ['evidence.gap', 3],
        ['flow.denied', 0],
      ],
    )
  },
)

t.test("ulogd's connections are decided as conntrack's are", async t => {
  const there = 'SRC=10.244.1.13 DST=10.244.1.21 PROTO=TCP SPT=41538 DPT=5432'
  const back = 'SRC=10.244.1.21 DST=10.244.1.13 PROTO=TCP SPT=5432 DPT=41538'
  const line = (event: string, sent: number, answered: number): string =>
    `Nov 24 10:00:01 worker-1 [${event}] ORIG: ${there} PKTS=${sent} BYTES=300 , REPLY: ${back} PKTS=${answered} BYTES=0 `
  for (const [sent, answered, event] of [
    [5, 4, 'flow.allowed'],
    [5, 0, 'flow.unanswered'],
    [0, 0, undefined],
  ] as const) {
    const records = await pipelineOver({
      logs: { ulogd: [line('NEW', 0, 0), line('DESTROY', sent, answered)] },
    })
    t.same(
      records.map(record => record.event),
      event === undefined ? [] : [event],
      `${sent} packets, ${answered} answers`,
    )
  }
})

const antrea = (ms: string, direction: 'Ingress' | 'Egress', policy: string, action: string, ends: string) =>
  `2026/11/24 10:00:00.${ms} Antrea${direction}Rule ${policy} <nil> ${direction} ${action} -1 <nil> ${ends} TCP 60 <nil>`

t.test('where the CNI names a policy that decided nothing, the record says so', async t => {
  const denied = '10.244.1.12 40112 10.244.1.21 5432'
  const run = (policy: string) =>
    pipelineOver({ logs: { 'antrea-np': [antrea('100000', 'Ingress', policy, 'Drop', denied)] } })
  const [same] = (await run('K8sNetworkPolicy:data/pg-ingress')) as [FlowRecord]
  t.same(same.why?.policies?.[0]?.name, 'pg-ingress')
  t.same(same.reported?.policies, ['data/pg-ingress'])
  t.equal(same.reported?.differs, undefined)
  const [other] = (await run('K8sNetworkPolicy:data/old-name')) as [FlowRecord]
  t.same(other.reported?.policies, ['data/old-name'])
  t.equal(other.reported?.differs, true)
  t.match(other.why, { certainty: 'candidates', unsure: ['policy-left-out'] }, 'the world lacks it')
  t.equal(other.why?.policies?.[0]?.name, 'pg-ingress', 'and neither is merged into the other')
})

t.test('the egress and the ingress line of one packet are one flow: what became of it', async t => {
  const ends = '10.244.1.12 40112 10.244.1.21 5432'
  const outward = antrea('100000', 'Egress', 'K8sNetworkPolicy:shop/out', 'Allow', ends)
  const counts: Partial<Counts> = {}
  const records = await pipelineOver({
    logs: { 'antrea-np': [outward, antrea('100050', 'Ingress', 'K8sNetworkPolicy', 'Drop', ends)] },
    counts,
  })
  t.match(counts, { flows: 1, allowed: 0, denied: 1 })
  t.equal(records.filter(record => record.event === 'flow.denied').length, 1)
  const through = antrea('100050', 'Ingress', 'K8sNetworkPolicy:data/pg-ingress', 'Allow', ends)
  await pipelineOver({ logs: { 'antrea-np': [outward, through] }, counts })
  t.match(counts, { flows: 1, allowed: 1, denied: 0, contradictions: 1 }, 'a leak is one at either side')
})
