// The member `l4` of a Hubble flow: protocol, ports or ICMP type, TCP flags.

import { scanSmall, wordOf } from './bytes.ts'
import { type Flow, Proto, TcpFlag } from './flow.ts'
import { type Reader, valueAfter } from './hubble-reader.ts'
import { skipSpace, skipValue } from './json.ts'

// Constants and the smallest helpers are each file's own: one that is imported is looked up and checked at every use.
const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[(at + 1) | 0]! << 8) | (bytes[(at + 2) | 0]! << 16) | (bytes[(at + 3) | 0]! << 24)

const SOUR = wordOf('sour')
const DEST = wordOf('dest')

/** `{"TCP":{"source_port":52682,"destination_port":80,"flags":{"SYN":true}}}`, `{"ICMPv4":{"type":8}}`. */
export function readTransport(
  bytes: Uint8Array,
  at: number,
  end: number,
  flow: Flow,
  reader: Reader,
): number {
  const after = readUsualTransport(bytes, at, end, flow, reader.ints)
  return after < 0 ? readAnyTransport(bytes, at, end, flow, reader) : after
}

/** TCP, UDP: both ports, then flags or nothing. Nothing of the flow is touched before all of it is sure. */
function readUsualTransport(
  bytes: Uint8Array,
  at: number,
  end: number,
  flow: Flow,
  ints: Int32Array,
): number {
  const name = word(bytes, at + 2)
  if (
    (name !== TCP && name !== UDP) ||
    bytes[at + 7] !== OPEN_BRACE ||
    word(bytes, at + 9) !== SOUR ||
    bytes[at + 21] !== COLON
  )
    return -1
  at = scanSmall(bytes, at + 22, 65535, ints, 0)
  if (at < 0 || bytes[at] !== COMMA || word(bytes, at + 2) !== DEST || bytes[at + 19] !== COLON) return -1
  const sport = ints[0]!
  at = scanSmall(bytes, at + 20, 65535, ints, 0)
  if (at < 0) return -1
  const dport = ints[0]!
  if (bytes[at] === COMMA && word(bytes, at + 2) === FLAG && bytes[at + 8] === COLON)
    at = readFlags(bytes, at + 9, end, flow)
  if (at < 0 || bytes[at] !== CLOSE_BRACE || bytes[at + 1] !== CLOSE_BRACE) return -1
  flow.proto = name === TCP ? Proto.tcp : Proto.udp
  flow.sport = sport
  flow.dport = dport
  return at + 2
}

function readAnyTransport(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
  flow.tcpFlags = -1
  if (bytes[at] !== OPEN_BRACE) return -1
  const key = skipSpace(bytes, at + 1)
  if (bytes[key] === CLOSE_BRACE) return key + 1
  if (bytes[key] !== QUOTE) return -1
  const value = valueAfter(bytes, key, end)
  if (value < 0 || bytes[value] !== OPEN_BRACE) return -1
  flow.proto = protocolAt(bytes, key + 1)
  const isIcmp = flow.proto === Proto.icmp || flow.proto === Proto.icmpv6
  if (isIcmp) {
    // protojson leaves zeros out: an echo reply is {"ICMPv4":{}}.
    flow.icmpType = 0
    flow.icmpCode = 0
  }
  at = skipSpace(bytes, readPorts(bytes, value + 1, end, flow, reader))
  return at > 0 && bytes[at] === CLOSE_BRACE ? at + 1 : -1
}

const TCP = wordOf('TCP"')
const UDP = wordOf('UDP"')
const ICMP = wordOf('ICMP')
const SCTP = wordOf('SCTP')
const VRRP = wordOf('VRRP')
const IGMP = wordOf('IGMP')

function protocolAt(bytes: Uint8Array, at: number): number {
  switch (word(bytes, at)) {
    case TCP:
      return Proto.tcp
    case UDP:
      return Proto.udp
    case ICMP:
      return bytes[at + 5] === 54 ? Proto.icmpv6 : Proto.icmp
    case SCTP:
      return Proto.sctp
    case VRRP:
      return 112
    case IGMP:
      return Proto.igmp
    default:
      return -1
  }
}

const FLAG = wordOf('flag')
const TYPE = wordOf('type')
const CODE = wordOf('code')

function readPorts(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
  const { ints } = reader
  const isIcmp = flow.icmpType >= 0
  at = skipSpace(bytes, at)
  while (bytes[at] === QUOTE) {
    const key = at + 1
    const value = valueAfter(bytes, at, end)
    if (value < 0) return -1
    const name = word(bytes, key)
    const isNumber = name === SOUR || name === DEST || (isIcmp && (name === TYPE || name === CODE))
    if (isNumber) {
      at = scanSmall(bytes, value, isIcmp ? 255 : 65535, ints, 0)
      if (name === SOUR) flow.sport = ints[0]!
      else if (name === DEST) flow.dport = ints[0]!
      else if (name === TYPE) flow.icmpType = ints[0]!
      else flow.icmpCode = ints[0]!
    } else at = name === FLAG ? readFlags(bytes, value, end, flow) : skipValue(bytes, value, end)
    if (at < 0) return -1
    at = skipSpace(bytes, at)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
  return bytes[at] === CLOSE_BRACE ? at + 1 : -1
}

/** `{"SYN":true,"ACK":true}`: only those that are set are there. */
function readFlags(bytes: Uint8Array, at: number, end: number, flow: Flow): number {
  if (bytes[at] !== OPEN_BRACE) return -1
  flow.tcpFlags = 0
  at = (at + 1) | 0
  // "SYN":true
  while (bytes[at] === QUOTE && bytes[at + 5] === COLON && word(bytes, at + 6) === TRUE) {
    flow.tcpFlags |= flagAt(bytes, at + 1)
    at = bytes[at + 10] === COMMA ? (at + 11) | 0 : (at + 10) | 0
  }
  if (bytes[at] === CLOSE_BRACE) return at + 1
  at = skipSpace(bytes, at)
  while (bytes[at] === QUOTE) {
    const value = valueAfter(bytes, at, end)
    if (value < 0) return -1
    if (bytes[value] === 116) flow.tcpFlags |= flagAt(bytes, at + 1)
    at = skipSpace(bytes, skipValue(bytes, value, end))
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
  return bytes[at] === CLOSE_BRACE ? at + 1 : -1
}

const TRUE = wordOf('true')
const SYN = wordOf('SYN"')
const ACK = wordOf('ACK"')
const FIN = wordOf('FIN"')
const RST = wordOf('RST"')
const PSH = wordOf('PSH"')
const URG = wordOf('URG"')
const ECE = wordOf('ECE"')
const CWR = wordOf('CWR"')

function flagAt(bytes: Uint8Array, at: number): number {
  switch (word(bytes, at)) {
    case SYN:
      return TcpFlag.syn
    case ACK:
      return TcpFlag.ack
    case FIN:
      return TcpFlag.fin
    case RST:
      return TcpFlag.rst
    case PSH:
      return TcpFlag.psh
    case URG:
      return TcpFlag.urg
    case ECE:
      return TcpFlag.ece
    case CWR:
      return TcpFlag.cwr
    default:
      // NS is what is now the AE bit.
      return TcpFlag.ae
  }
}
