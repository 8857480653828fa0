// ulogd's JSON of a connection: `ct.event`, the members of the original direction, and those of the reply's.

import type { Clock } from './clock.ts'
import { Event, type Flow, Proto } from './flow.ts'
import { addressIn, BAD, type JsonFields, numberIn } from './json-fields.ts'
import { takeCounts } from './ulogd-connection.ts'
import { field, takeTime } from './ulogd-keys.ts'

const UINT32 = 0xffffffff
const events: Readonly<Record<number, Event>> = { 1: Event.new, 2: Event.update, 4: Event.destroy }

/** Reads the connection; false where it is not whole. */
export function readJsonConnection(bytes: Uint8Array, fields: JsonFields, clock: Clock, flow: Flow): boolean {
  const { address } = flow
  const isAddressed =
    (addressIn(fields, bytes, field['orig.ip.saddr.str'], address, 0) ||
      addressIn(fields, bytes, field.src_ip, address, 0)) &&
    (addressIn(fields, bytes, field['orig.ip.daddr.str'], address, 4) ||
      addressIn(fields, bytes, field.dest_ip, address, 4)) &&
    addressIn(fields, bytes, field['reply.ip.saddr.str'], address, 8) &&
    addressIn(fields, bytes, field['reply.ip.daddr.str'], address, 12)
  flow.event = events[numberIn(fields, bytes, field['ct.event'], 255)] ?? Event.none
  flow.proto = numberIn(fields, bytes, field['orig.ip.protocol'], 255)
  flow.hasReply = true
  const isWhole = isAddressed && flow.proto >= 0 && readConnectionPorts(bytes, fields, flow)
  // The connection's beginning where ulogd saw it, else this event's own moment.
  const hasStart = fields.start[field['flow.start.sec']]! >= 0
  takeTime(
    bytes,
    fields,
    clock,
    flow,
    hasStart ? field['flow.start.sec'] : field['flow.end.sec'],
    hasStart ? field['flow.start.usec'] : field['flow.end.usec'],
  )
  flow.connection = Math.max(0, numberIn(fields, bytes, field['ct.id'], UINT32))
  const count = (of: number): number => numberIn(fields, bytes, of, Number.MAX_SAFE_INTEGER)
  takeCounts(
    flow,
    count(field['orig.raw.pktcount']),
    count(field['orig.raw.pktlen']),
    count(field['reply.raw.pktcount']),
  )
  return isWhole
}

function readConnectionPorts(bytes: Uint8Array, fields: JsonFields, flow: Flow): boolean {
  flow.sport = numberIn(fields, bytes, field['orig.l4.sport'], 65535)
  flow.dport = numberIn(fields, bytes, field['orig.l4.dport'], 65535)
  flow.replySport = numberIn(fields, bytes, field['reply.l4.sport'], 65535)
  flow.replyDport = numberIn(fields, bytes, field['reply.l4.dport'], 65535)
  if (flow.proto === Proto.icmp) {
    flow.icmpType = numberIn(fields, bytes, field['icmp.type'], 255)
    flow.icmpCode = numberIn(fields, bytes, field['icmp.code'], 255)
  }
  return [flow.sport, flow.dport, flow.replySport, flow.replyDport, flow.icmpType, flow.icmpCode].every(
    value => value !== BAD,
  )
}
