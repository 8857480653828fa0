// The cluster as it was during a stretch of time in which nothing that we know of changed. Every answer of a view is the same
// at each of its moments, so callers may keep answers for as long as they hold the same view.

import { type Address, formatAddress } from '../address.ts'
import type { Pod, World } from '../policy/objects.ts'
import { type AddressBook, addressesOf } from './address-book.ts'
import { AddressMap } from './address-map.ts'
import type { AppliedChange } from './change.ts'
import type { Sureness } from './doubt.ts'
import { type Claim, holders, type Moment, type Owner, podOwner, undisputedOwner } from './owner.ts'
import { holdsAddresses } from './ownership.ts'
import {
  type Backend,
  nodePortOf,
  portOf,
  type Service,
  type ServiceMatch,
  type ServicePort,
  selects,
  targetPort,
} from './service.ts'
import { type Track, versionAt } from './track.ts'
import { type Certainty, sortReasons, type Unsure } from './unsure.ts'

/** Another state than the view's own that a data plane may have had at that time. */
export interface State<E> {
  readonly epoch: E
  /** What lies between it and the view's own state, newest first. */
  readonly changes: readonly AppliedChange[]
}

/** A state that a data plane may have had at that time, as far as one question goes. */
export interface PossibleState<E> {
  readonly epoch: E
  /** Changes that this node knew of and that were not enforced yet, newest first. */
  readonly undone: readonly AppliedChange[]
  /** Changes that were enforced before this node knew of them, oldest first. */
  readonly redone: readonly AppliedChange[]
}

export interface View<E> {
  readonly id: number
  /** Half-open; -Infinity and Infinity where nothing is known to have been before or to come after. */
  readonly from: number
  readonly to: number
  /** The policies, namespaces, pods and nodes, as this node had been told by then. */
  readonly epoch: E
  /** The states that were in force within the enforcement lag before, newest first. */
  readonly past: readonly State<E>[]
  /** The states that may have been written already and had not reached this node yet, oldest first. */
  readonly ahead: readonly State<E>[]
  /**
   * Every state that a data plane may have had, as far as the changes go that matter to a question: this node's own first, then the
   * nearest. A data plane takes changes of several objects in any order. Undefined where there are too many to tell apart.
   */
  possible(matters: (change: AppliedChange) => boolean): readonly PossibleState<E>[] | undefined
  /** The most that any answer of this view can be, and why it is no more. */
  readonly certainty: Certainty
  readonly unsure: readonly Unsure[]
  /** Who had this address: four words of `words` from index `at`. */
  owner(words: Address, at: number): Owner
  /** Which Service a packet to this address and port is for; `proto` is the IANA number. */
  service(words: Address, at: number, port: number, proto: number): ServiceMatch | undefined
  /** The pods of a namespace that may have had an address at some time from this view's to `until`, by name. */
  podsIn(ns: string, until: number): readonly Pod[]
  /** Changes that this node had been told of, newest first. */
  changes(): readonly AppliedChange[]
  /** This state as if some changes, newest first, had not been made: what blame asks. */
  without(changes: readonly AppliedChange[]): E
  /** The state as plain objects. */
  world(): World
}

/** What a view is made from; all functions answer for the view's last moment. */
export interface ViewParts<E> {
  readonly id: number
  readonly from: number
  readonly to: number
  readonly when: Moment
  readonly book: AddressBook
  readonly sureness: Sureness
  /** Why an address that no pod is known to have had may still have been a pod's. */
  readonly podDoubts: readonly Unsure[]
  /** The watch of pods is silent. */
  readonly isStale: boolean
  /** How long a data plane may take, in microseconds. */
  readonly lag: number
  epoch(): E
  possible(matters: (change: AppliedChange) => boolean): readonly PossibleState<E>[] | undefined
  past(): readonly State<E>[]
  ahead(): readonly State<E>[]
  changes(): readonly AppliedChange[]
  without(changes: readonly AppliedChange[]): E
  world(): World
}

/** A class because views are made by the ten thousand and most of what they could say is never asked. */
export class TimelineView<E> implements View<E> {
  readonly id: number
  readonly from: number
  readonly to: number
  readonly certainty: Certainty
  readonly unsure: readonly Unsure[]
  readonly #parts: ViewParts<E>
  readonly #owners = new AddressMap<Owner>()
  readonly #external: Owner
  readonly #unknown: Owner
  #epoch: E | undefined
  #past: readonly State<E>[] | undefined
  #ahead: readonly State<E>[] | undefined

  constructor(parts: ViewParts<E>) {
    this.id = parts.id
    this.from = parts.from
    this.to = parts.to
    this.certainty = parts.sureness.certainty
    this.unsure = parts.sureness.unsure
    this.#parts = parts
    this.#external = stranger('external', parts.podDoubts)
    this.#unknown = stranger('unknown', parts.podDoubts)
  }

  get epoch(): E {
    this.#epoch ??= this.#parts.epoch()
    return this.#epoch
  }

  get past(): readonly State<E>[] {
    this.#past ??= this.#parts.past()
    return this.#past
  }

  get ahead(): readonly State<E>[] {
    this.#ahead ??= this.#parts.ahead()
    return this.#ahead
  }

  possible(matters: (change: AppliedChange) => boolean): readonly PossibleState<E>[] | undefined {
    return this.#parts.possible(matters)
  }

  owner(words: Address, at: number): Owner {
    const { book, when, isStale, lag } = this.#parts
    const claims = book.pods.get(words, at)
    const undisputed = claims === undefined || isStale ? undefined : undisputedOwner(claims, when, lag)
    if (undisputed !== undefined) return undisputed
    const known = this.#owners.get(words, at)
    if (known !== undefined) return known
    const found = this.#find(words, at, claims)
    // Strangers are one shared answer: remembering each would grow with the Internet.
    if (found === undefined) {
      // While pods go unseen and no node has told where they are, nobody can say that an address is outside.
      const mayBePod = book.isPodAddress(words, at) || (isStale && !book.knowsNodes)
      return mayBePod ? this.#unknown : this.#external
    }
    this.#owners.set(words, at, found)
    return found
  }

  service(words: Address, at: number, port: number, proto: number): ServiceMatch | undefined {
    const { book, when } = this.#parts
    const address = formatAddress(words, at)
    for (const track of book.services.get(words, at) ?? []) {
      const service = serviceAt(track, when.last)
      const found =
        service && addressesOf(service).includes(address) ? portOf(service, port, proto) : undefined
      if (service !== undefined && found !== undefined) return this.#match(service, found)
    }
    if (!book.nodePorts.has(port) || book.node(words, at, when.last) === undefined) return undefined
    return this.#nodePortService(port, proto)
  }

  podsIn(ns: string, until: number): readonly Pod[] {
    const { book, when } = this.#parts
    const pods = [...(book.podsOf.get(ns) ?? [])].map(track => podDuring(track, when, until))
    return pods.filter(pod => pod !== undefined).sort(byName)
  }

  changes(): readonly AppliedChange[] {
    return this.#parts.changes()
  }

  without(changes: readonly AppliedChange[]): E {
    return this.#parts.without(changes)
  }

  world(): World {
    return this.#parts.world()
  }

  #find(words: Address, at: number, claims: readonly Claim[] | undefined): Owner | undefined {
    const { book, when, isStale, lag } = this.#parts
    const pods = claims === undefined ? [] : holders(claims, when)
    if (pods.length > 0) return podOwner(pods, claims ?? [], when, isStale, lag)
    const node = book.node(words, at, when.last)
    if (node !== undefined) return { ...certainly, kind: 'node', node }
    const service = this.#serviceWith(words, at)
    return service && { ...certainly, kind: 'service', service: { ns: service.ns, name: service.name } }
  }

  #serviceWith(words: Address, at: number): Service | undefined {
    const address = formatAddress(words, at)
    for (const track of this.#parts.book.services.get(words, at) ?? []) {
      const service = serviceAt(track, this.#parts.when.last)
      if (service !== undefined && addressesOf(service).includes(address)) return service
    }
    return undefined
  }

  #nodePortService(port: number, proto: number): ServiceMatch | undefined {
    for (const track of this.#parts.book.nodePorts.get(port) ?? []) {
      const service = serviceAt(track, this.#parts.when.last)
      const found = service && nodePortOf(service, port, proto)
      if (service !== undefined && found !== undefined) return this.#match(service, found)
    }
    return undefined
  }

  #match(service: Service, port: ServicePort): ServiceMatch {
    const backends: Backend[] = []
    for (const track of this.#parts.book.podsOf.get(service.ns) ?? []) {
      const pod = backendAt(track, this.#parts.when)
      const target = pod !== undefined && selects(service, pod) ? targetPort(port, pod) : undefined
      if (pod !== undefined && target !== undefined) backends.push({ pod, port: target })
    }
    return { ns: service.ns, name: service.name, port, backends }
  }
}

const certainly = {
  certainty: 'certain',
  reasons: [],
  candidates: [],
  since: Number.NaN,
  takenFor: [],
} as const

/** Nobody that is known. Inside a pod network somebody must have had it; outside it is certain, unless pods went unseen. */
function stranger(kind: 'external' | 'unknown', doubts: readonly Unsure[]): Owner {
  if (kind === 'external' && doubts.length === 0) return { ...certainly, kind }
  const reasons = sortReasons(kind === 'unknown' ? ['peer-unresolved', ...doubts] : doubts)
  return { ...certainly, kind, certainty: kind === 'unknown' ? 'unknown' : 'candidates', reasons }
}

function serviceAt(track: Track, time: number): Service | undefined {
  const now = versionAt(track.versions, time)
  return now?.kind === 'Service' ? now.object : undefined
}

function byName(a: Pod, b: Pod): number {
  return a.name === b.name ? (a.uid < b.uid ? -1 : 1) : a.name < b.name ? -1 : 1
}

/** As the state has it; one that was not there yet, or is gone, as it was when it had an address. */
function podDuring(track: Track, { first, last }: Moment, until: number): Pod | undefined {
  // A time that is not known is in no order with any.
  const end = until > last ? until : last
  const owned = track.intervals.find(({ from, to }) => from.lo <= end && to.hi > first)
  if (owned === undefined) return undefined
  const now = versionAt(track.versions, last)
  return now?.kind === 'Pod' ? now.object : owned.pod
}

/** A pod that may have had an address then: that is what a Service's endpoint needs. */
function backendAt(track: Track, when: Moment): Pod | undefined {
  const now = versionAt(track.versions, when.last)
  if (now?.kind !== 'Pod') return undefined
  const pod = now.object
  if (pod.hostNetwork) return pod.phase === 'Running' ? pod : undefined
  const has = track.intervals.some(({ from, to }) => from.lo <= when.last && to.hi > when.first)
  return has && holdsAddresses(pod) ? pod : undefined
}
