// What follows from what was seen: who had which address, which changes there were, and the boundaries between the times in
// which nothing changes. Only tracks that have something new are concluded again.

import type { World } from '../policy/objects.ts'
import { AddressBook } from './address-book.ts'
import { type AppliedChange, changesOf } from './change.ts'
import { type EpochLike, Epochs, type Mark } from './epochs.ts'
import { ownershipOf, type Tolerance } from './ownership.ts'
import { compare, insertSorted, upperBound } from './sorted.ts'
import { type Track, versionsOf } from './track.ts'

/** A stretch between two neighbouring boundaries, and a moment in it that stands for all of them. */
export interface Segment {
  readonly from: number
  readonly to: number
}

/** To start again from ten thousand objects takes as long as to judge a thousand packets: without need, for boundaries that are over, seldom. */
const FORGET_ALL = 64

const itself = (time: number) => time
const changedAt = (change: AppliedChange) => change.at

export class Conclusions<E extends EpochLike<E> & object> {
  book = new AddressBook()
  readonly epochs: Epochs<E>
  /** In the order of their times. */
  changes: AppliedChange[] = []
  /** Those that nobody has asked for yet. */
  fresh: AppliedChange[] = []
  readonly #tracks: ReadonlySet<Track>
  #tolerance: Tolerance
  /** One boundary too many only splits a view, so none is taken out before `forget`. */
  #edges: number[] = []
  #lag: number
  /** How often in a row there was nothing to forget. */
  #unforgotten = 0
  /** The longest time between a change's two bounds. */
  #reach = 0

  constructor(tracks: ReadonlySet<Track>, compile: (world: World) => E, tolerance: Tolerance, lag: number) {
    this.#tracks = tracks
    this.epochs = new Epochs(tracks, compile)
    this.#tolerance = tolerance
    this.#lag = lag
  }

  /** False when it was done before. What was concluded with their help is to be concluded anew. */
  distrustClocks(): boolean {
    if (this.#tolerance.skew === Number.POSITIVE_INFINITY) return false
    this.#tolerance = { ...this.#tolerance, skew: Number.POSITIVE_INFINITY }
    return true
  }

  get boundaries(): number {
    return this.#edges.length
  }

  get lag(): number {
    return this.#lag
  }

  set lag(lag: number) {
    this.#lag = lag
    this.addEdges([...this.#tracks].flatMap(track => [...this.#edgesOf(track), ...this.#blindEdges(track)]))
  }

  /** Concludes these tracks anew. */
  update(tracks: Iterable<Track>): void {
    // Lists of lists: a call cannot take as many arguments as an object may have events.
    const edges: number[][] = []
    const marks: Mark[][] = []
    const added: AppliedChange[][] = []
    const removed = new Set<AppliedChange>()
    for (const track of tracks) {
      const before = {
        versions: track.versions,
        changes: track.changes,
        edges: new Set(this.#edgesOf(track)),
      }
      this.#conclude(track)
      this.epochs.touch(track, before.versions)
      edges.push(
        this.#edgesOf(track).filter(edge => !before.edges.has(edge)),
        this.#blindEdges(track),
      )
      marks.push(marksOf(track).filter(mark => !before.versions.some(version => version.from === mark.time)))
      added.push(track.changes.filter(change => !before.changes.includes(change)))
      for (const change of before.changes) if (!track.changes.includes(change)) removed.add(change)
    }
    this.addEdges(edges.flat())
    this.epochs.addMarks(marks.flat())
    this.#replaceChanges(added.flat(), removed)
  }

  /** `gone`: the tracks that nobody tells of any more; `isShorter`: some of the others tell less. */
  forget(tracks: Iterable<Track>, horizon: number, gone: readonly Track[], isShorter: boolean): void {
    const isSame = gone.length === 0 && !isShorter
    this.#unforgotten = isSame ? this.#unforgotten + 1 : 0
    if (isSame && this.#unforgotten % FORGET_ALL !== 0)
      this.changes = this.changes.filter(change => change.at > horizon)
    else this.#startAgain([...tracks], horizon, gone)
  }

  /** From what the tracks still tell. */
  #startAgain(all: readonly Track[], horizon: number, gone: readonly Track[]): void {
    this.book = new AddressBook(this.book)
    for (const track of all) this.book.update(track, [])
    const recent = all.flatMap(track => track.changes).filter(change => change.at > horizon)
    this.changes = recent.sort((a, b) => compare(a.at, b.at))
    this.#edges = []
    this.addEdges(all.flatMap(track => [...this.#edgesOf(track), ...this.#blindEdges(track)]))
    this.epochs.forget(horizon, all.flatMap(marksOf), gone)
  }

  addEdges(times: readonly number[]): void {
    const isNew = (time: number) => Number.isFinite(time) && this.segment(time).from !== time
    insertSorted(this.#edges, [...new Set(times)].filter(isNew), itself)
  }

  segment(time: number): Segment {
    const next = upperBound(this.#edges, time, itself)
    return {
      from: this.#edges[next - 1] ?? Number.NEGATIVE_INFINITY,
      to: this.#edges[next] ?? Number.POSITIVE_INFINITY,
    }
  }

  /** Of the changes in (after, until], oldest first. */
  changesIn(after: number, until: number): readonly AppliedChange[] {
    return this.changes.slice(
      upperBound(this.changes, after, changedAt),
      upperBound(this.changes, until, changedAt),
    )
  }

  /** Those that may have been written by then, and that this node did not know of yet; oldest first. */
  changesComing(time: number): readonly AppliedChange[] {
    return this.changesIn(time, time + this.#reach).filter(change => change.earliest <= time)
  }

  #conclude(track: Track): void {
    const before = track.intervals
    if (track.kind === 'Pod') track.intervals = ownershipOf(track.seen, this.#tolerance)
    track.versions = versionsOf(track)
    track.changes = changesOf(track, this.#tolerance, track.changes)
    this.book.update(track, before)
  }

  #edgesOf(track: Track): number[] {
    const versions = track.versions.map(version => version.from)
    const intervals = track.intervals.flatMap(({ from, to }) => [
      ...[from.lo, from.hi, from.hi + this.#lag],
      ...[to.lo, to.hi, to.hi + this.#lag],
    ])
    const changes = track.changes.flatMap(({ earliest, at }) => [earliest, at, at + this.#lag])
    return [...versions, ...intervals, ...changes]
  }

  #blindEdges({ blind }: Track): number[] {
    return blind.flatMap(({ from, to }) => [from, to + this.#lag])
  }

  #replaceChanges(added: readonly AppliedChange[], removed: ReadonlySet<AppliedChange>): void {
    if (removed.size > 0) {
      this.changes = this.changes.filter(change => !removed.has(change))
      this.fresh = this.fresh.filter(change => !removed.has(change))
    }
    this.#reach = added.reduce((reach, change) => Math.max(reach, change.at - change.earliest), this.#reach)
    insertSorted(this.changes, added, changedAt)
    insertSorted(this.fresh, added, changedAt)
  }
}

/** What was always so is no change. */
function marksOf(track: Track): Mark[] {
  if (track.kind === 'Service') return []
  const changed = track.versions.filter(({ from }) => from > Number.NEGATIVE_INFINITY)
  return changed.map(({ from }) => ({ time: from, track }))
}
