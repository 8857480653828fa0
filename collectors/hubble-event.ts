// Members of a Hubble flow that say what happened: the event's type, the reason of a drop, whether it is a reply, and the lists of policies.

import { scanSmall, wordOf } from './bytes.ts'
import { type Flow, Reply } from './flow.ts'
import { type Reader, valueAfter } from './hubble-reader.ts'
import { reasonOf } from './hubble-verdict.ts'
import { skipSpace, skipValue } from './json.ts'

// Constants and the smallest helpers are each file's own: one that is imported is looked up and checked at every use.
const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const isDigit = (byte: number): boolean => (byte - 48) >>> 0 <= 9
const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[(at + 1) | 0]! << 8) | (bytes[(at + 2) | 0]! << 16) | (bytes[(at + 3) | 0]! << 24)

const TYPE = wordOf('type')

export function readDrop(bytes: Uint8Array, key: number, at: number, end: number, reader: Reader): number {
  const { facts } = reader
  if (bytes[key + 1] !== 114) return skipValue(bytes, at, end)
  const after = skipValue(bytes, at, end)
  if (after < 0) return -1
  if (bytes[key + 11] === QUOTE && isDigit(bytes[at]!)) {
    scanSmall(bytes, at, 65535, reader.ints, 0)
    facts.dropReason = reader.ints[0]!
  } else if (bytes[key + 16] === QUOTE && bytes[at] === QUOTE)
    facts.reason = reasonOf(bytes, at + 1, after - 1)
  return after
}

const EVEN = wordOf('even')
const IS_R = wordOf('is_r')
const GRES = wordOf('gres')
const ALLO = wordOf('allo')
const DENI = wordOf('deni')

export function readEvent(
  bytes: Uint8Array,
  key: number,
  at: number,
  end: number,
  flow: Flow,
  reader: Reader,
): number {
  const name = word(bytes, key)
  if (name === EVEN) return readEventType(bytes, at, end, reader)
  if (name === IS_R) {
    flow.isReply = bytes[at] === 116 ? Reply.yes : Reply.no
    return skipValue(bytes, at, end)
  }
  // egress_allowed_by: `gres` at 1; ingress_allowed_by: at 2.
  const offset = word(bytes, key + 1) === GRES ? 7 : word(bytes, key + 2) === GRES ? 8 : 0
  const list = offset > 0 ? word(bytes, key + offset) : 0
  if (list !== ALLO && list !== DENI) return skipValue(bytes, at, end)
  return readList(bytes, at, end, list === DENI, reader)
}

function readList(bytes: Uint8Array, at: number, end: number, isDenial: boolean, reader: Reader): number {
  const { lists, facts } = reader
  const after = lists.read(bytes, at, end, isDenial)
  // Of two lists, the one that denies says why.
  if (after > 0 && lists.last !== undefined && (facts.list === undefined || isDenial)) facts.list = lists.last
  return after
}

const SUB_ = wordOf('sub_')

/** `{"type":4,"sub_type":11}` */
export function readEventType(bytes: Uint8Array, at: number, end: number, reader: Reader): number {
  if (bytes[at + 10] === CLOSE_BRACE && bytes[at + 8] === COLON && word(bytes, at + 2) === TYPE) {
    const type = bytes[at + 9]! - 48
    if (type >>> 0 > 9) return -1
    reader.facts.type = type
    return at + 11
  }
  if (bytes[at] !== OPEN_BRACE) return -1
  at = skipSpace(bytes, at + 1)
  while (bytes[at] === QUOTE) {
    const name = word(bytes, at + 1)
    const value = valueAfter(bytes, at, end)
    if (value < 0) return -1
    const after = scanSmall(bytes, value, 65535, reader.ints, 0)
    if (after < 0) return -1
    if (name === TYPE) reader.facts.type = reader.ints[0]!
    else if (name === SUB_) reader.facts.subType = reader.ints[0]!
    at = skipSpace(bytes, after)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
  return bytes[at] === CLOSE_BRACE ? at + 1 : -1
}
