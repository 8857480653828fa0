// Walking over JSON bytes without building anything. What cannot be walked is answered with -1, never with a guess: the callers
// then ask JSON.parse, or call the line malformed.

export const OPEN_BRACE = 123
export const CLOSE_BRACE = 125
export const OPEN_BRACKET = 91
export const CLOSE_BRACKET = 93
export const COMMA = 44
// This file's own constants: an imported or exported one is looked up and checked at every use.
const BACKSLASH = 92
const STRING_END = 34

export function skipSpace(bytes: Uint8Array, at: number): number {
  while (bytes[at] === 32 || bytes[at] === 9) at++
  return at
}

/** `at` is the opening quote; the position after the closing one. */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  at = (at + 1) | 0
  while (at < end) {
    const byte = bytes[at]!
    if (byte === STRING_END) return at + 1
    at = (byte === BACKSLASH ? at + 2 : at + 1) | 0
  }
  return -1
}

/** The position after any value. Inside objects and arrays only strings and nesting are looked at. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!
  if (first === STRING_END) return skipString(bytes, at, end)
  if (first === 123 || first === 91) return skipNested(bytes, at, end)
  const start = at
  while (at < end && isScalar(bytes[at]!)) at++
  return at > start ? at : -1
}

function isScalar(byte: number): boolean {
  return (
    byte !== COMMA &&
    byte !== CLOSE_BRACE &&
    byte !== CLOSE_BRACKET &&
    byte > 32 &&
    byte !== STRING_END &&
    byte !== 58
  )
}

function skipNested(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0
  let isText = false
  for (; at < end; at = (at + 1) | 0) {
    const byte = bytes[at]!
    if (byte === STRING_END) isText = !isText
    else if (byte === BACKSLASH) at = (at + 1) | 0
    else if (!isText && byte >= 91) {
      // { and [ against } and ]; letters of true, false and null are in between.
      if (byte === 123 || byte === 91) depth = (depth + 1) | 0
      else if (byte === 125 || byte === 93) {
        depth = (depth - 1) | 0
        if (depth === 0) return at + 1
      }
    }
  }
  return -1
}

/**
 * Decodes the inside of a JSON string into `out` as UTF-8. Returns its length, or -1 when it is no valid string or does not fit.
 */
export function decodeString(bytes: Uint8Array, at: number, end: number, out: Uint8Array): number {
  let length = 0
  while (at < end) {
    let byte = bytes[at++]!
    if (length + 4 > out.length) return -1
    if (byte === BACKSLASH) {
      byte = bytes[at++]!
      if (byte === 117) {
        const code = codePoint(bytes, at, end)
        if (code < 0) return -1
        at += code > 0xffff ? 10 : 4
        length = putUtf8(code, out, length)
        continue
      }
      byte = escapes[byte] ?? 0
      if (byte === 0) return -1
    }
    out[length++] = byte
  }
  return length
}

const escapes: Readonly<Record<number, number>> = {
  34: 34,
  92: 92,
  47: 47,
  98: 8,
  102: 12,
  110: 10,
  114: 13,
  116: 9,
}

function codePoint(bytes: Uint8Array, at: number, end: number): number {
  const unit = hex4(bytes, at, end)
  if (unit < 0xd800 || unit > 0xdbff) return unit
  const low = bytes[at + 4] === BACKSLASH && bytes[at + 5] === 117 ? hex4(bytes, at + 6, end) : -1
  return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : 0xfffd
}

function hex4(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return -1
  const value = Number(`0x${String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!)}`)
  return Number.isInteger(value) ? value : -1
}

function putUtf8(code: number, out: Uint8Array, at: number): number {
  if (code < 0x80) out[at++] = code
  else if (code < 0x800) {
    out[at++] = 0xc0 | (code >> 6)
    out[at++] = 0x80 | (code & 63)
  } else if (code < 0x10000) {
    out[at++] = 0xe0 | (code >> 12)
    out[at++] = 0x80 | ((code >> 6) & 63)
    out[at++] = 0x80 | (code & 63)
  } else {
    out[at++] = 0xf0 | (code >> 18)
    out[at++] = 0x80 | ((code >> 12) & 63)
    out[at++] = 0x80 | ((code >> 6) & 63)
    out[at++] = 0x80 | (code & 63)
  }
  return at
}
