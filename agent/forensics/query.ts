// The search itself: told lines, it hands on those that are wanted, and counts packets exactly: a follow-up is wanted where its first
// record is, wherever that one lies.

import type { Facts } from './query-facts.ts'
import { compileFilter, type Wanted } from './query-filter.ts'
import { createIdTable, type IdKey, idTime, readKey } from './query-ids.ts'
import { createSeer } from './query-shape.ts'

/** What a record that was found says; `facts` are the first record's where this one counts repeats. */
export interface Found {
  readonly facts: Facts
  readonly isRepeat: boolean
  /** Microseconds, NaN where there is none. */
  readonly time: number
  readonly last: number
  readonly n: number
}

/** `line` gives the record as it was written; both are valid during the call. */
export type OnFound = (found: Found, line: () => string) => void

export interface QueryOptions {
  readonly wanted: Wanted
  /** Microseconds; infinite where every time is wanted. */
  readonly since: number
  readonly until: number
  readonly onFound: OnFound
}

/** What a person should know of a search besides what it found. */
export interface QueryCounts {
  lines: number
  found: number
  malformed: number
  foreign: number
  /** Records that stand there twice, as after a crash: counted once. */
  twice: number
  /** Records without a time, where one was asked for. */
  timeless: number
  /** Records that name some of their policies only, where a policy was asked for and none of the named is it. */
  cut: number
  /** Windows of repeats that reach over the edge of the time: counted whole. */
  astride: number
  /** Repeats whose first record is not here. */
  orphans: number
  gaps: number
}

export interface Query {
  line(bytes: Buffer, start: number, end: number): void
  /** Milliseconds at which first records lie that are still looked for; 0 for those without a time. */
  missing(): ReadonlySet<number>
  /** A line that may be one of those. */
  resolve(bytes: Buffer, start: number, end: number): void
  /** Ends the search. `isRuledOut` says that a first record of that millisecond lies where nothing wanted can be. */
  close(isRuledOut: (millis: number) => boolean): void
  readonly counts: Readonly<QueryCounts>
}

interface Shape {
  readonly facts: Facts
  readonly isWanted: boolean
  readonly isCut: boolean
  readonly isGap: boolean
}

interface Span {
  readonly time: number
  readonly last: number
  readonly n: number
}

interface Repeat extends Span {
  readonly line: string
}

/** Records that are remembered; first ones that are older are looked up. */
const REMEMBERED = 262_144

export function createQuery({ wanted, since, until, onFound }: QueryOptions): Query {
  const isWanted = compileFilter(wanted)
  const isEventWanted = compileFilter({
    ...(wanted.event && { event: wanted.event }),
    ...(wanted.verdict && { verdict: wanted.verdict }),
  })
  const isAnyTime = since === Number.NEGATIVE_INFINITY && until === Number.POSITIVE_INFINITY
  const see = createSeer(shapeOf)
  const known = createIdTable<Shape>(REMEMBERED)
  const missing = new Map<string, Repeat[]>()
  let byKey: Map<string, string> | undefined
  const handed: { -readonly [K in keyof Found]: Found[K] } = {
    facts: undefined as unknown as Facts,
    isRepeat: false,
    time: 0,
    last: 0,
    n: 0,
  }
  const place: { bytes: Buffer; start: number; end: number } = { bytes: Buffer.alloc(0), start: 0, end: 0 }
  let repeatText = ''
  const lineText = () => (handed.isRepeat ? repeatText : place.bytes.toString('utf8', place.start, place.end))
  const counts: QueryCounts = {
    lines: 0,
    found: 0,
    malformed: 0,
    foreign: 0,
    twice: 0,
    timeless: 0,
    cut: 0,
    astride: 0,
    orphans: 0,
    gaps: 0,
  }

  function shapeOf(facts: Facts): Shape {
    const isCut = wanted.policy !== undefined && facts.isCut
    return { facts, isWanted: isWanted(facts), isCut, isGap: facts.event === 'evidence.gap' }
  }

  function isInTime(time: number, last: number): boolean {
    return isAnyTime || (last >= since && time <= until)
  }

  /** One object for all, so that millions of them are no garbage: it is valid during the call. */
  function emit({ facts }: Shape, { time, last, n }: Span, isRepeat: boolean): void {
    counts.found++
    handed.facts = facts
    handed.isRepeat = isRepeat
    handed.time = time
    handed.last = last
    handed.n = n
    onFound(handed, lineText)
  }

  function first(shape: Shape, at: Span, bytes: Buffer, start: number, end: number): void {
    const { isWanted, isGap, isCut } = shape
    if (!isWanted && !isGap && !isCut) return
    const isThen = isInTime(at.time, at.last)
    if (isGap && isThen) counts.gaps++
    if (isCut && !isWanted && isThen) counts.cut++
    if (!isWanted) return
    if (!isAnyTime && Number.isNaN(at.time)) counts.timeless++
    if (!isThen) return
    place.bytes = bytes
    place.start = start
    place.end = end
    emit(shape, at, false)
  }

  function repeated(of: string, repeat: Repeat): void {
    const shape = known.get(keyOf(of))
    if (shape === undefined) missing.set(of, [...(missing.get(of) ?? []), repeat])
    else if (shape.isWanted) found(shape, repeat)
  }

  function found(shape: Shape, repeat: Repeat): void {
    if (repeat.time < since || repeat.last > until) counts.astride++
    repeatText = repeat.line
    emit(shape, repeat, true)
  }

  return {
    counts,
    line(bytes, start, end) {
      counts.lines++
      const seen = see(bytes, start, end)
      if (typeof seen === 'string') {
        counts[seen]++
        return
      }
      const { id, of, kind, made } = seen
      if (known.get(id) !== undefined) {
        counts.twice++
        return
      }
      known.set(id, made)
      if (kind === 'first') first(made, seen, bytes, start, end)
      else if (isEventWanted(made.facts) && isInTime(seen.time, seen.last))
        repeated(of, {
          time: seen.time,
          last: seen.last,
          n: seen.n,
          line: bytes.toString('utf8', start, end),
        })
    },
    missing: () => new Set([...missing.keys()].map(idTime)),
    resolve(bytes, start, end) {
      const seen = see(bytes, start, end)
      if (typeof seen === 'string' || seen.kind === 'repeat') return
      byKey ??= new Map([...missing.keys()].map(of => [keyText(keyOf(of)), of]))
      const of = byKey.get(keyText(seen.id))
      const repeats = of === undefined ? undefined : missing.get(of)
      if (repeats === undefined) return
      missing.delete(of!)
      if (seen.made.isWanted) for (const repeat of repeats) found(seen.made, repeat)
    },
    close(isRuledOut) {
      for (const [of, repeats] of missing) if (!isRuledOut(idTime(of))) counts.orphans += repeats.length
      missing.clear()
    },
  }
}

function keyOf(id: string): IdKey {
  const key = { a: -1, b: 0, c: 0 }
  readKey(Buffer.from(id), 0, key)
  return key
}

function keyText({ a, b, c }: IdKey): string {
  return `${a} ${b} ${c}`
}
