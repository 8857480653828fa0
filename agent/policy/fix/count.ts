// What an edit opens, counted: the pairs of subjects and peers that were denied, and that the edit admits.

import type { Ground } from '../evaluate.ts'
import { type Denial, isOpened, type Peer, type Subjects } from './scene.ts'

/** The subjects and peers that edits can be about, and which of them an edit that admits them opens to each other. */
export class Pairs {
  readonly subjects: readonly Subjects[]
  readonly peers: readonly Peer[]
  /** Places of all peers. */
  readonly everyPeer: readonly number[]
  readonly #ground: Ground
  readonly #denial: Denial
  /** By subjects, then peers: 0 not asked yet, 1 no, 2 yes. */
  readonly #opened: Int8Array

  constructor(ground: Ground, denial: Denial, subjects: readonly Subjects[], peers: readonly Peer[]) {
    this.subjects = subjects
    this.peers = peers
    this.everyPeer = peers.map((_, j) => j)
    this.#ground = ground
    this.#denial = denial
    this.#opened = new Int8Array(subjects.length * peers.length)
  }

  isOpened(subject: number, peer: number): boolean {
    const at = subject * this.peers.length + peer
    if (this.#opened[at] === 0) {
      const isIt = isOpened(this.#ground, this.#denial, this.subjects[subject]!.end, this.peers[peer]!)
      this.#opened[at] = isIt ? 2 : 1
    }
    return this.#opened[at] === 2
  }
}

/** What an edit is about, as places in the lists of Pairs. */
export interface Reach {
  readonly subjects: readonly number[]
  readonly peers: readonly number[]
  /** Where the edit is about the port of some destinations only. */
  readonly admits?: (subject: Subjects, peer: Peer) => boolean
}

/** Pairs of a subject's and a peer's workload that a reach opens; counting stops beyond `limit`. */
export function countWorkloads(pairs: Pairs, reach: Reach, limit: number): number {
  const opened = new Set<number>()
  for (const i of reach.subjects) {
    for (const workload of pairs.subjects[i]!.workloads) {
      // Pods of one workload mostly stand together: once it is open, the others of it say nothing new.
      let done = NOBODY
      for (const j of reach.peers) {
        const other = workloadOf(pairs.peers[j]!)
        if (other === done) continue
        const pair = workload * WORKLOADS + other
        if (!opened.has(pair)) {
          if (!opens(pairs, reach, i, j)) continue
          if (!hasOther(pairs.subjects[i]!, pairs.peers[j]!, workload)) continue
          opened.add(pair)
          if (opened.size > limit) return opened.size
        }
        done = other
      }
    }
  }
  return opened.size
}

const NOBODY = -1
const WORKLOADS = 2 ** 26
/** What an address that is no pod's counts as. */
const OUTSIDE = WORKLOADS - 1

function workloadOf({ member }: Peer): number {
  return member === undefined ? OUTSIDE : member.workload
}

function opens(pairs: Pairs, { admits }: Reach, i: number, j: number): boolean {
  if (!pairs.isOpened(i, j)) return false
  return admits === undefined || admits(pairs.subjects[i]!, pairs.peers[j]!)
}

/** S50: a pod was never denied to itself, so nothing opens where it is the only one. */
export function hasOther({ members }: Subjects, { member }: Peer, workload?: number): boolean {
  return members.some(
    one => one.entry !== member?.entry && (workload === undefined || one.workload === workload),
  )
}

export interface Opened {
  readonly pods: number
  /** Sorted. */
  readonly namespaces: readonly string[]
  readonly subjects: number
}

/** The pods at both ends that a reach opens anything for. */
export function countPods(pairs: Pairs, reach: Reach): Opened {
  const opened = reach.peers.filter(j =>
    reach.subjects.some(i => opens(pairs, reach, i, j) && hasOther(pairs.subjects[i]!, pairs.peers[j]!)),
  )
  const members = opened.flatMap(j => pairs.peers[j]!.member ?? [])
  return {
    pods: members.length,
    namespaces: [...new Set(members.map(({ entry }) => entry.pod.ns))].sort(),
    subjects: reach.subjects.reduce((count, i) => count + subjectsOpened(pairs, reach, i, opened), 0),
  }
}

function subjectsOpened(pairs: Pairs, reach: Reach, i: number, peers: readonly number[]): number {
  const { members } = pairs.subjects[i]!
  const first = peers.find(j => opens(pairs, reach, i, j))
  if (first === undefined) return 0
  const own = pairs.peers[first]!.member?.entry
  const isSelf = members.some(({ entry }) => entry === own)
  // Every pod but the one that is that peer itself, which needs another peer.
  const isOpenToSelf = isSelf && peers.some(j => j !== first && opens(pairs, reach, i, j))
  return members.length - (isSelf && !isOpenToSelf ? 1 : 0)
}
