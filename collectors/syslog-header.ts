// The syslog header that a daemon puts before a line that it did not write: `Nov 24 17:33:05 worker-3 antrea-agent[812]: <line>`, with
// an ISO stamp instead, or by RFC 5424. Formats whose own header it is (the kernel's, ulogd's) read it themselves.

import { BLANK, isDigit, scanDecimal, skipBlanks, skipToken } from './bytes.ts'
import { type Clock, createClock, scanIso, scanSyslog } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { timeByWrapper } from './local-stamp.ts'

const LESS = 60
const GREATER = 62
const COLON = 58
const OPEN = 91
const CLOSE = 93

/** The format's collector, which is also asked what a line means without its syslog header where it means nothing with it. */
export function createHeaderless(
  format: Pick<Format, 'create' | 'ownHeader'>,
  options: CollectorOptions,
): Collector {
  const inner = format.create(options)
  if (format.ownHeader === true) return inner
  const clock = createClock(options.zone, options.year)
  return {
    read(bytes, start, end, flow) {
      const outcome = inner.read(bytes, start, end, flow)
      if (outcome !== Outcome.foreign && outcome !== Outcome.malformed) return outcome
      const text = skipHeader(bytes, start, end, clock)
      if (text < 0) return outcome
      const without = inner.read(bytes, text, end, flow)
      if (without === Outcome.foreign) return outcome
      timeByWrapper(flow, clock.time, clock.precision)
      return without
    },
  }
}

/** The position of the line behind its header, or -1 where there is none. Sets `clock.time`. */
export function skipHeader(bytes: Uint8Array, start: number, end: number, clock: Clock): number {
  const at = bytes[start] === LESS ? skipPriority(bytes, start) : start
  if (at > start && bytes[at] === 49 && bytes[at + 1] === BLANK) return skipRfc5424(bytes, at + 2, end, clock)
  const stamp = isDigit(bytes[at]!) ? scanIso(bytes, at, clock) : scanSyslog(bytes, at, clock)
  if (stamp < 0 || bytes[stamp] !== BLANK) return -1
  const host = skipBlanks(bytes, stamp)
  const afterHost = skipToken(bytes, host, end)
  if (bytes[afterHost - 1] === COLON) return -1
  const tag = skipBlanks(bytes, afterHost)
  const afterTag = skipToken(bytes, tag, end)
  if (afterTag - tag < 2 || bytes[afterTag - 1] !== COLON) return -1
  return skipOne(bytes, afterTag, end)
}

/** `<14>` */
function skipPriority(bytes: Uint8Array, at: number): number {
  const close = scanDecimal(bytes, at + 1, numbers, 0)
  return close > 0 && bytes[close] === GREATER ? close + 1 : at
}

const numbers = new Float64Array(1)

/** `2026-11-24T17:33:05.140418Z host app 812 - - `, or with structured data instead of the last `-`. */
function skipRfc5424(bytes: Uint8Array, at: number, end: number, clock: Clock): number {
  at = scanIso(bytes, at, clock)
  if (at < 0 || bytes[at] !== BLANK) return -1
  for (let i = 0; i < 4; i++) at = skipToken(bytes, at + 1, end)
  at++
  if (at >= end) return -1
  if (bytes[at] !== OPEN) return skipOne(bytes, skipToken(bytes, at, end), end)
  while (at < end && !(bytes[at] === CLOSE && bytes[at + 1] !== OPEN)) at++
  return skipOne(bytes, at + 1, end)
}

/** The text begins behind one blank: what it is indented by is its own. */
function skipOne(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1
  return bytes[at] === BLANK ? at + 1 : at
}
