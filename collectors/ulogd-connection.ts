// ulogd's line of a connection (PRINTFLOW), behind its stamp:
//
//   [DESTROY] ORIG: SRC=10.244.9.11 DST=10.244.9.12 PROTO=TCP SPT=35234 DPT=8080 PKTS=5 BYTES=268 , REPLY: SRC=… … PKTS=4 BYTES=218
//
// It has no [UNREPLIED]: that the responder answered shows in the packets of its direction, which the kernel counts only with
// net.netfilter.nf_conntrack_acct=1. A DESTROY without counts tells nothing about it, so it is no event that could decide.

import { asciiBytes, find, scanAddress, scanDecimal, skipToken, startsWith } from './bytes.ts'
import { Outcome } from './collector.ts'
import { Event, type Flow, Proto } from './flow.ts'
import { NO_PROTOCOL, protocolAt } from './protocol-names.ts'

const REPLY = asciiBytes(', REPLY: ')
const NEW = asciiBytes('[NEW]')
const UPDATE = asciiBytes('[UPDATE]')
const DESTROY = asciiBytes('[DESTROY]')
const EQUALS = 61

const values = new Float64Array(1)

/** The numbers of one direction, ABSENT where it has none. */
interface Half {
  proto: number
  sport: number
  dport: number
  type: number
  code: number
  packets: number
  bytes: number
  hasSource: boolean
  hasDestination: boolean
}

const ABSENT = -1
const emptyHalf = (): Half => ({
  proto: ABSENT,
  sport: ABSENT,
  dport: ABSENT,
  type: ABSENT,
  code: ABSENT,
  packets: ABSENT,
  bytes: ABSENT,
  hasSource: false,
  hasDestination: false,
})

/** Reads the connection whose `ORIG: ` stands at `original`. */
export function readConnection(
  bytes: Uint8Array,
  message: number,
  original: number,
  end: number,
  flow: Flow,
): Outcome {
  const split = find(bytes, original, end, REPLY)
  if (split < 0) return Outcome.malformed
  const there = readHalf(bytes, original + 6, split, flow, 0)
  const back = readHalf(bytes, split + REPLY.length, end, flow, 8)
  if (there === undefined || back === undefined || back.bytes === ABSENT) return Outcome.malformed
  flow.event = eventAt(bytes, message, end)
  takeTuples(flow, there, back)
  return takeCounts(flow, there.packets, there.bytes, back.packets)
}

function eventAt(bytes: Uint8Array, at: number, end: number): Event {
  if (startsWith(bytes, at, end, NEW)) return Event.new
  if (startsWith(bytes, at, end, UPDATE)) return Event.update
  return startsWith(bytes, at, end, DESTROY) ? Event.destroy : Event.none
}

function takeTuples(flow: Flow, there: Half, back: Half): void {
  flow.proto = there.proto
  flow.sport = there.sport
  flow.dport = there.dport
  flow.hasReply = true
  flow.replySport = back.sport
  flow.replyDport = back.dport
  if (there.proto !== Proto.icmp || there.type === ABSENT) return
  // PRINTFLOW prints the code as TYPE and the type as CODE; of the queries that open a connection the code is always 0.
  flow.icmpType = there.type === 0 ? there.code : there.type
  flow.icmpCode = there.type === 0 ? 0 : there.code
}

/** Counts of packets, and with them what is known of an answer; ABSENT ones are not printed. */
export function takeCounts(flow: Flow, packets: number, bytes: number, answered: number): Outcome {
  flow.packets = Math.max(0, packets)
  flow.bytes = Math.max(0, bytes)
  flow.replied = answered > 0
  if (flow.event === Event.destroy && packets <= 0 && answered <= 0) flow.event = Event.none
  return Outcome.flow
}

function readHalf(bytes: Uint8Array, at: number, end: number, flow: Flow, slot: number): Half | undefined {
  const half = emptyHalf()
  while (at < end) {
    const after = skipToken(bytes, at, end)
    if (after > at && !takeField(bytes, at, after, half, flow, slot)) return undefined
    at = after + 1
  }
  return half.hasSource && half.hasDestination && half.proto !== ABSENT ? half : undefined
}

/** One `NAME=value`; false where the value is none. */
function takeField(
  bytes: Uint8Array,
  at: number,
  end: number,
  half: Half,
  flow: Flow,
  slot: number,
): boolean {
  let value = at
  while (value < end && bytes[value] !== EQUALS) value++
  const key = String.fromCharCode(...bytes.subarray(at, Math.min(value, at + 8)))
  value++
  switch (key) {
    case 'SRC':
      half.hasSource = true
      return scanAddress(bytes, value, flow.address, slot) === end
    case 'DST':
      half.hasDestination = true
      return scanAddress(bytes, value, flow.address, slot + 4) === end
    case 'PROTO':
      half.proto = protocolAt(bytes, value, end)
      return half.proto !== NO_PROTOCOL && half.proto >= 0
    case 'SPT':
      half.sport = number(bytes, value, end, 65535)
      return half.sport >= 0
    case 'DPT':
      half.dport = number(bytes, value, end, 65535)
      return half.dport >= 0
    case 'TYPE':
      half.type = number(bytes, value, end, 255)
      return half.type >= 0
    case 'CODE':
      half.code = number(bytes, value, end, 255)
      return half.code >= 0
    case 'PKTS':
      half.packets = number(bytes, value, end, Number.MAX_SAFE_INTEGER)
      return half.packets >= 0
    case 'BYTES':
      half.bytes = number(bytes, value, end, Number.MAX_SAFE_INTEGER)
      return half.bytes >= 0
    default:
      return true
  }
}

function number(bytes: Uint8Array, at: number, end: number, max: number): number {
  return scanDecimal(bytes, at, values, 0) === end && values[0]! <= max ? values[0]! : ABSENT
}
