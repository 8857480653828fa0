// Folding: the first occurrence of a key is written at once, whole; its repeats become counts in windows of 10 s, then 60 s,
// then 300 s of the flows' own time, and start anew after 600 s of silence. At most `capacity` keys; the least recently used
// is flushed. Purely a state machine: it is told times, and says what to write through `emit`.

/** The event of the first record, which its follow-ups repeat. */
export type FlowEvent = `flow.${'allowed' | 'denied' | 'rejected' | 'audited' | 'unanswered'}`

const SECOND = 1_000_000
const WINDOWS = [10 * SECOND, 60 * SECOND, 300 * SECOND] as const
const SILENCE = 600 * SECOND
/** Of the windows, the one of a minute. */
export const MINUTE = 1
const LONGEST = WINDOWS.length - 1

// A key's numbers lie side by side: counting touches one or two lines of the processor's cache.
const START = 0
const END = 1
const LAST = 2
const PENDING = 3
const STAGE = 4
const TOUCH = 5
const FIELDS = 6

// What is to be told of a slot that changed.
const COUNTED = 1
const STARTED = 2

/** A key that is being counted. Hold on to it to skip the lookup; `live` turns false when it was flushed. */
export interface Folded {
  readonly key: string
  readonly event: FlowEvent
  /** The first record's id; follow-ups point to it. */
  readonly of: string
  live: boolean
  /** Position in the table. */
  slot: number
}

/** Repeats of one key in one window; `start` and `last` in microseconds, NaN where the flows have no time. */
export interface FollowUp {
  readonly of: string
  readonly event: FlowEvent
  readonly start: number
  readonly n: number
  readonly last: number
}

/**
 * What a slot of the table holds, as plain JSON: null, nothing any more; with its texts the first time, then its numbers alone. The
 * numbers are start, end and last in microseconds (null where flows have no time), repeats not told yet, and the window's stage.
 */
export type FoldSlot =
  | readonly [slot: number, empty: null]
  | readonly [slot: number, texts: readonly [key: string, event: FlowEvent, of: string], ...Numbers]
  | readonly [slot: number, texts: 0, ...Numbers]

type Numbers = readonly [
  start: number | null,
  end: number | null,
  last: number | null,
  n: number,
  stage: number,
]

export interface Fold {
  /** The live entry of this key, if any. */
  find(key: string): Folded | undefined
  /** Starts a key whose first record has just been written, with windows of ten seconds or from the `MINUTE` on. */
  start(key: string, event: FlowEvent, of: string, time: number, stage?: number): Folded
  /**
   * Counts `n` repeats at `time`. False when the key has been silent so long that this one is a first occurrence again: the
   * entry is then closed, and the caller writes a whole record and starts the key anew.
   */
  count(entry: Folded, time: number, n: number): boolean
  /** Closes every window that ended at or before `time`, the watermark of the input. */
  advance(time: number): void
  /** Closes everything: the end of the input. */
  close(): void
  /** What changed since the last call, or `all`: another table that is given all of it in order is as this one. */
  changes(all?: boolean): readonly FoldSlot[]
  /** Takes the changes of an earlier table; before anything else. */
  restore(slots: readonly FoldSlot[]): void
  readonly size: number
  /** Keys flushed because the table was full. */
  readonly evicted: number
}

export function createFold(emit: (followUp: FollowUp) => void, capacity = 20_000): Fold {
  const entries: (Folded | undefined)[] = []
  const byKey = new Map<string, Folded>()
  const state = new Float64Array(capacity * FIELDS)
  const free: number[] = []
  /** Slots by age, oldest last, with the touch they had when they were sorted: those untouched since are the oldest of all. */
  let oldest: { readonly slot: number; readonly touch: number }[] = []
  /** Slots that changed, in the order of their change; and what is to be told of each. */
  let changed: number[] = []
  const marks = new Uint8Array(capacity)
  let touches = 0
  let evicted = 0
  let nextSweep = Number.NEGATIVE_INFINITY

  function mark(slot: number, what: number): void {
    if (marks[slot] === 0) changed.push(slot)
    marks[slot]! |= what
  }

  function flush(slot: number): void {
    mark(slot, COUNTED)
    const at = slot * FIELDS
    const n = state[at + PENDING]!
    if (n === 0) return
    const { of, event } = entries[slot]!
    emit({ of, event, start: state[at + START]!, n, last: state[at + LAST]! })
    state[at + PENDING] = 0
  }

  /** Writes the window that ends and moves on to the one that holds `time`. */
  function turn(slot: number, time: number): void {
    flush(slot)
    const at = slot * FIELDS
    while (time >= state[at + END]!) {
      const stage = Math.min(state[at + STAGE]! + 1, LONGEST)
      const length = WINDOWS[stage]!
      // Windows of equal length are skipped in one step, however long the silence.
      const skip = stage === LONGEST ? Math.max(0, Math.floor((time - state[at + END]!) / length)) : 0
      state[at + STAGE] = stage
      state[at + START] = state[at + END]! + skip * length
      state[at + END] = state[at + START]! + length
    }
  }

  function remove(slot: number): void {
    flush(slot)
    const entry = entries[slot]!
    entry.live = false
    byKey.delete(entry.key)
    entries[slot] = undefined
    free.push(slot)
  }

  function tell(slot: number, isWhole: boolean): FoldSlot {
    const entry = entries[slot]
    if (entry === undefined) return [slot, null]
    const [start, end, last, n] = state.subarray(slot * FIELDS)
    const stage = state[slot * FIELDS + STAGE]!
    const texts = isWhole ? ([entry.key, entry.event, entry.of] as const) : 0
    return [slot, texts, orNull(start!), orNull(end!), orNull(last!), n!, stage] as FoldSlot
  }

  function take(told: FoldSlot): void {
    const [slot, texts] = told
    const at = slot * FIELDS
    while (entries.length <= slot) entries.push(undefined)
    if (texts !== 0) empty(slot)
    if (texts === null) return
    if (texts !== 0) {
      const [key, event, of] = texts
      entries[slot] = { key, event, of, live: true, slot }
      byKey.set(key, entries[slot])
    }
    const [start, end, last, n, stage] = told.slice(2) as unknown as Numbers
    state.set([start ?? Number.NaN, end ?? Number.NaN, last ?? Number.NaN, n, stage, ++touches], at)
  }

  function empty(slot: number): void {
    const entry = entries[slot]
    // Its key may have been told of in another slot already.
    if (entry !== undefined && byKey.get(entry.key) === entry) byKey.delete(entry.key)
    entries[slot] = undefined
  }

  function takeSlot(): number {
    if (free.length > 0) return free.pop()!
    if (entries.length < capacity) return entries.push(undefined) - 1
    evicted++
    remove(leastRecent())
    return free.pop()!
  }

  /** A list through the slots would have to be mended at every count; sorting now and then costs only where the table is full. */
  function leastRecent(): number {
    for (;;) {
      const candidate = oldest.pop()
      if (candidate === undefined) sortByAge()
      else if (
        entries[candidate.slot] !== undefined &&
        state[candidate.slot * FIELDS + TOUCH] === candidate.touch
      )
        return candidate.slot
    }
  }

  function sortByAge(): void {
    oldest = entries
      .flatMap((entry, slot) => (entry === undefined ? [] : [{ slot, touch: state[slot * FIELDS + TOUCH]! }]))
      .sort((a, b) => b.touch - a.touch)
  }

  return {
    find: key => byKey.get(key),
    start(key, event, of, time, stage = 0) {
      const slot = takeSlot()
      const entry: Folded = { key, event, of, live: true, slot }
      entries[slot] = entry
      byKey.set(key, entry)
      const at = slot * FIELDS
      state[at + START] = time
      state[at + END] = time + WINDOWS[stage]!
      state[at + LAST] = time
      state[at + PENDING] = 0
      state[at + STAGE] = stage
      state[at + TOUCH] = ++touches
      mark(slot, STARTED)
      return entry
    },
    count(entry, time, n) {
      const at = entry.slot * FIELDS
      if (time >= state[at + END]!) {
        if (time - state[at + LAST]! >= SILENCE) {
          remove(entry.slot)
          return false
        }
        turn(entry.slot, time)
      }
      state[at + PENDING] = state[at + PENDING]! + n
      // A late line counts in the window that is open; it cannot be the window's last.
      if (time > state[at + LAST]!) state[at + LAST] = time
      state[at + TOUCH] = ++touches
      mark(entry.slot, COUNTED)
      return true
    },
    advance(time) {
      if (!(time >= nextSweep)) return
      // A key that starts counting later closes no earlier than this.
      nextSweep = time + WINDOWS[0]
      for (let slot = 0; slot < entries.length; slot++) {
        if (entries[slot] === undefined) continue
        const at = slot * FIELDS
        // The window moves on with the flush: a late line must not reopen it, its follow-up's id would be the same again.
        if (time - state[at + LAST]! >= SILENCE) remove(slot)
        else if (state[at + END]! <= time) turn(slot, time)
        if (state[at + END]! < nextSweep && entries[slot] !== undefined) nextSweep = state[at + END]!
      }
    },
    close() {
      for (const [slot, entry] of entries.entries()) if (entry !== undefined) remove(slot)
    },
    changes(all = false) {
      const slots = all ? entries.flatMap((entry, slot) => (entry === undefined ? [] : [slot])) : changed
      const told = slots.map(slot => tell(slot, all || (marks[slot]! & STARTED) !== 0))
      if (all) return told
      for (const slot of changed) marks[slot] = 0
      changed = []
      return told
    },
    restore(slots) {
      for (const slot of slots) take(slot)
      for (const [slot, entry] of entries.entries()) if (entry === undefined) free.push(slot)
    },
    get size() {
      return byKey.size
    },
    get evicted() {
      return evicted
    },
  }
}

/** JSON has no NaN. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
