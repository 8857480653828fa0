// Judges what repeats between lines once. A full scan is then a look into a map for most lines (test/bench/query.bench.ts).

import { type Facts, factsOf, followedOf, timeOf } from './query-facts.ts'
import { type IdKey, readKey } from './query-ids.ts'
import { createLineCutter } from './query-line.ts'
import { createTexts } from './query-texts.ts'

/** A line as queries and indexes see it; valid until the next is read. */
export interface Seen<T> {
  /** `first`: a record of its own. `repeat`: counts further packets of the record `of`. */
  kind: 'first' | 'repeat'
  readonly id: IdKey
  /** Id of the first record; empty where this is one. */
  of: string
  /** Microseconds, NaN where there is none. */
  time: number
  /** Of the last packet that it counts; as `time` where it says none. */
  last: number
  n: number
  /** What was made of its facts. Of a repeat: of its event alone. */
  made: T
}

/** `malformed`: no JSON. `foreign`: JSON, but no record. */
export type Unseen = 'malformed' | 'foreign'

export type See<T> = (bytes: Buffer, start: number, end: number) => Seen<T> | Unseen

/** Distinct texts that are remembered, at some 700 bytes each. */
const MOST_SHAPES = 20_000
/** Of a follow-up, whose middle is an event and an id, no more. */
const SHORT = 90

const FLOW = Buffer.from('"event":"flow.')

/** `make` is asked once for lines that say the same; what it gives must not depend on id, time or count. */
export function createSeer<T>(make: (facts: Facts) => T): See<T> {
  const cut = createLineCutter()
  const shapes = createTexts<T>(MOST_SHAPES)
  const seen: Seen<T> = {
    kind: 'first',
    id: { a: -1, b: 0, c: 0 },
    of: '',
    time: 0,
    last: 0,
    n: 0,
    made: undefined as T,
  }

  function shapeOf(bytes: Buffer, from: number, to: number): T | undefined {
    const known = shapes.get(bytes, from, to)
    if (known !== undefined) return known
    const facts = factsOf(parsed(`{${bytes.toString('utf8', from, to)}}`))
    if (facts === undefined) return undefined
    const made = make(facts)
    shapes.set(bytes, from, to, made)
    return made
  }

  function whole(text: string): Seen<T> | Unseen {
    const value = parsed(text)
    if (value === undefined) return 'malformed'
    const facts = factsOf(value)
    if (facts === undefined) return 'foreign'
    const record = value as { id?: unknown; ts?: unknown; last?: unknown; n?: unknown }
    const of = followedOf(value)
    seen.kind = of === undefined ? 'first' : 'repeat'
    readKey(Buffer.from(typeof record.id === 'string' ? record.id : ''), 0, seen.id)
    seen.of = of ?? ''
    seen.time = timeOf(record.ts)
    const last = timeOf(record.last)
    seen.last = Number.isNaN(last) ? seen.time : last
    seen.n = typeof record.n === 'number' ? record.n : 1
    seen.made = make(facts)
    return seen
  }

  return (bytes, start, end) => {
    const line = cut(bytes, start, end)
    if (line !== undefined && line.to - line.from > SHORT && startsWith(bytes, line.from, FLOW)) {
      const made = shapeOf(bytes, line.from, line.to)
      if (made !== undefined && bytes[end - 1] === 125) {
        seen.kind = 'first'
        readKey(bytes, line.id, seen.id)
        seen.of = ''
        seen.time = line.time
        seen.last = line.time
        seen.n = line.n
        seen.made = made
        return seen
      }
    }
    return whole(bytes.toString('utf8', start, end))
  }
}

function startsWith(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A value, not an error: the caller counts it.
    return undefined
  }
}
