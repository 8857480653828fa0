// Accusations against the data plane come in spells: one per pair of workloads, port and protocol, told once when it is over, and
// every five minutes while it lasts. Purely a state machine: it is told the flows' own times and says what to write through `emit`.
// At most `capacity` spells; the least recently used is written, not forgotten.

const SECOND = 1_000_000
/**
 * A spell is over after this long without a packet. A packet that agrees with the policies ends nothing: another pod of the workload
 * may be judged otherwise, and one record for each time that they alternate would be a flood.
 */
const SILENCE = 60 * SECOND
/** One that goes on is told and begun anew after this long. */
const LONGEST = 300 * SECOND

export interface Spell<T> {
  readonly key: string
  /** Of the first and the last packet, microseconds since 1970; NaN where the flows have no time. */
  readonly since: number
  readonly last: number
  /** Packets. */
  readonly n: number
  /** Id of the record of its first flow, where one was written. */
  readonly of: string | undefined
  /** What the caller said of its first packet. */
  readonly about: T
}

export interface Spells<T> {
  /**
   * Takes `n` packets at `time`; `about` is asked for when a spell begins. Hold on to what it returns, and hand it in again with the
   * next packet of this key: that saves looking it up.
   */
  accuse(known: Open<T> | undefined, key: string, time: number, n: number, about: () => Start<T>): Open<T>
  /** Ends spells that have been silent until `time`. */
  advance(time: number): void
  close(): void
  /** Spells that were written early because the table was full. */
  readonly evicted: number
}

/** What is known of a spell when it begins. */
export type Start<T> = Pick<Spell<T>, 'of' | 'about'>

/** A spell that goes on, until `live` turns false. */
export interface Open<T> {
  readonly key: string
  readonly of: string | undefined
  readonly about: T
  since: number
  last: number
  n: number
  live: boolean
  /** Grows with every packet of any spell. */
  touch: number
}

export function createSpells<T>(emit: (spell: Spell<T>) => void, capacity = 20_000): Spells<T> {
  const open = new Map<string, Open<T>>()
  /** By age, oldest last, with the touch they had when they were sorted: those untouched since are the oldest of all. */
  let oldest: { readonly spell: Open<T>; readonly touch: number }[] = []
  let touches = 0
  let evicted = 0
  let nextSweep = Number.NEGATIVE_INFINITY

  function end(spell: Open<T>): void {
    spell.live = false
    open.delete(spell.key)
    const { key, since, last, n, of, about } = spell
    emit({ key, since, last, n, of, about })
  }

  function begin(key: string, time: number, { of, about }: Start<T>): Open<T> {
    if (open.size >= capacity) {
      evicted++
      end(leastRecent())
    }
    const spell = { key, of, about, since: time, last: time, n: 0, live: true, touch: 0 }
    open.set(key, spell)
    if (time + SILENCE < nextSweep) nextSweep = time + SILENCE
    return spell
  }

  /** A list through the spells would have to be mended at every packet; sorting now and then costs only where the table is full. */
  function leastRecent(): Open<T> {
    for (;;) {
      const candidate = oldest.pop()
      if (candidate === undefined)
        oldest = [...open.values()]
          .sort((a, b) => b.touch - a.touch)
          .map(spell => ({ spell, touch: spell.touch }))
      else if (candidate.spell.live && candidate.spell.touch === candidate.touch) return candidate.spell
    }
  }

  return {
    accuse(known, key, time, n, about) {
      let spell = known?.live ? known : open.get(key)
      if (spell !== undefined && isOver(spell, time)) {
        end(spell)
        spell = undefined
      }
      spell ??= begin(key, time, about())
      spell.touch = ++touches
      spell.n += n
      if (time < spell.since) spell.since = time
      if (time > spell.last) spell.last = time
      return spell
    },
    advance(time) {
      if (!(time >= nextSweep)) return
      nextSweep = Number.POSITIVE_INFINITY
      for (const spell of open.values()) {
        if (time - spell.last >= SILENCE) end(spell)
        else if (spell.last + SILENCE < nextSweep) nextSweep = spell.last + SILENCE
      }
    },
    close() {
      for (const spell of open.values()) end(spell)
    },
    get evicted() {
      return evicted
    },
  }
}

/** A packet that is late, but not later than a spell may be long, still belongs to it. */
function isOver({ since, last }: Pick<Spell<unknown>, 'since' | 'last'>, time: number): boolean {
  return time - last >= SILENCE || time - since >= LONGEST || last - time >= LONGEST
}
