import t from 'tap'
import { isAssumed, isReversed, orient } from '../../agent/verdict/orient.ts'
import { createFlow, Event, type Flow, Proto, Reply, TcpFlag } from '../../collectors/flow.ts'

const { syn, ack, rst, fin } = TcpFlag
const tcp = (sport: number, dport: number, tcpFlags = -1): Partial<Flow> => ({
  proto: Proto.tcp,
  sport,
  dport,
  tcpFlags,
})

t.test('orient() finds who opened the connection', async t => {
  const rows: [string, Partial<Flow>, boolean, boolean][] = [
    ['SYN', tcp(40000, 80, syn), false, false],
    ['SYN to a high port', tcp(80, 40000, syn), false, false],
    ['SYN-ACK', tcp(80, 40000, syn | ack), true, false],
    ['ACK from a client port', tcp(40000, 80, ack), false, true],
    ['ACK to a client port', tcp(80, 40000, ack), true, true],
    ['RST to a client port', tcp(80, 40000, rst), true, true],
    ['FIN between high ports', tcp(40000, 50000, fin | ack), false, true],
    ['TCP without flags', tcp(80, 40000), false, false],
    ['a reply by the line', { ...tcp(80, 40000, ack), isReply: Reply.yes }, true, false],
    ['no reply by the line', { ...tcp(80, 40000, ack), isReply: Reply.no }, false, false],
    ['a conntrack tuple', { ...tcp(80, 40000), event: Event.update }, false, false],
    ['UDP', { proto: Proto.udp, sport: 53, dport: 40000 }, false, false],
    ['echo request', { proto: Proto.icmp, icmpType: 8 }, false, false],
    ['echo reply', { proto: Proto.icmp, icmpType: 0 }, true, false],
    ['ICMPv6 echo reply', { proto: Proto.icmpv6, icmpType: 129 }, true, false],
    ['ICMP unreachable', { proto: Proto.icmp, icmpType: 3 }, false, false],
  ]
  for (const [name, fields, reversed, assumed] of rows) {
    const orientation = orient({ ...createFlow(), ...fields })
    t.equal(isReversed(orientation), reversed, `${name}: reversed`)
    t.equal(isAssumed(orientation), assumed, `${name}: assumed`)
  }
})
