// What stands before a kernel message in the places that kernel messages end up in: syslog in its dialects, dmesg, raw /dev/kmsg.
// A stamp on the wall wins; where there is only the uptime, the caller knows when the kernel started, or there is no time.

import {
  asciiBytes,
  BLANK,
  isDigit,
  scanDecimal,
  skipBlanks,
  skipToken,
  startsWith,
  word,
  wordOf,
} from './bytes.ts'
import { type Clock, monthAt, scanIso, scanSyslog } from './clock.ts'
import type { BootClock, CollectorOptions } from './collector.ts'
import type { Flow } from './flow.ts'

const COMMA = 44
const DOT = 46
const SEMICOLON = 59
const LESS = 60
const GREATER = 62
const OPEN = 91
const CLOSE = 93

const KERNEL = asciiBytes('kernel')
const decimals = new Float64Array(2)

/** What wrappers before this one looked like; one per collector. */
export interface LogHead {
  readonly clock: Clock
  readonly boot: BootClock
  /** Length of ` worker-3 kernel: ` and of `[ 4977.286449] ` in the last line: most often it is this one's too. */
  tagLength: number
  bracketLength: number
}

export function createLogHead(clock: Clock, bootTime: CollectorOptions['bootTime']): LogHead {
  const boot = typeof bootTime === 'number' ? { bootTime } : bootTime
  return { clock, boot, tagLength: 0, bracketLength: 0 }
}

/** The line is stamped, but by another program than the kernel: ulogd's LOGEMU, a firewall that logs by itself. */
export const NOT_KERNEL = -2

/** The start of the kernel's message in the line, or NOT_KERNEL. Sets `flow.time` and `flow.precision`. */
export function skipWrapper(bytes: Uint8Array, at: number, end: number, flow: Flow, head: LogHead): number {
  const { clock, boot } = head
  if (bytes[at] === LESS) {
    const after = skipPriority(bytes, at)
    if (bytes[after] === 49 && bytes[after + 1] === BLANK)
      return skipRfc5424(bytes, after + 2, end, flow, head)
    at = after
  }
  const first = bytes[at]!
  if (first === OPEN) return skipUptime(bytes, at, end, flow, boot)
  if (isDigit(first))
    return bytes[at + 4] === 45
      ? skipIso(bytes, at, end, flow, head)
      : skipNumbered(bytes, at, end, flow, head)
  const after = scanSyslog(bytes, at, clock)
  return after < 0 ? skipWeekday(bytes, at, end, flow, head) : takeStamp(bytes, after, end, flow, head)
}

/** `<4>` */
function skipPriority(bytes: Uint8Array, at: number): number {
  const close = scanDecimal(bytes, at + 1, decimals, 0)
  return close > 0 && bytes[close] === GREATER ? close + 1 : at
}

function takeStamp(bytes: Uint8Array, at: number, end: number, flow: Flow, head: LogHead): number {
  flow.time = head.clock.time
  flow.precision = head.clock.precision
  return skipHostAndTag(bytes, at, end, head)
}

/** ` worker-3 kernel: [ 4977.286449] `, the bracket being optional. Where the last line's lengths fit, nothing is searched for. */
function skipHostAndTag(bytes: Uint8Array, at: number, end: number, head: LogHead): number {
  const guess = at + head.tagLength
  if (guess < end && isTagBefore(bytes, guess)) return skipStampedBracket(bytes, guess, head)
  const tag = skipBlanks(bytes, skipToken(bytes, skipBlanks(bytes, at), end))
  if (!startsWith(bytes, tag, end, KERNEL)) return NOT_KERNEL
  const colon = skipToken(bytes, tag + KERNEL.length, end)
  if (bytes[colon - 1] !== 58) return NOT_KERNEL
  const after = skipBlanks(bytes, colon)
  head.tagLength = after - at
  return skipStampedBracket(bytes, after, head)
}

/** ` kernel: ` */
function isTagBefore(bytes: Uint8Array, at: number): boolean {
  return word(bytes, at - 4) === TAG_END && word(bytes, at - 8) === TAG_START && bytes[at - 9] === 32
}

const TAG_START = wordOf('kern')
const TAG_END = wordOf('el: ')

function skipStampedBracket(bytes: Uint8Array, at: number, head: LogHead): number {
  if (bytes[at] !== OPEN) return at
  const guess = at + head.bracketLength
  if (
    bytes[guess - 1] === 32 &&
    bytes[guess - 2] === CLOSE &&
    bytes[guess - 9] === DOT &&
    isDigit(bytes[guess - 10]!)
  )
    return guess
  const after = skipBrackets(bytes, at)
  head.bracketLength = after - at
  return after
}

/**
 * `[ 4977.286449] ` and, with printk.caller, `[    T1] `. A bracket that holds anything else is part of the prefix
 * (`[UFW BLOCK] `). The uptime is left in `decimals`, in seconds and microseconds.
 */
function skipBrackets(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== OPEN) return at
  const dot = scanDecimal(bytes, skipBlanks(bytes, at + 1), decimals, 0)
  if (dot < 0 || bytes[dot] !== DOT) return at
  const close = scanDecimal(bytes, dot + 1, decimals, 1)
  if (close !== dot + 7 || bytes[close] !== CLOSE || decimals[0]! > 1e10) return at
  return skipBlanks(bytes, bytes[close + 1] === OPEN ? skipCaller(bytes, close + 1) : close + 1)
}

/** `[    T1]` for a thread, `[    C1]` for a CPU. */
function skipCaller(bytes: Uint8Array, at: number): number {
  const kind = skipBlanks(bytes, at + 1)
  if (bytes[kind] !== 84 && bytes[kind] !== 67) return at
  const close = scanDecimal(bytes, kind + 1, decimals, 0)
  return close > 0 && bytes[close] === CLOSE ? close + 1 : at
}

/** dmesg: `[ 4977.286449] `. `dmesg -T` prints a wall time that drifts from the real one, so its lines have none. */
function skipUptime(bytes: Uint8Array, at: number, end: number, flow: Flow, boot: BootClock): number {
  decimals[0] = -1
  const after = skipBrackets(bytes, at)
  if (after !== at) {
    flow.time = boot.bootTime + uptimeOf(bytes, at)
    return after
  }
  if (monthAt(bytes, at + 5) === 0) return at
  while (at < end && bytes[at] !== CLOSE) at++
  return at === end ? at : skipBlanks(bytes, at + 1)
}

// Read again, because a caller's bracket overwrites the scratch.
function uptimeOf(bytes: Uint8Array, at: number): number {
  const dot = scanDecimal(bytes, skipBlanks(bytes, at + 1), decimals, 0)
  scanDecimal(bytes, dot + 1, decimals, 1)
  return decimals[0]! * 1_000_000 + decimals[1]!
}

/** `2026-11-24T17:33:05.140418+00:00 host kernel: `. dmesg's own ISO form has a decimal comma, no host, and a time that drifts. */
function skipIso(bytes: Uint8Array, at: number, end: number, flow: Flow, head: LogHead): number {
  const after = scanIso(bytes, at, head.clock)
  if (after < 0) return at
  if (bytes[after] === COMMA) return skipBlanks(bytes, skipToken(bytes, after, end))
  return bytes[after] === BLANK ? takeStamp(bytes, after, end, flow, head) : at
}

/** Raw /dev/kmsg, `4,1436357,5001815594,-;text`, or seconds since 1970, `1795541585.140418 host kernel: `. */
function skipNumbered(bytes: Uint8Array, at: number, end: number, flow: Flow, head: LogHead): number {
  const first = scanDecimal(bytes, at, decimals, 0)
  if (first > 0 && bytes[first] === DOT) return skipUnix(bytes, at, first, end, flow, head)
  if (first < 0 || bytes[first] !== COMMA) return at
  const sequence = scanDecimal(bytes, first + 1, decimals, 0)
  if (sequence < 0 || bytes[sequence] !== COMMA) return at
  const stamp = scanDecimal(bytes, sequence + 1, decimals, 0)
  if (stamp < 0 || bytes[stamp] !== COMMA) return at
  flow.time = head.boot.bootTime + decimals[0]!
  let text = stamp
  while (text < end && bytes[text] !== SEMICOLON) text++
  return text === end ? at : text + 1
}

function skipUnix(
  bytes: Uint8Array,
  at: number,
  dot: number,
  end: number,
  flow: Flow,
  head: LogHead,
): number {
  const after = scanDecimal(bytes, dot + 1, decimals, 1)
  if (dot - at > 10 || after !== dot + 7 || bytes[after] !== BLANK) return at
  flow.time = decimals[0]! * 1_000_000 + decimals[1]!
  return skipHostAndTag(bytes, after, end, head)
}

const UTC = asciiBytes(' UTC ')

/** `Tue 2026-11-24 17:33:05 UTC host kernel: ` (`journalctl -o short-full`); a zone written in letters other than UTC is not known. */
function skipWeekday(bytes: Uint8Array, at: number, end: number, flow: Flow, head: LogHead): number {
  if (bytes[at + 3] !== BLANK || bytes[at + 8] !== 45 || !isDigit(bytes[at + 4]!)) return at
  const after = scanIso(bytes, at + 4, { ...head.clock, zone: wall => wall })
  if (after < 0) return at
  const tag = skipHostAndTag(bytes, skipToken(bytes, after + 1, end), end, head)
  if (startsWith(bytes, after, end, UTC) && tag > 0) flow.time = utcOf(bytes, at + 4, head.clock, flow)
  return tag
}

function utcOf(bytes: Uint8Array, at: number, clock: Clock, flow: Flow): number {
  const utc = { ...clock, zone: (wall: number) => wall }
  scanIso(bytes, at, utc)
  flow.precision = utc.precision
  return utc.time
}

/** `<4>1 2026-11-24T17:33:05.140418Z host kernel - - - [uptime] `, after its version. */
function skipRfc5424(bytes: Uint8Array, at: number, end: number, flow: Flow, head: LogHead): number {
  const { clock } = head
  const start = at
  at = scanIso(bytes, at, clock)
  if (at < 0) return start
  flow.time = clock.time
  flow.precision = clock.precision
  const app = skipBlanks(bytes, skipToken(bytes, skipBlanks(bytes, at), end))
  if (!startsWith(bytes, app, end, KERNEL)) return NOT_KERNEL
  at = app
  for (let i = 0; i < 3; i++) at = skipBlanks(bytes, skipToken(bytes, at, end))
  if (bytes[at] === OPEN) while (at < end && bytes[at] !== CLOSE) at++
  return skipBrackets(bytes, skipBlanks(bytes, at + 1))
}
