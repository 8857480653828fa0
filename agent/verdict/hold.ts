// Packets of a new pod are logged before this node hears of its address. A flow that nobody can be named for yet waits a moment, in a
// bounded queue: it is asked for again when time goes on, and goes its way when somebody is known or its time is up. Other flows do
// not wait for it, and none is lost: whoever does not fit in is let go at once, the oldest first.

import type { Flow } from '../../collectors/flow.ts'
import type { Finding } from './finding.ts'

export interface HoldLimits {
  /** How long one may wait, in milliseconds of the clock that `advance` is told. */
  readonly ms: number
  readonly capacity: number
  readonly maxBytes: number
}

export const defaultHold: Omit<HoldLimits, 'ms'> = { capacity: 2048, maxBytes: 4 << 20 }

export interface Hold<T> {
  /** Keeps one, which takes up so many bytes; `letGo` is told when it came, of any clock. */
  push(item: T, bytes: number, came: number): void
  /** It is `now`, milliseconds of any clock: lets go of those that need not wait any more, and of those whose time is up. */
  advance(now: number, isAwaited: (item: T) => boolean): void
  /** Lets go of all. */
  drain(): void
  /** What came and what went since the last call, or all there is: each has a number of its own. */
  changes(all?: boolean): HoldChanges<T>
  readonly size: number
  readonly bytes: number
  /** How many were kept, how many of them went because their time was up, and how many because they were too many. */
  readonly held: number
  readonly expired: number
  readonly displaced: number
}

export interface HoldChanges<T> {
  readonly came: readonly { readonly id: number; readonly item: T }[]
  readonly went: readonly number[]
}

interface Entry<T> {
  readonly id: number
  readonly item: T
  readonly bytes: number
  readonly came: number
  /** In milliseconds that have passed. */
  readonly until: number
}

/** `letGo` takes each exactly once, in the order in which they came where several go together. */
export function createHold<T>(
  { ms, capacity, maxBytes }: HoldLimits,
  letGo: (item: T, came: number) => void,
): Hold<T> {
  const entries: Entry<T>[] = []
  let bytes = 0
  // How much time has gone by, not what time it is: a clock may be set back.
  let passed = 0
  let latest = Number.NaN
  let held = 0
  let expired = 0
  let displaced = 0
  // Those up to this number have been told of, and these of them went since.
  let told = 0
  let went: number[] = []

  function release(entry: Entry<T>): void {
    bytes -= entry.bytes
    if (entry.id <= told) went.push(entry.id)
    letGo(entry.item, entry.came)
  }

  return {
    push(item, size, came) {
      held++
      entries.push({ id: held, item, bytes: size, came, until: passed + ms })
      bytes += size
      while (entries.length > capacity || bytes > maxBytes) {
        displaced++
        release(entries.shift()!)
      }
    },
    advance(now, isAwaited) {
      if (now > latest) passed += now - latest
      latest = now
      for (const entry of entries.splice(0)) {
        const isWanted = isAwaited(entry.item)
        if (isWanted && entry.until > passed) entries.push(entry)
        else {
          if (isWanted) expired++
          release(entry)
        }
      }
    },
    drain() {
      for (const entry of entries.splice(0)) release(entry)
    },
    changes(all = false) {
      const came = all ? entries : entries.filter(({ id }) => id > told)
      if (all) return { came, went: [] }
      const changes = { came, went }
      told = held
      went = []
      return changes
    },
    get size() {
      return entries.length
    },
    get bytes() {
      return bytes
    },
    get held() {
      return held
    },
    get expired() {
      return expired
    },
    get displaced() {
      return displaced
    },
  }
}

/** An end is in a pod range and no pod's that is known, or the watch of pods has been silent: who it is may still be told. */
export function isAwaited({ initiator, responder, deciding, egress, ingress, unjudged }: Finding): boolean {
  const kinds = [initiator.kind, responder.kind]
  if (kinds.includes('unknown')) return true
  if (!kinds.includes('external')) return false
  const reasons = [deciding, egress, ingress, unjudged].flatMap(each => each?.unsure ?? [])
  return reasons.includes('sync-gap')
}

/** About what a kept flow takes up: an object, its two arrays, and what the CNI said of it. */
export function heldBytes({ reported }: Flow): number {
  if (reported === undefined) return 700
  const texts = [reported.by, reported.verdict ?? '', reported.as ?? '', ...reported.policies]
  return 800 + 2 * texts.reduce((length, text) => length + text.length, 0)
}
