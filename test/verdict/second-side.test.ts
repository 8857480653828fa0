import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { createSides } from '../../agent/verdict/second-side.ts'
import {
  createFlow,
  Direction,
  Event,
  type Flow,
  Notice,
  Proto,
  Reply,
  TcpFlag,
  Verdict,
} from '../../collectors/flow.ts'

const T0 = 1_790_000_000_000_000
const { egress, ingress } = Direction
const { allowed, denied, rejected } = Verdict

function flow(
  ms: number,
  direction: Flow['direction'],
  verdict: Flow['verdict'],
  fields: Partial<Flow> = {},
): Flow {
  const base = { ...createFlow(), proto: Proto.tcp, sport: 40000, dport: 80 }
  const made: Flow = { ...base, time: T0 + ms * 1000, direction, verdict, ...fields }
  made.address.set(parseAddress('10.0.0.1')!, 0)
  made.address.set(parseAddress('10.0.0.2')!, 4)
  return made
}

function sides(...flows: readonly Flow[]): string[] {
  return flows.map(createSides())
}

t.test('createSides() tells the second line of a packet from a packet of its own', async t => {
  const first = flow(0, egress, allowed)
  t.same(sides(first, flow(0.05, ingress, allowed)), ['first', 'repeated'])
  t.same(
    sides(flow(0, ingress, allowed), flow(0.05, egress, allowed)),
    ['first', 'repeated'],
    'in either order',
  )
  t.same(sides(first, flow(1, ingress, denied)), ['first', 'overruled'])
  t.same(sides(first, flow(1, ingress, rejected)), ['first', 'overruled'])
  t.same(
    sides(flow(1, ingress, denied), first),
    ['first', 'repeated'],
    'what was let through at the client was dropped',
  )
  t.same(
    sides(flow(0, egress, denied), flow(1, ingress, denied)),
    ['first', 'first'],
    'nothing is dropped twice',
  )
  t.same(sides(first, first), ['first', 'first'], 'of one direction')
  t.same(
    sides(first, flow(1, ingress, allowed), flow(2, ingress, allowed)),
    ['first', 'repeated', 'first'],
    'once',
  )
  t.same(sides(first, flow(200, ingress, allowed)), ['first', 'first'], 'too late')
})

t.test('createSides() never merges what may be two packets', async t => {
  const fields: readonly [string, Partial<Flow>][] = [
    ['a datagram', { proto: Proto.udp }],
    ['without ports', { sport: -1 }],
    ['from the middle', { tcpFlags: TcpFlag.ack }],
    ['a reply', { isReply: Reply.yes }],
    ['an event of a connection', { event: Event.new }],
    ['a sum', { count: 2 }],
    ['a window', { window: 60 }],
    ['without a time', { time: Number.NaN }],
    ['without a direction', { direction: Direction.none }],
    ['without a verdict', { verdict: Verdict.none }],
  ]
  for (const [name, each] of fields)
    t.same(sides(flow(0, egress, allowed, each), flow(0, ingress, allowed, each)), ['first', 'first'], name)
  const others: readonly [string, Partial<Flow>][] = [
    ['another client port', { sport: 40001 }],
    ['another port', { dport: 81 }],
  ]
  for (const [name, other] of others)
    t.same(sides(flow(0, egress, allowed), flow(0, ingress, allowed, other)), ['first', 'first'], name)
  const elsewhere = flow(0, ingress, allowed)
  elsewhere.address.set(parseAddress('10.0.0.3')!, 4)
  t.same(sides(flow(0, egress, allowed), elsewhere), ['first', 'first'], 'another server')
  const syn = { tcpFlags: TcpFlag.syn | TcpFlag.ece | TcpFlag.cwr, notice: Notice.verdict }
  t.same(
    sides(flow(0, egress, allowed, syn), flow(0, ingress, allowed, syn)),
    ['first', 'repeated'],
    'a SYN is one',
  )
})
