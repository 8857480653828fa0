// weave-npc: what Weave's policy controller prints of packets it has blocked.
//
//   WARN: 2026/11/24 17:33:05.140418 TCP connection from 10.32.0.3:33702 to 10.40.0.1:80 blocked by Weave NPC.
//   time="2026-11-24T17:33:05Z" level=warning msg="TCP connection from … blocked by Weave NPC."      older builds
//
// Any syslog header may stand before it, or nothing. TCP lines are of SYNs alone, UDP lines of every packet, and no other protocol is
// printed. The policy is not named. The same packet is often printed twice, some 20 microseconds apart.

import { readAddressPort } from './address-port.ts'
import { asciiBytes, BLANK, find, QUOTE, startsWith } from './bytes.ts'
import { type Clock, createClock, scanGoStamp, scanIso } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { type Flow, Notice, Proto, type Reported, resetFlow, Verdict } from './flow.ts'

const FROM = asciiBytes(' connection from ')
const TO = asciiBytes(' to ')
const BLOCKED = asciiBytes(' blocked by Weave NPC.')
const TCP = asciiBytes('TCP')
const UDP = asciiBytes('UDP')
const WARN = asciiBytes('WARN: ')
const LOGRUS = asciiBytes('time="')
const MESSAGE = asciiBytes('" level=warning msg="')
/** `2026/11/24 17:33:05.140418 ` */
const STAMP = 27
const UNKNOWN = asciiBytes('<unknown IP>')

const reported: Reported = { by: 'weave-npc', verdict: 'denied', policies: [], as: 'blocked by Weave NPC' }
const ports = new Int32Array(2)

function createWeaveNpc(options: CollectorOptions): Collector {
  const clock = createClock(options.zone, options.year)
  return {
    read(bytes, start, end, flow) {
      resetFlow(flow)
      const from = find(bytes, start, end, FROM)
      if (from < start + 3) return Outcome.foreign
      const proto = protocolBefore(bytes, from)
      const blocked = find(bytes, from, end, BLOCKED)
      if (proto < 0 || (blocked < 0 && !isWarning(bytes, start, from))) return Outcome.foreign
      if (blocked < 0) return Outcome.malformed
      return readBlocked(bytes, start, from, blocked, end, flow, proto, clock)
    },
  }
}

function protocolBefore(bytes: Uint8Array, at: number): number {
  if (startsWith(bytes, at - 3, at, TCP)) return Proto.tcp
  return startsWith(bytes, at - 3, at, UDP) ? Proto.udp : -1
}

/** A line that was cut before it names Weave is told from other programs' by what stands before its message. */
function isWarning(bytes: Uint8Array, start: number, from: number): boolean {
  const warn = find(bytes, start, from, WARN)
  if (warn >= 0) return warn + WARN.length + STAMP === from - 3
  return (
    find(bytes, start, from, LOGRUS) >= 0 && find(bytes, start, from, MESSAGE) + MESSAGE.length === from - 3
  )
}

function readBlocked(
  bytes: Uint8Array,
  start: number,
  from: number,
  blocked: number,
  end: number,
  flow: Flow,
  proto: number,
  clock: Clock,
): Outcome {
  if (!readTime(bytes, start, from - 3, blocked + BLOCKED.length, end, flow, clock)) return Outcome.malformed
  const source = from + FROM.length
  const to = find(bytes, source, blocked, TO)
  if (to < 0) return Outcome.malformed
  const destination = to + TO.length
  // A packet whose addresses Weave could not read itself.
  if (startsWith(bytes, source, to, UNKNOWN) || startsWith(bytes, destination, blocked, UNKNOWN))
    return Outcome.note
  const isWhole =
    readAddressPort(bytes, source, to, flow.address, 0, ports, 0) &&
    readAddressPort(bytes, destination, blocked, flow.address, 4, ports, 1)
  if (!isWhole) return Outcome.malformed
  flow.proto = proto
  flow.sport = ports[0]!
  flow.dport = ports[1]!
  flow.verdict = Verdict.denied
  flow.reported = reported
  // Of UDP every packet is printed, and two of them may follow each other as closely as a line and its twin.
  if (proto === Proto.tcp) flow.notice = Notice.twin
  return Outcome.flow
}

/** The stamp right before the message, if there is one; false where it is none, or where the quote that it opens is not closed. */
function readTime(
  bytes: Uint8Array,
  start: number,
  message: number,
  behind: number,
  end: number,
  flow: Flow,
  clock: Clock,
): boolean {
  const warn = find(bytes, start, message, WARN)
  const logrus = find(bytes, start, message, LOGRUS)
  if (warn >= 0) {
    if (scanGoStamp(bytes, warn + WARN.length, clock) !== message - 1 || bytes[message - 1] !== BLANK)
      return false
  } else if (logrus >= 0) {
    const after = scanIso(bytes, logrus + LOGRUS.length, clock)
    if (after < 0 || after + MESSAGE.length !== message || !startsWith(bytes, after, message, MESSAGE))
      return false
    if (behind >= end || bytes[behind] !== QUOTE) return false
  } else return true
  flow.time = clock.time
  flow.precision = clock.precision
  return true
}

export const weaveNpc: Format = {
  name: 'weave-npc',
  claims: ['denied'],
  lacks: ['ICMP'],
  marker: '`TCP connection from ` or `UDP connection from `, followed by ` blocked by Weave NPC.`',
  create: createWeaveNpc,
}
