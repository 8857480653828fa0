// The cluster as a timeline: what it looked like at any time, and how sure that is. Pure: whoever reads files or watches an API
// server tells it, and whoever judges a packet asks it for the view of the packet's own time.

import type { AppliedChange } from './change.ts'
import { Conclusions, type Segment } from './conclusions.ts'
import type { Timeline, TimelineInput, TimelineOptions } from './contract.ts'
import {
  clockDoubt,
  type Doubt,
  forgottenDoubt,
  isStateKind,
  listingDoubts,
  type Sureness,
  startDoubts,
  sureness,
} from './doubt.ts'
import { type EpochLike, type Step, worldAt } from './epochs.ts'
import { forgetSeen } from './forget.ts'
import { forgetGaps, type Gap, isInGap } from './listing.ts'
import type { TimelineEvent } from './observed.ts'
import type { Moment } from './owner.ts'
import { waysBetween } from './possible.ts'
import { addFixed, record, settleRelists } from './record.ts'
import { compare } from './sorted.ts'
import { createStore, removeTrack, trackOf } from './store.ts'
import { msUs } from './time.ts'
import type { Track } from './track.ts'
import { leastCertain, sortReasons } from './unsure.ts'
import { type PossibleState, type State, TimelineView, type View } from './view.ts'

export function createTimeline<E extends EpochLike<E> & object>(
  input: TimelineInput,
  options: TimelineOptions<E>,
): Timeline<E> {
  return new ClusterTimeline(input, options)
}

interface CachedView<E> {
  readonly view: View<E>
  /** Times whose first moment is in [from, fromEnd) and whose last is in [toStart, to) have this view. */
  readonly from: number
  readonly fromEnd: number
  readonly toStart: number
  readonly to: number
}

const viewCapacity = 64
/** Of the states within one lag `past` has no more than these. */
const pastCapacity = 32

class ClusterTimeline<E extends EpochLike<E> & object> implements Timeline<E> {
  readonly #store = createStore()
  readonly #known: Conclusions<E>
  readonly #history: number
  readonly #watchDelay: number
  /** When the node's clock was stepped. */
  #steps: Gap[] = []
  #horizon = Number.NEGATIVE_INFINITY
  /** About every answer, and about who an unknown address was. */
  #doubts: readonly Doubt[] = []
  #podDoubts: readonly Doubt[] = []
  #isCurrent = false
  #views = new Map<string, CachedView<E>>()
  #last: CachedView<E> | undefined
  #nextId = 1

  constructor(input: TimelineInput, options: TimelineOptions<E>) {
    const tolerance = {
      watchDelay: (options.watchDelayMs ?? 5_000) * msUs,
      skew: (options.skewMs ?? 1_000) * msUs,
    }
    this.#watchDelay = tolerance.watchDelay
    this.#history = (options.historyMs ?? 15 * 60_000) * msUs
    this.#known = new Conclusions(
      this.#store.tracks,
      options.compile,
      tolerance,
      (options.lagMs ?? 5_000) * msUs,
    )
    for (const object of input.objects ?? []) addFixed(this.#store, object)
    const events = [...(input.events ?? [])].sort((a, b) => compare(a.at, b.at))
    for (const event of events) record(this.#store, event, false)
  }

  apply(event: TimelineEvent): void {
    record(this.#store, event, true)
    this.#invalidate()
  }

  viewAt(time: number, precision = 1): View<E> {
    const end = precision > 1 ? time + precision - 1 : time
    const last = this.#last
    if (
      last !== undefined &&
      time >= last.from &&
      time < last.fromEnd &&
      end >= last.toStart &&
      end < last.to
    )
      return last.view
    this.#settle()
    const first = Number.isNaN(time) ? always : this.#known.segment(time)
    const second = Number.isNaN(time) ? always : this.#known.segment(end)
    const cached = this.#cached(first, second)
    // The view of an unknown time has no bounds, and is not the view of any other.
    if (first !== always) this.#last = cached
    return cached.view
  }

  changes(): readonly AppliedChange[] {
    this.#settle()
    return this.#known.changes
  }

  drainChanges(): readonly AppliedChange[] {
    this.#settle()
    return this.#known.fresh.splice(0)
  }

  forget(before: number): void {
    if (!(before > this.#horizon)) return
    this.#settle()
    this.#horizon = before
    // A view just after the horizon still looks back by the lag.
    const horizon = before - this.#known.lag
    const shortened: Track[] = []
    const gone: Track[] = []
    for (const track of this.#store.tracks) {
      const outcome = this.#forgetTrack(track, horizon)
      if (outcome !== 'same') (outcome === 'gone' ? gone : shortened).push(track)
    }
    this.#known.update(shortened)
    this.#known.forget(this.#store.tracks, horizon, gone, shortened.length > 0)
    for (const listing of this.#store.listings.values()) forgetGaps(listing, horizon - this.#known.lag)
    this.#steps = this.#steps.filter(step => step.to > horizon - this.#reach)
    this.#invalidate()
  }

  doubtClock(from: number, to: number): void {
    this.#steps.push({ from, to })
    this.#invalidate()
  }

  setLag(lagMs: number): void {
    this.#settle()
    this.#known.lag = lagMs * msUs
    this.#invalidate()
  }

  size(): { objects: number; boundaries: number; changes: number } {
    this.#settle()
    return {
      objects: this.#store.tracks.size,
      boundaries: this.#known.boundaries,
      changes: this.#known.changes.length,
    }
  }

  get #reach(): number {
    return Math.max(this.#known.lag, this.#watchDelay)
  }

  #forgetTrack(track: Track, horizon: number): 'same' | 'shorter' | 'gone' {
    if (this.#known.book.isNeeded(track)) return 'same'
    const outcome = forgetSeen(track, horizon)
    if (outcome === 'gone') removeTrack(this.#store, track)
    return outcome
  }

  #invalidate(): void {
    this.#isCurrent = false
    this.#last = undefined
    this.#views.clear()
  }

  /** Concludes what has been recorded since somebody last looked. */
  #settle(): void {
    if (this.#isCurrent) return
    settleRelists(this.#store)
    if (this.#store.isClockWrong && this.#known.distrustClocks())
      for (const track of this.#store.tracks) this.#store.dirty.add(track)
    this.#known.update(this.#store.dirty)
    this.#store.dirty.clear()
    this.#collectDoubts()
    this.#isCurrent = true
  }

  #collectDoubts(): void {
    const listings = [...this.#store.listings.values()]
    const doubts = startDoubts(this.#store.start, this.#history)
    const { lag } = this.#known
    doubts.push(
      ...listings.filter(each => isStateKind(each.api)).flatMap(each => listingDoubts(each, lag)),
      ...this.#steps.map(({ from, to }) => clockDoubt(from, to, this.#reach)),
    )
    if (this.#horizon > Number.NEGATIVE_INFINITY) doubts.push(forgottenDoubt(this.#horizon))
    this.#doubts = doubts
    this.#podDoubts = listings.filter(each => each.api === 'Pod').flatMap(each => listingDoubts(each, 0))
    this.#known.addEdges([...doubts, ...this.#podDoubts].flatMap(doubt => [doubt.from, doubt.to]))
  }

  #cached(first: Segment, second: Segment): CachedView<E> {
    const key = `${first.from} ${second.from}${first === always ? ' always' : ''}`
    const known = this.#views.get(key) ?? this.#create(first, second)
    this.#views.delete(key)
    this.#views.set(key, known)
    if (this.#views.size > viewCapacity) this.#views.delete(this.#views.keys().next().value!)
    return known
  }

  /** All bounds are boundaries, so the first moment of a segment stands for each of its moments. */
  #create(first: Segment, second: Segment): CachedView<E> {
    const isAlways = first === always
    const when: Moment = { first: first.from, last: isAlways ? first.to : second.from }
    const changes = isAlways ? [] : this.#known.changesIn(when.first - this.#known.lag, when.last)
    const coming = isAlways ? [] : this.#known.changesComing(when.last)
    const here = [lazily({ undone: [], redone: [] }, () => this.#known.epochs.at(when.last))]
    const view = new TimelineView<E>({
      id: this.#nextId++,
      from: first.from,
      to: second.to,
      when,
      book: this.#known.book,
      lag: this.#known.lag,
      sureness: this.#sureness(when, isAlways),
      podDoubts: sureness(this.#podDoubts, when).unsure,
      isStale: this.#podDoubts.some(
        doubt => doubt.to === Number.POSITIVE_INFINITY && isInGap(doubt, when.first, when.last),
      ),
      epoch: () => this.#known.epochs.at(when.last),
      past: () => this.#past(changes, when.last),
      ahead: () => this.#ahead(coming, when.last),
      possible: matters =>
        changes.length + coming.length === 0
          ? here
          : this.#possible(changes.filter(matters), coming.filter(matters), when.last),
      changes: () => [...this.#known.changesIn(Number.NEGATIVE_INFINITY, when.last)].reverse(),
      without: undone => this.#without(undone, when.last),
      world: () => worldAt(this.#store.tracks, when.last),
    })
    return { view, from: first.from, fromEnd: first.to, toStart: second.from, to: second.to }
  }

  #sureness(when: Moment, isAlways: boolean): Sureness {
    const known = sureness(this.#doubts, isAlways ? { first: when.last, last: when.last } : when)
    if (!isAlways || Number.isNaN(this.#store.start)) return known
    return {
      certainty: leastCertain(known.certainty, 'candidates'),
      unsure: sortReasons([...known.unsure, 'clock-uncertain']),
    }
  }

  #possible(
    past: readonly AppliedChange[],
    coming: readonly AppliedChange[],
    time: number,
  ): readonly PossibleState<E>[] | undefined {
    return waysBetween(past, coming)?.map(({ steps, undone, redone }) =>
      lazily({ undone, redone }, () => this.#stepped(steps, time)),
    )
  }

  /** Changes of one moment are one step: nobody knows in which order a data plane took them. */
  #past(changes: readonly AppliedChange[], time: number): State<E>[] {
    const newest = changes.slice(-pastCapacity).reverse()
    const ends = newest.flatMap((change, i) => (change.at === newest[i + 1]?.at ? [] : [i + 1]))
    return ends.map(end => {
      const changes = newest.slice(0, end)
      return lazily({ changes }, () => this.#without(changes, time))
    })
  }

  #ahead(coming: readonly AppliedChange[], time: number): State<E>[] {
    const ends = coming.flatMap((change, i) => (change.at === coming[i + 1]?.at ? [] : [i + 1]))
    return ends.map(end => {
      const steps = coming.slice(0, end).map((change): Step => ({ change, to: 'after' }))
      return lazily({ changes: coming.slice(0, end).reverse() }, () => this.#stepped(steps, time))
    })
  }

  #without(changes: readonly AppliedChange[], time: number): E {
    return this.#stepped(
      changes.map((change): Step => ({ change, to: 'before' })),
      time,
    )
  }

  #stepped(steps: readonly Step[], time: number): E {
    const { epochs } = this.#known
    return epochs.shifted(epochs.at(time), time, steps, change => trackOf(this.#store, change))
  }
}

/** A NaN time may have been any. */
const always: Segment = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

/** Most states are never evaluated, for most packets do not meet what changed. */
function lazily<E, T extends object>(rest: T, make: () => E): T & { readonly epoch: E } {
  let epoch: E | undefined
  return {
    ...rest,
    get epoch() {
      epoch ??= make()
      return epoch
    },
  }
}
