// What is remembered of judged connections, so that a line whose connection was judged before costs one lookup. The key is
// everything a finding depends on (the view of the cluster, both tuples but for the client's port, what the line claims), so a
// hit is never a guess. The finding itself is not kept: it is large, a record needs it once, and judging again is cheap.
//
// The table is an open-addressed Int32Array (test/bench/replay.bench.ts measures it), emptied when it is full.

import type { Flow, Reported } from '../../collectors/flow.ts'
import { isReversed, orient } from './orient.ts'
import type { View } from './question.ts'

export interface Cases<Memo> {
  /** What is remembered of this flow's connection at its time; made by `judge` when it was not met before. */
  find(flow: Flow, view: View): Memo
  /** Judgements made, and how often the table was emptied because it was full. */
  readonly judged: number
  readonly emptied: number
}

/** Words of a key: view, four addresses, port, dialled port, what the line claims. */
const ADDRESSES = 1
const PORT = 17
const DIALLED = 18
const CLAIM = 19
const WORDS = 20

export function createCases<Memo>(judge: (flow: Flow, view: View) => Memo, capacity = 65_536): Cases<Memo> {
  const slots = 2 * capacity
  const mask = slots - 1
  const keys = new Int32Array(slots * WORDS)
  const occupied = new Int32Array(slots)
  const key = new Int32Array(WORDS)
  let memos: Memo[] = []
  let reported: (Reported | undefined)[] = []
  let judged = 0
  let emptied = 0

  /** Writes the flow's key and gives its hash. */
  function writeKey(flow: Flow, view: View, orientation: number): number {
    const { address } = flow
    const length = flow.hasReply ? 16 : 8
    const isReply = isReversed(orientation as 0)
    key[0] = view.id
    let hash = view.id
    for (let i = 0; i < length; i++) {
      const word = address[i]!
      key[ADDRESSES + i] = word
      hash = Math.imul(hash ^ word, 0x9e3779b1)
      hash ^= hash >>> 15
    }
    for (let i = length; i < 16; i++) key[ADDRESSES + i] = 0
    const port = isReply ? flow.sport : flow.hasReply ? flow.replySport : flow.dport
    key[PORT] = port
    key[DIALLED] = flow.hasReply ? flow.dport : -1
    const claim =
      flow.verdict |
      (flow.direction << 3) |
      (flow.cause << 5) |
      (orientation << 7) |
      (flow.isReply << 9) |
      (flow.hasReply ? 1 << 11 : 0) |
      ((flow.proto & 0x1ff) << 12)
    key[CLAIM] = claim
    hash = Math.imul(hash ^ port ^ (claim << 16), 0x85ebca6b)
    return hash ^ (hash >>> 13)
  }

  function isKeyAt(slot: number): boolean {
    const base = slot * WORDS
    for (let i = 0; i < WORDS; i++) if (keys[base + i] !== key[i]) return false
    return true
  }

  function empty(): void {
    occupied.fill(0)
    memos = []
    reported = []
    emptied++
  }

  return {
    find(flow, view) {
      const orientation = orient(flow)
      let slot = writeKey(flow, view, orientation) & mask
      for (; occupied[slot] !== 0; slot = (slot + 1) & mask) {
        const known = occupied[slot]! - 1
        if (isKeyAt(slot) && reported[known] === flow.reported) return memos[known]!
      }
      const fresh = judge(flow, view)
      judged++
      if (memos.length >= capacity) {
        empty()
        slot = writeKey(flow, view, orientation) & mask
      }
      keys.set(key, slot * WORDS)
      reported.push(flow.reported)
      occupied[slot] = memos.push(fresh)
      return fresh
    },
    get judged() {
      return judged
    },
    get emptied() {
      return emptied
    },
  }
}
