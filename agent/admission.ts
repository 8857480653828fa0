// What becomes of a flow before it is judged: it goes on at once, waits until somebody can be named for it, or is only counted where
// there is no time for more.

import { copyFlow, type Flow, Verdict } from '../collectors/flow.ts'
import type { Counts } from './counts.ts'
import { flowJson, flowOfJson, type PipelineChanges } from './pipeline-state.ts'
import { createHold, defaultHold, heldBytes } from './verdict/hold.ts'

/** Of degradation (DESIGN section 12). */
export type Level = 0 | 1 | 2 | 3

/** What is learnt late of the cluster is not yet in the timeline, and until then nobody knows that it is not. */
export interface Proof {
  /** Microseconds; NaN: nothing to wait for. */
  until(): number
  /** A flow waits for more. */
  ask(): void
}

export interface AdmissionOptions {
  /** Allowed flows are counted; `full` also writes them. */
  readonly allowed: 'count' | 'full'
  /** How long a flow waits for a pod that the timeline does not know yet, in milliseconds of `advance`'s clock; 0: not at all. */
  readonly holdMs: number | undefined
  /** Flows wait as long for the timeline to be whole up to their time. */
  readonly proof: Proof | undefined
  /** Of when a flow came, in milliseconds of a clock that nobody sets. */
  readonly monotonic: (() => number) | undefined
  readonly counts: Counts
  /** Who was at its ends may be known soon. */
  readonly isAwaited: (flow: Flow) => boolean
  /** It repeats what has a record already. */
  readonly isTold: (flow: Flow) => boolean
  /** Judges it. `came`: when, if it had to wait. */
  readonly judge: (flow: Flow, came?: number) => void
  readonly countOnly: (flow: Flow) => void
}

export interface Admission {
  take(flow: Flow): void
  /** Only a count of it is wanted. */
  isOnlyCounted(flow: Flow): boolean
  /** Lets go of what need not wait any more; `now` is milliseconds of any clock. */
  advance(now: number): void
  /** Lets go of all. */
  drain(): void
  restore(held: PipelineChanges['held']): void
  changes(all?: boolean): PipelineChanges['held']
  level: Level
  readonly size: number
  readonly capacity: number
}

/** Of allowed flows, one in so many is judged at level 1. */
const SAMPLED = 16

/** Repeats that wait for the timeline at a time. */
const FEW = 64

export function createAdmission(options: AdmissionOptions): Admission {
  const { allowed, holdMs = 0, proof, counts, isTold } = options
  const hold = holdMs > 0 ? createHold<Flow>({ ms: holdMs, ...defaultHold }, options.judge) : undefined
  let level: Level = 0
  let sampled = 0

  function isShed({ verdict }: Flow): boolean {
    if (level === 0 || verdict !== Verdict.allowed) return false
    return level > 1 || ++sampled % SAMPLED !== 0
  }

  /** A flow that nobody can be named for yet waits; what is only counted need not. */
  function take(flow: Flow): void {
    if (isShed(flow)) {
      counts.shed++
      options.countOnly(flow)
    } else if (hold !== undefined && isNamed(flow) && isHeld(flow)) keep(flow)
    else options.judge(flow)
  }

  function isNamed(flow: Flow): boolean {
    return flow.verdict !== Verdict.none && !isOnlyCounted(flow)
  }

  function isOnlyCounted({ verdict }: Flow): boolean {
    return verdict === Verdict.allowed && allowed === 'count'
  }

  function isHeld(flow: Flow): boolean {
    return options.isAwaited(flow) || isUnproven(flow)
  }

  /** A repeat of what was told waits only where few do: in a flood one look's worth of them may count to who had the address before. */
  function isUnproven(flow: Flow): boolean {
    if (proof === undefined || !(flow.time > proof.until())) return false
    if (hold!.size >= FEW && isTold(flow)) return false
    proof.ask()
    return true
  }

  function keep(flow: Flow): void {
    const { displaced } = hold!
    hold!.push(copyFlow(flow), heldBytes(flow), options.monotonic?.() ?? 0)
    counts.held++
    counts.displaced += hold!.displaced - displaced
  }

  return {
    take,
    isOnlyCounted,
    advance(now) {
      if (hold === undefined) return
      const { expired } = hold
      hold.advance(now, isHeld)
      counts.expired += hold.expired - expired
    },
    drain: () => hold?.drain(),
    restore(held) {
      for (const { item } of held.came) take(flowOfJson(item))
    },
    changes(all) {
      const { came, went } = hold?.changes(all) ?? { came: [], went: [] }
      return { came: came.map(({ id, item }) => ({ id, item: flowJson(item) })), went }
    },
    get level() {
      return level
    },
    set level(to) {
      level = to
    },
    get size() {
      return hold?.size ?? 0
    },
    capacity: defaultHold.capacity,
  }
}
