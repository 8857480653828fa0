// A log line inside a JSON object: what `journalctl -o json` prints, and what log shippers make of kernel messages
// ({"message":"…","timestamp":"…"}). Only the members of the outermost object count.

import { asciiBytes, COLON, QUOTE, scanDecimal, startsWith } from './bytes.ts'
import { type Clock, scanIso } from './clock.ts'
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  decodeString,
  OPEN_BRACE,
  OPEN_BRACKET,
  skipSpace,
  skipString,
  skipValue,
} from './json.ts'

/** What an envelope held. `bytes[start..end)` is the message: in the line itself, or in `room` when it had to be decoded. */
export interface Envelope {
  bytes: Uint8Array
  start: number
  end: number
  /** Microseconds since 1970 UTC, NaN where the envelope has none. */
  time: number
  precision: number
  /** It has journald's own stamp, so it is `journalctl -o json` or an export of the journal. */
  isJournal: boolean
  readonly room: Uint8Array
}

/** Messages longer than this after decoding are not opened; the kernel's own are at most some 1,000 bytes. */
const ROOM = 64 * 1024

const nothing = new Uint8Array(0)

export function createEnvelope(): Envelope {
  return {
    bytes: nothing,
    start: 0,
    end: 0,
    time: Number.NaN,
    precision: 1,
    isJournal: false,
    room: new Uint8Array(ROOM + 1),
  }
}

const keys = {
  message: ['MESSAGE', 'message'].map(asciiBytes),
  timestamp: ['timestamp', '@timestamp', 'time'].map(asciiBytes),
  realtime: [asciiBytes('__REALTIME_TIMESTAMP')],
  monotonic: [asciiBytes('__MONOTONIC_TIMESTAMP')],
  source: [asciiBytes('_SOURCE_MONOTONIC_TIMESTAMP')],
} as const

const micros = new Float64Array(3)
const REALTIME = 0
const MONOTONIC = 1
const SOURCE = 2

/** Opens the object at `start`; false when it is no whole JSON object or holds no message. Takes no reference to `bytes` along. */
export function openEnvelope(
  bytes: Uint8Array,
  start: number,
  end: number,
  clock: Clock,
  out: Envelope,
): boolean {
  out.bytes = nothing
  out.time = Number.NaN
  out.precision = 1
  micros.fill(Number.NaN)
  let at = skipSpace(bytes, start + 1)
  for (;;) {
    if (bytes[at] !== QUOTE) return false
    const keyEnd = skipString(bytes, at, end)
    if (keyEnd < 0) return false
    const colon = skipSpace(bytes, keyEnd)
    if (bytes[colon] !== COLON) return false
    const value = skipSpace(bytes, colon + 1)
    const after = skipValue(bytes, value, end)
    if (after < 0 || !takeMember(bytes, at + 1, keyEnd - 1, value, after, clock, out)) return false
    at = skipSpace(bytes, after)
    if (bytes[at] === CLOSE_BRACE) break
    if (bytes[at] !== COMMA) return false
    at = skipSpace(bytes, at + 1)
  }
  takeJournalTime(out)
  return out.bytes !== nothing && at + 1 === end
}

/** The packet's own time: journald's stamp, less how long the message lay in the kernel's ring before journald read it. */
function takeJournalTime(out: Envelope): void {
  out.isJournal = !Number.isNaN(micros[REALTIME]!)
  if (!out.isJournal) return
  out.time = micros[REALTIME]!
  const waited = micros[MONOTONIC]! - micros[SOURCE]!
  if (waited > 0) out.time -= waited
  out.precision = 1
}

function isKey(bytes: Uint8Array, at: number, end: number, names: readonly Uint8Array[]): boolean {
  for (const name of names) if (end - at === name.length && startsWith(bytes, at, end, name)) return true
  return false
}

function takeMember(
  bytes: Uint8Array,
  key: number,
  keyEnd: number,
  value: number,
  after: number,
  clock: Clock,
  out: Envelope,
): boolean {
  if (isKey(bytes, key, keyEnd, keys.message)) return takeMessage(bytes, value, after, out)
  if (bytes[value] !== QUOTE) return true
  if (isKey(bytes, key, keyEnd, keys.realtime)) scanDecimal(bytes, value + 1, micros, REALTIME)
  else if (isKey(bytes, key, keyEnd, keys.monotonic)) scanDecimal(bytes, value + 1, micros, MONOTONIC)
  else if (isKey(bytes, key, keyEnd, keys.source)) scanDecimal(bytes, value + 1, micros, SOURCE)
  else if (isKey(bytes, key, keyEnd, keys.timestamp) && scanIso(bytes, value + 1, clock) === after - 1) {
    out.time = clock.time
    out.precision = clock.precision
  }
  return true
}

function takeMessage(bytes: Uint8Array, value: number, after: number, out: Envelope): boolean {
  // journald writes a message that is not UTF-8 as an array of byte numbers.
  if (bytes[value] === OPEN_BRACKET) return takeNumbers(bytes, value + 1, out)
  if (bytes[value] !== QUOTE) return bytes[value] !== OPEN_BRACE
  out.bytes = bytes
  out.start = value + 1
  out.end = after - 1
  let at = out.start
  while (at < out.end && bytes[at] !== 92) at++
  if (at === out.end) return true
  const length = decodeString(bytes, out.start, out.end, out.room)
  return settle(out, length)
}

const number = new Float64Array(1)

function takeNumbers(bytes: Uint8Array, at: number, out: Envelope): boolean {
  let length = 0
  for (;;) {
    at = scanDecimal(bytes, skipSpace(bytes, at), number, 0)
    if (at < 0 || number[0]! > 255 || length === ROOM) return false
    out.room[length++] = number[0]!
    at = skipSpace(bytes, at)
    if (bytes[at] === CLOSE_BRACKET) return settle(out, length)
    if (bytes[at++] !== COMMA) return false
  }
}

/** The message in `room`, with the newline after it that collectors rely on. */
function settle(out: Envelope, length: number): boolean {
  if (length < 0 || length > ROOM) return false
  out.bytes = out.room
  out.start = 0
  out.end = length
  out.room[length] = 10
  return true
}
