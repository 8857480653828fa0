// The slow reader of a Hubble line: JSON.parse and plain objects. For lines that the walk over the bytes does not understand
// (escaped keys, numbers in other notations); it must say the same wherever both can read.

import { parseAddress } from '../agent/address.ts'
import { wordOf } from './bytes.ts'
import { type Clock, scanIso } from './clock.ts'
import { Outcome } from './collector.ts'
import { type Flow, Proto, Reply, TcpFlag } from './flow.ts'
import { listOf, type PolicyLists } from './hubble-policies.ts'
import { conclude, type Facts, internReason, resetFacts } from './hubble-verdict.ts'

export interface ParsedReader {
  readonly clock: Clock
  readonly lists: PolicyLists
  readonly facts: Facts
}

type Json = Readonly<Record<string, unknown>>

const decoder = new TextDecoder()

export function readParsed(
  bytes: Uint8Array,
  start: number,
  end: number,
  flow: Flow,
  reader: ParsedReader,
): Outcome {
  let event: unknown
  try {
    event = JSON.parse(decoder.decode(bytes.subarray(start, end)))
  } catch {
    // Cut or damaged; the caller has found the format's marker in it.
    return Outcome.malformed
  }
  if (!isObject(event)) return Outcome.foreign
  if (isObject(event.flow)) {
    resetFacts(reader.facts)
    return readFlow(event.flow, flow, reader) ? conclude(reader.facts, flow, reader.lists) : Outcome.malformed
  }
  if (isObject(event.lost_events)) {
    const lost = Number(event.lost_events.num_events_lost)
    flow.count = Number.isSafeInteger(lost) ? lost : -1
    return Outcome.loss
  }
  return isObject(event.agent_event) || isObject(event.debug_event) || isObject(event.node_status)
    ? Outcome.note
    : Outcome.foreign
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readFlow(from: Json, flow: Flow, reader: ParsedReader): boolean {
  const { facts } = reader
  if (typeof from.time === 'string' && !readTime(from.time, flow, reader.clock)) return false
  if (typeof from.verdict === 'string') facts.verdict = wordOf(from.verdict.padEnd(4, '"'))
  if (typeof from.drop_reason === 'number') facts.dropReason = from.drop_reason
  if (typeof from.drop_reason_desc === 'string')
    facts.reason = internReason(from.drop_reason_desc.slice(0, 64))
  if (typeof from.Type === 'string') facts.isL3L4 = from.Type.startsWith('L3_L')
  if (typeof from.is_reply === 'boolean') flow.isReply = from.is_reply ? Reply.yes : Reply.no
  if (from.traffic_direction === 'EGRESS') flow.direction = 1
  if (from.traffic_direction === 'INGRESS') flow.direction = 2
  if (isObject(from.event_type)) {
    facts.type = integer(from.event_type.type, 65535) ?? 0
    facts.subType = integer(from.event_type.sub_type, 65535) ?? 0
  }
  readLists(from, facts)
  return readL4(from.l4, flow) && readIp(from.IP, flow, facts)
}

function readTime(text: string, flow: Flow, clock: Clock): boolean {
  const bytes = new TextEncoder().encode(`${text}\n`)
  if (scanIso(bytes, 0, clock) !== bytes.length - 1) return false
  flow.time = clock.time
  flow.precision = clock.precision
  return true
}

function readLists(from: Json, facts: Facts): void {
  for (const key of ['egress_allowed_by', 'ingress_allowed_by', 'egress_denied_by', 'ingress_denied_by']) {
    const list = from[key]
    if (!Array.isArray(list) || list.length === 0) continue
    const isDenial = key.endsWith('denied_by')
    if (facts.list === undefined || isDenial) facts.list = listOf(list.filter(isObject), isDenial)
  }
}

function readIp(from: unknown, flow: Flow, facts: Facts): boolean {
  if (!isObject(from)) return true
  let seen = 0
  for (const [key, slot, bit] of [
    ['source', 0, 1],
    ['destination', 4, 2],
    ['source_xlated', 12, 4],
  ] as const) {
    const text = from[key]
    if (text === undefined) continue
    const words = typeof text === 'string' ? parseAddress(text) : undefined
    if (words === undefined) return false
    flow.address.set(words, slot)
    seen |= bit
  }
  facts.hasAddresses = (seen & 3) === 3
  flow.hasReply = seen === 7
  return true
}

const protocols: Readonly<Record<string, number>> = {
  TCP: Proto.tcp,
  UDP: Proto.udp,
  ICMPv4: Proto.icmp,
  ICMPv6: Proto.icmpv6,
  SCTP: Proto.sctp,
  VRRP: 112,
  IGMP: Proto.igmp,
}

const flags: Readonly<Record<string, number>> = {
  SYN: TcpFlag.syn,
  ACK: TcpFlag.ack,
  FIN: TcpFlag.fin,
  RST: TcpFlag.rst,
  PSH: TcpFlag.psh,
  URG: TcpFlag.urg,
  ECE: TcpFlag.ece,
  CWR: TcpFlag.cwr,
  NS: TcpFlag.ae,
}

function readL4(from: unknown, flow: Flow): boolean {
  const [name, transport] = isObject(from) ? (Object.entries(from)[0] ?? []) : []
  if (name === undefined) return true
  if (!isObject(transport)) return false
  flow.proto = protocols[name] ?? -1
  if (flow.proto === Proto.icmp || flow.proto === Proto.icmpv6) {
    flow.icmpType = integer(transport.type ?? 0, 255) ?? -1
    flow.icmpCode = integer(transport.code ?? 0, 255) ?? -1
    return flow.icmpType >= 0 && flow.icmpCode >= 0
  }
  if (transport.source_port !== undefined) flow.sport = integer(transport.source_port, 65535) ?? -2
  if (transport.destination_port !== undefined) flow.dport = integer(transport.destination_port, 65535) ?? -2
  if (isObject(transport.flags)) flow.tcpFlags = flagsOf(transport.flags)
  return flow.sport >= -1 && flow.dport >= -1
}

function flagsOf(from: Json): number {
  let bits = 0
  for (const [name, bit] of Object.entries(flags)) if (from[name] === true) bits |= bit
  return bits
}

function integer(value: unknown, max: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
    ? value
    : undefined
}
