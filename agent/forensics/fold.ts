// Folding: the first occurrence of a key is written at once, whole; its repeats become counts in windows of 10 s, then 60 s,
// then 300 s of the flows' own time, and start anew after 600 s of silence. At most `capacity` keys; the least recently used
// is flushed. Purely a state machine: it is told times, and says what to write through `emit`.

/** The event of the first record, which its follow-ups repeat. */
export type FlowEvent = `flow.${'allowed' | 'denied' | 'rejected' | 'audited' | 'unanswered'}`

const SECOND = 1_000_000
const WINDOWS = [10 * SECOND, 60 * SECOND, 300 * SECOND] as const
const SILENCE = 600 * SECOND
const NONE = -1

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

export interface Fold {
  /** The live entry of this key, if any. */
  find(key: string): Folded | undefined
  /** Starts a key whose first record has just been written. */
  start(key: string, event: FlowEvent, of: string, time: number): Folded
  /**
   * Counts `n` repeats at `time`. False when the key has been silent so long that this one is a first occurrence again: the
   * entry is then closed, and the caller writes a whole record and starts the key anew.
   */
  count(entry: Folded, time: number, n: number): boolean
  /** Closes every window that ended at or before `time`, the watermark of the input. */
  advance(time: number): void
  /** Closes everything: the end of the input. */
  close(): void
  readonly size: number
  /** Keys flushed because the table was full. */
  readonly evicted: number
}

export function createFold(emit: (followUp: FollowUp) => void, capacity = 20_000): Fold {
  const entries: (Folded | undefined)[] = []
  const byKey = new Map<string, Folded>()
  const start = new Float64Array(capacity)
  const end = new Float64Array(capacity)
  const last = new Float64Array(capacity)
  const pending = new Float64Array(capacity)
  const stage = new Uint8Array(capacity)
  // A doubly linked list through the slots, most recently used first.
  const previous = new Int32Array(capacity)
  const next = new Int32Array(capacity)
  const free: number[] = []
  let head = NONE
  let tail = NONE
  let evicted = 0
  let nextSweep = Number.NEGATIVE_INFINITY

  function unlink(slot: number): void {
    const before = previous[slot]!
    const after = next[slot]!
    if (before === NONE) head = after
    else next[before] = after
    if (after === NONE) tail = before
    else previous[after] = before
  }

  function link(slot: number): void {
    previous[slot] = NONE
    next[slot] = head
    if (head === NONE) tail = slot
    else previous[head] = slot
    head = slot
  }

  function flush(slot: number): void {
    if (pending[slot]! === 0) return
    const entry = entries[slot]!
    emit({ of: entry.of, event: entry.event, start: start[slot]!, n: pending[slot]!, last: last[slot]! })
    pending[slot] = 0
  }

  /** Writes the window that ends and moves on to the one that holds `time`. */
  function turn(slot: number, time: number): void {
    flush(slot)
    while (time >= end[slot]!) {
      start[slot] = end[slot]!
      const length = WINDOWS[Math.min(++stage[slot]!, WINDOWS.length - 1)]!
      if (stage[slot]! > 2) stage[slot] = 2
      // Windows of equal length are skipped in one step, however long the silence (up to SILENCE).
      const skip = stage[slot] === 2 ? Math.max(0, Math.floor((time - start[slot]!) / length)) : 0
      start[slot] = start[slot]! + skip * length
      end[slot] = start[slot]! + length
    }
  }

  function remove(slot: number): void {
    flush(slot)
    const entry = entries[slot]!
    entry.live = false
    byKey.delete(entry.key)
    entries[slot] = undefined
    unlink(slot)
    free.push(slot)
  }

  function takeSlot(): number {
    if (free.length > 0) return free.pop()!
    if (entries.length < capacity) return entries.push(undefined) - 1
    evicted++
    remove(tail)
    return free.pop()!
  }

  return {
    find: key => byKey.get(key),
    start(key, event, of, time) {
      const slot = takeSlot()
      const entry: Folded = { key, event, of, live: true, slot }
      entries[slot] = entry
      byKey.set(key, entry)
      link(slot)
      start[slot] = time
      last[slot] = time
      end[slot] = time + WINDOWS[0]
      pending[slot] = 0
      stage[slot] = 0
      return entry
    },
    count(entry, time, n) {
      const slot = entry.slot
      if (time >= end[slot]!) {
        if (time - last[slot]! >= SILENCE) {
          remove(slot)
          return false
        }
        turn(slot, time)
      }
      pending[slot] = pending[slot]! + n
      // A late line counts in the window that is open; it cannot be the window's last.
      if (time > last[slot]!) last[slot] = time
      if (head !== slot) {
        unlink(slot)
        link(slot)
      }
      return true
    },
    advance(time) {
      if (!(time >= nextSweep)) return
      // A key that starts counting later closes no earlier than this.
      nextSweep = time + WINDOWS[0]
      for (let slot = head; slot !== NONE; ) {
        const after = next[slot]!
        // The window moves on with the flush: a late line must not reopen it, its follow-up's id would be the same again.
        if (time - last[slot]! >= SILENCE) remove(slot)
        else if (end[slot]! <= time) turn(slot, time)
        if (end[slot]! < nextSweep && entries[slot] !== undefined) nextSweep = end[slot]!
        slot = after
      }
    },
    close() {
      for (let slot = head; slot !== NONE; slot = next[slot]!) flush(slot)
    },
    get size() {
      return byKey.size
    },
    get evicted() {
      return evicted
    },
  }
}
