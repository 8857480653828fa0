// Answers that were certain and wrong once, each with the smallest schedule that shows it: the property found them.

import t from 'tap'
import { readWatchEvent } from '../../agent/cluster/index.ts'
import { type FlowRecord, isFlowRecord } from '../../agent/forensics/record.ts'
import { createPipeline } from '../../agent/pipeline.ts'
import { compile, type Epoch } from '../../agent/policy/index.ts'
import { createLines } from '../../agent/source/lines.ts'
import { createTimeline, type TimelineEvent } from '../../agent/timeline/index.ts'
import { formatByName } from '../../collectors/index.ts'
import { nodeJson, podJson, us } from './objects.ts'

type Type = 'ADDED' | 'MODIFIED' | 'DELETED'

const event = (at: number, type: Type, object: object): TimelineEvent =>
  readWatchEvent({ at: us(at), type, object })!
const relist = (at: number, api: string, lastProof = Number.NaN): TimelineEvent => ({
  type: 'RELIST',
  at: us(at),
  api,
  lastProof: us(lastProof),
})

function pod(name: string, ip: string, created = -1000, version = 1): object {
  const state = { uid: name, ns: 'shop', name, labels: { app: name }, created, labelled: created }
  return podJson({ ...state, ips: [ip], started: created }, version)
}

/** Without stamps, as `kubectl get --watch` prints it. */
function policy(name: string, generation: number, spec: object, uid = name): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name, uid, generation },
    spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ...spec },
  }
}

const fromWeb = { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] }
const nobody = { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'nobody' } } }] }] }

const start: TimelineEvent[] = [
  relist(0, 'NetworkPolicy'),
  event(0, 'ADDED', nodeJson),
  event(0, 'ADDED', pod('db', '10.0.0.2')),
  event(0, 'ADDED', pod('web', '10.0.0.3')),
]

/** The record of one denied packet to port 80 of `shop/db`. */
function denied(at: number, events: readonly TimelineEvent[], from = '10.0.0.3'): FlowRecord {
  const timeline = createTimeline<Epoch>(
    { events: [...start, ...events] },
    { compile: world => compile(world, { profile: 'upstream' }) },
  )
  const records: FlowRecord[] = []
  const pipeline = createPipeline({
    timeline,
    node: undefined,
    allowed: 'full',
    fold: false,
    emit: record => {
      if (isFlowRecord(record)) records.push(record)
    },
  })
  const options = { zone: (wall: number) => wall, year: 2026, prefixes: [], bootTime: Number.NaN }
  const collector = formatByName('netfilter-log')!.create(options)
  const intake = pipeline.open({
    format: 'netfilter-log',
    collector,
    file: undefined,
    stream: '',
    decide: 'end',
  })
  const stamp = new Date(us(at) / 1000).toISOString().replace('Z', '000+00:00')
  const line = `${stamp} w1 kernel: np-drop x IN=a OUT=b MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=${from} DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=4711 DF PROTO=TCP SPT=44444 DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0 \n`
  createLines(intake.line).write(Buffer.from(line))
  intake.end()
  pipeline.close()
  return records[0]!
}

function say({ why }: FlowRecord): string {
  const policies = (why?.policies ?? []).map(({ name, uid, gen }) => `${name}/${uid}@${gen}`).join(' ')
  return `${why?.certainty} ${why?.agreement} ${policies}${why?.unsure ? ` [${why.unsure}]` : ''}`
}

t.test('a change may be enforced before this node is told of it', async t => {
  const events = [
    event(10, 'ADDED', policy('p', 1, nobody)),
    event(60, 'MODIFIED', policy('p', 2, { ingress: [] })),
  ]
  t.equal(say(denied(54, events)), 'certain agrees p/p@1')
  t.equal(say(denied(57, events)), 'candidates agrees p/p@1 [policy-just-changed]')
  const made = [event(60, 'ADDED', policy('p', 1, nobody))]
  t.equal(say(denied(57, made)), 'certain agrees p/p@1', 'nothing else explains it')
})

t.test('of two changes the later one may be enforced first', async t => {
  const events = [
    event(10, 'ADDED', policy('p', 1, fromWeb)),
    event(10, 'ADDED', policy('q', 1, fromWeb)),
    event(60, 'MODIFIED', policy('p', 2, nobody)),
    event(61, 'DELETED', policy('q', 1, fromWeb)),
  ]
  t.equal(say(denied(63, events)), 'certain agrees p/p@2')
  const both = [...events.slice(0, 3), event(61, 'MODIFIED', policy('q', 2, nobody))]
  t.equal(say(denied(63, both)), 'certain agrees p/p@2 q/q@2')
  const either = [event(60, 'ADDED', policy('p', 1, nobody)), event(61, 'ADDED', policy('q', 1, nobody))]
  t.equal(say(denied(63, either)), 'candidates agrees p/p@1 q/q@1 [policy-just-changed]', 'one, or both')
})

t.test('a policy that is made again under its name and generation is another one', async t => {
  const events = [
    event(10, 'ADDED', policy('p', 1, nobody, 'old')),
    event(60, 'DELETED', policy('p', 1, nobody, 'old')),
    event(61, 'ADDED', policy('p', 1, nobody, 'new')),
  ]
  t.equal(say(denied(62, events)), 'candidates agrees p/new@1 [policy-just-changed]')
  t.equal(say(denied(66.1, events)), 'certain agrees p/new@1')
})

t.test('what came and went while a watch was lost is enforced for the lag after it', async t => {
  const events = [
    event(10, 'ADDED', policy('p', 1, nobody)),
    relist(60, 'NetworkPolicy', 50),
    event(60, 'ADDED', policy('p', 1, nobody)),
  ]
  for (const [at, expected] of [
    [49, 'certain agrees p/p@1'],
    [55, 'candidates agrees p/p@1 [sync-gap]'],
    [64.9, 'candidates agrees p/p@1 [sync-gap]'],
    [65, 'certain agrees p/p@1'],
  ] as const)
    t.equal(say(denied(at, events)), expected, `${at}`)
})

t.test('a pod that is named is part of the answer, even where no rule asks who it is', async t => {
  const events = [
    event(10, 'ADDED', policy('p', 1, { ingress: [] })),
    event(50, 'ADDED', pod('new', '10.0.0.9', 48, 7)),
  ]
  t.equal(say(denied(49, events, '10.0.0.9')), 'candidates agrees p/p@1 [pod-starting]')
  const unknown = denied(30, events, '10.0.0.9')
  t.same([say(unknown), unknown.src.kind], ['certain agrees p/p@1', 'unknown'])
})

t.test('a data plane may not have heard of a new pod, and deny it as a stranger', async t => {
  const events = [
    event(10, 'ADDED', policy('p', 1, { ingress: [{ from: [{ podSelector: {} }] }] })),
    event(50, 'ADDED', pod('new', '10.0.0.9', 48, 7)),
  ]
  t.match(say(denied(54.9, events, '10.0.0.9')), /^candidates undecided .*pod-starting/)
  t.match(say(denied(55, events, '10.0.0.9')), /^certain contradicts/)
})

t.test('an end that nobody knows may have denied it, so no state is ruled out', async t => {
  const out = { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'] }
  const events = [
    event(10, 'ADDED', policy('p', 1, { ...out, egress: [] })),
    event(60, 'MODIFIED', policy('p', 2, { ...out, egress: [{}] })),
    event(10, 'DELETED', pod('db', '10.0.0.2')),
  ]
  t.equal(say(denied(30, events)), 'certain agrees p/p@1')
  t.match(say(denied(62, events)), /^candidates lagging p\/p@1 \[policy-just-changed\]/)
})
