// The policy epochs of the times that are being looked at. There is never one epoch per event: the few that are held are moved
// to where they are wanted by `with`, so that neighbouring times share everything that did not change.

import type { Change, Namespace, Node, Pod, PolicyObject, World } from '../policy/objects.ts'
import type { AppliedChange } from './change.ts'
import type { Observed } from './observed.ts'
import { stateCapacity } from './possible.ts'
import { insertSorted, upperBound } from './sorted.ts'
import { type Track, type Version, versionAt } from './track.ts'

/** What the timeline needs of the policy engine's epochs. */
export interface EpochLike<E> {
  with(changes: readonly Change[]): E
}

/** The state of this track may change here. */
export interface Mark {
  readonly time: number
  readonly track: Track
}

interface Entry<E> {
  readonly time: number
  readonly epoch: E
  /** Tracks that have been concluded otherwise since: what the epoch has of them is not what they say now. */
  readonly stale: Set<Track>
}

type TrackOf = (change: AppliedChange) => Track | undefined

/** To the state on one side of a change. */
export interface Step {
  readonly change: AppliedChange
  readonly to: 'before' | 'after'
}

interface Shifted<E> {
  readonly steps: readonly Step[]
  readonly epoch: E
}

const capacity = 12
/** As many states as one question may have. */
const shiftedCapacity = stateCapacity
const timeOf = (mark: Mark) => mark.time

export class Epochs<E extends EpochLike<E> & object> {
  readonly #compile: (world: World) => E
  readonly #tracks: ReadonlySet<Track>
  readonly #marks: Mark[] = []
  /** The most recently used last. */
  #entries: Entry<E>[] = []
  readonly #shifted = new WeakMap<E, Shifted<E>[]>()

  constructor(tracks: ReadonlySet<Track>, compile: (world: World) => E) {
    this.#tracks = tracks
    this.#compile = compile
  }

  addMarks(marks: readonly Mark[]): void {
    insertSorted(this.#marks, marks, timeOf)
  }

  /** To be called after a track's versions were replaced, with what they were. */
  touch(track: Track, before: readonly Version[]): void {
    for (const entry of this.#entries) {
      if (versionAt(before, entry.time) !== versionAt(track.versions, entry.time)) entry.stale.add(track)
    }
  }

  /**
   * Drops what lies before a time that nobody will ask for again, but for the latest, which may still hold; `marks` are those that are
   * left, `gone` the tracks that no mark tells of any more.
   */
  forget(before: number, marks: readonly Mark[], gone: readonly Track[]): void {
    this.#marks.length = 0
    this.addMarks(marks)
    const last = Math.max(...this.#entries.map(({ time }) => time).filter(time => time < before))
    this.#entries = this.#entries.filter(({ time }) => time >= before || time === last)
    for (const { time, stale } of this.#entries)
      for (const track of gone) if (versionAt(track.versions, time) !== undefined) stale.add(track)
  }

  /** The epoch of the state at a time; the same object for all times between which nothing changes. */
  at(time: number): E {
    const here = this.#position(time)
    const cost = (entry: Entry<E>) => Math.abs(this.#position(entry.time) - here) + entry.stale.size
    const [nearest] = [...this.#entries].sort((a, b) => cost(a) - cost(b))
    // Moving further than across half of all objects costs more than starting anew.
    if (nearest === undefined || cost(nearest) > 16 + this.#tracks.size / 2) {
      return this.#keep({ time, epoch: this.#compile(worldAt(this.#tracks, time)), stale: new Set() })
    }
    if (cost(nearest) > 0) return this.#keep(this.#move(nearest, time, here))
    this.#entries.push(...this.#entries.splice(this.#entries.indexOf(nearest), 1))
    return nearest.epoch
  }

  /**
   * The epoch of `time` as if some changes had not been made (to `before`, newest first) or had been made already (to `after`,
   * oldest first): of several of one object the last counts. Everything else stays, so the ends of a connection are there as well.
   */
  shifted(epoch: E, time: number, steps: readonly Step[], trackOf: TrackOf): E {
    if (steps.length === 0) return epoch
    const known = this.#shifted.get(epoch) ?? []
    this.#shifted.set(epoch, known)
    const found = known.find(each => isSameList(each.steps, steps))
    if (found !== undefined) return found.epoch
    const other = epoch.with(shift(steps, time, trackOf))
    known.push({ steps, epoch: other })
    if (known.length > shiftedCapacity) known.shift()
    return other
  }

  #position(time: number): number {
    return upperBound(this.#marks, time, timeOf)
  }

  #keep(entry: Entry<E>): E {
    this.#entries.push(entry)
    if (this.#entries.length > capacity) this.#entries.shift()
    return entry.epoch
  }

  #move(entry: Entry<E>, time: number, here: number): Entry<E> {
    const there = this.#position(entry.time)
    const between = this.#marks.slice(Math.min(here, there), Math.max(here, there)).map(mark => mark.track)
    const changes = [...entry.stale].flatMap(track => restate(track, time))
    for (const track of new Set(between)) {
      if (!entry.stale.has(track))
        changes.push(...differ(versionAt(track.versions, entry.time), versionAt(track.versions, time)))
    }
    return { time, epoch: changes.length === 0 ? entry.epoch : entry.epoch.with(changes), stale: new Set() }
  }
}

/** Whatever the epoch has of this track, this is what it should have. */
function restate(track: Track, time: number): Change[] {
  const now = versionAt(track.versions, time)
  const others = track.ids.filter(id => id !== now?.id).flatMap(id => removal(track.kind, id))
  return now === undefined ? others : [...others, ...presence(now)]
}

function differ(before: Observed | undefined, after: Observed | undefined): Change[] {
  if (before === after) return []
  const gone = before !== undefined && before.id !== after?.id ? removal(before.kind, before.id) : []
  return after === undefined ? gone : [...gone, ...presence(after)]
}

function removal(kind: Observed['kind'], key: string): Change[] {
  return kind === 'Service' ? [] : [{ kind, key }]
}

function presence(observed: Observed): Change[] {
  if (observed.kind === 'Service') return []
  return [{ kind: observed.kind, key: observed.id, object: observed.object } as Change]
}

function isSameList(a: readonly Step[], b: readonly Step[]): boolean {
  return a.length === b.length && a.every(({ change, to }, i) => change === b[i]!.change && to === b[i]!.to)
}

/** A pod keeps everything of today but its labels and ports. */
function shift(steps: readonly Step[], time: number, trackOf: TrackOf): Change[] {
  const result = new Map<Track, Change[]>()
  for (const { change, to } of steps) {
    const track = trackOf(change)
    if (track === undefined) continue
    const now = versionAt(track.versions, time)
    const other = change[to]
    if (change.kind === 'pod')
      result.set(track, now?.kind === 'Pod' ? [podWith(now.object, change[to]!)] : [])
    else
      result.set(
        track,
        differ(
          now,
          track.seen.find(seen => other !== undefined && seen.observed?.object === other)?.observed,
        ),
      )
  }
  return [...result.values()].flat()
}

function podWith(now: Pod, other: Pod): Change {
  return { kind: 'Pod', key: now.uid, object: { ...now, labels: other.labels, ports: other.ports } }
}

/** Everything that was there at a time, as the policy engine takes it. */
export function worldAt(tracks: Iterable<Track>, time: number): World {
  const namespaces: Namespace[] = []
  const pods: Pod[] = []
  const nodes: Node[] = []
  const policies: PolicyObject[] = []
  for (const track of tracks) {
    const now = versionAt(track.versions, time)
    if (now?.kind === 'Namespace') namespaces.push(now.object)
    else if (now?.kind === 'Pod') pods.push(now.object)
    else if (now?.kind === 'Node') nodes.push(now.object)
    else if (now?.kind === 'Policy') policies.push(now.object)
  }
  return { namespaces, pods, nodes, policies }
}
