// The members of ulogd's JSON that are read, by their field numbers, and the time that they tell.

import { type Clock, scanIso } from './clock.ts'
import type { Flow } from './flow.ts'
import { type JsonFields, numberIn } from './json-fields.ts'

export const names = [
  'timestamp',
  '@timestamp',
  'oob.time.sec',
  'oob.time.usec',
  'oob.family',
  'oob.prefix',
  'oob.in',
  'oob.out',
  'oob.seq.local',
  'oob.seq.global',
  'action',
  'raw.pktcount',
  'raw.pktlen',
  'ip.protocol',
  'ip6.nexthdr',
  'ip.totlen',
  'ip6.payloadlen',
  'ip.fragoff',
  'src_ip',
  'dest_ip',
  'ip.saddr.str',
  'ip.daddr.str',
  'src_port',
  'dest_port',
  'tcp.sport',
  'tcp.dport',
  'udp.sport',
  'udp.dport',
  'sctp.sport',
  'sctp.dport',
  'tcp.fin',
  'tcp.syn',
  'tcp.rst',
  'tcp.psh',
  'tcp.ack',
  'tcp.urg',
  'tcp.ece',
  'tcp.cwr',
  'icmp.type',
  'icmp.code',
  'icmp.echoid',
  'icmpv6.type',
  'icmpv6.code',
  'icmpv6.echoid',
  'ct.event',
  'ct.id',
  'orig.ip.saddr.str',
  'orig.ip.daddr.str',
  'orig.ip.protocol',
  'orig.l4.sport',
  'orig.l4.dport',
  'orig.raw.pktcount',
  'orig.raw.pktlen',
  'reply.ip.saddr.str',
  'reply.ip.daddr.str',
  'reply.l4.sport',
  'reply.l4.dport',
  'reply.raw.pktcount',
  'flow.start.sec',
  'flow.start.usec',
  'flow.end.sec',
  'flow.end.usec',
  'sum.name',
] as const

type Name = (typeof names)[number]
/** The field number of each. */
export const field = Object.fromEntries(names.map((name, i) => [name, i])) as Record<Name, number>

/** Seconds and microseconds since 1970 where they are there: the text beside them is local time, often without its zone. */
export function takeTime(
  bytes: Uint8Array,
  fields: JsonFields,
  clock: Clock,
  flow: Flow,
  secondField: number,
  microField: number,
): void {
  const seconds = numberIn(fields, bytes, secondField, 99_999_999_999)
  if (seconds > 0) {
    const micros = numberIn(fields, bytes, microField, 999_999)
    flow.time = seconds * 1_000_000 + Math.max(0, micros)
    flow.precision = micros < 0 ? 1_000_000 : 1
    return
  }
  const text = Math.max(fields.start[field.timestamp]!, fields.start[field['@timestamp']]!)
  if (text < 0 || scanIso(bytes, text + 1, clock) < 0) return
  flow.time = clock.time
  flow.precision = clock.precision
}
