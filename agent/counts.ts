// What went through a pipeline, counted.

import { Verdict } from '../collectors/flow.ts'

/** What went through. `flows` is after de-duplication and joining; `denied` does not include `rejected`. */
export interface Counts {
  lines: number
  flows: number
  allowed: number
  denied: number
  rejected: number
  audited: number
  unanswered: number
  /** Flows of lines that claim no verdict. */
  undecided: number
  foreign: number
  malformed: number
  notes: number
  /** What producers said they lost; those that gave no number count in `losses` only. */
  lost: number
  losses: number
  records: number
  /** Flows that the policies in force do not explain. */
  contradictions: number
  /** Connections forgotten because the table was full. */
  evicted: number
  /** Allowed flows that were only counted, and lines of connections not even read, because the agent was short of means. */
  shed: number
  shedLines: number
  /** Flows that waited for a pod to be known; those for which none was in time, and those that were too many to wait. */
  held: number
  expired: number
  displaced: number
}

/** Named counters by a switch: a name looked up per line costs more than all the rest of counting. */
export function tally(counts: Counts, verdict: Verdict): void {
  counts.flows++
  switch (verdict) {
    case Verdict.allowed:
      counts.allowed++
      break
    case Verdict.denied:
      counts.denied++
      break
    case Verdict.rejected:
      counts.rejected++
      break
    case Verdict.audited:
      counts.audited++
      break
    case Verdict.unanswered:
      counts.unanswered++
      break
    case Verdict.none:
      counts.undecided++
  }
}

export function zeroCounts(): Counts {
  return {
    lines: 0,
    flows: 0,
    allowed: 0,
    denied: 0,
    rejected: 0,
    audited: 0,
    unanswered: 0,
    undecided: 0,
    foreign: 0,
    malformed: 0,
    notes: 0,
    lost: 0,
    losses: 0,
    records: 0,
    contradictions: 0,
    evicted: 0,
    shed: 0,
    shedLines: 0,
    held: 0,
    expired: 0,
    displaced: 0,
  }
}
