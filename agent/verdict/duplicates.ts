// One packet, two lines: Cilium tells of a policy drop as a policy verdict, which names the policies, and again as a drop, which
// does not; either may come first. The verdict is kept. A drop without a verdict (fieldMask, Retina) is a packet of its own.
//
// Weave prints a SYN that it has blocked twice, some 20 microseconds apart: the second of two such lines is the first one's twin.
//
// Two packets are never merged: a verdict stands for one drop, of the same tuple, a moment away, and a line for one twin. A repeated
// SYN comes a second later.

import { copyFlow, type Flow, Notice, Verdict } from '../../collectors/flow.ts'

export interface Duplicates {
  /** True when the flow is to go on now; false when it is another's duplicate, or held until that is known. */
  observe(flow: Flow): boolean
  /** Lets go of every drop that waits for its verdict, through `emit`: the end of the input. */
  drain(): void
  /** What it remembers; undefined where that is nothing. */
  state(): DuplicatesState | undefined
  /** Takes what an earlier one remembered. */
  restore(state: DuplicatesState): void
  /** Lines that told of a packet again. */
  readonly dropped: number
}

const MOMENT = 100_000
const TWINS = 1_000
/** Verdicts that are remembered, and drops that are held. */
const CAPACITY = 256

export interface Seen {
  readonly tuple: readonly number[]
  readonly time: number
}

interface HeldDrop extends Seen {
  readonly flow: Flow
}

export interface DuplicatesState {
  readonly verdicts: readonly Seen[]
  readonly singles: readonly Seen[]
  readonly held: readonly HeldDrop[]
}

/** `emit` takes a drop that turned out to be nobody's duplicate. */
export function createDuplicates(emit: (flow: Flow) => void): Duplicates {
  const verdicts: Seen[] = []
  const singles: Seen[] = []
  const held: HeldDrop[] = []
  let dropped = 0

  function letGo(before: number): void {
    while (held.length > 0 && (held.length > CAPACITY || !(held[0]!.time >= before))) emit(held.shift()!.flow)
  }

  /** Takes the first entry that tells of the same packet out of the list. */
  function takeSame(list: Seen[], seen: Seen, apart = MOMENT): boolean {
    const found = list.findIndex(
      each => Math.abs(each.time - seen.time) <= apart && isSame(each.tuple, seen.tuple),
    )
    if (found < 0) return false
    list.splice(found, 1)
    dropped++
    return true
  }

  return {
    observe(flow) {
      if (flow.verdict !== Verdict.denied || flow.notice === Notice.none || flow.notice === Notice.trace)
        return true
      if (held.length > 0) letGo(flow.time - MOMENT)
      const seen = { tuple: tupleOf(flow), time: flow.time }
      if (flow.notice === Notice.twin) {
        if (takeSame(singles, seen, TWINS)) return false
        remember(singles, seen, TWINS)
        return true
      }
      if (flow.notice === Notice.verdict) {
        if (!takeSame(held, seen)) remember(verdicts, seen, MOMENT)
        return true
      }
      if (!takeSame(verdicts, seen)) held.push({ ...seen, flow: copyFlow(flow) })
      return false
    },
    drain: () => letGo(Number.POSITIVE_INFINITY),
    state: () =>
      verdicts.length + singles.length + held.length === 0 ? undefined : { verdicts, singles, held },
    restore(state) {
      verdicts.push(...state.verdicts)
      singles.push(...state.singles)
      held.push(...state.held)
    },
    get dropped() {
      return dropped
    },
  }
}

function remember(list: Seen[], seen: Seen, span: number): void {
  list.push(seen)
  while (list.length > CAPACITY || list[0]!.time < seen.time - span) list.shift()
}

/** Word by word: to spread a part of the address would cost most of what a denied line allocates. */
function tupleOf({ address: a, proto, sport, dport, icmpType, icmpCode }: Flow): number[] {
  return [proto, sport, dport, icmpType, icmpCode, a[0]!, a[1]!, a[2]!, a[3]!, a[4]!, a[5]!, a[6]!, a[7]!]
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => value === b[i])
}
