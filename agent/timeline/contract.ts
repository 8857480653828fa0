// What the timeline is asked and told: the seam to everybody else.

import type { World } from '../policy/objects.ts'
import type { AppliedChange } from './change.ts'
import type { Observed, TimelineEvent } from './observed.ts'
import type { View } from './view.ts'

export interface TimelineInput {
  /** Objects of manifests: they hold for all time, until an event speaks of them. */
  readonly objects?: readonly Observed[]
  /** In any order of times; of one time and kind in the order of the watch. */
  readonly events?: readonly TimelineEvent[]
}

export interface TimelineOptions<E> {
  /** The policy engine: `world => compile(world, { profile })`. */
  readonly compile: (world: World) => E
  /** How long a data plane may take to enforce a change. */
  readonly lagMs?: number
  /** How far before the first event an answer may still be tried. */
  readonly historyMs?: number
  /** How late a watch event or a kubelet's status may be. */
  readonly watchDelayMs?: number
  /**
   * How far ahead of this node's the clocks of API server and kubelets may be while they are believed, a second by default. An
   * event that is older than its own stamp gives a wrong clock away: from then on no such time narrows anything.
   */
  readonly skewMs?: number
}

export interface Timeline<E> {
  /** Takes one event: an object that was added, modified or deleted, a relist, or the loss of a watch. */
  apply(event: TimelineEvent): void
  /**
   * The view of a time, microseconds since 1970; `precision` is the resolution of the clock it was read from (`flow.precision`):
   * the packet was somewhere in [time, time + precision). NaN: at an unknown time. Infinity: the last state.
   */
  viewAt(time: number, precision?: number): View<E>
  /** Every change of a policy, a namespace's labels or a pod's labels, oldest first. */
  changes(): readonly AppliedChange[]
  /** Those that were learnt since the last call, oldest first. */
  drainChanges(): readonly AppliedChange[]
  /** Drops what ended before; times before it are `too-old` from now on. */
  forget(before: number): void
  /**
   * The node's clock was stepped: no stamp in [from, to) says for certain when something was, and around it no distance between
   * two stamps is what it seems.
   */
  doubtClock(from: number, to: number): void
  /** The enforcement lag that has been learnt, in milliseconds. */
  setLag(lagMs: number): void
  /** How much is held: for metrics, and for bounds. */
  size(): { readonly objects: number; readonly boundaries: number; readonly changes: number }
}
