// kube-network-policies with --logging-format=json: one object a record, `ts` in milliseconds since 1970.

import { asciiBytes, find, isDigit, scanDecimal, textOf } from './bytes.ts'
import { Outcome } from './collector.ts'
import type { Flow } from './flow.ts'
import { addressIn, createJsonFields, isText, type JsonFields, numberIn } from './json-fields.ts'
import { type Message, messageOf, protocols } from './knp-messages.ts'
import type { KnpPacket, KnpPackets } from './knp-packets.ts'

const TS = 0
const MSG = 1
const ID = 2
const PACKET = 3
const VERDICT = 4
const ALLOWED = 5
const ACTION = 6
const names = ['ts', 'msg', 'id', 'packet', 'verdict', 'allowed', 'action']

const PACKET_ID = 0
const SRC_IP = 1
const DST_IP = 2
const PROTO = 3
const SRC_PORT = 4
const DST_PORT = 5
const packetNames = ['ID', 'SrcIP', 'DstIP', 'Proto', 'SrcPort', 'DstPort']

const UINT32 = 0xffffffff
const LONGEST_MESSAGE = 96
const ACCEPT = asciiBytes('accept')
const DROP = asciiBytes('drop')
const DENY = asciiBytes('Deny')
/** In what is left of a record that was cut. */
const MARKERS = ['"msg":"Evaluating packet"', '"msg":"Finished syncing packet"', '"msg":"Packet '].map(
  asciiBytes,
)

export type RecordReader = (bytes: Uint8Array, start: number, end: number, flow: Flow) => Outcome

export function createKnpJson(packets: KnpPackets): RecordReader {
  const fields = createJsonFields(names)
  const packetFields = createJsonFields(packetNames)

  function evaluating(bytes: Uint8Array): Outcome {
    const at = fields.start[PACKET]!
    // Some versions do not say which packet; strict mode has it as text.
    if (at < 0 || bytes[at] !== 123) return Outcome.note
    if (packetFields.read(bytes, at, fields.end[PACKET]!) !== fields.end[PACKET]) return Outcome.malformed
    const id = numberIn(packetFields, bytes, PACKET_ID, UINT32)
    const packet = readPacket(bytes, packetFields)
    if (id < 0 || packet === undefined) return Outcome.malformed
    packet.time = timeOf(bytes, fields)
    return packets.evaluating(id, packet)
  }

  function evaluated(bytes: Uint8Array, id: number, message: Message & { kind: 'evaluated' }): Outcome {
    if (isText(fields, bytes, ACTION, DENY))
      return packets.evaluated(id, message.direction, `${message.by} action=Deny`)
    const at = fields.start[ALLOWED]!
    const isDenied = at >= 0 && bytes[at] === 102
    return packets.evaluated(id, message.direction, isDenied ? `${message.by} allowed=false` : undefined)
  }

  return (bytes, start, end, flow) => {
    while (end > start && bytes[end - 1]! <= 32) end--
    if (fields.read(bytes, start, end) !== end)
      return MARKERS.some(marker => find(bytes, start, end, marker) >= 0)
        ? Outcome.malformed
        : Outcome.foreign
    const message = messageIn(bytes, fields)
    if (message === undefined) return Outcome.foreign
    if (message.kind === 'note') return Outcome.note
    if (message.kind === 'evaluating') return evaluating(bytes)
    const id = numberIn(fields, bytes, ID, UINT32)
    if (id < 0) return Outcome.malformed
    if (message.kind === 'evaluated') return evaluated(bytes, id, message)
    if (message.kind === 'verdict') return packets.decided(id, message.isAllowed, message.direction, flow)
    if (isText(fields, bytes, VERDICT, ACCEPT)) return packets.decided(id, true, 0, flow)
    if (isText(fields, bytes, VERDICT, DROP)) return packets.decided(id, false, 0, flow)
    return fields.start[VERDICT]! < 0 ? Outcome.malformed : Outcome.note
  }
}

function messageIn(bytes: Uint8Array, fields: JsonFields): Message | undefined {
  const at = fields.start[MSG]!
  const end = fields.end[MSG]!
  if (at < 0 || bytes[at] !== 34 || end - at > LONGEST_MESSAGE) return undefined
  return messageOf(textOf(bytes, at + 1, end - 1))
}

function readPacket(bytes: Uint8Array, fields: JsonFields): KnpPacket | undefined {
  const address = new Int32Array(8)
  const sport = numberIn(fields, bytes, SRC_PORT, 65535)
  const dport = numberIn(fields, bytes, DST_PORT, 65535)
  if (!addressIn(fields, bytes, SRC_IP, address, 0) || !addressIn(fields, bytes, DST_IP, address, 4))
    return undefined
  const at = fields.start[PROTO]!
  if (at < 0 || sport < 0 || dport < 0) return undefined
  const name = textOf(bytes, at + 1, Math.min(fields.end[PROTO]! - 1, at + 16))
  return packetOf(address, sport, dport, name)
}

/** What has no name of a protocol here is none of those that policies have ports for, and has no ports. */
export function packetOf(
  address: Int32Array,
  sport: number,
  dport: number,
  name: string,
): KnpPacket | undefined {
  const isNamed = name !== ''
  const proto = isNamed ? protocols[name] : -1
  if (proto === undefined || (!isNamed && (sport !== 0 || dport !== 0))) return undefined
  return {
    time: Number.NaN,
    precision: 1,
    proto,
    sport: isNamed ? sport : -1,
    dport: isNamed ? dport : -1,
    address,
  }
}

const decimal = new Float64Array(1)
const LAST_MILLISECOND = 9_999_999_999_999

/** `1795539747129.2153`, in milliseconds. */
function timeOf(bytes: Uint8Array, fields: JsonFields): number {
  const at = fields.start[TS]!
  const dot = at < 0 ? -1 : scanDecimal(bytes, at, decimal, 0)
  if (dot < 0 || decimal[0]! > LAST_MILLISECOND) return Number.NaN
  let micros = 0
  for (let i = 1; i <= 3; i++) {
    const digit = bytes[dot] === 46 ? bytes[dot + i]! : 0
    micros = micros * 10 + (isDigit(digit) ? digit - 48 : 0)
  }
  return decimal[0]! * 1000 + micros
}
