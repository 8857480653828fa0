// Docker's json-file: {"log":"<line>\n","stream":"stdout","time":"2026-11-24T17:33:05.140418123Z"}. A `log` without `\n` at its end
// goes on in the next line of the stream.

import { asciiBytes, QUOTE, startsWith } from './bytes.ts'
import { type Clock, scanIso } from './clock.ts'
import { decodeString } from './json.ts'
import { createJsonFields, isText, type JsonFields } from './json-fields.ts'
import { Stream } from './partial-lines.ts'

/** What the line holds: its text is `bytes[start..end)`, in the line itself or in `room`. */
export interface DockerLine {
  bytes: Uint8Array
  start: number
  end: number
  stream: Stream
  isLast: boolean
  room: Uint8Array
  readonly fields: JsonFields
}

const nothing = new Uint8Array(0)

export function createDockerLine(): DockerLine {
  return {
    bytes: nothing,
    start: 0,
    end: 0,
    stream: Stream.out,
    isLast: true,
    room: nothing,
    fields: createJsonFields(['log', 'stream', 'time']),
  }
}

const LOG = 0
const STREAM = 1
const TIME = 2
const BEGIN = asciiBytes('{"log":"')
const STDOUT = asciiBytes('stdout')
const STDERR = asciiBytes('stderr')
const BACKSLASH = 92
const LETTER_N = 110

export function isDocker(bytes: Uint8Array, start: number, end: number): boolean {
  return startsWith(bytes, start, end, BEGIN)
}

/** Opens the line; false where it is not whole, or an object of somebody else. Sets `clock.time`. */
export function openDocker(
  bytes: Uint8Array,
  start: number,
  end: number,
  clock: Clock,
  out: DockerLine,
): boolean {
  const { fields } = out
  if (fields.read(bytes, start, end) !== end) return false
  const isOut = isText(fields, bytes, STREAM, STDOUT)
  if (!isOut && !isText(fields, bytes, STREAM, STDERR)) return false
  const time = fields.start[TIME]!
  if (time < 0 || bytes[time] !== QUOTE || scanIso(bytes, time + 1, clock) !== fields.end[TIME]! - 1)
    return false
  out.stream = isOut ? Stream.out : Stream.err
  return openText(bytes, fields.start[LOG]! + 1, fields.end[LOG]! - 1, out)
}

function openText(bytes: Uint8Array, start: number, end: number, out: DockerLine): boolean {
  out.isLast = endsInNewline(bytes, start, end)
  if (out.isLast) end -= 2
  const backslash = bytes.subarray(start, end).indexOf(BACKSLASH)
  out.bytes = bytes
  out.start = start
  out.end = end
  if (backslash < 0) return true
  if (out.room.length < end - start + 8) out.room = new Uint8Array(2 * (end - start) + 8)
  out.bytes = out.room
  out.start = 0
  out.end = decodeString(bytes, start, end, out.room)
  return out.end >= 0
}

/** `\n`, and not a backslash before an n. */
function endsInNewline(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[end - 1] !== LETTER_N) return false
  let at = end - 1
  while (at > start && bytes[at - 1] === BACKSLASH) at--
  return (end - 1 - at) % 2 === 1
}
