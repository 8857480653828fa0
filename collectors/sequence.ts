// How many events a producer lost, told from the numbers it gives them. Several producers may write into one file without saying
// which of them a line is from (ulogd numbers each of its groups alone), and any of them may start anew at 0.
//
// A loss is only claimed where no other reading is left, so what is said to be lost is lost; that nothing is said proves nothing.

export interface Sequences {
  /** How many were lost before the event of this number. */
  lostBefore(number: number): number
  /** A line could not be read: it may have been any number. */
  blur(): void
}

const MOST = 8
/** Lines after which a sequence that another one began anew is taken to be over. */
const LINGER = 64

interface Sequence {
  last: number
  /** The line at which a later sequence began at 0, or Infinity. */
  succeededAt: number
  isBlurred: boolean
}

export function createSequences(): Sequences {
  let sequences: Sequence[] = []
  let line = 0

  const isOver = (sequence: Sequence): boolean => line - sequence.succeededAt > LINGER

  function take(sequence: Sequence, number: number): void {
    sequence.last = number
    sequence.succeededAt = Number.POSITIVE_INFINITY
    sequence.isBlurred = false
  }

  function begin(number: number): void {
    if (number === 0) for (const each of sequences) each.succeededAt = Math.min(each.succeededAt, line)
    sequences.push({ last: number, succeededAt: Number.POSITIVE_INFINITY, isBlurred: false })
    if (sequences.length > MOST) sequences.shift()
  }

  return {
    lostBefore(number) {
      line++
      if (sequences.some(isOver)) sequences = sequences.filter(each => !isOver(each))
      const next = sequences.find(each => each.last + 1 === number)
      if (next !== undefined) {
        take(next, number)
        return 0
      }
      const nearest = number === 0 ? undefined : nearestBelow(sequences, number)
      if (nearest === undefined) {
        begin(number)
        return 0
      }
      const lost = nearest.isBlurred ? 0 : number - nearest.last - 1
      take(nearest, number)
      return lost
    },
    blur() {
      for (const each of sequences) each.isBlurred = true
    },
  }
}

/** The smallest gap is the one that certainly is one, whichever sequence the number belongs to. */
function nearestBelow(sequences: readonly Sequence[], number: number): Sequence | undefined {
  let nearest: Sequence | undefined
  for (const each of sequences)
    if (each.last < number && (nearest === undefined || each.last > nearest.last)) nearest = each
  return nearest
}
