// Where the parts of a record's line lie, found without parsing it. Of a million lines most say the same of the same pair, but for
// id, time, count and evidence: what lies between those is judged once and then looked up (`query-shape.ts`).

import { ID_LENGTH } from './query-ids.ts'

/** Times are text in lines; this many microseconds, NaN where there is none. */
export interface Line {
  /** Position of the id. */
  id: number
  time: number
  /** Position of what repeats: from `"event"` up to `,"n":`. -1 where the line is not laid out as culprit writes it. */
  from: number
  to: number
  n: number
}

const HEAD = Buffer.from('{"v":1,"id":"')
const TS = Buffer.from('","ts":"')
const EVENT = Buffer.from(',"event":"')
const N = Buffer.from(',"n":')
/** A line's end after its `n` is rarely longer: evidence and chain. */
const TAIL = 600

/** Reads lines into one object, which is valid until the next. */
export function createLineCutter(): (bytes: Buffer, start: number, end: number) => Line | undefined {
  const line: Line = { id: 0, time: Number.NaN, from: -1, to: -1, n: 0 }
  const readTime = createTimeReader()

  return (bytes, start, end) => {
    if (!isAt(bytes, start, HEAD)) return undefined
    const id = start + HEAD.length
    let at = id + ID_LENGTH
    line.time = Number.NaN
    if (isAt(bytes, at, TS)) {
      const ts = at + TS.length
      at = bytes.indexOf(34, ts)
      if (at < 0 || at > ts + 40) return undefined
      line.time = readTime(bytes, ts, at)
    }
    if (!isAt(bytes, at + 1, EVENT)) return undefined
    const n = lastAt(bytes, N, at, end)
    if (n < 0) return undefined
    line.id = id
    line.from = at + 2
    line.to = n
    line.n = readNumber(bytes, n + N.length)
    return line
  }
}

function isAt(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}

/** The last place of `text` in the line; looked for near its end, so that a line without one costs little. */
function lastAt(bytes: Buffer, text: Buffer, start: number, end: number): number {
  const stop = Math.max(start, end - TAIL)
  for (let at = end - text.length; at >= stop; at--)
    if (bytes[at] === 44 && bytes[at + 2] === 110 && isAt(bytes, at, text)) return at
  return -1
}

function readNumber(bytes: Buffer, at: number): number {
  let value = 0
  for (let digit = bytes[at]! - 48; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48)
    value = value * 10 + digit
  return value
}

/** Reads `2026-11-24T19:07:22.215759Z`; the minute before the last is remembered, as lines come in order. */
function createTimeReader(): (bytes: Buffer, start: number, end: number) => number {
  const minute = Buffer.alloc(16)
  let base = Number.NaN

  return (bytes, start, end) => {
    if (end - start < 20) return Number.NaN
    if (!isAt(bytes, start, minute)) {
      bytes.copy(minute, 0, start, start + 16)
      base = Date.parse(`${minute.toString('latin1', 0, 16)}:00Z`) * 1000
    }
    let micros = readNumber(bytes, start + 17) * 1_000_000
    let unit = 100_000
    for (let at = start + 20; at < end - 1; at++, unit /= 10) micros += (bytes[at]! - 48) * unit
    return Math.round(base + micros)
  }
}
