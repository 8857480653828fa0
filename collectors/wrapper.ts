// What a container runtime or journald puts around a line of any format. A line that is not wrapped costs one comparison of its
// first byte.
//
//   CRI       2026-11-24T17:33:05.140418123Z stdout F <line>        `P` instead of `F`: the line goes on in the next one
//   Docker    {"log":"<line>\n","stream":"stdout","time":"…"}       json-file
//   journald  {"__REALTIME_TIMESTAMP":"…","MESSAGE":"<line>",…}     journalctl -o json
//
// Their stamps are exact, in UTC: they time the lines that have no time, and those whose stamp has no zone (local-stamp.ts).

import { asciiBytes, BLANK, isDigit, QUOTE, skipToken, startsWith } from './bytes.ts'
import { createClock, scanIso } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { createDockerLine, isDocker, openDocker } from './docker-line.ts'
import { createEnvelope, openEnvelope } from './envelope.ts'
import type { Flow } from './flow.ts'
import { OPEN_BRACE } from './json.ts'
import { isMarked, marking, timeByWrapper, unmarked } from './local-stamp.ts'
import { createPartialLines, Stream } from './partial-lines.ts'
import { createHeaderless } from './syslog-header.ts'

export interface Unwrapper extends Collector {
  /** Partial lines that never came to their end, or grew beyond the longest line. */
  readonly lost: number
  /** Flows whose time depends on the zone in the options. */
  readonly zoned: number
}

/** The format's collector, for lines that may stand in a wrapper. */
export function createUnwrapper(
  format: Pick<Format, 'create' | 'ownHeader'>,
  options: CollectorOptions,
): Unwrapper {
  const inner = createHeaderless(format, { ...options, zone: marking(options.zone) })
  const clock = createClock(wall => wall, 1970)
  const envelope = createEnvelope()
  const docker = createDockerLine()
  const partials = createPartialLines()
  let zoned = 0

  function readCri(bytes: Uint8Array, start: number, end: number, flow: Flow, tag: number): Outcome {
    const text = skipTag(bytes, tag + 7, end)
    const stream = bytes[tag + 3] === 111 ? Stream.out : Stream.err
    const outcome = partials.read(stream, bytes, text, end, bytes[tag + 7] !== 80, flow, inner)
    if (outcome === Outcome.foreign) return outcome
    scanIso(bytes, start, clock)
    timeByWrapper(flow, clock.time, clock.precision)
    return outcome
  }

  function readDocker(bytes: Uint8Array, flow: Flow): Outcome {
    const { bytes: text, start, end, stream, isLast } = docker
    const covered = cover(text, end)
    const outcome = partials.read(stream, text, start, end, isLast, flow, inner)
    text[end] = covered
    if (text !== bytes) flow.spans.fill(0)
    timeByWrapper(flow, clock.time, clock.precision)
    return outcome
  }

  function readJournal(bytes: Uint8Array, flow: Flow): Outcome {
    const { bytes: text, start, end } = envelope
    const covered = cover(text, end)
    const outcome = inner.read(text, start, end, flow)
    text[end] = covered
    if (text !== bytes) flow.spans.fill(0)
    timeByWrapper(flow, envelope.time, envelope.precision)
    return outcome
  }

  function readObject(bytes: Uint8Array, start: number, end: number, flow: Flow): Outcome {
    if (isJournal(bytes, start)) {
      const whole = trim(bytes, start, end)
      if (openEnvelope(bytes, start, whole, clock, envelope) && envelope.isJournal)
        return readJournal(bytes, flow)
    } else if (
      isDocker(bytes, start, end) &&
      openDocker(bytes, start, trim(bytes, start, end), clock, docker)
    )
      return readDocker(bytes, flow)
    return inner.read(bytes, start, end, flow)
  }

  function readAny(bytes: Uint8Array, start: number, end: number, flow: Flow): Outcome {
    const first = bytes[start]!
    if (first === OPEN_BRACE) return readObject(bytes, start, end, flow)
    if (isDigit(first)) {
      const tag = findStream(bytes, start, end)
      if (tag > 0) return readCri(bytes, start, end, flow, tag)
    }
    return inner.read(bytes, start, end, flow)
  }

  return {
    read(bytes, start, end, flow) {
      const outcome = readAny(bytes, start, end, flow)
      if (isMarked(flow.time)) {
        flow.time = unmarked(flow.time)
        if (outcome === Outcome.flow) zoned++
      }
      return outcome
    },
    get lost() {
      return partials.lost
    },
    get zoned() {
      return zoned
    },
  }
}

/** A text that ends inside its line is read where it is: for that time the byte behind it is the newline a collector may rely on. */
function cover(bytes: Uint8Array, end: number): number {
  const covered = bytes[end]!
  bytes[end] = 10
  return covered
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
