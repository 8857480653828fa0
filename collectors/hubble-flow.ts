// The members of a Hubble flow, in any order: each is read, or passed over.

import { wordOf } from './bytes.ts'
import { scanIso } from './clock.ts'
import type { Flow } from './flow.ts'
import { readAddresses } from './hubble-addresses.ts'
import { readDrop, readEvent, readEventType } from './hubble-event.ts'
import { isKey, type Reader, skipMember, valueAfter } from './hubble-reader.ts'
import { readTransport } from './hubble-transport.ts'
import { skipSpace, skipString, skipValue } from './json.ts'

// Constants and the smallest helpers are each file's own: one that is imported is looked up and checked at every use.
const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[(at + 1) | 0]! << 8) | (bytes[(at + 2) | 0]! << 16) | (bytes[(at + 3) | 0]! << 24)

const NODE = wordOf('node')

// Members of the flow that must have been read before the endpoints may be jumped over.
const TIME = 1
const VERDICT = 2
const IP = 4
const L4 = 8
const ALL = 15

/** The members of the flow; `at` is behind its brace. The position behind its closing brace, or -1. */
export function readFlow(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
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
        ? readAddresses(bytes, key + 4, end, flow, reader)
        : readSpaced(bytes, key, end, flow, reader)
    case L4_:
      return bytes[key + 4] === OPEN_BRACE
        ? readTransport(bytes, key + 4, end, flow, reader)
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
      return readAddresses(bytes, value, end, flow, reader)
    case 108:
      return readTransport(bytes, value, end, flow, reader)
    case 84:
      return readType(bytes, value, end, reader)
    case 100: // drop_reason_desc, drop_reason
      return readDrop(bytes, key, value, end, reader)
    default: // is_reply, ingress_allowed_by, event_type, egress_denied_by …
      return readEvent(bytes, key, value, end, flow, reader)
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

const EVEN = wordOf('even')
const EMIT = wordOf('emit')
const IS_R = wordOf('is_r')

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
