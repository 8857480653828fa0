// netfilter-log: what the kernel's LOG target and nftables' `log` write, in every place that kernel messages end up in.
// Grammar: net/netfilter/nf_log_syslog.c. The verdict is what the prefix means (log-prefix.ts), the wrapper is log-wrapper.ts'.
//
//   <prefix>IN=vclient OUT=vserver MAC=… SRC=… DST=… LEN=… … PROTO=TCP SPT=… DPT=… WINDOW=… RES=0x00 SYN URGP=0 [MARK=0x1]
//
// Every line that is whole goes on behind the last number read here (TCP to URGP=, UDP to LEN=, echo to SEQ=), so a number that
// was cut is told from a short one by what is missing behind it.

import { isIPv4 } from '../agent/address.ts'
import { asciiBytes, find, scanAddress, scanSmall, skipToken, startsWith, wordOf } from './bytes.ts'
import { createClock } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { createEnvelope, type Envelope, openEnvelope } from './envelope.ts'
import { type Flow, Proto, resetFlow, Span, TcpFlag } from './flow.ts'
import { OPEN_BRACE } from './json.ts'
import { type Meaning, PrefixCache } from './log-prefix.ts'
import { createLogHead, type LogHead, NOT_KERNEL, skipWrapper } from './log-wrapper.ts'

// Constants and the smallest helpers are this file's own: one that is imported is looked up and checked at every use.
const BLANK = 32
const isDigit = (byte: number): boolean => (byte - 48) >>> 0 <= 9
const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[(at + 1) | 0]! << 8) | (bytes[(at + 2) | 0]! << 16) | (bytes[(at + 3) | 0]! << 24)

const SRC = wordOf('SRC=')
const DST = wordOf('DST=')
const OUT = wordOf(' OUT')
const PROT = wordOf('PROT')
const FRAG = wordOf('FRAG')
const ARP = wordOf('ARP ')
const MACP = wordOf('MACP')
const INCO = wordOf('INCO')
const SPT = wordOf('SPT=')
const DPT = wordOf('DPT=')
const LEN = wordOf('LEN=')
const TYPE = wordOf('TYPE')
const CODE = wordOf('CODE')
const URGP = wordOf('URGP')

/** What a source of packets in the kernel's wording has shown so far. */
export interface PacketReader {
  readonly head: LogHead
  readonly prefixes: PrefixCache
  readonly ints: Int32Array
  readonly envelope: Envelope
  /** Lines of this source keep the blank that the kernel ends every message with. */
  keepsBlank: boolean
  isFragment: boolean
  /** How far behind the interfaces the last line had its `SRC=`. */
  sourceDistance: number
}

export function createPacketReader(options: CollectorOptions): PacketReader {
  return {
    head: createLogHead(createClock(options.zone, options.year), options.bootTime),
    prefixes: new PrefixCache(options.prefixes),
    ints: new Int32Array(1),
    envelope: createEnvelope(),
    keepsBlank: false,
    isFragment: false,
    sourceDistance: 0,
  }
}

function createNetfilterLog(options: CollectorOptions): Collector {
  const reader = createPacketReader(options)
  return {
    read(bytes, start, end, flow) {
      resetFlow(flow)
      if (bytes[start] === OPEN_BRACE) return readEnvelope(bytes, start, end, flow, reader)
      return readLine(bytes, start, end, flow, reader)
    },
  }
}

function readLine(bytes: Uint8Array, start: number, end: number, flow: Flow, reader: PacketReader): Outcome {
  if (end > start && bytes[end - 1] === 13) end--
  const message = skipWrapper(bytes, start, end, flow, reader.head)
  if (message === NOT_KERNEL) return Outcome.foreign
  return readMessage(bytes, message, end, flow, reader)
}

/** Reads the message at `message`, from its prefix on; ulogd words it as the kernel does, but for what is said where it differs. */
export function readMessage(
  bytes: Uint8Array,
  message: number,
  end: number,
  flow: Flow,
  reader: PacketReader,
): Outcome {
  const { prefixes } = reader
  const guessed = prefixes.guess(bytes, message)
  let at = guessed < 0 ? -1 : afterInterfaces(bytes, message + guessed, end, flow)
  if (at >= 0) takeMeaning(prefixes.last, bytes, message, message + guessed, flow)
  else {
    const found = findInterfaces(bytes, message, end, flow)
    if (found < 0) return Outcome.foreign
    at = afterInterfaces(bytes, found, end, flow)
    takeMeaning(prefixes.meaning(bytes, message, found), bytes, message, found, flow)
  }
  return readPacket(bytes, at, end, flow, reader)
}

function takeMeaning(meaning: Meaning, bytes: Uint8Array, start: number, end: number, flow: Flow): void {
  flow.verdict = meaning.verdict
  flow.cause = meaning.cause
  while (start < end && bytes[start] === BLANK) start++
  while (end > start && bytes[end - 1] === BLANK) end--
  flow.spans[Span.prefix] = start
  flow.spans[Span.prefix + 1] = end
}

/** The position of the `IN=` that ` OUT=` follows; a prefix may itself end in anything, and stands right before it. */
function findInterfaces(bytes: Uint8Array, at: number, end: number, flow: Flow): number {
  for (const last = end - 8; at <= last; at++) {
    if (
      bytes[at] === 73 &&
      bytes[at + 1] === 78 &&
      bytes[at + 2] === 61 &&
      afterInterfaces(bytes, at, end, flow) >= 0
    )
      return at
  }
  return -1
}

/** Reads `IN=vclient OUT=vserver ` at `at`; the position after it, or -1. */
function afterInterfaces(bytes: Uint8Array, at: number, end: number, flow: Flow): number {
  const { spans } = flow
  const inEnd = skipToken(bytes, at + 3, end)
  if (word(bytes, inEnd) !== OUT || bytes[inEnd + 4] !== 61) return -1
  const outEnd = skipToken(bytes, inEnd + 5, end)
  spans[Span.in] = at + 3
  spans[Span.in + 1] = inEnd
  spans[Span.out] = inEnd + 5
  spans[Span.out + 1] = outEnd
  return outEnd
}

/** From ` MAC=` or ` SRC=` on. */
function readPacket(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: PacketReader): Outcome {
  const source = findSource(bytes, at, end, reader)
  if (source === NOTE) return Outcome.note
  if (source < 0) return Outcome.malformed
  at = scanAddress(bytes, source + 4, flow.address, 0)
  if (at < 0 || bytes[at] !== BLANK || word(bytes, at + 1) !== DST) return Outcome.malformed
  at = scanAddress(bytes, at + 5, flow.address, 4)
  if (at < 0 || bytes[at] !== BLANK) return Outcome.malformed
  at = readHeader(bytes, at + 1, end, flow, reader)
  if (at < 0) return Outcome.malformed
  // ulogd prints the addresses that an ARP packet is about.
  if (word(bytes, at) === ARP) return Outcome.note
  return readProtocol(bytes, at, end, flow, reader) ? Outcome.flow : Outcome.malformed
}

const NOTE = -2

/** The `SRC=` of the packet: of the words before it, `MACSRC=` nests its name, so only whole words are looked at. */
function findSource(bytes: Uint8Array, at: number, end: number, reader: PacketReader): number {
  // A MAC has the same length all the time. A quoted packet's `SRC=` stands behind a bracket, so this one is the packet's own.
  const guess = at + reader.sourceDistance
  if (guess < end && bytes[guess - 1] === BLANK && bytes[guess] === 83 && word(bytes, guess) === SRC)
    return guess
  const found = searchSource(bytes, at, end)
  if (found > 0) reader.sourceDistance = found - at
  return found
}

function searchSource(bytes: Uint8Array, at: number, end: number): number {
  let other = false
  for (; at < end; at = skipToken(bytes, at + 1, end)) {
    const start = at + 1
    const first = bytes[start]!
    if (first === 83 && word(bytes, start) === SRC) return start
    // LOG lines of ARP, and of anything else that is not IP: no addresses, nothing that a policy judges.
    if (first === 65 && word(bytes, start) === ARP) return NOTE
    if (first === 77 && word(bytes, start) === MACP) other = !isIpType(bytes, start + 9)
  }
  return other ? NOTE : -1
}

const IPV4_TYPE = wordOf('0800')
const IPV6_TYPE = wordOf('86dd')

function isIpType(bytes: Uint8Array, at: number): boolean {
  return word(bytes, at) === IPV4_TYPE || word(bytes, at) === IPV6_TYPE
}

/** From `LEN=` to the value of `PROTO=`; -1 when there is none. */
function readHeader(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: PacketReader): number {
  // LEN=60 TOS=0x00 PREC=0x00 TTL=… : the two in the middle have a fixed length.
  if (word(bytes, at) === LEN) at = readLength(bytes, at + 4, end, flow)
  if (bytes[at] === 84 && bytes[at + 3] === 61 && bytes[at + 8] === BLANK) at += 9
  if (bytes[at] === 80 && bytes[at + 4] === 61 && bytes[at + 9] === BLANK) at += 10
  reader.isFragment = false
  while (at < end) {
    const first = bytes[at]!
    if (first === 80 && word(bytes, at) === PROT && bytes[at + 5] === 61) return at + 6
    if (first === 70 && word(bytes, at) === FRAG && bytes[at + 4] === 58)
      reader.isFragment = isLater(bytes, at + 5)
    while (at < end && bytes[at] !== BLANK) at = (at + 1) | 0
    at = (at + 1) | 0
  }
  return -1
}

/** Of the whole IP packet, header included. */
function readLength(bytes: Uint8Array, at: number, end: number, flow: Flow): number {
  let value = 0
  for (let digit = bytes[at]! - 48; digit >>> 0 <= 9 && value < 65536; digit = bytes[++at]! - 48)
    value = value * 10 + digit
  flow.bytes = value
  return skipToken(bytes, at, end) + 1
}

/** `FRAG:0`, in ulogd `FRAG: 0`, is the first fragment (IPv6 prints it) and has its ports; the later ones have none. */
function isLater(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === BLANK) at++
  return bytes[at] !== 48 || isDigit(bytes[at + 1]!)
}

/** From the value of `PROTO=` on. True when the line is whole. */
function readProtocol(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: PacketReader): boolean {
  const after = skipToken(bytes, at, end)
  const proto = isDigit(bytes[at]!)
    ? numberedProtocol(bytes, at, after, end, flow, reader)
    : namedProtocol(bytes, at, after)
  if (proto < 0) return false
  flow.proto = proto
  if (bytes[end - 1] === BLANK) reader.keepsBlank = true
  if (reader.isFragment) return true
  switch (proto) {
    case Proto.tcp:
    case Proto.udp:
    case Proto.sctp:
    case UDPLITE:
      // The kernel prints SCTP by its number, and no ports; ulogd does so with UDP-Lite.
      if (isDigit(bytes[at]!)) return true
      return word(bytes, after + 1) === INCO || readPorts(bytes, after + 1, end, flow, reader.ints)
    case Proto.icmp:
    case Proto.icmpv6:
      // "ICMP" is also what a cut leaves of "ICMPv6".
      if (isIPv4(flow.address) !== (proto === Proto.icmp)) return isDigit(bytes[at]!)
      return word(bytes, after + 1) === INCO || readIcmp(bytes, after + 1, end, flow, reader.ints)
    default:
      return true
  }
}

const UDPLITE = 136
const TCP = wordOf('TCP ')
const UDP = wordOf('UDP ')
const ICMP = wordOf('ICMP')
const names: readonly (readonly [Uint8Array, number])[] = [
  [asciiBytes('TCP'), Proto.tcp],
  [asciiBytes('UDP'), Proto.udp],
  [asciiBytes('UDPLITE'), UDPLITE],
  [asciiBytes('SCTP'), Proto.sctp],
  [asciiBytes('AH'), Proto.ah],
  [asciiBytes('ESP'), Proto.esp],
]

function namedProtocol(bytes: Uint8Array, at: number, end: number): number {
  const name = word(bytes, at)
  if (name === TCP) return Proto.tcp
  if (name === UDP) return Proto.udp
  if (name === ICMP) {
    if (end - at === 4) return Proto.icmp
    return end - at === 6 && bytes[at + 4] === 118 && bytes[at + 5] === 54 ? Proto.icmpv6 : -1
  }
  for (const [text, proto] of names)
    if (end - at === text.length && startsWith(bytes, at, end, text)) return proto
  return -1
}

/**
 * `PROTO=132 `. The kernel prints by number only what it has no name for, and a blank after it. Where a source has kept those
 * blanks so far, a number that ends the line has been cut.
 */
function numberedProtocol(
  bytes: Uint8Array,
  at: number,
  after: number,
  end: number,
  flow: Flow,
  reader: PacketReader,
): number {
  if (scanSmall(bytes, at, 255, reader.ints, 0) !== after) return -1
  const proto = reader.ints[0]!
  if (after === end && reader.keepsBlank) return -1
  const own = isIPv4(flow.address) ? Proto.icmp : Proto.icmpv6
  const hasName = proto === Proto.tcp || proto === Proto.udp || proto === Proto.ah || proto === Proto.esp
  return hasName || proto === own ? -1 : proto
}

/** `SPT=41538 DPT=8080 `, then what must follow. */
function readPorts(bytes: Uint8Array, at: number, end: number, flow: Flow, ints: Int32Array): boolean {
  if (word(bytes, at) !== SPT) return false
  at = scanSmall(bytes, at + 4, 65535, ints, 0)
  if (at < 0 || bytes[at] !== BLANK || word(bytes, at + 1) !== DPT) return false
  flow.sport = ints[0]!
  at = scanSmall(bytes, at + 5, 65535, ints, 0)
  if (at < 0 || bytes[at] !== BLANK) return false
  flow.dport = ints[0]!
  if (flow.proto === Proto.tcp) return readFlags(bytes, at + 1, end, flow)
  return flow.proto === Proto.sctp || (word(bytes, at + 1) === LEN && isDigit(bytes[at + 5]!))
}

/** `WINDOW=64240 RES=0x00 ACK SYN URGP=0`: the flags are the words without a value. */
function readFlags(bytes: Uint8Array, at: number, end: number, flow: Flow): boolean {
  let flags = 0
  while (at < end) {
    if (bytes[at + 3] === BLANK) flags |= flagOf(bytes, at)
    else if (bytes[at + 2] === BLANK) flags |= flagOf(bytes, at - 1)
    else if (bytes[at] === 85 && word(bytes, at) === URGP) {
      flow.tcpFlags = flags
      return bytes[at + 4] === 61 && isDigit(bytes[at + 5]!)
    }
    while (at < end && bytes[at] !== BLANK) at = (at + 1) | 0
    at = (at + 1) | 0
  }
  return false
}

const SYN = wordOf('SYN ')
const ACK = wordOf('ACK ')
const RST = wordOf('RST ')
const FIN = wordOf('FIN ')
const PSH = wordOf('PSH ')
const URG = wordOf('URG ')
const ECE = wordOf('ECE ')
const CWR = wordOf('CWR ')
const AE = wordOf(' AE ')

function flagOf(bytes: Uint8Array, at: number): number {
  switch (word(bytes, at)) {
    case SYN:
      return TcpFlag.syn
    case ACK:
      return TcpFlag.ack
    case RST:
      return TcpFlag.rst
    case FIN:
      return TcpFlag.fin
    case PSH:
      return TcpFlag.psh
    case URG:
      return TcpFlag.urg
    case ECE:
      return TcpFlag.ece
    case CWR:
      return TcpFlag.cwr
    case AE:
      return TcpFlag.ae
    default:
      return 0
  }
}

/** `TYPE=8 CODE=0 ID=53101 SEQ=1`; of an error message, the packet that it quotes in brackets is not this one. */
function readIcmp(bytes: Uint8Array, at: number, end: number, flow: Flow, ints: Int32Array): boolean {
  if (word(bytes, at) !== TYPE || bytes[at + 4] !== 61) return false
  at = scanSmall(bytes, at + 5, 255, ints, 0)
  if (at < 0 || bytes[at] !== BLANK || word(bytes, at + 1) !== CODE || bytes[at + 5] !== 61) return false
  flow.icmpType = ints[0]!
  at = scanSmall(bytes, at + 6, 255, ints, 0)
  if (at < 0 || (at < end && bytes[at] !== BLANK)) return false
  flow.icmpCode = ints[0]!
  if (isEcho(flow)) return readEcho(bytes, at + 1, flow, ints)
  // Errors go on with the packet they quote; other types may end here.
  return at < end || !isError(flow)
}

function isEcho(flow: Flow): boolean {
  const type = flow.icmpType
  return flow.proto === Proto.icmp ? type === 8 || type === 0 : type === 128 || type === 129
}

function isError(flow: Flow): boolean {
  const type = flow.icmpType
  return flow.proto === Proto.icmp ? (type >= 3 && type <= 5) || type === 11 || type === 12 : type <= 4
}

function readEcho(bytes: Uint8Array, at: number, flow: Flow, ints: Int32Array): boolean {
  if (word(bytes, at) === INCO) return true
  if (bytes[at] !== 73 || bytes[at + 1] !== 68 || bytes[at + 2] !== 61) return false
  at = scanSmall(bytes, at + 3, 65535, ints, 0)
  if (at < 0 || word(bytes, at) !== SEQ) return false
  flow.flowId = ints[0]!
  return true
}

const SEQ = wordOf(' SEQ')

/** A kernel message inside a JSON object: journald's, or a log shipper's. */
function readEnvelope(
  bytes: Uint8Array,
  start: number,
  end: number,
  flow: Flow,
  reader: PacketReader,
): Outcome {
  const { envelope } = reader
  while (end > start && bytes[end - 1]! <= BLANK) end--
  if (!openEnvelope(bytes, start, end, reader.head.clock, envelope))
    return hasMarker(bytes, start, end) ? Outcome.malformed : Outcome.foreign
  const outcome = readLine(envelope.bytes, envelope.start, envelope.end, flow, reader)
  if (Number.isNaN(flow.time)) {
    flow.time = envelope.time
    flow.precision = envelope.precision
  }
  // The text was decoded elsewhere, so it cannot be pointed at in the line.
  if (envelope.bytes !== bytes) flow.spans.fill(0)
  return outcome
}

const MARK_IN = asciiBytes('IN=')
const MARK_OUT = asciiBytes(' OUT=')

function hasMarker(bytes: Uint8Array, start: number, end: number): boolean {
  const at = find(bytes, start, end, MARK_IN)
  return at >= 0 && skipToken(bytes, at, end) === find(bytes, at, end, MARK_OUT)
}

export const netfilterLog: Format = {
  name: 'netfilter-log',
  ownHeader: true,
  claims: ['none', 'denied', 'rejected'],
  marker: '`IN=` and a name or none, followed by ` OUT=`, in a kernel message',
  create: createNetfilterLog,
}
