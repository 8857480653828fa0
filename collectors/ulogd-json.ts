// ulogd's JSON, one object a line: packets of NFLOG, and connections of NFCT. Members are named after ulogd's own keys, but for the
// addresses and ports, which newer versions call src_ip, dest_ip, src_port and dest_port; what is missing was not valid.

import { isIPv4 } from '../agent/address.ts'
import { asciiBytes, find } from './bytes.ts'
import { createClock } from './clock.ts'
import { type CollectorOptions, Outcome } from './collector.ts'
import { Cause, type Flow, Proto, Span, TcpFlag, Verdict } from './flow.ts'
import { ABSENT, addressIn, BAD, createJsonFields, isText, type JsonFields, numberIn } from './json-fields.ts'
import type { KubeRouterDrops } from './kube-router.ts'
import { PrefixCache } from './log-prefix.ts'
import { createSequences } from './sequence.ts'
import { readJsonConnection } from './ulogd-json-connection.ts'
import { field, names, takeTime } from './ulogd-keys.ts'
import type { LineReader } from './ulogd-text.ts'

const tcpFlags: readonly (readonly [number, number])[] = [
  [field['tcp.fin'], TcpFlag.fin],
  [field['tcp.syn'], TcpFlag.syn],
  [field['tcp.rst'], TcpFlag.rst],
  [field['tcp.psh'], TcpFlag.psh],
  [field['tcp.ack'], TcpFlag.ack],
  [field['tcp.urg'], TcpFlag.urg],
  [field['tcp.ece'], TcpFlag.ece],
  [field['tcp.cwr'], TcpFlag.cwr],
]

const MARKER = asciiBytes('"oob.')
const BLOCKED = asciiBytes('blocked')
const ALLOWED = asciiBytes('allowed')
const UINT32 = 0xffffffff

export function createJsonReader(options: CollectorOptions, drops: KubeRouterDrops): LineReader {
  const fields = createJsonFields(names)
  const clock = createClock(options.zone, options.year)
  const prefixes = new PrefixCache(options.prefixes)
  const sequences = createSequences()
  let lost = 0

  function readPacket(bytes: Uint8Array, flow: Flow): boolean {
    if (!readAddresses(bytes, fields, flow) || !readTransport(bytes, fields, flow)) return false
    takeTime(bytes, fields, clock, flow, field['oob.time.sec'], field['oob.time.usec'])
    takeLength(bytes, fields, flow)
    takeSpan(bytes, fields, field['oob.in'], flow, Span.in)
    takeSpan(bytes, fields, field['oob.out'], flow, Span.out)
    takeSpan(bytes, fields, field['oob.prefix'], flow, Span.prefix)
    const start = flow.spans[Span.prefix]!
    const end = flow.spans[Span.prefix + 1]!
    const meaning = prefixes.meaning(bytes, start, end)
    flow.verdict = meaning.verdict
    flow.cause = meaning.cause
    drops.observe(flow, bytes, start, end)
    // k3s's words are no denial, and without a label set every packet is "blocked".
    if (flow.verdict === Verdict.none && flow.reported === undefined) takeAction(bytes, fields, flow)
    return true
  }

  /** What the sequence tells, of a line that is whole. A line that becomes no flow leaves it to the next one. */
  function takeSequence(bytes: Uint8Array): void {
    const local = numberIn(fields, bytes, field['oob.seq.local'], UINT32)
    const number = local >= 0 ? local : numberIn(fields, bytes, field['oob.seq.global'], UINT32)
    if (number >= 0) lost += sequences.lostBefore(number)
  }

  return (bytes, start, end, flow) => {
    while (end > start && bytes[end - 1]! <= 32) end--
    if (fields.read(bytes, start, end) !== end) {
      if (find(bytes, start, end, MARKER) < 0) return Outcome.foreign
      sequences.blur()
      return Outcome.malformed
    }
    // NFACCT's sums of a rule's packets.
    if (fields.start[field['oob.family']]! < 0)
      return fields.start[field['sum.name']]! < 0 ? Outcome.foreign : Outcome.note
    if (fields.start[field['ct.event']]! >= 0)
      return readJsonConnection(bytes, fields, clock, flow) ? Outcome.flow : Outcome.malformed
    takeSequence(bytes)
    if (isBeyondIp(bytes, fields)) return Outcome.note
    if (!readPacket(bytes, flow)) return Outcome.malformed
    flow.lost = lost
    lost = 0
    return Outcome.flow
  }
}

/** NFPROTO_ARP, and bridged packets that are not IP: nothing that a policy judges. */
function isBeyondIp(bytes: Uint8Array, fields: JsonFields): boolean {
  const family = numberIn(fields, bytes, field['oob.family'], 255)
  const hasProtocol = fields.start[field['ip.protocol']]! >= 0 || fields.start[field['ip6.nexthdr']]! >= 0
  return family === 3 || (family === 7 && !hasProtocol)
}

function readAddresses(bytes: Uint8Array, fields: JsonFields, flow: Flow): boolean {
  const { address } = flow
  return (
    (addressIn(fields, bytes, field.src_ip, address, 0) ||
      addressIn(fields, bytes, field['ip.saddr.str'], address, 0)) &&
    (addressIn(fields, bytes, field.dest_ip, address, 4) ||
      addressIn(fields, bytes, field['ip.daddr.str'], address, 4))
  )
}

function readTransport(bytes: Uint8Array, fields: JsonFields, flow: Flow): boolean {
  const named = numberIn(fields, bytes, field['ip.protocol'], 255)
  flow.proto = named === ABSENT ? numberIn(fields, bytes, field['ip6.nexthdr'], 255) : named
  if (flow.proto < 0) return false
  switch (flow.proto) {
    case Proto.tcp:
      takeFlags(bytes, fields, flow)
      return readPorts(bytes, fields, flow, field['tcp.sport'], field['tcp.dport'])
    case Proto.udp:
      return readPorts(bytes, fields, flow, field['udp.sport'], field['udp.dport'])
    case Proto.sctp:
      return readPorts(bytes, fields, flow, field['sctp.sport'], field['sctp.dport'])
    case Proto.icmp:
      return readIcmp(bytes, fields, flow, field['icmp.type'], field['icmp.code'], field['icmp.echoid'])
    case Proto.icmpv6:
      return readIcmp(bytes, fields, flow, field['icmpv6.type'], field['icmpv6.code'], field['icmpv6.echoid'])
    default:
      return true
  }
}

/** By their common name or the protocol's; later fragments and cut packets have none. */
function readPorts(
  bytes: Uint8Array,
  fields: JsonFields,
  flow: Flow,
  source: number,
  destination: number,
): boolean {
  const isCommon = fields.start[field.src_port]! >= 0
  flow.sport = numberIn(fields, bytes, isCommon ? field.src_port : source, 65535)
  flow.dport = numberIn(fields, bytes, isCommon ? field.dest_port : destination, 65535)
  return flow.sport !== BAD && flow.dport !== BAD && flow.sport >= 0 === flow.dport >= 0
}

function readIcmp(
  bytes: Uint8Array,
  fields: JsonFields,
  flow: Flow,
  type: number,
  code: number,
  id: number,
): boolean {
  flow.icmpType = numberIn(fields, bytes, type, 255)
  flow.icmpCode = numberIn(fields, bytes, code, 255)
  flow.flowId = numberIn(fields, bytes, id, 65535)
  const isFamily = isIPv4(flow.address) === (flow.proto === Proto.icmp)
  return isFamily && flow.icmpType !== BAD && flow.icmpCode !== BAD && flow.flowId !== BAD
}

function takeFlags(bytes: Uint8Array, fields: JsonFields, flow: Flow): void {
  if (fields.start[field['tcp.syn']]! < 0) return
  let flags = 0
  for (const [of, flag] of tcpFlags) if (numberIn(fields, bytes, of, 1) === 1) flags |= flag
  flow.tcpFlags = flags
}

function takeLength(bytes: Uint8Array, fields: JsonFields, flow: Flow): void {
  const total = numberIn(fields, bytes, field['ip.totlen'], 65535)
  const payload = numberIn(fields, bytes, field['ip6.payloadlen'], 65535)
  if (total > 0) flow.bytes = total
  else if (payload >= 0) flow.bytes = payload + 40
  else flow.bytes = Math.max(0, numberIn(fields, bytes, field['raw.pktlen'], UINT32))
  flow.count = Math.max(1, numberIn(fields, bytes, field['raw.pktcount'], UINT32))
}

function takeSpan(bytes: Uint8Array, fields: JsonFields, of: number, flow: Flow, span: number): void {
  const at = fields.start[of]!
  if (at < 0 || bytes[at] !== 34) return
  let start = at + 1
  let end = fields.end[of]! - 1
  while (start < end && bytes[start] === 32) start++
  while (end > start && bytes[end - 1] === 32) end--
  flow.spans[span] = start
  flow.spans[span + 1] = end
}

/** `boolean_label=1`: the input's numeric label, which the operator has set to say what its group means. */
function takeAction(bytes: Uint8Array, fields: JsonFields, flow: Flow): void {
  if (isText(fields, bytes, field.action, BLOCKED)) flow.verdict = Verdict.denied
  else if (isText(fields, bytes, field.action, ALLOWED)) flow.verdict = Verdict.allowed
  else return
  flow.cause = Cause.none
}
