// The parts of a mapping that say what is told of a packet: when, its verdict and direction, counts, and what the producer names.

import { type Clock, createClock } from './clock.ts'
import type { CollectorOptions } from './collector.ts'
import { ABSENT, BAD, type MappedLine, type Part } from './custom-line.ts'
import type { Always, DirectionWord, Mapping, VerdictWord, Words } from './custom-mapping.ts'
import { type StampReader, stampReader } from './custom-time.ts'
import {
  directionOf,
  flagsOf,
  isAlways,
  meaningsOf,
  replyOf,
  reportKey,
  reportOf,
  verdictOf,
} from './custom-words.ts'
import { Cause, Direction, type Flow, Proto, Reply, Span, Verdict } from './flow.ts'
import { createInterned } from './interned.ts'

/** Some 3,000 years: no log sums up more. */
const MOST_SECONDS = 1e10

export function timePart(
  line: MappedLine,
  time: NonNullable<Mapping['time']>,
  options: CollectorOptions,
): Part {
  const clock = createClock(options.zone, options.year)
  const read = stampReader(time.format)
  if (typeof read === 'string') throw new Error(read)
  const field = line.field(time.field)
  const until = line.field(time.end)
  return (bytes, flow) => {
    if (!line.has(field)) return true
    if (!readStamp(line, read, bytes, field, clock))
      return line.wrong(bytes, field, `no time of the form ${time.format}`)
    flow.time = clock.time
    flow.precision = clock.precision
    if (!line.has(until)) return true
    if (!readStamp(line, read, bytes, until, clock))
      return line.wrong(bytes, until, `no time of the form ${time.format}`)
    flow.window = Math.max(0, Math.round((clock.time - flow.time) / 1_000_000))
    return flow.window < MOST_SECONDS || line.wrong(bytes, until, 'too far from the beginning')
  }
}

function readStamp(
  line: MappedLine,
  read: StampReader,
  bytes: Uint8Array,
  field: number,
  clock: Clock,
): boolean {
  return (
    read(bytes, line.start(field), line.end(field), clock) && Math.abs(clock.time) < MOST_SECONDS * 1_000_000
  )
}

/** In place of a verdict that the mapping does not know. */
const UNMAPPED = -1

/** A word that nobody foresaw may be a denial, so without `otherwise` its line is not taken for one that says nothing. */
export function verdictPart(line: MappedLine, { verdict }: Mapping): Part {
  const read = readerOf<VerdictWord, Verdict | typeof UNMAPPED>(line, verdict, verdictOf, UNMAPPED)
  const field = isAlways<VerdictWord>(verdict) ? ABSENT : line.field(verdict.field)
  return (bytes, flow) => {
    const said = read(bytes)
    flow.verdict = said === UNMAPPED ? Verdict.none : said
    return (
      said !== UNMAPPED || !line.has(field) || line.wrong(bytes, field, 'no verdict that the mapping knows')
    )
  }
}

/** What holds for every line, or a word's meaning; `unknown` where the mapping does not say otherwise. */
function readerOf<T, R>(
  line: MappedLine,
  mapping: Words<T> | Always<T>,
  of: (value: T) => R,
  unknown: R,
): (bytes: Uint8Array) => R {
  if (isAlways<T>(mapping)) {
    const value = of(mapping.always)
    return () => value
  }
  const otherwise = mapping.otherwise === undefined ? unknown : of(mapping.otherwise)
  return line.words(line.field(mapping.field), meaningsOf(mapping, of, otherwise), otherwise)
}

export function directionPart(line: MappedLine, mapping: NonNullable<Mapping['direction']>): Part {
  const read = readerOf<DirectionWord, Direction>(line, mapping, directionOf, Direction.none)
  return (bytes, flow) => {
    flow.direction = read(bytes)
    return true
  }
}

export function replyPart(line: MappedLine, mapping: NonNullable<Mapping['reply']>): Part {
  const read = readerOf<boolean, Reply>(line, mapping, replyOf, Reply.unknown)
  return (bytes, flow) => {
    flow.isReply = read(bytes)
    return true
  }
}

/** Where no flags are known, 0 says so: which end opened the connection is then no more than likely. */
export function flagsPart(line: MappedLine, mapping: Mapping): Part {
  const read = line.words(line.field(mapping.flags), flagsOf, 0)
  return (bytes, flow) => {
    if (flow.proto === Proto.tcp || flow.proto < 0) flow.tcpFlags = read(bytes)
    return true
  }
}

export function countersPart(line: MappedLine, mapping: Mapping): Part {
  const packets = line.field(mapping.packets)
  const size = line.field(mapping.bytes)
  const count = line.field(mapping.count)
  return (bytes, flow) => {
    const [a, b, c] = [packets, size, count].map(field => line.number(bytes, field, Number.MAX_SAFE_INTEGER))
    if (a === BAD || b === BAD || c === BAD) return false
    flow.packets = Math.max(0, a!)
    flow.bytes = Math.max(0, b!)
    flow.count = Math.max(1, c === ABSENT ? a! : c!)
    return true
  }
}

export function interfacesPart(line: MappedLine, interfaces: NonNullable<Mapping['interfaces']>): Part {
  const inField = line.field(interfaces.in)
  const outField = line.field(interfaces.out)
  return (_bytes, flow) => {
    takeSpan(line, flow, Span.in, inField)
    takeSpan(line, flow, Span.out, outField)
    return true
  }
}

function takeSpan(line: MappedLine, flow: Flow, span: number, field: number): void {
  if (!line.has(field)) return
  flow.spans[span] = line.start(field)
  flow.spans[span + 1] = line.end(field)
}

/** Asked last: a denial by a kind of policy that is not evaluated here is that policy's. */
export function reportedPart(
  line: MappedLine,
  reported: NonNullable<Mapping['reported']>,
  { verdict }: Mapping,
): Part {
  const by = reported.by ?? 'custom'
  const reports = createInterned(key => reportOf(by, key))
  const said = isAlways<VerdictWord>(verdict) ? ABSENT : line.field(verdict.field)
  const named = [reported.policy, reported.namespace, reported.kind, reported.words].map(name =>
    line.field(name),
  )
  return (bytes, flow) => {
    if (!named.some(line.has)) return true
    const report = reports.of(reportKey([said, ...named].map(field => line.text(bytes, field))))
    flow.reported = report.reported
    if (report.isOther && flow.verdict !== Verdict.none) flow.cause = Cause.otherPolicy
    return true
  }
}
