import t from 'tap'
import { type ConnectionOptions, createConnections } from '../../agent/verdict/connections.ts'
import { conntrack } from '../../collectors/conntrack.ts'
import { createFlow, Event, type Flow, Proto, verdictNames } from '../../collectors/flow.ts'
import { conntrackLines, createRandom } from '../bench/generate.ts'
import { options, readOne } from '../collectors/flows.ts'

interface Step {
  readonly event: keyof typeof Event
  readonly port?: number
  readonly replied?: boolean
  readonly at?: number
  readonly age?: number
  readonly bytes?: number
  readonly proto?: number
  readonly id?: number
  readonly zone?: number
}

function flowOf(step: Step): Flow {
  const flow = createFlow()
  const isIcmp = step.proto === Proto.icmp
  flow.proto = step.proto ?? Proto.tcp
  flow.address.set([0, 0, 0xffff, 1, 0, 0, 0xffff, 2, 0, 0, 0xffff, 2, 0, 0, 0xffff, 1])
  flow.sport = isIcmp ? -1 : (step.port ?? 1000)
  flow.dport = isIcmp ? -1 : 80
  flow.hasReply = true
  flow.replySport = flow.dport
  flow.replyDport = flow.sport
  flow.event = Event[step.event]
  flow.replied = step.replied ?? false
  flow.time = step.at === undefined ? Number.NaN : step.at * 1e6
  flow.age = step.age ?? -1
  flow.bytes = step.bytes ?? 0
  flow.flowId = step.id ?? -1
  flow.zone = step.zone ?? 0
  return flow
}

/** What came of the steps: `port verdict @seconds bytes`, in the order in which it came; what the end brought is marked. */
function run(decide: ConnectionOptions['decide'], steps: readonly Step[], capacity?: number) {
  const got: string[] = []
  const say = (mark: string, flow: Flow): number =>
    got.push(`${mark}${flow.sport} ${verdictNames[flow.verdict]} @${flow.time / 1e6} ${flow.bytes}`)
  const connections = createConnections({
    decide,
    emit: flow => say('emitted ', flow),
    ...(capacity === undefined ? {} : { capacity }),
  })
  for (const step of steps) {
    const flow = flowOf(step)
    if (connections.observe(flow)) say('', flow)
  }
  const { live } = connections
  connections.drain(flow => say('drained ', flow))
  return { got, live, connections }
}

const answered: Step[] = [
  { event: 'new', at: 1 },
  { event: 'update', at: 2, replied: true },
  { event: 'update', at: 3, replied: true },
  { event: 'destroy', at: 9, replied: true, bytes: 1804 },
]

t.test('all events of one connection are one flow, with the time of the first', async t => {
  t.strictSame(run('reply', answered).got, ['1000 allowed @1 0'])
  t.strictSame(run('end', answered).got, ['1000 allowed @1 1804'])
  t.equal(run('end', answered).live, 0)
})

t.test('a connection that ends without a reply is unanswered', async t => {
  const steps: Step[] = [
    { event: 'new', at: 1 },
    { event: 'destroy', at: 31, bytes: 86 },
  ]
  t.strictSame(run('reply', steps).got, ['1000 unanswered @1 86'])
  t.strictSame(run('end', steps).got, ['1000 unanswered @1 86'])
})

t.test('a connection that is met late is one too, and began as long ago as it says', async t => {
  const { got, connections } = run('reply', [
    { event: 'update', at: 5, replied: true },
    { event: 'destroy', port: 1001, at: 200, replied: true, age: 140, bytes: 7 },
  ])
  t.strictSame(got, ['1000 allowed @5 0', '1001 allowed @60 7'])
  t.equal(connections.orphans, 2)
})

t.test('a tuple that is used again ends the connection that had it', async t => {
  const steps: Step[] = [
    { event: 'new', at: 1 },
    { event: 'new', at: 50 },
    { event: 'destroy', at: 60, replied: true, bytes: 5 },
  ]
  t.strictSame(run('end', steps).got, ['emitted 1000 unanswered @1 0', '1000 allowed @50 5'])
  const replied: Step[] = [
    { event: 'new', at: 1 },
    { event: 'update', at: 2, replied: true },
    { event: 'new', at: 50 },
  ]
  t.strictSame(run('end', replied).got, ['emitted 1000 allowed @1 0', 'drained 1000 none @50 0'])
  t.strictSame(
    run('reply', replied).got,
    ['1000 allowed @1 0', 'drained 1000 none @50 0'],
    'it was decided before',
  )
})

t.test(
  'what is open at the end is decided if it was answered, else it has no verdict and is counted',
  async t => {
    const { got, connections } = run('end', [
      { event: 'new', at: 1 },
      { event: 'new', port: 1001, at: 2 },
      { event: 'update', port: 1001, at: 3, replied: true },
    ])
    t.strictSame(got, ['drained 1000 none @1 0', 'drained 1001 allowed @2 0'])
    t.equal(connections.undecided, 1)
    t.equal(connections.live, 0)
  },
)

t.test("a listing decides by the handshake's time-out", async t => {
  const steps: Step[] = [
    { event: 'dump', port: 1, age: 119 },
    { event: 'dump', port: 2, age: 121 },
    { event: 'dump', port: 3, age: 31, proto: Proto.udp },
    { event: 'dump', port: 4, replied: true },
    { event: 'dump', port: 5 },
    { event: 'dump', port: 5 },
  ]
  t.strictSame(run('end', steps).got, [
    'drained 1 none @NaN 0',
    'drained 2 unanswered @NaN 0',
    'drained 3 unanswered @NaN 0',
    'drained 4 allowed @NaN 0',
    'drained 5 none @NaN 0',
  ])
  t.strictSame(run('reply', steps).got, [
    '2 unanswered @NaN 0',
    '3 unanswered @NaN 0',
    '4 allowed @NaN 0',
    'drained 1 none @NaN 0',
    'drained 5 none @NaN 0',
  ])
})

t.test('ICMP ids, zones and protocols keep connections apart', async t => {
  const { live } = run('end', [
    { event: 'new', proto: Proto.icmp, id: 1 },
    { event: 'new', proto: Proto.icmp, id: 2 },
    { event: 'new', proto: Proto.udp },
    { event: 'new', proto: Proto.tcp },
    { event: 'new', proto: Proto.tcp, zone: 3 },
  ])
  t.equal(live, 5)
})

t.test('when the table is full the least recently touched give way, and are not lost silently', async t => {
  const steps: Step[] = Array.from({ length: 40 }, (_, i) => ({ event: 'new', port: i, at: i }))
  const { got, connections } = run('end', steps, 16)
  t.equal(got.length, 40, 'each is told of once')
  t.equal(connections.evicted, 24)
  t.equal(connections.undecided, 40)
})

t.test('what a drained connection knows is its whole tuple', async t => {
  const seen: Flow[] = []
  const connections = createConnections({ decide: 'end', emit: () => {} })
  const lines = [
    '[1795600005.100000]\t [UPDATE] ipv6     10 icmpv6   58 30 src=fd00::11 dst=fd00::9 type=128 code=3 id=77 src=fd00::9 dst=fd00::5 type=129 code=0 id=77',
    '[1795600005.100000]\t    [NEW] udp      17 30 src=10.0.0.1 dst=10.96.0.10 sport=65535 dport=53 [UNREPLIED] src=10.244.0.3 dst=10.0.0.1 sport=5353 dport=65535 zone=7',
  ]
  const expected = lines.map(line => readOne(conntrack.create(options), line).flow)
  for (const flow of expected) connections.observe(flow, 77)
  connections.drain((flow, offset) => {
    seen.push({ ...flow, address: flow.address.slice(), spans: flow.spans.slice() })
    t.equal(offset, 77)
  })
  for (const [i, flow] of seen.entries()) {
    const { verdict, event, ...rest } = flow
    const { verdict: _verdict, event: _event, ...other } = expected[i]!
    t.strictSame(rest, other)
  }
})

t.test('random events agree with a model of plain objects', async t => {
  interface Model {
    time: number
    replied: boolean
  }
  const random = createRandom(99)
  const model = new Map<number, Model>()
  const expected: string[] = []
  const got: string[] = []
  const connections = createConnections({
    decide: 'end',
    capacity: 512,
    emit: flow => got.push(`${flow.sport} ${verdictNames[flow.verdict]} ${flow.time}`),
  })
  const end = (port: number, entry: Model): number =>
    expected.push(`${port} ${entry.replied ? 'allowed' : 'unanswered'} ${entry.time * 1e6}`)
  for (let at = 1; at < 60_000; at++) {
    const port = Math.floor(random() * 300)
    const event = (['new', 'update', 'destroy'] as const)[Math.floor(random() * 3)]!
    const replied = random() < 0.4
    const known = model.get(port)
    if (known !== undefined && event === 'new') {
      end(port, known)
      model.delete(port)
    }
    const entry = model.get(port) ?? { time: at, replied: false }
    entry.replied ||= replied
    model.set(port, entry)
    if (event === 'destroy') {
      end(port, entry)
      model.delete(port)
    }
    const flow = flowOf({ event, port, replied, at })
    if (connections.observe(flow)) got.push(`${flow.sport} ${verdictNames[flow.verdict]} ${flow.time}`)
    if (got.length !== expected.length || got.at(-1) !== expected.at(-1))
      return t.equal(got.at(-1), expected.at(-1), `step ${at}`)
    if (connections.live !== model.size) return t.equal(connections.live, model.size, `step ${at}`)
  }
  t.equal(connections.evicted, 0)
})

t.test('generated connections come out as they were made', async t => {
  const next = conntrackLines({ live: 300, seed: 4 })
  const collector = conntrack.create(options)
  const counts: Record<string, number> = {}
  let events = 0
  const connections = createConnections({
    decide: 'end',
    emit: flow => t.fail(`a tuple was used twice: ${flow.sport}`),
  })
  for (let i = 0; i < 30_000; i++) {
    const { flow } = readOne(collector, next())
    if (flow.event === Event.destroy) events++
    if (connections.observe(flow))
      counts[verdictNames[flow.verdict]] = (counts[verdictNames[flow.verdict]] ?? 0) + 1
  }
  t.equal(counts.allowed! + counts.unanswered!, events, 'one flow for each end')
  t.ok(counts.unanswered! / events > 0.03 && counts.unanswered! / events < 0.07)
  t.ok(connections.orphans > 0)
})
