// Keeps what repeats from filling a log: the first of its kind is said at once, those within a minute are counted, and at its end the
// latest of them is said with that number. Pure: it is told the time.

/** Says it; `more` like it were held back. */
type Say = (more: number) => void

interface Kind {
  /** Until then further ones are held back. */
  until: number
  held: number
  latest: Say | undefined
}

export interface Repeats {
  /** Says it, or holds it back. */
  pass(kind: string, now: number, say: Say): void
  /** Says what was held back and is due; with `all` whatever is held. */
  settle(now: number, all?: boolean): void
}

export function createRepeats({ windowMs = 60_000, capacity = 500 } = {}): Repeats {
  const kinds = new Map<string, Kind>()

  function tell(kind: string, of: Kind, now: number): void {
    const { latest, held } = of
    kinds.delete(kind)
    if (latest === undefined) return
    kinds.set(kind, { until: now + windowMs, held: 0, latest: undefined })
    latest(held - 1)
  }

  /** A clock that was set back must not silence anybody for hours. */
  const isOver = ({ until }: Kind, now: number): boolean => now >= until || now < until - windowMs

  return {
    pass(kind, now, say) {
      const known = kinds.get(kind)
      if (known !== undefined && !isOver(known, now)) {
        known.held++
        known.latest = say
        return
      }
      kinds.delete(kind)
      // The oldest gives way; what it held is said, not lost.
      const [oldest] = kinds
      if (kinds.size >= capacity && oldest !== undefined) {
        kinds.delete(oldest[0])
        oldest[1].latest?.(oldest[1].held - 1)
      }
      kinds.set(kind, { until: now + windowMs, held: 0, latest: undefined })
      say(known?.held ?? 0)
    },
    settle(now, all = false) {
      for (const [kind, of] of [...kinds]) if (all || isOver(of, now)) tell(kind, of, now)
    },
  }
}
