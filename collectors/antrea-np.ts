// antrea-np: the audit log of antrea-agent, /var/log/antrea/networkpolicy/np.log. Grammar: antrea
// pkg/agent/controller/networkpolicy/audit_logging.go at each release; the table below has the releases that changed it.
//
//   stamp TABLE REF RULE Egress Drop PRIO NS/POD SRC SPORT DST DPORT TCP LEN LABEL [3 packets in 1.01s]     v1.13
//   stamp TABLE REF RULE Drop PRIO SRC SPORT DST DPORT TCP LEN [LABEL]                                      v1.9, label v1.12
//   stamp TABLE REF Drop PRIO SRC SPORT DST DPORT TCP LEN                                                   v1.6
//   stamp TABLE REF Drop PRIO SRC DST LEN TCP                                                               v1.4
//   stamp TABLE REF Allow PRIO SRC: SRC DEST: DST LEN TCP                                                   v0.11
//
// RULE may hold blanks, and words such as Drop, so the action is the first word of that kind behind which a packet follows.

import { antreaMeaning, type Meaning } from './antrea-policies.ts'
import { asciiBytes, scanAddress, scanDecimal, scanSmall, skipToken, startsWith } from './bytes.ts'
import { type Clock, createClock, scanGoStamp } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { type Flow, resetFlow } from './flow.ts'
import { createInterned, type Interned } from './interned.ts'
import { NO_PROTOCOL, protocolAt } from './protocol-names.ts'

const BLANK = 32

interface Reader {
  readonly clock: Clock
  readonly meanings: Interned<Meaning>
  readonly ints: Int32Array
  readonly decimals: Float64Array
}

function createAntreaNp(options: CollectorOptions): Collector {
  const reader: Reader = {
    clock: createClock(options.zone, options.year),
    meanings: createInterned(antreaMeaning),
    ints: new Int32Array(1),
    decimals: new Float64Array(1),
  }
  return {
    read(bytes, start, end, flow) {
      while (end > start && bytes[end - 1] === 13) end--
      const table = scanGoStamp(bytes, start, reader.clock) + 1
      if (table === 0 || bytes[table - 1] !== BLANK) return Outcome.foreign
      const reference = skipToken(bytes, table, end) + 1
      const after = skipToken(bytes, reference, end)
      if (!isReference(bytes, reference, after)) return Outcome.foreign
      return readFrom(bytes, table, after + 1, end, flow, reader)
    },
  }
}

const POLICY = asciiBytes('Policy')

/** `K8sNetworkPolicy:ns/name`, or a type alone: any word that ends in `Policy`, for types that are still to come. */
function isReference(bytes: Uint8Array, start: number, end: number): boolean {
  let colon = start
  while (colon < end && bytes[colon] !== 58) colon++
  return colon - start > POLICY.length && startsWith(bytes, colon - POLICY.length, colon, POLICY)
}

const actions = ['Allow', 'Drop', 'Reject', 'Pass', 'Redirect'].map(asciiBytes)

function isAction(bytes: Uint8Array, start: number, end: number): boolean {
  return actions.some(action => action.length === end - start && startsWith(bytes, start, end, action))
}

function readFrom(
  bytes: Uint8Array,
  table: number,
  at: number,
  end: number,
  flow: Flow,
  reader: Reader,
): Outcome {
  for (; at < end; at = skipToken(bytes, at, end) + 1) {
    const after = skipToken(bytes, at, end)
    if (!isAction(bytes, at, after)) continue
    resetFlow(flow)
    flow.time = reader.clock.time
    flow.precision = reader.clock.precision
    if (!readPacket(bytes, after + 1, end, flow, reader)) continue
    const meaning = reader.meanings.at(bytes, table, after)
    flow.verdict = meaning.verdict
    flow.cause = meaning.cause
    flow.direction = meaning.direction
    flow.reported = meaning.reported
    return Outcome.flow
  }
  return Outcome.malformed
}

const NIL = asciiBytes('<nil>')
const SOURCE = asciiBytes('SRC: ')
const DEST = asciiBytes('DEST: ')

/** From the priority on. True when it is a whole packet, of any layout. */
function readPacket(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): boolean {
  at = skipPriority(bytes, at, end, reader)
  if (at < 0) return false
  if (startsWith(bytes, at, end, SOURCE)) at += SOURCE.length
  let source = scanAddress(bytes, at, flow.address, 0)
  if (source < 0) {
    // v1.13 has the Pod that the policy is applied to here.
    at = skipToken(bytes, at, end) + 1
    source = scanAddress(bytes, at, flow.address, 0)
  }
  if (source < 0 || bytes[source] !== BLANK) return false
  at = source + 1
  if (startsWith(bytes, at, end, DEST)) at += DEST.length
  const destination = scanAddress(bytes, at, flow.address, 4)
  if (destination >= 0)
    return bytes[destination] === BLANK && readOldTail(bytes, destination + 1, end, flow, reader)
  return readPorts(bytes, at, end, flow, reader)
}

/** `14500`, `-1` or `<nil>`. */
function skipPriority(bytes: Uint8Array, at: number, end: number, { decimals }: Reader): number {
  if (startsWith(bytes, at, end, NIL)) at += NIL.length
  else at = scanDecimal(bytes, bytes[at] === 45 ? at + 1 : at, decimals, 0)
  return at > 0 && bytes[at] === BLANK ? at + 1 : -1
}

/** `60 TCP` of the releases before v1.6, which print no ports. */
function readOldTail(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): boolean {
  at = scanDecimal(bytes, at, reader.decimals, 0)
  if (at < 0 || bytes[at] !== BLANK) return false
  flow.bytes = reader.decimals[0]!
  at = readProtocol(bytes, at + 1, end, flow)
  return at > 0 && readCount(bytes, at, end, flow, reader)
}

/** From the source's port on, the source being read: `49518 10.10.1.84 80 TCP 60`, then label and count. */
function readPorts(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): boolean {
  const { ints, decimals } = reader
  at = readPort(bytes, at, end, ints)
  if (at < 0) return false
  flow.sport = ints[0]!
  at = scanAddress(bytes, at, flow.address, 4)
  if (at < 0 || bytes[at] !== BLANK) return false
  at = readPort(bytes, at + 1, end, ints)
  if (at < 0) return false
  flow.dport = ints[0]!
  at = readProtocol(bytes, at, end, flow)
  if (at < 0 || bytes[at] !== BLANK) return false
  at = scanDecimal(bytes, at + 1, decimals, 0)
  if (at < 0 || (at < end && bytes[at] !== BLANK)) return false
  // At the end of a line without its newline the length may have been cut.
  flow.bytes = at < end || bytes[end] !== 0 ? decimals[0]! : 0
  return readCount(bytes, at, end, flow, reader)
}

/** A port, or `<nil>` for anything but TCP and UDP; the position after the blank behind it. */
function readPort(bytes: Uint8Array, at: number, end: number, ints: Int32Array): number {
  ints[0] = -1
  at = startsWith(bytes, at, end, NIL) ? at + NIL.length : scanSmall(bytes, at, 65535, ints, 0)
  return at > 0 && bytes[at] === BLANK ? at + 1 : -1
}

function readProtocol(bytes: Uint8Array, at: number, end: number, flow: Flow): number {
  const after = skipToken(bytes, at, end)
  flow.proto = protocolAt(bytes, at, after)
  return flow.proto === NO_PROTOCOL ? -1 : after
}

const PACKETS = asciiBytes(' packets in ')

/**
 * `[3 packets in 1.011379442s]` at the end, behind a label or none; without it the line is one packet. The stamp of a line that
 * is no Allow is that of its writing, a second after its first packet: it is taken as it stands.
 */
function readCount(bytes: Uint8Array, at: number, end: number, flow: Flow, { decimals }: Reader): boolean {
  while (at < end && bytes[at] !== 91) at++
  if (at === end) return true
  const after = scanDecimal(bytes, at + 1, decimals, 0)
  if (after < 0 || decimals[0] === 0 || bytes[end - 1] !== 93) return false
  flow.count = decimals[0]!
  return startsWith(bytes, after, end, PACKETS)
}

export const antreaNp: Format = {
  name: 'antrea-np',
  claims: ['allowed', 'denied', 'rejected', 'none'],
  marker: 'a stamp `YYYY/MM/DD HH:MM:SS`, a table, and a word that ends in `Policy` or has `Policy:` in it',
  create: createAntreaNp,
}
