// conntrack: events (`conntrack -E`) and listings (`conntrack -L`, /proc/net/nf_conntrack), with any of the tool's -o options but
// xml and save. Grammar: libnetfilter_conntrack src/conntrack/snprintf_default.c, net/netfilter/nf_conntrack_standalone.c.
//
//   [1795541609.664935]<TAB>    [NEW] ipv4     2 tcp      6 120 SYN_SENT src=… dst=… sport=… dport=… [UNREPLIED] src=… … id=…
//
// A line is whole when both tuples are: everything after them may be absent, so the line may end right there. A last number that
// was cut is then noticed by what it must equal (the original tuple's source), and the line is malformed.

import {
  asciiBytes,
  find,
  fourDigits,
  isCutOf,
  scanAddress,
  scanDecimal,
  scanHex,
  scanSmall,
  skipBlanks,
  skipToken,
  startsWith,
  wordOf,
} from './bytes.ts'
import { type Clock, createClock, scanCtime } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { Event, type Flow, Proto, resetFlow } from './flow.ts'

// Constants and the smallest helpers are this file's own: one that is imported is looked up and checked at every use.
const BLANK = 32
const OPEN = 91

const isDigit = (byte: number): boolean => (byte - 48) >>> 0 <= 9
const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[(at + 1) | 0]! << 8) | (bytes[(at + 2) | 0]! << 16) | (bytes[(at + 3) | 0]! << 24)
const CLOSE = 93

const SRC = wordOf('src=')
const TYPE = wordOf('type')
const CODE = wordOf('code')
const SRCK = wordOf('srck')
const DSTK = wordOf('dstk')
const ZONE = wordOf('zone')
const PACK = wordOf('pack')
const BYTE = wordOf('byte')
const UNRE = wordOf('[UNR')
const ASSU = wordOf('[ASS')

// Slots of what a tuple holds besides its addresses.
const SPORT = 0
const DPORT = 1
const ICMP_TYPE = 2
const ICMP_CODE = 3
const ID = 4
const NUMBER = 5
// Length of time-out and state in the last line of each kind of event.
const STATE_LENGTHS = 6

interface Scratch {
  readonly ints: Int32Array
  readonly decimals: Float64Array
  readonly clock: Clock
  /** The start of the line's connection, as its own bracket says. */
  start: number
  /** The ten digits of the last line's seconds, as overlapping words, and their value in microseconds. */
  readonly stamp: { high: number; middle: number; low: number; seconds: number }
}

function createConntrack(options: CollectorOptions): Collector {
  const scratch: Scratch = {
    ints: new Int32Array(11),
    decimals: new Float64Array(1),
    clock: createClock(options.zone, options.year),
    start: Number.NaN,
    stamp: { high: 0, middle: 0, low: 0, seconds: 0 },
  }
  return {
    read(bytes, start, end, flow) {
      resetFlow(flow)
      scratch.start = Number.NaN
      while (end > start && bytes[end - 1]! <= BLANK) end--
      return readEntry(bytes, start, end, flow, scratch) ? Outcome.flow : classify(bytes, start, end, flow)
    },
  }
}

function readEntry(bytes: Uint8Array, at: number, end: number, flow: Flow, scratch: Scratch): boolean {
  if (bytes[at] === OPEN && isDigit(bytes[at + 1]!)) at = readStamp(bytes, at + 1, flow, scratch)
  if (at < 0) return false
  at = readEvent(bytes, skipBlanks(bytes, at), flow)
  at = readProtocol(bytes, at, flow, scratch.ints)
  if (at < 0 || word(bytes, at) !== SRC) return false
  at = readTuple(bytes, at, end, flow, 0, scratch.ints)
  if (at < 0 || at >= end) return false
  keepOriginal(flow, scratch.ints)
  if (bytes[at] === 122 && word(bytes, at) === ZONE) at = readZone(bytes, at, flow, scratch.ints)
  if (at > 0 && bytes[at] === 112 && word(bytes, at) === PACK)
    at = readCounters(bytes, at, flow, scratch.decimals)
  if (at < 0) return false
  flow.replied = true
  if (bytes[at] === OPEN) {
    if (word(bytes, at) !== UNRE || bytes[at + 10] !== CLOSE) return false
    flow.replied = false
    at = skipBlanks(bytes, at + 11)
  }
  if (bytes[at] !== 115 || bytes[at + 3] !== 61) return false
  flow.hasReply = true
  const reply = readTuple(bytes, at, end, flow, 8, scratch.ints)
  if (reply < 0) return false
  flow.replySport = scratch.ints[SPORT]!
  flow.replyDport = scratch.ints[DPORT]!
  if (reply >= end) return !isCut(flow, scratch.ints)
  return readRest(bytes, reply, end, flow, scratch)
}

/**
 * `1795541609.664935]`; a fraction of another length is not a time we know how to read, so the time stays unknown. The seconds
 * are the last line's most of the time, so their text is compared before it is read.
 */
function readStamp(bytes: Uint8Array, at: number, flow: Flow, scratch: Scratch): number {
  const { stamp } = scratch
  if (
    word(bytes, at + 6) !== stamp.low ||
    word(bytes, at + 2) !== stamp.middle ||
    word(bytes, at) !== stamp.high ||
    bytes[at + 10] !== 46
  ) {
    return readWholeStamp(bytes, at, flow, scratch)
  }
  const high = fourDigits(bytes, at + 11)
  const low = fourDigits(bytes, at + 13)
  if (high < 0 || low < 0 || bytes[at + 17] !== CLOSE) return readWholeStamp(bytes, at, flow, scratch)
  flow.time = stamp.seconds + high * 100 + (low % 100)
  return bytes[at + 18] === 9 ? at + 19 : at + 18
}

function readWholeStamp(bytes: Uint8Array, at: number, flow: Flow, scratch: Scratch): number {
  const { decimals, stamp } = scratch
  const dot = scanDecimal(bytes, at, decimals, 0)
  if (dot < 0 || dot - at > 10 || bytes[dot] !== 46) return -1
  const seconds = decimals[0]! * 1_000_000
  const close = scanDecimal(bytes, dot + 1, decimals, 0)
  if (close < 0 || bytes[close] !== CLOSE) return -1
  if (close - dot === 7) {
    flow.time = seconds + decimals[0]!
    if (dot - at === 10) {
      stamp.seconds = seconds
      stamp.high = word(bytes, at)
      stamp.middle = word(bytes, at + 2)
      stamp.low = word(bytes, at + 6)
    }
  }
  return bytes[close + 1] === 9 ? close + 2 : close + 1
}

function readEvent(bytes: Uint8Array, at: number, flow: Flow): number {
  flow.event = Event.dump
  if (bytes[at] !== OPEN) return at
  // [NEW] [UPDATE] [DESTROY]
  let length = 0
  if (bytes[at + 1] === 78 && bytes[at + 3] === 87) {
    flow.event = Event.new
    length = 5
  } else if (bytes[at + 1] === 85 && bytes[at + 6] === 69) {
    flow.event = Event.update
    length = 8
  } else if (bytes[at + 1] === 68 && bytes[at + 7] === 89) {
    flow.event = Event.destroy
    length = 9
  }
  return length > 0 && bytes[at + length - 1] === CLOSE ? skipBlanks(bytes, at + length) : -1
}

/**
 * `ipv4     2 tcp      6 120 SYN_SENT ` up to `src=`. The layer-3 pair is there with -o extended and in /proc; of time-out and
 * state there may be none, one or both.
 */
function readProtocol(bytes: Uint8Array, at: number, flow: Flow, ints: Int32Array): number {
  if (at < 0) return -1
  at = readNamed(bytes, at, ints)
  if (at < 0) return -1
  if (isLower(bytes[at]!) && (bytes[at] !== 115 || bytes[at + 3] !== 61)) {
    if (ints[NUMBER] !== 2 && ints[NUMBER] !== 10) return -1
    at = readNamed(bytes, at, ints)
    if (at < 0) return -1
  }
  flow.proto = ints[NUMBER]!
  return skipState(bytes, at, STATE_LENGTHS + flow.event, ints)
}

/** Behind `120 SYN_SENT `: as long as in the last line of the same event, or of whatever length. */
function skipState(bytes: Uint8Array, at: number, slot: number, ints: Int32Array): number {
  // Shorter than any tuple, so `src=` at that distance is the first one.
  const guess = (at + ints[slot]!) | 0
  if (bytes[guess] === 115 && bytes[guess + 1] === 114 && bytes[guess + 2] === 99 && bytes[guess + 3] === 61)
    return guess
  const start = at
  while ((bytes[at]! - 48) >>> 0 <= 9) at = (at + 1) | 0
  if (bytes[at] === BLANK) at = (at + 1) | 0
  // SYN_SENT2, ESTABLISHED
  if ((bytes[at]! - 65) >>> 0 <= 25) while (bytes[at]! > BLANK) at = (at + 1) | 0
  if (bytes[at] === BLANK) at = (at + 1) | 0
  if (at - start < 40) ints[slot] = at - start
  return at
}

/** `tcp      6 `: a name of the right length for its number, so that a line whose head was cut is not taken for a listing. */
function readNamed(bytes: Uint8Array, at: number, ints: Int32Array): number {
  // `ipv4     2 ` and `tcp      6 `, which nearly all lines have.
  if (bytes[at + 10] === BLANK && bytes[at + 8] === BLANK) {
    const digit = bytes[at + 9]! - 48
    const isIPv4 = digit === 2 && bytes[at + 3] === 52 && bytes[at + 4] === BLANK
    if (isIPv4 || (digit === 6 && bytes[at] === 116 && bytes[at + 2] === 112 && bytes[at + 3] === BLANK)) {
      ints[NUMBER] = digit
      return at + 11
    }
  }
  const start = at
  while (isLower(bytes[at]!) || isDigit(bytes[at]!)) at++
  const length = at - start
  if (length === 0 || bytes[at] !== BLANK) return -1
  at = scanSmall(bytes, skipBlanks(bytes, at), 255, ints, NUMBER)
  if (at < 0 || bytes[at] !== BLANK) return -1
  const known = nameLengths[ints[NUMBER]!]!
  return known === 0 || length === known || length === 7 ? at + 1 : -1
}

// Length of the name by number: l3 (2 ipv4, 10 ipv6) and l4; 7 is `unknown` for all of them.
const nameLengths = new Uint8Array(256)
for (const [number, name] of [
  [1, 'icmp'],
  [2, 'ipv4'],
  [6, 'tcp'],
  [10, 'ipv6'],
  [17, 'udp'],
  [33, 'dccp'],
  [47, 'gre'],
  [58, 'icmpv6'],
  [132, 'sctp'],
  [136, 'udplite'],
] as const)
  nameLengths[number] = name.length

function isLower(byte: number): boolean {
  return (byte - 97) >>> 0 <= 25
}

/** One tuple; addresses at `flow.address[slot]`, the rest into `ints`. The position is after the blank that follows, or `end`. */
function readTuple(
  bytes: Uint8Array,
  at: number,
  end: number,
  flow: Flow,
  slot: number,
  ints: Int32Array,
): number {
  at = scanAddress(bytes, at + 4, flow.address, slot)
  if (at < 0 || bytes[at] !== BLANK || bytes[at + 1] !== 100 || bytes[at + 4] !== 61) return -1
  at = scanAddress(bytes, at + 5, flow.address, slot + 4)
  if (at < 0) return -1
  ints[SPORT] = -1
  ints[DPORT] = -1
  ints[ID] = -1
  if (bytes[at] === BLANK) {
    const next = bytes[at + 1]!
    if (next === 115 && bytes[at + 2] === 112) at = readPorts(bytes, at + 1, ints)
    else if (next === 116) at = readIcmp(bytes, at + 1, ints)
    else if (next === 115 && word(bytes, at + 1) === SRCK) at = readGreKeys(bytes, at + 1, ints)
    if (at < 0) return -1
  }
  if (bytes[at] === BLANK) return at + 1
  return at >= end ? end : -1
}

/** `sport=41538 dport=8080` */
function readPorts(bytes: Uint8Array, at: number, ints: Int32Array): number {
  if (bytes[at + 5] !== 61) return -1
  at = scanSmall(bytes, at + 6, 65535, ints, SPORT)
  if (at < 0 || bytes[at] !== BLANK || bytes[at + 1] !== 100 || bytes[at + 2] !== 112 || bytes[at + 6] !== 61)
    return -1
  return scanSmall(bytes, at + 7, 65535, ints, DPORT)
}

/** `type=8 code=0 id=22664` */
function readIcmp(bytes: Uint8Array, at: number, ints: Int32Array): number {
  if (word(bytes, at) !== TYPE || bytes[at + 4] !== 61) return -1
  at = scanSmall(bytes, at + 5, 255, ints, ICMP_TYPE)
  if (at < 0 || bytes[at] !== BLANK || word(bytes, at + 1) !== CODE || bytes[at + 5] !== 61) return -1
  at = scanSmall(bytes, at + 6, 255, ints, ICMP_CODE)
  if (at < 0 || bytes[at] !== BLANK || bytes[at + 1] !== 105 || bytes[at + 2] !== 100 || bytes[at + 3] !== 61)
    return -1
  return scanSmall(bytes, at + 4, 65535, ints, ID)
}

/** `srckey=0x0 dstkey=0x10`: what PPTP calls a call id, 16 bits each. */
function readGreKeys(bytes: Uint8Array, at: number, ints: Int32Array): number {
  if (bytes[at + 6] !== 61) return -1
  at = scanHex(bytes, at + 7, ints, NUMBER)
  if (at < 0 || bytes[at] !== BLANK || word(bytes, at + 1) !== DSTK || bytes[at + 7] !== 61) return -1
  const source = ints[NUMBER]!
  at = scanHex(bytes, at + 8, ints, NUMBER)
  ints[ID] = (source << 16) | (ints[NUMBER]! & 0xffff)
  return at
}

function keepOriginal(flow: Flow, ints: Int32Array): void {
  flow.sport = ints[SPORT]!
  flow.dport = ints[DPORT]!
  flow.flowId = ints[ID]!
  if (flow.proto === Proto.icmp || flow.proto === Proto.icmpv6) {
    flow.icmpType = ints[ICMP_TYPE]!
    flow.icmpCode = ints[ICMP_CODE]!
  }
}

/** `zone=3 `, `zone-orig=3 ` or `zone-reply=3 `. */
function readZone(bytes: Uint8Array, at: number, flow: Flow, ints: Int32Array): number {
  while (bytes[at] !== 61) if (bytes[at++]! <= BLANK) return -1
  at = scanSmall(bytes, at + 1, 65535, ints, NUMBER)
  if (at < 0 || bytes[at]! > BLANK) return -1
  flow.zone = ints[NUMBER]!
  return bytes[at] === BLANK ? at + 1 : at
}

/** `packets=19 bytes=5181 ` of the original direction. */
function readCounters(bytes: Uint8Array, at: number, flow: Flow, decimals: Float64Array): number {
  if (bytes[at + 7] !== 61) return -1
  at = scanDecimal(bytes, at + 8, decimals, 0)
  if (at < 0 || bytes[at] !== BLANK || word(bytes, at + 1) !== BYTE || bytes[at + 6] !== 61) return -1
  flow.packets = decimals[0]!
  at = scanDecimal(bytes, at + 7, decimals, 0)
  if (at < 0 || bytes[at] !== BLANK) return -1
  flow.bytes = decimals[0]!
  return at + 1
}

/** What the reply ends in must be what the original began with, unless NAT changed it; a beginning of that is a cut number. */
function isCut(flow: Flow, ints: Int32Array): boolean {
  if (flow.replyDport >= 0) return isCutOf(flow.replyDport, flow.sport)
  // Nothing is made of a reply's GRE keys.
  if (flow.proto === Proto.gre) return false
  if (ints[ID]! >= 0) return isCutOf(ints[ID]!, flow.flowId)
  const { address } = flow
  return [0, 1, 2, 3].some(i => address[i] !== address[12 + i])
}

const DELTA = asciiBytes('delta-time=')
const USERSPACE = asciiBytes('[USERSPACE]')

/** Everything after the tuples: known words are read, unknown ones are let pass as long as they are whole. */
function readRest(bytes: Uint8Array, at: number, end: number, flow: Flow, scratch: Scratch): boolean {
  for (; at >= 0 && at < end; at = skipBlanks(bytes, at)) {
    switch (bytes[at]) {
      case OPEN:
        if (startsWith(bytes, at, end, USERSPACE)) return find(bytes, at, end, PROGRAM) > 0
        at = readBracket(bytes, at, end, flow, scratch)
        break
      case 105: // id=
        at = bytes[at + 2] === 61 ? readId(bytes, at + 3, flow, scratch.decimals) : skipField(bytes, at, end)
        break
      case 100: // delta-time=
        at = startsWith(bytes, at, end, DELTA)
          ? readAge(bytes, at + 11, flow, scratch.decimals)
          : skipField(bytes, at, end)
        break
      case 122: // zone=, zone-reply=
        at = readZone(bytes, at, flow, scratch.ints)
        break
      default:
        at = skipField(bytes, at, end)
    }
  }
  return at >= 0
}

const PROGRAM = asciiBytes(' progname=')

function readId(bytes: Uint8Array, at: number, flow: Flow, decimals: Float64Array): number {
  at = scanDecimal(bytes, at, decimals, 0)
  if (at < 0 || bytes[at]! > BLANK) return -1
  flow.connection = decimals[0]!
  return at
}

function readAge(bytes: Uint8Array, at: number, flow: Flow, decimals: Float64Array): number {
  at = scanDecimal(bytes, at, decimals, 0)
  if (at < 0 || bytes[at]! > BLANK) return -1
  flow.age = decimals[0]!
  return at
}

/** `mark=256`, `secctx=…`, `packets=…`: a key, and a value that is not empty. */
function skipField(bytes: Uint8Array, at: number, end: number): number {
  const after = skipToken(bytes, at, end)
  while (at < after && bytes[at] !== 61) at++
  return at + 1 < after ? after : -1
}

const START = asciiBytes('[start=')
const STOP = asciiBytes('[stop=')

/** `[ASSURED]`, `[OFFLOAD]`, `[start=Tue Nov 24 17:33:05 2026]`. */
function readBracket(bytes: Uint8Array, at: number, end: number, flow: Flow, scratch: Scratch): number {
  if (bytes[at + 8] === CLOSE && word(bytes, at) === ASSU) return at + 9
  let close = at
  while (close < end && bytes[close] !== CLOSE) close++
  if (close === end) return -1
  if (startsWith(bytes, at, end, START)) return readKernelStamp(bytes, at + 7, close, true, flow, scratch)
  if (startsWith(bytes, at, end, STOP)) return readKernelStamp(bytes, at + 6, close, false, flow, scratch)
  return close + 1
}

/**
 * -o ktimestamp, ctime in the zone of the machine. A line without a stamp of its own takes its time from here: a DESTROY from the
 * stop, which always follows the start, others from the start. `delta-time`, if it is there, has already said the age.
 */
function readKernelStamp(
  bytes: Uint8Array,
  at: number,
  close: number,
  isStart: boolean,
  flow: Flow,
  scratch: Scratch,
): number {
  const { clock } = scratch
  if (scanCtime(bytes, at + 4, clock) !== close) return -1
  if (isStart) scratch.start = clock.time
  const now = Number.isNaN(flow.time) && !isStart ? clock.time : flow.time
  if (flow.age < 0 && now >= scratch.start) flow.age = Math.floor((now - scratch.start) / 1_000_000)
  if (Number.isNaN(flow.time) && (!isStart || flow.event !== Event.destroy)) {
    flow.time = clock.time
    flow.precision = 1_000_000
  }
  return close + 1
}

const MARK_SRC = asciiBytes('src=')
const MARK_DST = asciiBytes(' dst=')
const EXPECT = asciiBytes(' mask-src=')
const TOOL = asciiBytes('conntrack v')
const ENOBUFS = asciiBytes('WARNING: We have hit ENOBUFS!')
const NO_BUFFER = asciiBytes('No buffer space')
const advice = [
  'This message means that the current netlink',
  'Please, check --buffer-size',
  'NOTICE: Netlink',
].map(asciiBytes)

/** What a line is that is no entry. The tool's own messages (conntrack-tools src/conntrack.c) land in a merged stream. */
function classify(bytes: Uint8Array, start: number, end: number, flow: Flow): Outcome {
  const src = find(bytes, start, end, MARK_SRC)
  if (src === start || (src > start && bytes[src - 1] === BLANK)) {
    if (find(bytes, src, end, MARK_DST) > 0)
      return find(bytes, src, end, EXPECT) > 0 ? Outcome.note : Outcome.malformed
  }
  const isTool = startsWith(bytes, start, end, TOOL)
  if (startsWith(bytes, start, end, ENOBUFS) || (isTool && find(bytes, start, end, NO_BUFFER) > 0)) {
    flow.count = -1
    return Outcome.loss
  }
  return isTool || advice.some(text => startsWith(bytes, start, end, text)) ? Outcome.note : Outcome.foreign
}

export const conntrack: Format = {
  name: 'conntrack',
  claims: ['none'],
  marker: '`src=` at the start of the line or after a blank, followed by ` dst=`',
  create: createConntrack,
}
