// Random lives of pods on a few addresses, as the truth has them and as a watch tells of them: late, in order, with times cut to
// seconds, and with outages after which only a relist speaks.

import type { TimelineEvent } from '../../agent/timeline/index.ts'
import { added, at, beginning, deleted, modified, type PodWords, pod, relist } from './build.ts'

/** What really was: `pod` held `address` in [from, to), in seconds. */
export interface Tenancy {
  readonly uid: string
  readonly address: string
  readonly from: number
  readonly to: number
  /** Until when the API had the pod: one deleted without grace lives on for a moment, unknown to all. */
  readonly known: number
}

export interface Schedule {
  readonly truth: readonly Tenancy[]
  readonly events: readonly TimelineEvent[]
  /** Pods whose address a watch told of; others came and went in an outage. */
  readonly seen: ReadonlySet<string>
  readonly outages: readonly (readonly [number, number])[]
  readonly end: number
}

export interface Hazards {
  /** Seconds between the commit and the arrival of an event, at most. */
  readonly watchDelay: number
  readonly outages: boolean
  /** Leave out start times, creation times and end times now and then. */
  readonly omissions: boolean
}

interface Commit {
  readonly time: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly words: PodWords & { readonly uid: string }
}

export const addresses = ['10.244.0.1', '10.244.0.2', '10.244.0.3']

/** mulberry32: small, and the same everywhere. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function makeSchedule(seed: number, hazards: Hazards): Schedule {
  const next = random(seed)
  const truth: Tenancy[] = []
  const commits: Commit[] = []
  for (const [i, address] of addresses.entries()) {
    let free = 1 + 5 * next()
    for (let n = 0; n < 5; n++)
      free = live({ next, truth, commits, hazards, address, uid: `p${i}${n}`, free })
  }
  commits.sort((a, b) => a.time - b.time)
  const end = Math.max(...commits.map(each => each.time)) + 20
  const outages = hazards.outages ? outagesOf(next, end) : []
  return { truth, ...watch(commits, outages, next, hazards), outages, end }
}

interface Life {
  readonly next: () => number
  readonly truth: Tenancy[]
  readonly commits: Commit[]
  readonly hazards: Hazards
  readonly address: string
  readonly uid: string
  /** When the address is free. */
  readonly free: number
}

/** One pod from creation to DELETED; returns when its address is free again. */
function live({ next, truth, commits, hazards, address, uid, free }: Life): number {
  const maybe = (value: number) => (hazards.omissions && next() < 0.25 ? {} : { value })
  // Created long before or just before it gets the address.
  const from = free + 0.01 + (next() < 0.5 ? 0 : 3 * next())
  const started = from - 2 * next()
  const created = started - (next() < 0.5 ? 0 : 4 * next())
  const to = from + 2 + 30 * next()
  const created_ = maybe(created).value
  const started_ = maybe(started).value
  const old = { uid, ...(created_ === undefined ? {} : { created: created_ }) }
  const running = { ...old, ips: [address], ...(started_ === undefined ? {} : { started: started_ }) }
  commits.push({ time: created, type: 'ADDED', words: old })
  commits.push({ time: from + 0.9 * next(), type: 'MODIFIED', words: running })
  const ending = next()
  const unannounced = to - 0.5 * next()
  truth.push({ uid, address, from, to, known: ending < 0.8 ? to : unannounced })
  if (ending < 0.4) endByDeletion(commits, next, running, to)
  else if (ending < 0.8) endByFinishing(commits, next, running, to, maybe(0).value !== undefined)
  // Without grace the object goes first, and the kubelet then ends what it was.
  else commits.push({ time: unannounced, type: 'DELETED', words: running })
  return to + (next() < 0.4 ? 0 : 2 * next())
}

function endByDeletion(
  commits: Commit[],
  next: () => number,
  running: Commit['words'],
  released: number,
): void {
  const asked = Math.max(released - 1 - next(), 0)
  const words = { ...running, deleting: asked }
  commits.push({ time: asked, type: 'MODIFIED', words }, { time: released + next(), type: 'DELETED', words })
}

/** A finished pod keeps its address in the status, for a while or for ever. */
function endByFinishing(
  commits: Commit[],
  next: () => number,
  running: Commit['words'],
  released: number,
  isDated: boolean,
): void {
  const finished = released - 0.2 * next()
  const words = { ...running, phase: 'Succeeded' as const, ...(isDated ? { finished } : {}) }
  const told = finished + 0.2 + 0.5 * next()
  commits.push({ time: told, type: 'MODIFIED', words })
  if (next() < 0.5) commits.push({ time: told + 20 * next(), type: 'DELETED', words })
}

function outagesOf(next: () => number, end: number): (readonly [number, number])[] {
  const first = 10 + 20 * next()
  const second = first + 20 + 20 * next()
  return [[first, first + 15 * next()] as const, [second, second + 15 * next()] as const].filter(
    ([from]) => from < end,
  )
}

/** Tells the commits in their order, each at most `watchDelay` late; after an outage, what there is. */
function watch(
  commits: readonly Commit[],
  outages: Schedule['outages'],
  next: () => number,
  hazards: Hazards,
) {
  const events: TimelineEvent[] = beginning()
  const seen = new Set<string>()
  const state = new Map<string, Commit>()
  const pending = [...outages]
  let last = 0
  const resume = ([from, to]: readonly [number, number]) => {
    last = Math.max(last, to)
    events.push(relist(last, 'Pod', from))
    for (const { words } of state.values()) events.push(added(last, pod(words)))
    for (const { words } of state.values()) if (words.ips !== undefined) seen.add(words.uid)
  }
  for (const commit of commits) {
    while (pending[0] !== undefined && commit.time >= pending[0][1]) resume(pending.shift()!)
    if (commit.type === 'DELETED') state.delete(commit.words.uid)
    else state.set(commit.words.uid, commit)
    if (pending[0] !== undefined && commit.time >= pending[0][0]) continue
    last = Math.max(last, commit.time + hazards.watchDelay * next() ** 2)
    if (pending[0] !== undefined) last = Math.min(last, pending[0][0])
    if (commit.words.ips !== undefined) seen.add(commit.words.uid)
    events.push({ ADDED: added, MODIFIED: modified, DELETED: deleted }[commit.type](last, pod(commit.words)))
  }
  for (const outage of pending) resume(outage)
  return { events, seen }
}

/** Who held the address at that time, in seconds. */
export function tenantAt(truth: readonly Tenancy[], address: string, when: number): Tenancy | undefined {
  return truth.find(each => each.address === address && at(each.from) <= at(when) && at(when) < at(each.to))
}
