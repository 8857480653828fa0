// Which pod had which address, and when: the intervals of shared/kubernetes/TIMELINE.md section 3, from what was seen of a pod.
//
// An interval has a certain middle and two fringes. It begins somewhere in [from.lo, from.hi] (the pod was made .. this node saw
// the address) and ends somewhere in [to.lo, to.hi] (the first sign of the end .. this node saw the end). What this node saw is
// late by a bounded time; API times are another machine's clock, and narrow a fringe only where that clock is known.

import type { Pod } from '../policy/objects.ts'
import type { Stamp } from './observed.ts'
import type { Seen } from './track.ts'
import type { Unsure } from './unsure.ts'

/** Something happened in [lo, hi]; `reason` is why it is not known when. */
export interface Bound {
  readonly lo: number
  readonly hi: number
  readonly reason: Unsure
}

export interface Interval {
  /** The pod as it was last seen with this address. */
  readonly pod: Pod
  /** Canonical text. */
  readonly address: string
  readonly from: Bound
  readonly to: Bound
  /** Index of the observation that showed the address first in this life of the pod, -1 if it had another before. */
  readonly opened: number
}

/** How far other clocks and the watch may be off, in microseconds. */
export interface Tolerance {
  /** How late a watch event may reach this node, and a kubelet may write a status. */
  readonly watchDelay: number
  /** How far the API server's and the kubelets' clocks may be ahead of this node's; Infinity: they are not believed. */
  readonly skew: number
}

/** Host-network pods never own an address (all share the node's), finished ones own none any more (S60). */
export function holdsAddresses(pod: Pod): boolean {
  return !pod.hostNetwork && pod.phase !== 'Succeeded' && pod.phase !== 'Failed'
}

interface Open {
  pod: Pod
  readonly from: Bound
  readonly opened: number
  /** First sign of the end so far. */
  sign: number
}

/** Intervals in the order in which they ended, the open ones last. */
export function ownershipOf(seen: readonly Seen[], tolerance: Tolerance): readonly Interval[] {
  const open = new Map<string, Open>()
  const done: Interval[] = []
  let born = seen[0]!
  let addressed = false
  for (const [i, each] of seen.entries()) {
    const isBirth = i === 0 || seen[i - 1]!.observed === undefined
    if (isBirth) {
      born = each
      addressed = false
    }
    const live = liveAddresses(each)
    done.push(...closeGone(open, live, each, tolerance))
    openNew(open, live, each, startOf(each, born, addressed, tolerance, i))
    noteTermination(open, each, tolerance)
    if (!addressed) done.push(...finishedBefore(each, born, tolerance, i))
    addressed ||= (podOf(each)?.ips.length ?? 0) > 0
  }
  return done.concat(stillOpen(open))
}

/** The addresses that the pod had when it was seen; none for a host-network, finished or deleted one. */
export function liveAddresses(seen: Seen): readonly string[] {
  const pod = podOf(seen)
  return pod !== undefined && holdsAddresses(pod) ? pod.ips : []
}

function closeGone(
  open: Map<string, Open>,
  live: readonly string[],
  seen: Seen,
  tolerance: Tolerance,
): Interval[] {
  const gone = [...open].filter(([address]) => !live.includes(address))
  for (const [address] of gone) open.delete(address)
  return gone.map(([address, opening]) => closed(address, opening, endOf(seen, opening, tolerance)))
}

function openNew(
  open: Map<string, Open>,
  live: readonly string[],
  seen: Seen,
  start: Pick<Open, 'from' | 'opened'>,
): void {
  const pod = podOf(seen)
  if (pod === undefined) return
  for (const address of live) {
    const known = open.get(address)
    if (known !== undefined) known.pod = pod
    else open.set(address, { pod, ...start, sign: Number.POSITIVE_INFINITY })
  }
}

/** A manifest with a deletionTimestamp holds for all time like any other (S59); only what was watched can be ending. */
function noteTermination(open: Map<string, Open>, seen: Seen, tolerance: Tolerance): void {
  if (podOf(seen)?.terminating !== true || seen.at === Number.NEGATIVE_INFINITY) return
  for (const each of open.values()) each.sign = Math.min(each.sign, signOf(seen, tolerance))
}

function stillOpen(open: Map<string, Open>): Interval[] {
  return [...open].map(([address, each]) =>
    closed(address, each, each.sign === Number.POSITIVE_INFINITY ? NO_END : { ...NO_END, lo: each.sign }),
  )
}

/** Shared, as nearly every address has it. */
const NO_END: Bound = {
  lo: Number.POSITIVE_INFINITY,
  hi: Number.POSITIVE_INFINITY,
  reason: 'pod-terminating',
}

export function podOf(seen: Seen): Pod | undefined {
  return seen.observed?.kind === 'Pod' ? seen.observed.object : undefined
}

function closed(address: string, open: Open, to: Bound): Interval {
  return { pod: open.pod, address, from: open.from, to, opened: open.opened }
}

function startOf(
  seen: Seen,
  born: Seen,
  addressed: boolean,
  tolerance: Tolerance,
  index: number,
): Pick<Open, 'from' | 'opened'> {
  // An address that came to a living pod (its node rebooted): no API time says when.
  if (addressed) return { from: bound(unseen(seen, tolerance), seen, 'pod-starting'), opened: -1 }
  if (!Number.isNaN(seen.listed)) return { from: listedBound(seen, tolerance), opened: index }
  // A pod that a relist brought anew was created in the gap, and had no address before.
  const created = seen === born && !Number.isNaN(seen.gap) ? seen.gap : born.at - tolerance.watchDelay
  return {
    from: bound(notBefore(created, apiStart(seen.stamp), seen, tolerance), seen, 'pod-starting'),
    opened: index,
  }
}

/** Of an initial list: certain from the moment it was listed. Manifests (listed at -Infinity) are certain for all time. */
function listedBound(seen: Seen, tolerance: Tolerance): Bound {
  return {
    lo: notBefore(Number.NEGATIVE_INFINITY, apiStart(seen.stamp), seen, tolerance),
    hi: seen.listed,
    reason: 'before-timeline',
  }
}

/**
 * The earliest moment of what was seen: `floor`, as this node's own clock has it, or later by an API time. One that lies after its
 * own observation is a clock that is wrong by more than the tolerance, and says nothing.
 */
export function notBefore(floor: number, api: number, seen: Pick<Seen, 'at'>, tolerance: Tolerance): number {
  const time = api - tolerance.skew
  return time <= seen.at ? Math.max(floor, time) : floor
}

/**
 * What no API time dates: written since the last proof of a relist, or as long ago as a watch event can be late. A kubelet
 * writes what happened on its node, and later than it happened: a pod that is gone may have finished before it was deleted.
 */
function unseen(seen: Seen, tolerance: Tolerance): number {
  return (Number.isNaN(seen.gap) ? seen.at : seen.gap) - tolerance.watchDelay
}

/** The kubelet gives the start time before it makes the network. */
function apiStart(stamp: Stamp): number {
  return Number.isNaN(stamp.started) ? stamp.created : stamp.started
}

function endOf(seen: Seen, open: Open, tolerance: Tolerance): Bound {
  // Nobody told of the request when it was made, so it may be as old as it says.
  const isUntold = seen.observed === undefined && open.sign === Number.POSITIVE_INFINITY
  const asked =
    isUntold && !Number.isNaN(seen.stamp.deleting) ? seen.stamp.deleting : Number.POSITIVE_INFINITY
  const sign = Math.min(open.sign, asked, signOf(seen, tolerance))
  const end = bound(sign, seen, 'pod-terminating')
  return open.sign < end.lo ? { ...end, lo: open.sign } : end
}

/** When the end began at the earliest: deletion asked for, the last container ended, or just before this node saw it. */
function signOf(seen: Seen, tolerance: Tolerance): number {
  const known = seen.stamp
  const pod = podOf(seen)
  const finished = pod !== undefined && !holdsAddresses(pod) ? known.finished : Number.NaN
  const times = [known.deleting, finished].filter(time => !Number.isNaN(time))
  return notBefore(
    unseen(seen, tolerance),
    times.length > 0 ? Math.min(...times) : Number.NaN,
    seen,
    tolerance,
  )
}

function bound(lo: number, seen: Seen, reason: Unsure): Bound {
  return { lo: Math.min(lo, seen.at), hi: seen.at, reason: Number.isNaN(seen.gap) ? reason : 'sync-gap' }
}

/** A pod that was finished when its address was first seen had it at some time before that. */
function finishedBefore(seen: Seen, born: Seen, tolerance: Tolerance, index: number): Interval[] {
  const pod = podOf(seen)
  if (pod === undefined || pod.hostNetwork || holdsAddresses(pod) || seen.at === Number.NEGATIVE_INFINITY)
    return []
  const { from } = startOf(seen, born, false, tolerance, index)
  return pod.ips.map(address => ({
    pod,
    address,
    from,
    to: { lo: from.lo, hi: seen.at, reason: 'pod-terminating' },
    opened: index,
  }))
}
