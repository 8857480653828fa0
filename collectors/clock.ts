// Wall-clock stamps from bytes to microseconds since 1970 UTC: RFC 3339 and its relatives, classic syslog, ctime; and time zones.

import { BLANK, COLON, isDigit, word, wordOf } from './bytes.ts'
import type { Zone } from './collector.ts'

/** The last stamp that was read, and what is needed to read the next one. Plain data: one per collector. */
export interface Clock {
  /** Microseconds since 1970 UTC; NaN for a stamp that names no real date. */
  time: number
  /** 1, 1000 or 1000000 microseconds: what the digits of the stamp can tell apart; an hour more where it comes twice. */
  precision: number
  readonly zone: Zone
  /** The year of stamps that have none; rises where December is followed by January. */
  year: number
  // The latest time of a stamp without a zone: what comes after it is not from an hour before it.
  latest: number
  // Month and day of the last classic stamp; `day` is the one just read.
  lastMonth: number
  lastDay: number
  day: number
  // The midnight of the last date: the same date comes thousands of times in a row.
  date: number
  midnight: number
  /** The last classic stamp, `Nov 24 17:33:05`, as four overlapping words, and its time: a second's lines have the same. */
  readonly text: Int32Array
  textTime: number
}

export function createClock(zone: Zone, year: number): Clock {
  return {
    time: Number.NaN,
    precision: 1_000_000,
    zone,
    year,
    latest: Number.NEGATIVE_INFINITY,
    lastMonth: 0,
    lastDay: 0,
    day: 0,
    date: 0,
    midnight: 0,
    text: new Int32Array(4),
    textTime: Number.NaN,
  }
}

const DAY = 86_400_000_000
const MINUTE = 60_000_000

function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 48
  const ones = bytes[at + 1]! - 48
  return tens >>> 0 <= 9 && ones >>> 0 <= 9 ? tens * 10 + ones : -1
}

function midnightOf(clock: Clock, year: number, month: number, day: number): number {
  const date = year * 10000 + month * 100 + day
  if (date === clock.date) return clock.midnight
  const ms = Date.UTC(year, month - 1, day)
  // Date.UTC takes the years below 100 for those of the last century.
  const real = year >= 100 && new Date(ms).getUTCDate() === day && month >= 1 && month <= 12
  clock.date = date
  clock.midnight = real ? ms * 1000 : Number.NaN
  return clock.midnight
}

/** `HH:MM:SS`, into `clock.time` as microseconds of the day; a leap second counts as the second that follows. */
function scanTimeOfDay(bytes: Uint8Array, at: number, clock: Clock): number {
  const hour = two(bytes, at)
  const minute = two(bytes, at + 3)
  const second = two(bytes, at + 6)
  if (hour < 0 || minute < 0 || second < 0 || bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return -1
  if (hour > 23 || minute > 59 || second > 60) return -1
  clock.time = (hour * 3600 + minute * 60 + second) * 1_000_000
  clock.precision = 1_000_000
  return at + 8
}

/** The digits after a decimal point, added to `clock.time`; what is finer than a microsecond is cut off. */
function scanFraction(bytes: Uint8Array, at: number, clock: Clock): number {
  let micros = 0
  let digits = 0
  for (; isDigit(bytes[at]!); at++) if (digits++ < 6) micros = micros * 10 + bytes[at]! - 48
  if (digits === 0) return -1
  for (let i = digits; i < 6; i++) micros *= 10
  clock.time += micros
  clock.precision = digits >= 6 ? 1 : digits >= 3 ? 1000 : 1_000_000
  return at
}

/**
 * `2026-11-24T17:33:05.140418+00:00`: `T` or a blank, a fraction or none, `Z`, `+HH:MM`, `+HHMM` or nothing (then the clock's
 * zone holds). Sets `clock.time`.
 */
export function scanIso(bytes: Uint8Array, at: number, clock: Clock): number {
  at = scanDateAndTime(bytes, at, 45, clock)
  if (at < 0) return -1
  if (bytes[at] === 90) return at + 1
  if (bytes[at] === 43 || bytes[at] === 45) return scanOffset(bytes, at, clock)
  clock.time = place(clock, clock.time)
  return at
}

/** `2026/11/24 17:33:05.140418`, what Go's log package writes: a fraction or none, in the clock's zone. Sets `clock.time`. */
export function scanGoStamp(bytes: Uint8Array, at: number, clock: Clock): number {
  at = scanDateAndTime(bytes, at, 47, clock)
  if (at > 0) clock.time = place(clock, clock.time)
  return at
}

/** A date with `separator` in it, `T` or a blank, and a time of day with its fraction, into `clock.time` as if it were UTC. */
function scanDateAndTime(bytes: Uint8Array, at: number, separator: number, clock: Clock): number {
  const century = two(bytes, at)
  const years = two(bytes, at + 2)
  const month = two(bytes, at + 5)
  const day = two(bytes, at + 8)
  if (century < 0 || years < 0 || month < 0 || day < 0) return -1
  if (bytes[at + 4] !== separator || bytes[at + 7] !== separator) return -1
  if (bytes[at + 10] !== 84 && bytes[at + 10] !== BLANK) return -1
  at = scanTimeOfDay(bytes, at + 11, clock)
  if (at > 0 && bytes[at] === 46) at = scanFraction(bytes, at + 1, clock)
  if (at < 0) return -1
  clock.time += midnightOf(clock, century * 100 + years, month, day)
  return at
}

/**
 * The time of a reading without a zone. One that comes twice (clocks set back) is the second of the two where one before it was
 * a quarter of an hour later than the first, for no line is that late; else it may have been either, and the precision says so.
 */
export function place(clock: Clock, wall: number): number {
  const { zone } = clock
  const first = zone(wall)
  const fold = zone.fold ?? 0
  const isSecond = fold > 0 && first < clock.latest - fold / 4
  if (fold > 0 && !isSecond) clock.precision += fold
  const time = isSecond ? first + fold : first
  if (time > clock.latest) clock.latest = time
  return time
}

function scanOffset(bytes: Uint8Array, at: number, clock: Clock): number {
  const hours = two(bytes, at + 1)
  const minutesAt = bytes[at + 3] === COLON ? at + 4 : at + 3
  const minutes = two(bytes, minutesAt)
  if (hours < 0 || minutes < 0 || hours > 23 || minutes > 59) return -1
  const offset = (hours * 60 + minutes) * MINUTE
  clock.time += bytes[at] === 43 ? -offset : offset
  return minutesAt + 2
}

const months = [
  'Jan ',
  'Feb ',
  'Mar ',
  'Apr ',
  'May ',
  'Jun ',
  'Jul ',
  'Aug ',
  'Sep ',
  'Oct ',
  'Nov ',
  'Dec ',
].map(wordOf)

/** Month 1-12 of `Nov ` with its blank, or 0. */
export function monthAt(bytes: Uint8Array, at: number): number {
  return months.indexOf(word(bytes, at)) + 1
}

/** Day of the month, `24`, ` 4` or `4`; the position after it, the value in `clock.day`. */
function scanDay(bytes: Uint8Array, at: number, clock: Clock): number {
  if (bytes[at] === BLANK) at++
  const tens = bytes[at]! - 48
  if (tens >>> 0 > 9) return -1
  const ones = bytes[at + 1]! - 48
  const day = ones >>> 0 <= 9 ? tens * 10 + ones : tens
  if (day < 1 || day > 31) return -1
  clock.day = day
  return ones >>> 0 <= 9 ? at + 2 : at + 1
}

/** Classic syslog, `Nov 24 17:33:05`, optionally with a fraction (`journalctl -o short-precise`). Sets `clock.time`. */
export function scanSyslog(bytes: Uint8Array, at: number, clock: Clock): number {
  if (bytes[at + 15] !== 32 || !isLastText(bytes, at, clock.text)) return scanNewSyslog(bytes, at, clock)
  clock.time = clock.textTime
  clock.precision = 1_000_000
  return at + 15
}

function isLastText(bytes: Uint8Array, at: number, text: Int32Array): boolean {
  return (
    word(bytes, at + 11) === text[3] &&
    word(bytes, at + 8) === text[2] &&
    word(bytes, at + 4) === text[1] &&
    word(bytes, at) === text[0]
  )
}

function keepText(bytes: Uint8Array, at: number, clock: Clock): void {
  clock.text[0] = word(bytes, at)
  clock.text[1] = word(bytes, at + 4)
  clock.text[2] = word(bytes, at + 8)
  clock.text[3] = word(bytes, at + 11)
  clock.textTime = clock.time
}

function scanNewSyslog(bytes: Uint8Array, start: number, clock: Clock): number {
  let at = start
  const month = monthAt(bytes, at)
  if (month === 0) return -1
  at = scanDay(bytes, at + 4, clock)
  if (at < 0 || bytes[at] !== BLANK) return -1
  at = scanTimeOfDay(bytes, at + 1, clock)
  if (at > 0 && bytes[at] === 46) at = scanFraction(bytes, at + 1, clock)
  if (at < 0) return -1
  const year = yearOf(clock, month)
  clock.time = place(clock, clock.time + midnightOf(clock, year, month, clock.day))
  // A straggler of the old year is not kept: its text says nothing about the year of the next one. Nor is one that comes twice.
  const isPlain = year === clock.year && clock.precision === 1_000_000
  if (at - start === 15 && isPlain) keepText(bytes, start, clock)
  return at
}

/** The year of a line: one more after December to January, but not for a straggler of 31 December behind 1 January. */
export function yearOf(clock: Clock, month: number): number {
  if (clock.lastMonth === 1 && clock.lastDay === 1 && month === 12 && clock.day === 31) return clock.year - 1
  if (clock.lastMonth === 12 && month === 1) clock.year++
  clock.lastMonth = month
  clock.lastDay = clock.day
  return clock.year
}

/** klog, `1124 17:10:51.468046` behind its level's letter: month and day, a time with microseconds, no year. Sets `clock.time`. */
export function scanKlog(bytes: Uint8Array, at: number, clock: Clock): number {
  const month = two(bytes, at)
  const day = two(bytes, at + 2)
  if (month < 1 || month > 12 || day < 1 || day > 31 || bytes[at + 4] !== BLANK) return -1
  clock.day = day
  at = scanTimeOfDay(bytes, at + 5, clock)
  if (at < 0 || bytes[at] !== 46) return -1
  at = scanFraction(bytes, at + 1, clock)
  if (at < 0) return -1
  clock.time = place(clock, clock.time + midnightOf(clock, yearOf(clock, month), month, day))
  return at
}

/** The end of a ctime text, `Nov 24 17:33:05 2026`, without its weekday. Sets `clock.time`. */
export function scanCtime(bytes: Uint8Array, at: number, clock: Clock): number {
  const month = monthAt(bytes, at)
  at = month === 0 ? -1 : scanDay(bytes, at + 4, clock)
  if (at < 0) return -1
  at = scanTimeOfDay(bytes, at + 1, clock)
  if (at < 0) return -1
  const century = two(bytes, at + 1)
  const years = two(bytes, at + 3)
  if (century < 0 || years < 0) return -1
  clock.time = place(clock, clock.time + midnightOf(clock, century * 100 + years, month, clock.day))
  return at + 5
}

/**
 * The zone that an option names: `UTC`, `Z`, `+02:00`, an IANA name, or nothing for the machine's own, which the caller knows.
 * Undefined for a name that does not exist.
 */
export function parseZone(text: string | undefined, machine: string): Zone | undefined {
  const name = text ?? machine
  if (name === 'UTC' || name === 'Z' || name === 'GMT') return wall => wall
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(name)
  if (offset !== null) {
    const micros = (Number(offset[2]) * 60 + Number(offset[3])) * MINUTE * (offset[1] === '+' ? 1 : -1)
    return Number(offset[2]) < 24 && Number(offset[3]) < 60 ? wall => wall - micros : undefined
  }
  return namedZone(name)
}

// Every change of an offset since 1972 lies on a quarter of an hour of local time; inside a quarter the offset is constant.
const QUARTER = 15 * MINUTE

function namedZone(name: string): Zone | undefined {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, ...parts })
  } catch {
    // Intl has no other way to say that a zone does not exist.
    return undefined
  }
  let quarter = Number.NaN
  let offset = 0
  const zone = (wall: number): number => {
    const of = Math.floor(wall / QUARTER)
    if (of !== quarter) {
      if (Number.isNaN(wall)) return wall
      quarter = of
      offset = offsetOfWall(format, of * QUARTER)
      zone.fold = foldOfWall(format, of * QUARTER, offset)
    }
    return wall - offset
  }
  zone.fold = 0
  return zone
}

const parts = {
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
} as const

/**
 * Which offset a wall reading has. A reading that comes twice (clocks set back) is taken as the first of the two; one that
 * never comes (clocks set forward) as if the clock had not been set yet, so that it lies after the change: what Temporal calls
 * "compatible".
 */
function offsetOfWall(format: Intl.DateTimeFormat, wall: number): number {
  const before = offsetAt(format, wall - DAY)
  const after = offsetAt(format, wall + DAY)
  if (before === after || offsetAt(format, wall - before) === before) return before
  return offsetAt(format, wall - after) === after ? after : before
}

/** How much later the second of two equal readings is; 0 for a reading that comes once. */
function foldOfWall(format: Intl.DateTimeFormat, wall: number, first: number): number {
  const after = offsetAt(format, wall + DAY)
  return after < first && offsetAt(format, wall - after) === after ? first - after : 0
}

function offsetAt(format: Intl.DateTimeFormat, utc: number): number {
  const part: Record<string, number> = {}
  const seconds = Math.floor(utc / 1_000_000)
  for (const { type, value } of format.formatToParts(seconds * 1000)) part[type] = Number(value)
  const wall = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!)
  return (wall / 1000 - seconds) * 1_000_000
}
