// The stamps of a log of somebody else's: known formats by name, others by a pattern of strptime's.

import { asciiBytes, isDigit, startsWith, textOf } from './bytes.ts'
import { type Clock, monthAt, place, scanGoStamp, scanIso, scanKlog, scanSyslog, yearOf } from './clock.ts'

/** Reads `bytes[start..end)` whole into `clock.time` and `clock.precision`; false when it is no such stamp. */
export type StampReader = (bytes: Uint8Array, start: number, end: number, clock: Clock) => boolean

export const timeFormats = [
  'rfc3339',
  'epoch-s',
  'epoch-ms',
  'epoch-us',
  'epoch-ns',
  'syslog',
  'klog',
  'go',
] as const

/** Digits behind the seconds of an epoch of this unit. */
const units: Readonly<Record<string, number>> = {
  'epoch-s': 0,
  'epoch-ms': 3,
  'epoch-us': 6,
  'epoch-ns': 9,
}

/** The reader for a format's name or a pattern; a text that says what is wrong with it. */
export function stampReader(format: string): StampReader | string {
  const unit = units[format]
  if (unit !== undefined) return (bytes, start, end, clock) => readEpoch(bytes, start, end, clock, unit)
  if (format === 'rfc3339') return (bytes, start, end, clock) => scanIso(bytes, start, clock) === end
  if (format === 'syslog') return (bytes, start, end, clock) => scanSyslog(bytes, start, clock) === end
  if (format === 'go') return (bytes, start, end, clock) => scanGoStamp(bytes, start, clock) === end
  if (format === 'klog')
    return (bytes, start, end, clock) =>
      scanKlog(bytes, isDigit(bytes[start]!) ? start : start + 1, clock) === end
  if (!format.includes('%'))
    return `"${format}" is no format of time, it can be ${timeFormats.join(', ')}, or a pattern such as %Y-%m-%d %H:%M:%S`
  return patternReader(format)
}

/** 1990: what lies before is a number of another unit, or none of time. */
const EARLIEST = 631_152_000

/** A decimal with a fraction or none, of a unit that has `unit` digits behind the second. Of what is finer than 1 us the rest is cut. */
function readEpoch(bytes: Uint8Array, start: number, end: number, clock: Clock, unit: number): boolean {
  let at = start
  while (at < end && isDigit(bytes[at]!)) at++
  const whole = at - start
  if (whole <= unit || whole - unit > 10) return false
  const seconds = digitsValue(bytes, start, at - unit)
  if (seconds < EARLIEST) return false
  let micros = 0
  let digits = 0
  const take = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (digits++ < 6) micros = micros * 10 + bytes[i]! - 48
  }
  take(at - unit, at)
  if (bytes[at] === 46 && at < end) {
    const fraction = ++at
    while (at < end && isDigit(bytes[at]!)) at++
    if (at === fraction) return false
    take(fraction, at)
  }
  if (at !== end) return false
  for (let i = digits; i < 6; i++) micros *= 10
  clock.time = seconds * 1_000_000 + micros
  clock.precision = digits >= 6 ? 1 : digits >= 3 ? 1000 : 1_000_000
  return true
}

function digitsValue(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + bytes[at]! - 48
  return value
}

/** The parts of a stamp while it is read. */
interface Parts {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  micros: number
  precision: number
  /** Minutes east of UTC, NaN where the stamp does not say. */
  offset: number
  isAfternoon: boolean | undefined
}

/** Reads one part at `at`; the position behind it, or -1. */
type Step = (bytes: Uint8Array, at: number, parts: Parts) => number

type NumberName = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'

const number =
  (name: NumberName, most: number, min: number, max: number): Step =>
  (bytes, at, parts) => {
    if (bytes[at] === 32 && most === 2) at++
    const start = at
    while (at - start < most && isDigit(bytes[at]!)) at++
    const value = digitsValue(bytes, start, at)
    if (at === start || value < min || value > max) return -1
    parts[name] = value
    return at
  }

const steps: Readonly<Record<string, Step>> = {
  Y: number('year', 4, 1000, 9999),
  m: number('month', 2, 1, 12),
  d: number('day', 2, 1, 31),
  e: number('day', 2, 1, 31),
  H: number('hour', 2, 0, 23),
  I: number('hour', 2, 1, 12),
  M: number('minute', 2, 0, 59),
  S: number('second', 2, 0, 60),
  f: readFraction,
  b: readMonth,
  p: readHalf,
  z: readOffset,
}

export const patternLetters = [...Object.keys(steps), '%']

function readFraction(bytes: Uint8Array, at: number, parts: Parts): number {
  const start = at
  parts.micros = 0
  for (; isDigit(bytes[at]!); at++) if (at - start < 6) parts.micros = parts.micros * 10 + bytes[at]! - 48
  const digits = at - start
  if (digits === 0) return -1
  for (let i = digits; i < 6; i++) parts.micros *= 10
  parts.precision = digits >= 6 ? 1 : digits >= 3 ? 1000 : 1_000_000
  return at
}

const room = new Uint8Array(4).fill(32)

function readMonth(bytes: Uint8Array, at: number, parts: Parts): number {
  room[0] = bytes[at]! & 0xdf
  room[1] = bytes[at + 1]! | 32
  room[2] = bytes[at + 2]! | 32
  parts.month = monthAt(room, 0)
  return parts.month === 0 ? -1 : at + 3
}

function readHalf(bytes: Uint8Array, at: number, parts: Parts): number {
  const half = textOf(bytes, at, at + 2).toUpperCase()
  if (half !== 'AM' && half !== 'PM') return -1
  parts.isAfternoon = half === 'PM'
  return at + 2
}

function readOffset(bytes: Uint8Array, at: number, parts: Parts): number {
  if (bytes[at] === 90) {
    parts.offset = 0
    return at + 1
  }
  const found = /^([+-])(\d\d):?([0-5]\d)/.exec(textOf(bytes, at, Math.min(bytes.length, at + 6)))
  if (found === null || Number(found[2]) > 23) return -1
  parts.offset = (Number(found[2]) * 60 + Number(found[3])) * (found[1] === '+' ? 1 : -1)
  return at + found[0].length
}

const literal =
  (text: string): Step =>
  (bytes, at) =>
    startsWith(bytes, at, bytes.length, asciiBytes(text)) ? at + text.length : -1

function patternReader(pattern: string): StampReader | string {
  const compiled: Step[] = []
  for (const [piece, letter] of pattern.matchAll(/%(.)?|[^%]+/gsu)) {
    if (!piece.startsWith('%')) compiled.push(literal(piece))
    else if (letter === '%') compiled.push(literal('%'))
    else if (letter !== undefined && Object.hasOwn(steps, letter)) compiled.push(steps[letter]!)
    else
      return `"${piece}" is no part of a stamp, it can be ${patternLetters.map(each => `%${each}`).join(' ')}`
  }
  const missing = ['md', 'bd', 'me', 'be'].some(pair => [...pair].every(each => pattern.includes(`%${each}`)))
  if (!missing) return `"${pattern}" does not name the day: %m or %b, and %d`
  if (!/%[HI]/.test(pattern) || !pattern.includes('%M'))
    return `"${pattern}" does not name the time of day: %H and %M`
  return (bytes, start, end, clock) => readPattern(compiled, bytes, start, end, clock)
}

function readPattern(
  compiled: readonly Step[],
  bytes: Uint8Array,
  start: number,
  end: number,
  clock: Clock,
): boolean {
  const parts: Parts = {
    year: 0,
    month: 0,
    day: 0,
    hour: 0,
    minute: 0,
    second: 0,
    micros: 0,
    precision: 1_000_000,
    offset: Number.NaN,
    isAfternoon: undefined,
  }
  let at = start
  for (const step of compiled) {
    at = step(bytes, at, parts)
    if (at < 0 || at > end) return false
  }
  return at === end && settle(parts, clock)
}

function settle(parts: Parts, clock: Clock): boolean {
  clock.day = parts.day
  const year = parts.year === 0 ? yearOf(clock, parts.month) : parts.year
  const hour = parts.isAfternoon === undefined ? parts.hour : (parts.hour % 12) + (parts.isAfternoon ? 12 : 0)
  const midnight = Date.UTC(year, parts.month - 1, parts.day)
  if (new Date(midnight).getUTCDate() !== parts.day) return false
  const wall = midnight * 1000 + (hour * 3600 + parts.minute * 60 + parts.second) * 1_000_000 + parts.micros
  clock.time = Number.isNaN(parts.offset) ? place(clock, wall) : wall - parts.offset * 60_000_000
  clock.precision = parts.precision
  return true
}
