// hubble: Cilium's flow export, one JSON object per line ({"flow":{…},"node_name":…,"time":…}), from the exporter's file,
// `hubble observe -o json` or Microsoft Retina. Grammar: cilium api/v1/flow/flow.proto and observer.proto, as protojson.
//
// One walk over the bytes, in any order of members; where they come in protojson's own order, the endpoints (two thirds of a line)
// are jumped over. What the walk does not understand goes to JSON.parse (hubble-parsed.ts): `fallbacks` counts those lines.

import { asciiBytes, find, scanAddress, scanDecimal, scanSmall, wordOf } from './bytes.ts'
import { type Clock, createClock, scanIso } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { type Flow, Proto, Reply, resetFlow, TcpFlag } from './flow.ts'
import { readParsed } from './hubble-parsed.ts'
import { createPolicyLists, type PolicyLists } from './hubble-policies.ts'
import { conclude, type Facts, reasonOf, resetFacts } from './hubble-verdict.ts'
import { skipSpace, skipString, skipValue } from './json.ts'

// Constants and the smallest helpers are this file's own: one that is imported is looked up and checked at every use.
const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const isDigit = (byte: number): boolean => (byte - 48) >>> 0 <= 9
const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[(at + 1) | 0]! << 8) | (bytes[(at + 2) | 0]! << 16) | (bytes[(at + 3) | 0]! << 24)

export interface HubbleCollector extends Collector {
  /** Lines that had to be read with JSON.parse. */
  readonly fallbacks: number
}

interface Reader {
  readonly clock: Clock
  readonly lists: PolicyLists
  readonly facts: Facts
  readonly ints: Int32Array
  readonly decimals: Float64Array
  /** Length of the emitter object of the last line: all lines of a file have the same. */
  emitter: number
  /** Of the member node_name and its value. */
  nodeName: number
  /** Of what follows the flow. */
  tail: number
}

function createHubble(options: CollectorOptions): HubbleCollector {
  const lists = createPolicyLists()
  const reader: Reader = {
    clock: createClock(options.zone, options.year),
    lists,
    facts: {
      verdict: 0,
      reason: 0,
      dropReason: 0,
      type: 0,
      subType: 0,
      isL3L4: true,
      list: undefined,
      hasAddresses: false,
    },
    ints: new Int32Array(1),
    decimals: new Float64Array(1),
    emitter: 0,
    nodeName: 0,
    tail: 0,
  }
  let fallbacks = 0
  return {
    read(bytes, start, end, flow) {
      while (end > start && bytes[end - 1]! <= 32) end--
      if (bytes[start] !== OPEN_BRACE) return Outcome.foreign
      resetFlow(flow)
      resetFacts(reader.facts)
      const outcome = readEvent(bytes, start + 1, end, flow, reader)
      if (outcome !== UNREAD)
        return outcome === Outcome.flow ? conclude(reader.facts, flow, reader.lists) : outcome
      if (!hasMarker(bytes, start, end)) return Outcome.foreign
      fallbacks++
      resetFlow(flow)
      return readParsed(bytes, start, end, flow, reader)
    },
    get fallbacks() {
      return fallbacks
    },
  }
}

/** The walk gave up. */
const UNREAD = -1

const FLOW = wordOf('flow')
const LOST = wordOf('lost')
const AGEN = wordOf('agen')
const DEBU = wordOf('debu')
const NODE = wordOf('node')

/** The wrapper, `ExportEvent`: one of flow, lost_events, agent_event, debug_event, node_status; node_name and time. */
function readEvent(
  bytes: Uint8Array,
  at: number,
  end: number,
  flow: Flow,
  reader: Reader,
): Outcome | typeof UNREAD {
  if (word(bytes, at + 1) !== FLOW || bytes[at + 7] !== OPEN_BRACE)
    return readMembers(bytes, at, end, flow, reader, Outcome.foreign)
  // {"flow":{…}, then what is the same in every line.
  at = readFlow(bytes, at + 8, end, flow, reader)
  if (at < 0) return UNREAD
  if (isUsualTail(bytes, at, end, reader)) return Outcome.flow
  if (bytes[at] === CLOSE_BRACE) return at + 1 === end ? Outcome.flow : UNREAD
  if (bytes[at] !== COMMA) return UNREAD
  const outcome = readMembers(bytes, at + 1, end, flow, reader, Outcome.flow)
  if (outcome === Outcome.flow) reader.tail = end - at
  return outcome
}

function readMembers(
  bytes: Uint8Array,
  at: number,
  end: number,
  flow: Flow,
  reader: Reader,
  outcome: Outcome,
): Outcome | typeof UNREAD {
  for (at = skipSpace(bytes, at); bytes[at] === QUOTE; at = skipSpace(bytes, at + 1)) {
    const key = at + 1
    const value = valueAfter(bytes, at, end)
    if (value < 0) return UNREAD
    if (bytes[value] !== OPEN_BRACE) at = skipValue(bytes, value, end)
    else {
      const found = kindOf(bytes, key)
      if (found !== Outcome.foreign) outcome = found
      if (found === Outcome.flow) at = readFlow(bytes, value + 1, end, flow, reader)
      else
        at =
          found === Outcome.loss
            ? readLost(bytes, value + 1, end, flow, reader)
            : skipValue(bytes, value, end)
    }
    if (at < 0) return UNREAD
    at = skipSpace(bytes, at)
    if (bytes[at] === CLOSE_BRACE) return at + 1 === end ? outcome : UNREAD
    if (bytes[at] !== COMMA) return UNREAD
  }
  return UNREAD
}

/**
 * `,"node_name":"default/worker-3","time":"2026-…Z"}` to the end of the line: of the length it had in the last line that was walked
 * to its end, and closed. A line that was cut has another one.
 */
function isUsualTail(bytes: Uint8Array, at: number, end: number, reader: Reader): boolean {
  return (
    end - at === reader.tail &&
    bytes[at] === COMMA &&
    word(bytes, at + 2) === NODE &&
    bytes[end - 2] === QUOTE &&
    bytes[end - 1] === CLOSE_BRACE
  )
}

function kindOf(bytes: Uint8Array, key: number): Outcome {
  const name = word(bytes, key)
  if (name === FLOW && bytes[key + 4] === QUOTE) return Outcome.flow
  if (name === LOST && bytes[key + 11] === QUOTE) return Outcome.loss
  if (name === AGEN || name === DEBU || (name === NODE && bytes[key + 11] === QUOTE)) return Outcome.note
  return Outcome.foreign
}

const FLOW_KEY = asciiBytes('"flow"')
const LOST_KEY = asciiBytes('"lost_events"')

function hasMarker(bytes: Uint8Array, start: number, end: number): boolean {
  return find(bytes, start, end, FLOW_KEY) > 0 || find(bytes, start, end, LOST_KEY) > 0
}

/** The value of the member whose key's opening quote is at `at`; -1 where the key is not plain text. */
function valueAfter(bytes: Uint8Array, at: number, end: number): number {
  at++
  for (let byte = bytes[at]!; byte !== QUOTE; byte = bytes[++at]!) if (byte === 92 || at >= end) return -1
  return bytes[at + 1] === COLON && bytes[at + 2]! > 32 ? at + 2 : slowValue(bytes, at + 1)
}

function slowValue(bytes: Uint8Array, at: number): number {
  at = skipSpace(bytes, at)
  return bytes[at] === COLON ? skipSpace(bytes, at + 1) : -1
}

const NUM = asciiBytes('num_events_lost"')

function readLost(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
  const after = skipValue(bytes, at - 1, end)
  flow.count = -1
  const key = after < 0 ? -1 : find(bytes, at, after, NUM)
  if (key < 0) return after
  const value = slowValue(bytes, key + NUM.length)
  // uint64 is a string in protojson.
  if (value > 0 && scanDecimal(bytes, bytes[value] === QUOTE ? value + 1 : value, reader.decimals, 0) > 0)
    flow.count = reader.decimals[0]!
  return after
}

// Members of the flow that must have been read before the endpoints may be jumped over.
const TIME = 1
const VERDICT = 2
const IP = 4
const L4 = 8
const ALL = 15

/** The members of the flow; `at` is behind its brace. The position behind its closing brace, or -1. */
function readFlow(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
  let seen = 0
  if (bytes[at] !== QUOTE) at = skipSpace(bytes, at)
  if (bytes[at] === CLOSE_BRACE) return at + 1
  for (;;) {
    if (bytes[at] !== QUOTE) return -1
    const key = at + 1
    seen |= seenBit(bytes, key)
    at =
      seen === ALL && isSource(bytes, key)
        ? skipEndpoints(bytes, key + 8, end)
        : readMember(bytes, key, end, flow, reader)
    if (at < 0) return -1
    if (bytes[at] !== COMMA) {
      at = skipSpace(bytes, at)
      if (bytes[at] === CLOSE_BRACE) return at + 1
      if (bytes[at] !== COMMA) return -1
    }
    at = (at + 1) | 0
    if (bytes[at] !== QUOTE) at = skipSpace(bytes, at)
  }
}

function seenBit(bytes: Uint8Array, key: number): number {
  switch (bytes[key]) {
    case 116:
      return bytes[key + 4] === QUOTE ? TIME : 0
    case 118:
      return VERDICT
    case 73:
      return IP
    case 108:
      return L4
    default:
      return 0
  }
}

function isSource(bytes: Uint8Array, key: number): boolean {
  return (
    bytes[key] === 115 &&
    bytes[key + 6] === QUOTE &&
    bytes[key + 7] === COLON &&
    bytes[key + 8] === OPEN_BRACE
  )
}

/** One member, by the first four letters of its key; those that are not needed are passed over. */
function readMember(bytes: Uint8Array, key: number, end: number, flow: Flow, reader: Reader): number {
  switch (word(bytes, key)) {
    case T_TIME:
      return isKey(bytes, key, 4)
        ? readTime(bytes, key + 6, flow, reader)
        : readSpaced(bytes, key, end, flow, reader)
    case UUID: // 36 characters
      return isKey(bytes, key, 4) && bytes[key + 43] === QUOTE && bytes[key + 44] === COMMA
        ? key + 44
        : skipMember(bytes, key, end)
    case EMIT:
      return isKey(bytes, key, 7) ? skipEmitter(bytes, key + 9, end, reader) : skipMember(bytes, key, end)
    case VERD:
      return isKey(bytes, key, 7)
        ? readVerdict(bytes, key + 9, end, reader)
        : readSpaced(bytes, key, end, flow, reader)
    case ETHE:
      return skipEthernet(bytes, key, end)
    case IP_:
      return bytes[key + 4] === OPEN_BRACE
        ? readIp(bytes, key + 4, end, flow, reader)
        : readSpaced(bytes, key, end, flow, reader)
    case L4_:
      return bytes[key + 4] === OPEN_BRACE
        ? readL4(bytes, key + 4, end, flow, reader)
        : readSpaced(bytes, key, end, flow, reader)
    case TYPE_KEY:
      return isKey(bytes, key, 4)
        ? readType(bytes, key + 6, end, reader)
        : readSpaced(bytes, key, end, flow, reader)
    case NODE:
      return isKey(bytes, key, 11) && bytes[key + 13] === OPEN_BRACKET
        ? skipStrings(bytes, key + 13, end)
        : skipNodeName(bytes, key, end, reader)
    case EVEN:
      return isKey(bytes, key, 10)
        ? readEventType(bytes, key + 12, end, reader)
        : readSpaced(bytes, key, end, flow, reader)
    case TRAF:
      return isKey(bytes, key, 17)
        ? readDirection(bytes, key + 19, end, flow)
        : readSpaced(bytes, key, end, flow, reader)
    case DROP:
    case IS_R:
    case EGRE_KEY:
    case INGR_KEY:
      return readSpaced(bytes, key, end, flow, reader)
    default:
      return skipMember(bytes, key, end)
  }
}

/** As long as in the last line; if it is not, what follows is no member, and the walk ends there. */
function skipNodeName(bytes: Uint8Array, key: number, end: number, reader: Reader): number {
  const guess = key + reader.nodeName
  if (
    bytes[guess - 1] === QUOTE &&
    bytes[guess] === COMMA &&
    bytes[guess + 1] === QUOTE &&
    bytes[key + 9] === QUOTE
  )
    return guess
  const after = skipMember(bytes, key, end)
  if (after > 0) reader.nodeName = after - key
  return after
}

/** `key` is followed by its closing quote, a colon and no blank. */
function isKey(bytes: Uint8Array, key: number, length: number): boolean {
  return bytes[key + length] === QUOTE && bytes[key + length + 1] === COLON && bytes[key + length + 2]! > 32
}

function skipMember(bytes: Uint8Array, key: number, end: number): number {
  const value = valueAfter(bytes, key - 1, end)
  return value < 0 ? -1 : skipValue(bytes, value, end)
}

/** A member whose value has to be looked for: its key has variants, or there is white space around the colon. */
function readSpaced(bytes: Uint8Array, key: number, end: number, flow: Flow, reader: Reader): number {
  const value = valueAfter(bytes, key - 1, end)
  if (value < 0) return -1
  switch (bytes[key]) {
    case 116: // time, traffic_direction, trace_observation_point, trace_reason
      if (word(bytes, key) === T_TIME && bytes[key + 4] === QUOTE) return readTime(bytes, value, flow, reader)
      return word(bytes, key) === TRAF ? readDirection(bytes, value, end, flow) : skipValue(bytes, value, end)
    case 118:
      return bytes[key + 7] === QUOTE ? readVerdict(bytes, value, end, reader) : skipValue(bytes, value, end)
    case 73:
      return readIp(bytes, value, end, flow, reader)
    case 108:
      return readL4(bytes, value, end, flow, reader)
    case 84:
      return readType(bytes, value, end, reader)
    case 100: // drop_reason_desc, drop_reason
      return readDrop(bytes, key, value, end, reader)
    default: // is_reply, ingress_allowed_by, event_type, egress_denied_by …
      return readEorI(bytes, key, value, end, flow, reader)
  }
}

const UUID = wordOf('uuid')
const ETHE = wordOf('ethe')
const IP_ = wordOf('IP":')
const L4_ = wordOf('l4":')
const DROP = wordOf('drop')
const EGRE_KEY = wordOf('egre')
const INGR_KEY = wordOf('ingr')

/** `{"source":"9a:6c:e7:18:19:55","destination":"22:18:38:38:27:8f"}`: always as long. */
function skipEthernet(bytes: Uint8Array, key: number, end: number): number {
  const isUsual =
    bytes[key + 8] === QUOTE &&
    bytes[key + 10] === OPEN_BRACE &&
    bytes[key + 20] === QUOTE &&
    bytes[key + 38] === QUOTE
  if (!isUsual || bytes[key + 54] !== QUOTE || bytes[key + 72] !== QUOTE || bytes[key + 73] !== CLOSE_BRACE)
    return skipMember(bytes, key, end)
  return key + 74
}

const T_TIME = wordOf('time')
const TRAF = wordOf('traf')
const VERD = wordOf('verd')

function readTime(bytes: Uint8Array, at: number, flow: Flow, reader: Reader): number {
  const { clock } = reader
  if (bytes[at] !== QUOTE) return -1
  at = scanIso(bytes, at + 1, clock)
  if (at < 0 || bytes[at] !== QUOTE) return -1
  flow.time = clock.time
  flow.precision = clock.precision
  return at + 1
}

const EGRE = wordOf('EGRE')
const INGR = wordOf('INGR')

/** Kept raw here; whether it can be trusted depends on the event's type (hubble-verdict.ts). */
function readDirection(bytes: Uint8Array, at: number, end: number, flow: Flow): number {
  const value = word(bytes, at + 1)
  flow.direction = value === EGRE ? 1 : value === INGR ? 2 : 0
  if (bytes[at + 8] === QUOTE && value === INGR) return at + 9
  return bytes[at] === QUOTE ? skipString(bytes, at, end) : skipValue(bytes, at, end)
}

/** Verdicts are told apart by their first letters: FORWARDED DROPPED ERROR AUDIT REDIRECTED TRACED TRANSLATED VERDICT_UNKNOWN. */
function readVerdict(bytes: Uint8Array, at: number, end: number, reader: Reader): number {
  reader.facts.verdict = word(bytes, at + 1)
  return bytes[at] === QUOTE ? skipString(bytes, at, end) : -1
}

const SOUR = wordOf('sour')
const DEST = wordOf('dest')

/** `{"source":"…","source_xlated":"…","destination":"…","ipVersion":"IPv4"}` */
function readIp(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
  const after = readUsualIp(bytes, at, flow)
  if (after < 0) return readAnyIp(bytes, at, end, flow, reader)
  reader.facts.hasAddresses = true
  return after
}

function readUsualIp(bytes: Uint8Array, at: number, flow: Flow): number {
  if (
    bytes[at + 1] !== QUOTE ||
    word(bytes, at + 2) !== SOUR ||
    bytes[at + 8] !== QUOTE ||
    bytes[at + 9] !== COLON ||
    bytes[at + 10] !== QUOTE
  )
    return -1
  at = scanAddress(bytes, at + 11, flow.address, 0)
  if (
    at < 0 ||
    bytes[at] !== QUOTE ||
    bytes[at + 1] !== COMMA ||
    word(bytes, at + 3) !== DEST ||
    bytes[at + 14] !== QUOTE
  )
    return -1
  if (bytes[at + 15] !== COLON || bytes[at + 16] !== QUOTE) return -1
  at = scanAddress(bytes, at + 17, flow.address, 4)
  if (at < 0 || bytes[at] !== QUOTE || bytes[at + 1] !== COMMA || word(bytes, at + 3) !== IPVE) return -1
  return bytes[at + 12] === QUOTE &&
    bytes[at + 14] === QUOTE &&
    bytes[at + 19] === QUOTE &&
    bytes[at + 20] === CLOSE_BRACE
    ? at + 21
    : -1
}

const IPVE = wordOf('ipVe')

function readAnyIp(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
  let seen = 0
  if (bytes[at] !== OPEN_BRACE) return -1
  at = skipSpace(bytes, at + 1)
  while (bytes[at] === QUOTE) {
    const key = at + 1
    const value = valueAfter(bytes, at, end)
    if (value < 0) return -1
    if (word(bytes, key) === SOUR && bytes[key + 6] === QUOTE) {
      seen |= 1
      at = readAddress(bytes, value, flow, 0)
    } else if (word(bytes, key) === SOUR && bytes[key + 13] === QUOTE) {
      seen |= 4
      at = readAddress(bytes, value, flow, 12)
    } else if (word(bytes, key) === DEST && bytes[key + 11] === QUOTE) {
      seen |= 2
      at = readAddress(bytes, value, flow, 4)
    } else at = skipValue(bytes, value, end)
    if (at < 0) return -1
    at = skipSpace(bytes, at)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
  reader.facts.hasAddresses = (seen & 3) === 3
  flow.hasReply = seen === 7
  return bytes[at] === CLOSE_BRACE ? at + 1 : -1
}

function readAddress(bytes: Uint8Array, at: number, flow: Flow, slot: number): number {
  if (bytes[at] !== QUOTE) return -1
  at = scanAddress(bytes, at + 1, flow.address, slot)
  return at > 0 && bytes[at] === QUOTE ? at + 1 : -1
}

/** `{"TCP":{"source_port":52682,"destination_port":80,"flags":{"SYN":true}}}`, `{"ICMPv4":{"type":8}}`. */
function readL4(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
  const after = readUsualL4(bytes, at, end, flow, reader.ints)
  return after < 0 ? readAnyL4(bytes, at, end, flow, reader) : after
}

/** TCP, UDP: both ports, then flags or nothing. Nothing of the flow is touched before all of it is sure. */
function readUsualL4(bytes: Uint8Array, at: number, end: number, flow: Flow, ints: Int32Array): number {
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

function readAnyL4(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
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
  at = skipSpace(bytes, readTransport(bytes, value + 1, end, flow, reader))
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

function readTransport(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
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

/**
 * From the source endpoint to the `"Type":` that follows the destination. Nothing in between is read, and the text `"Type":"` can
 * be no part of a JSON string. It must be the first T at all: had the line been cut and another glued to it, the second line's
 * time would come first. Names and labels that hold a T are walked over.
 */
function skipEndpoints(bytes: Uint8Array, at: number, end: number): number {
  const t = bytes.indexOf(84, at)
  const isType =
    t > 0 && t < end && word(bytes, t) === TYPE_KEY && bytes[t - 1] === QUOTE && bytes[t + 4] === QUOTE
  if (isType && bytes[t + 5] === COLON && bytes[t - 2] === COMMA && bytes[t - 3] === CLOSE_BRACE) return t - 2
  return skipValue(bytes, at, end)
}

const TYPE_KEY = wordOf('Type')
const L3_L = wordOf('L3_L')

function readType(bytes: Uint8Array, at: number, end: number, reader: Reader): number {
  reader.facts.isL3L4 = word(bytes, at + 1) === L3_L
  if (reader.facts.isL3L4 && bytes[at + 6] === QUOTE) return at + 7
  return skipValue(bytes, at, end)
}

/** An array of plain strings: its end is the first `"]`, unless a label holds a bracket. */
function skipStrings(bytes: Uint8Array, at: number, end: number): number {
  const close = bytes.indexOf(CLOSE_BRACKET, at)
  const isPlain =
    close > 0 &&
    close < end &&
    bytes[close - 1] === QUOTE &&
    bytes[close - 2] !== 92 &&
    bytes[close + 1] === COMMA
  return isPlain && bytes[close + 2] === QUOTE ? close + 1 : skipValue(bytes, at, end)
}

function readDrop(bytes: Uint8Array, key: number, at: number, end: number, reader: Reader): number {
  const { facts } = reader
  if (bytes[key + 1] !== 114) return skipValue(bytes, at, end)
  const after = skipValue(bytes, at, end)
  if (after < 0) return -1
  if (bytes[key + 11] === QUOTE && isDigit(bytes[at]!)) {
    scanSmall(bytes, at, 65535, reader.ints, 0)
    facts.dropReason = reader.ints[0]!
  } else if (bytes[key + 16] === QUOTE && bytes[at] === QUOTE)
    facts.reason = reasonOf(bytes, at + 1, after - 1)
  return after
}

const EVEN = wordOf('even')
const EMIT = wordOf('emit')
const IS_R = wordOf('is_r')
const GRES = wordOf('gres')
const ALLO = wordOf('allo')
const DENI = wordOf('deni')

function readEorI(
  bytes: Uint8Array,
  key: number,
  at: number,
  end: number,
  flow: Flow,
  reader: Reader,
): number {
  const name = word(bytes, key)
  if (name === EVEN) return readEventType(bytes, at, end, reader)
  if (name === EMIT) return skipEmitter(bytes, at, end, reader)
  if (name === IS_R) {
    flow.isReply = bytes[at] === 116 ? Reply.yes : Reply.no
    return skipValue(bytes, at, end)
  }
  // egress_allowed_by: `gres` at 1; ingress_allowed_by: at 2.
  const offset = word(bytes, key + 1) === GRES ? 7 : word(bytes, key + 2) === GRES ? 8 : 0
  const list = offset > 0 ? word(bytes, key + offset) : 0
  if (list !== ALLO && list !== DENI) return skipValue(bytes, at, end)
  return readList(bytes, at, end, list === DENI, reader)
}

function readList(bytes: Uint8Array, at: number, end: number, isDenial: boolean, reader: Reader): number {
  const { lists, facts } = reader
  const after = lists.read(bytes, at, end, isDenial)
  // Of two lists, the one that denies says why.
  if (after > 0 && lists.last !== undefined && (facts.list === undefined || isDenial)) facts.list = lists.last
  return after
}

/** `{"name":"Hubble","version":"1.20.1"}`: the same in every line, and what follows proves that this one has the same length. */
function skipEmitter(bytes: Uint8Array, at: number, end: number, reader: Reader): number {
  const guess = at + reader.emitter
  if (
    bytes[guess - 1] === CLOSE_BRACE &&
    bytes[guess] === COMMA &&
    bytes[guess + 1] === QUOTE &&
    word(bytes, guess + 2) === VERD
  )
    return guess
  const after = skipValue(bytes, at, end)
  if (after > 0) reader.emitter = after - at
  return after
}

const SUB_ = wordOf('sub_')

/** `{"type":4,"sub_type":11}` */
function readEventType(bytes: Uint8Array, at: number, end: number, reader: Reader): number {
  if (bytes[at + 10] === CLOSE_BRACE && bytes[at + 8] === COLON && word(bytes, at + 2) === TYPE) {
    const type = bytes[at + 9]! - 48
    if (type >>> 0 > 9) return -1
    reader.facts.type = type
    return at + 11
  }
  if (bytes[at] !== OPEN_BRACE) return -1
  at = skipSpace(bytes, at + 1)
  while (bytes[at] === QUOTE) {
    const name = word(bytes, at + 1)
    const value = valueAfter(bytes, at, end)
    if (value < 0) return -1
    const after = scanSmall(bytes, value, 65535, reader.ints, 0)
    if (after < 0) return -1
    if (name === TYPE) reader.facts.type = reader.ints[0]!
    else if (name === SUB_) reader.facts.subType = reader.ints[0]!
    at = skipSpace(bytes, after)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
  return bytes[at] === CLOSE_BRACE ? at + 1 : -1
}

export const hubble: Format = {
  name: 'hubble',
  claims: ['allowed', 'denied', 'audited', 'none'],
  marker: 'a line that starts with `{` and has a member `flow` or `lost_events`',
  create: createHubble,
}
