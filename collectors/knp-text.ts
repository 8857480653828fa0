// kube-network-policies' klog text. A packet is written over several lines, which belong to the record whose last word is `packet=<`
// and end with ` >`; old versions have it in plain words. Records are read as text: there are at most some thousands a second.

import { readAddressPort } from './address-port.ts'
import { hexDigit, scanDecimal, textOf } from './bytes.ts'
import { createClock, scanKlog } from './clock.ts'
import { type CollectorOptions, Outcome } from './collector.ts'
import { Direction, type Flow } from './flow.ts'
import { packetOf, type RecordReader } from './knp-json.ts'
import { type Message, messageOf } from './knp-messages.ts'
import type { KnpPacket, KnpPackets } from './knp-packets.ts'

const LONGEST = 1024
/** Only the first 128 bytes of a packet are looked at, sixteen a line. */
const MOST_INNER = 12
/** One character a byte, so that positions in the text are those in the line. */
const decoder = new TextDecoder('latin1')
/** Behind an optional header, which those who paste logs cut off: `controller.go:567] `. */
const RECORD = /^(?:[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ )?[\w.-]+\.go:\d+\] /
const MESSAGE = /^"([^"\\]*)"(.*)$/s
const EVALUATING = 'Evaluating packet '
const OLD_FINISHED = /^Finished syncing packet (\d+) took: \S+ accepted: (true|false)$/
const OLD_PACKET_NOTE = /^(?:\[Packet \d+\] |Processing sync for packet \d)/

export function createKnpText(packets: KnpPackets, options: CollectorOptions): RecordReader {
  const clock = createClock(options.zone, options.year)
  /** The lines of a packet are coming; the first one has its addresses. */
  let state: 'outside' | 'before' | 'within' = 'outside'
  let innerLines = 0
  let time = Number.NaN
  let precision = 1

  function takePacket(bytes: Uint8Array, at: number, end: number): Outcome {
    state = 'within'
    innerLines = 0
    const read = readPacket(bytes, at, end)
    if (read === undefined) return Outcome.malformed
    read.packet.time = time
    read.packet.precision = precision
    return packets.evaluating(read.id, read.packet)
  }

  /** A line inside a record; undefined where it is a record of its own. */
  function readWithin(bytes: Uint8Array, start: number, end: number): Outcome | undefined {
    if (!isInner(bytes, start, end) || ++innerLines > MOST_INNER) {
      state = 'outside'
      return undefined
    }
    if (state === 'before') return takePacket(bytes, start, end)
    if (bytes[start] === 32 && bytes[start + 1] === 62) state = 'outside'
    return Outcome.note
  }

  function readStructured(message: Message, rest: string, isOpen: boolean, flow: Flow): Outcome {
    if (message.kind === 'evaluating') {
      if (rest.endsWith('packet=<')) state = 'before'
      return Outcome.note
    }
    if (message.kind === 'note') return Outcome.note
    const id = idIn(rest, isOpen)
    if (id < 0) return Outcome.malformed
    if (message.kind === 'verdict') return packets.decided(id, message.isAllowed, message.direction, flow)
    if (message.kind === 'evaluated') {
      const denial = / (?:allowed=false|action="Deny")/.exec(rest)?.[0].replaceAll('"', '')
      return packets.evaluated(id, message.direction, denial && message.by + denial)
    }
    const verdict = / verdict="(\w*)"/.exec(rest)?.[1]
    if (verdict === 'accept' || verdict === 'drop')
      return packets.decided(id, verdict === 'accept', Direction.none, flow)
    return verdict === undefined ? Outcome.malformed : Outcome.note
  }

  /** Before structured logging: `Evaluating packet [9] 10.0.1.3:40243 10.0.2.2:8080 TCP`, the rest of the packet behind it. */
  function readOld(text: string, bytes: Uint8Array, at: number, end: number, flow: Flow): Outcome {
    if (text.startsWith(EVALUATING)) return takePacket(bytes, at + EVALUATING.length, end)
    const finished = OLD_FINISHED.exec(text)
    if (finished !== null)
      return packets.decided(Number(finished[1]), finished[2] === 'true', Direction.none, flow)
    return OLD_PACKET_NOTE.test(text) || messageOf(text) !== undefined ? Outcome.note : Outcome.foreign
  }

  return (bytes, start, end, flow) => {
    const isOpen = bytes[end] !== 10
    if (end > start && bytes[end - 1] === 13) end--
    if (state !== 'outside') {
      const inner = readWithin(bytes, start, end)
      if (inner !== undefined) return inner
    }
    const text = decoder.decode(bytes.subarray(start, Math.min(end, start + LONGEST)))
    const head = RECORD.exec(text)?.[0]
    if (head === undefined) return Outcome.foreign
    takeTime(bytes, start)
    const body = text.slice(head.length)
    const quoted = MESSAGE.exec(body)
    if (quoted === null) return readOld(body, bytes, start + head.length, end, flow)
    const message = messageOf(quoted[1]!)
    return message === undefined ? Outcome.foreign : readStructured(message, quoted[2]!, isOpen, flow)
  }

  function takeTime(bytes: Uint8Array, start: number): void {
    const isStamped = scanKlog(bytes, start + 1, clock) > 0
    time = isStamped ? clock.time : Number.NaN
    precision = isStamped ? clock.precision : 1
  }
}

/** White space before it, as klog indents values of several lines; or bare, as a dump of the payload: `00000000  a0 02 …`. */
function isInner(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!
  if (first === 9 || first === 32 || end === start) return true
  return end - start > 10 && bytes[start + 8] === 32 && bytes[start + 9] === 32 && hexDigit(first) >= 0
}

/** The record's ` id=`; -1 where it has none, or one that may go on where the line was cut. */
function idIn(rest: string, isOpen: boolean): number {
  const found = /(?:^| )id=(\d{1,10})(?= |$)/.exec(rest)
  if (found === null || (isOpen && found.index + found[0].length === rest.length)) return -1
  return Number(found[1])
}

const numbers = new Float64Array(1)
const ports = new Int32Array(2)

/** `[2] 10.244.1.11:34810 10.244.1.12:9999 TCP` behind any white space; the protocol is missing where the engine knows none. */
function readPacket(
  bytes: Uint8Array,
  at: number,
  end: number,
): { id: number; packet: KnpPacket } | undefined {
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++
  if (bytes[at] !== 91) return undefined
  const close = scanDecimal(bytes, at + 1, numbers, 0)
  if (close < 0 || bytes[close] !== 93 || bytes[close + 1] !== 32) return undefined
  const id = numbers[0]!
  const address = new Int32Array(8)
  const between = endOfWord(bytes, close + 2, end)
  if (!readAddressPort(bytes, close + 2, between, address, 0, ports, 0)) return undefined
  const after = endOfWord(bytes, between + 1, end)
  if (!readAddressPort(bytes, between + 1, after, address, 4, ports, 1)) return undefined
  const name = textOf(bytes, after + 1, Math.min(end, after + 16)).trim()
  const packet = packetOf(address, ports[0]!, ports[1]!, name)
  return packet && { id, packet }
}

function endOfWord(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== 32) at++
  return at
}
