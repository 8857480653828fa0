// The member `IP` of a Hubble flow.

import { scanAddress, wordOf } from './bytes.ts'
import type { Flow } from './flow.ts'
import { type Reader, valueAfter } from './hubble-reader.ts'
import { skipSpace, skipValue } from './json.ts'

// Constants and the smallest helpers are each file's own: one that is imported is looked up and checked at every use.
const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[(at + 1) | 0]! << 8) | (bytes[(at + 2) | 0]! << 16) | (bytes[(at + 3) | 0]! << 24)

const SOUR = wordOf('sour')
const DEST = wordOf('dest')

/** `{"source":"…","source_xlated":"…","destination":"…","ipVersion":"IPv4"}` */
export function readAddresses(
  bytes: Uint8Array,
  at: number,
  end: number,
  flow: Flow,
  reader: Reader,
): number {
  const after = readUsual(bytes, at, flow)
  if (after < 0) return readAny(bytes, at, end, flow, reader)
  reader.facts.hasAddresses = true
  return after
}

function readUsual(bytes: Uint8Array, at: number, flow: Flow): number {
  if (
    bytes[at + 1] !== QUOTE ||
    word(bytes, at + 2) !== SOUR ||
    bytes[at + 8] !== QUOTE ||
    bytes[at + 9] !== COLON ||
    bytes[at + 10] !== QUOTE
  )
    return -1
  at = scanAddress(bytes, at + 11, flow.address, 0)
  if (
    at < 0 ||
    bytes[at] !== QUOTE ||
    bytes[at + 1] !== COMMA ||
    word(bytes, at + 3) !== DEST ||
    bytes[at + 14] !== QUOTE
  )
    return -1
  if (bytes[at + 15] !== COLON || bytes[at + 16] !== QUOTE) return -1
  at = scanAddress(bytes, at + 17, flow.address, 4)
  if (at < 0 || bytes[at] !== QUOTE || bytes[at + 1] !== COMMA || word(bytes, at + 3) !== IPVE) return -1
  return bytes[at + 12] === QUOTE &&
    bytes[at + 14] === QUOTE &&
    bytes[at + 19] === QUOTE &&
    bytes[at + 20] === CLOSE_BRACE
    ? at + 21
    : -1
}

const IPVE = wordOf('ipVe')

function readAny(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): number {
  let seen = 0
  if (bytes[at] !== OPEN_BRACE) return -1
  at = skipSpace(bytes, at + 1)
  while (bytes[at] === QUOTE) {
    const key = at + 1
    const value = valueAfter(bytes, at, end)
    if (value < 0) return -1
    if (word(bytes, key) === SOUR && bytes[key + 6] === QUOTE) {
      seen |= 1
      at = readAddress(bytes, value, flow, 0)
    } else if (word(bytes, key) === SOUR && bytes[key + 13] === QUOTE) {
      seen |= 4
      at = readAddress(bytes, value, flow, 12)
    } else if (word(bytes, key) === DEST && bytes[key + 11] === QUOTE) {
      seen |= 2
      at = readAddress(bytes, value, flow, 4)
    } else at = skipValue(bytes, value, end)
    if (at < 0) return -1
    at = skipSpace(bytes, at)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
  reader.facts.hasAddresses = (seen & 3) === 3
  flow.hasReply = seen === 7
  return bytes[at] === CLOSE_BRACE ? at + 1 : -1
}

function readAddress(bytes: Uint8Array, at: number, flow: Flow, slot: number): number {
  if (bytes[at] !== QUOTE) return -1
  at = scanAddress(bytes, at + 1, flow.address, slot)
  return at > 0 && bytes[at] === QUOTE ? at + 1 : -1
}
