// What a container runtime or journald puts around a line of any format. A line that is not wrapped costs one comparison of its
// first byte.
//
//   CRI       2026-11-24T17:33:05.140418123Z stdout F <line>        `P` instead of `F`: the line goes on in the next one
//   journald  {"__REALTIME_TIMESTAMP":"…","MESSAGE":"<line>",…}     journalctl -o json

import { asciiBytes, BLANK, isDigit, QUOTE, skipToken, startsWith } from './bytes.ts'
import { type Clock, createClock, scanIso } from './clock.ts'
import { type Collector, Outcome } from './collector.ts'
import { createEnvelope, type Envelope, openEnvelope } from './envelope.ts'
import type { Flow } from './flow.ts'
import { OPEN_BRACE } from './json.ts'

export interface Unwrapper extends Collector {
  /** Partial lines that never came to their end, or grew beyond the longest line. */
  readonly lost: number
}

/** The same bound as for lines of a file. */
const LONGEST = 1 << 20

/** The beginning of a line that the runtime has split, per stream. */
interface Partial {
  bytes: Uint8Array
  length: number
  /** Too long: the rest up to its `F` is dropped. */
  overflown: boolean
}

export function createUnwrapper(inner: Collector): Unwrapper {
  const clock = createClock(wall => wall, 1970)
  const envelope = createEnvelope()
  const streams: readonly [Partial, Partial] = [createPartial(), createPartial()]
  let lost = 0

  function readCri(bytes: Uint8Array, start: number, end: number, flow: Flow, tag: number): Outcome {
    const text = skipTag(bytes, tag + 7, end)
    const partial = streams[bytes[tag + 3] === 111 ? 0 : 1]
    const isWhole = bytes[tag + 7] !== 80
    if (isWhole && partial.length === 0 && !partial.overflown)
      return timed(inner.read(bytes, text, end, flow), bytes, start, flow, clock)
    append(partial, bytes, text, end)
    if (!isWhole) return Outcome.note
    return readAssembled(partial, bytes, start, flow)
  }

  function readAssembled(partial: Partial, bytes: Uint8Array, start: number, flow: Flow): Outcome {
    const { length, overflown } = partial
    partial.length = 0
    partial.overflown = false
    if (overflown) {
      lost++
      return Outcome.malformed
    }
    partial.bytes[length] = 10
    const outcome = inner.read(partial.bytes, 0, length, flow)
    // The text lies in our buffer, so it cannot be pointed at in the line.
    flow.spans.fill(0)
    return timed(outcome, bytes, start, flow, clock)
  }

  return {
    read(bytes, start, end, flow) {
      const first = bytes[start]!
      if (isDigit(first)) {
        const tag = findStream(bytes, start, end)
        if (tag > 0) return readCri(bytes, start, end, flow, tag)
      } else if (first === OPEN_BRACE && isJournal(bytes, start)) {
        const trimmed = trim(bytes, start, end)
        if (openEnvelope(bytes, start, trimmed, clock, envelope) && envelope.isJournal)
          return readJournal(bytes, flow, envelope, inner)
      }
      return inner.read(bytes, start, end, flow)
    },
    get lost() {
      return lost
    },
  }
}

function createPartial(): Partial {
  return { bytes: new Uint8Array(16 * 1024), length: 0, overflown: false }
}

const STDOUT = asciiBytes('stdout ')
const STDERR = asciiBytes('stderr ')

/** The position of the stream's name behind an RFC 3339 stamp, or -1: a line of some format that starts with a digit itself. */
function findStream(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start + 4] !== 45 || bytes[start + 10] !== 84) return -1
  const at = skipToken(bytes, start + 19, Math.min(end, start + 36)) + 1
  return startsWith(bytes, at, end, STDOUT) || startsWith(bytes, at, end, STDERR) ? at : -1
}

/** Behind `F ` or `P `; the tag may be longer (`F:…`), and an empty line may end right after it. */
function skipTag(bytes: Uint8Array, at: number, end: number): number {
  const after = skipToken(bytes, at, end)
  return after < end ? after + 1 : end
}

function append(partial: Partial, bytes: Uint8Array, start: number, end: number): void {
  const length = partial.length + end - start
  if (length > LONGEST || partial.overflown) {
    partial.length = 0
    partial.overflown = true
    return
  }
  if (length >= partial.bytes.length) {
    const larger = new Uint8Array(Math.min(LONGEST + 1, length * 2))
    larger.set(partial.bytes.subarray(0, partial.length))
    partial.bytes = larger
  }
  partial.bytes.set(bytes.subarray(start, end), partial.length)
  partial.length = length
}

/** The wrapper's time for a line that has none itself. */
function timed(outcome: Outcome, bytes: Uint8Array, start: number, flow: Flow, clock: Clock): Outcome {
  if (outcome !== Outcome.flow || !Number.isNaN(flow.time) || scanIso(bytes, start, clock) < 0) return outcome
  flow.time = clock.time
  flow.precision = clock.precision
  return outcome
}

/** journald's own fields begin with an underscore, those of its messages are in capitals; the formats here that are JSON use neither. */
function isJournal(bytes: Uint8Array, start: number): boolean {
  const quote = bytes[start + 1] === BLANK ? start + 2 : start + 1
  const first = bytes[quote + 1]!
  return bytes[quote] === QUOTE && (first === 95 || (first - 65) >>> 0 <= 25)
}

function trim(bytes: Uint8Array, start: number, end: number): number {
  while (end > start && bytes[end - 1]! <= BLANK) end--
  return end
}

function readJournal(bytes: Uint8Array, flow: Flow, envelope: Envelope, inner: Collector): Outcome {
  // A message without escapes is read where it is; for that time the quote behind it must be the newline a collector may rely on.
  const { bytes: text, start, end } = envelope
  const covered = text[end]!
  text[end] = 10
  const outcome = inner.read(text, start, end, flow)
  text[end] = covered
  if (text !== bytes) flow.spans.fill(0)
  if (outcome === Outcome.flow && Number.isNaN(flow.time)) {
    flow.time = envelope.time
    flow.precision = envelope.precision
  }
  return outcome
}
