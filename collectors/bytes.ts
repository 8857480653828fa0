// Scanners over the bytes of a line, shared by all collectors. Each returns the position after what it read, or -1; values go
// into typed arrays of the caller, so that nothing is allocated. They rely on a byte that is no digit at the line's end.

export const BLANK = 32
export const QUOTE = 34
export const COLON = 58
const SPACE = 32
const COL = 58
const DOT = 46

export function isDigit(byte: number): boolean {
  return (byte - 48) >>> 0 <= 9
}

/** Four bytes as one int32: a keyword of four is one comparison. */
export function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** The int32 that `word` gives for these four ASCII characters. */
export function wordOf(text: string): number {
  return (
    text.charCodeAt(0) | (text.charCodeAt(1) << 8) | (text.charCodeAt(2) << 16) | (text.charCodeAt(3) << 24)
  )
}

export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

export function startsWith(bytes: Uint8Array, at: number, end: number, what: Uint8Array): boolean {
  if (at + what.length > end) return false
  for (let i = 0; i < what.length; i++) if (bytes[at + i] !== what[i]) return false
  return true
}

/** The first position of `what` in [at, end), or -1. Not for the hot path. */
export function find(bytes: Uint8Array, at: number, end: number, what: Uint8Array): number {
  const first = what[0]!
  for (const last = end - what.length; at <= last; at++) {
    if (bytes[at] === first && startsWith(bytes, at, end, what)) return at
  }
  return -1
}

/** Text of ASCII bytes; for what is read once and kept, such as a name that is interned. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!)
  return text
}

export function skipBlanks(bytes: Uint8Array, at: number): number {
  while (bytes[at] === SPACE) at++
  return at
}

/** The end of the token at `at`: the next blank, or `end`. */
export function skipToken(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== SPACE) at = (at + 1) | 0
  return at
}

/** The value of the four digits at `at`, or -1 when they are not four digits. */
export function fourDigits(bytes: Uint8Array, at: number): number {
  const a = bytes[at]! - 48
  const b = bytes[(at + 1) | 0]! - 48
  const c = bytes[(at + 2) | 0]! - 48
  const d = bytes[(at + 3) | 0]! - 48
  if (a >>> 0 > 9 || b >>> 0 > 9 || c >>> 0 > 9 || d >>> 0 > 9) return -1
  return a * 1000 + b * 100 + c * 10 + d
}

/** A decimal of 1 to 16 digits and at most 2^53 - 1, which a double holds exactly, into `out[slot]`. */
export function scanDecimal(bytes: Uint8Array, at: number, out: Float64Array, slot: number): number {
  // The first eight digits in int32 arithmetic, four at a time: a third of the cost of a loop over doubles.
  const high = fourDigits(bytes, at)
  if (high < 0) return scanTail(bytes, at, 0, 0, out, slot)
  const low = fourDigits(bytes, (at + 4) | 0)
  if (low < 0) return scanTail(bytes, (at + 4) | 0, high, 4, out, slot)
  return scanTail(bytes, (at + 8) | 0, high * 10000 + low, 8, out, slot)
}

const powers = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8]

/** The digits after the first `read`, whose value is `first`. */
function scanTail(
  bytes: Uint8Array,
  at: number,
  first: number,
  read: number,
  out: Float64Array,
  slot: number,
): number {
  let rest = 0
  let digits = 0
  for (let digit = bytes[at]! - 48; digit >>> 0 <= 9 && digits < 9; digit = bytes[at]! - 48) {
    rest = (Math.imul(rest, 10) + digit) | 0
    digits = (digits + 1) | 0
    at = (at + 1) | 0
  }
  if (digits + read === 0 || digits > 8) return -1
  const value = first * powers[digits]! + rest
  out[slot] = value
  return value <= Number.MAX_SAFE_INTEGER ? at : -1
}

/**
 * A decimal of at most `max`, itself at most 65535, into `out[slot]`: ports, protocol numbers, types. Written out digit by digit:
 * with the ranges known no step needs an overflow check, which makes it twice as fast as the loop.
 */
export function scanSmall(bytes: Uint8Array, at: number, max: number, out: Int32Array, slot: number): number {
  let value = bytes[at]! - 48
  if (value >>> 0 > 9) return -1
  at = (at + 1) | 0
  let digit = bytes[at]! - 48
  if (digit >>> 0 <= 9) {
    value = value * 10 + digit
    at = (at + 1) | 0
    digit = bytes[at]! - 48
    if (digit >>> 0 <= 9) {
      value = value * 10 + digit
      at = (at + 1) | 0
      digit = bytes[at]! - 48
      if (digit >>> 0 <= 9) {
        value = value * 10 + digit
        at = (at + 1) | 0
        digit = bytes[at]! - 48
        if (digit >>> 0 <= 9) {
          value = value * 10 + digit
          at = (at + 1) | 0
          if ((bytes[at]! - 48) >>> 0 <= 9) return -1
        }
      }
    }
  }
  if (value > max) return -1
  out[slot] = value
  return at
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(byte: number): number {
  if ((byte - 48) >>> 0 <= 9) return byte - 48
  const letter = (byte | 32) - 97
  return letter >>> 0 <= 5 ? letter + 10 : -1
}

/** `0x` and up to eight hexadecimal digits, as an int32, into `out[slot]`. */
export function scanHex(bytes: Uint8Array, at: number, out: Int32Array, slot: number): number {
  if (bytes[at] !== 48 || bytes[at + 1] !== 120) return -1
  at += 2
  const start = at
  let value = 0
  for (let digit = hexDigit(bytes[at]!); digit >= 0; digit = hexDigit(bytes[++at]!))
    value = (value << 4) | digit
  if (at === start || at - start > 8) return -1
  out[slot] = value
  return at
}

/** Dotted IPv4 into four words of `words` (agent/address.ts); leading zeros are decimal, at most three digits each. */
export function scanIPv4(bytes: Uint8Array, at: number, words: Int32Array, slot: number): number {
  let value = 0
  for (let part = 0; part < 4; part = (part + 1) | 0) {
    let octet = bytes[at]! - 48
    if (octet >>> 0 > 9) return -1
    at = (at + 1) | 0
    let digit = bytes[at]! - 48
    if (digit >>> 0 <= 9) {
      octet = octet * 10 + digit
      at = (at + 1) | 0
      digit = bytes[at]! - 48
      if (digit >>> 0 <= 9) {
        octet = octet * 10 + digit
        if (octet > 255) return -1
        at = (at + 1) | 0
        digit = bytes[at]! - 48
      }
    }
    value = (value << 8) | octet
    if (part === 3) {
      if (digit >>> 0 <= 9) return -1
      break
    }
    if (digit !== DOT - 48) return -1
    at = (at + 1) | 0
  }
  words[slot] = 0
  words[slot + 1] = 0
  words[slot + 2] = 0xffff
  words[slot + 3] = value
  return at
}

// Room for the groups of the address that is being read; scanners do not call each other recursively.
const groups = new Int32Array(8)
const tail = new Int32Array(4)

/** IPv6 in any spelling (compressed, long, IPv4 tail) into four words of `words`. */
export function scanIPv6(bytes: Uint8Array, at: number, words: Int32Array, slot: number): number {
  let count = 0
  let gap = -1
  if (bytes[at] === COL) {
    if (bytes[at + 1] !== COL) return -1
    at += 2
    gap = 0
  }
  for (;;) {
    const start = at
    let value = 0
    for (let digit = hexDigit(bytes[at]!); digit >= 0; digit = hexDigit(bytes[++at]!))
      value = (value << 4) | digit
    const digits = at - start
    if (digits === 0) {
      // Only `::` may be followed by nothing.
      if (gap === count) break
      return -1
    }
    if (bytes[at] === DOT && count <= 6) {
      at = scanIPv4(bytes, start, tail, 0)
      if (at < 0) return -1
      groups[count++] = tail[3]! >>> 16
      groups[count++] = tail[3]! & 0xffff
      break
    }
    if (digits > 4 || count === 8) return -1
    groups[count++] = value
    if (bytes[at] !== COL) break
    at++
    if (bytes[at] === COL) {
      if (gap >= 0) return -1
      gap = count
      at++
    } else if (hexDigit(bytes[at]!) < 0) return -1
  }
  return spread(count, gap, words, slot) ? at : -1
}

function spread(count: number, gap: number, words: Int32Array, slot: number): boolean {
  if (gap < 0 ? count !== 8 : count > 7) return false
  if (gap >= 0) {
    const moved = 8 - count
    for (let i = 7; i >= gap; i--) groups[i] = i - moved >= gap ? groups[i - moved]! : 0
  }
  for (let i = 0; i < 4; i++) words[slot + i] = (groups[2 * i]! << 16) | groups[2 * i + 1]!
  return true
}

/** An address of either family. A zone (`%eth0`) is not read: the caller finds `%` where its delimiter should be. */
export function scanAddress(bytes: Uint8Array, at: number, words: Int32Array, slot: number): number {
  const after = scanIPv4(bytes, at, words, slot)
  return after >= 0 && bytes[after] !== COL ? after : scanIPv6(bytes, at, words, slot)
}

/** True when the decimal text of `part` is a proper beginning of that of `whole`: what cutting a line can make of a number. */
export function isCutOf(part: number, whole: number): boolean {
  if (part === whole) return false
  while (whole > part) whole = Math.floor(whole / 10)
  return whole === part
}
