// What is remembered of judged connections, so that a line whose connection was judged before costs one lookup. The key is
// everything a finding depends on (the view of the cluster, both tuples but for the client's port, what the line claims), so a
// hit is never a guess. The finding itself is not kept: it is large, a record needs it once, and judging again is cheap.
//
// A hash index of case numbers over dense arrays. What tells IPv4 connections apart fills half a cache line of its own: a table
// of ten thousands does not fit the processor's cache, and what a lookup costs is how many lines of it are touched.

import type { Flow, FlowNames, Reported } from '../../collectors/flow.ts'
import { isIPv4 } from '../address.ts'
import { isReversed, type Orientation, orient } from './orient.ts'
import type { View } from './question.ts'

export interface Cases<Memo> {
  /** What is remembered of this flow's connection at its time; made by `judge` when it was not met before. */
  find(flow: Flow, view: View): Memo
  /** Judgements made, and how often the table was emptied because it was full. */
  readonly judged: number
  readonly emptied: number
}

/** Places of the index to begin with: a power of two. */
const SMALLEST = 1024

/** Words of the part that always counts: view, claim, ports, and the last word of each address. */
const NEAR = 8
/** Words of the part that counts where an address is IPv6: the first three of each address. */
const FAR = 12

export function createCases<Memo>(judge: (flow: Flow, view: View) => Memo, capacity = 65_536): Cases<Memo> {
  let mask = SMALLEST - 1
  /** Per place: case number + 1, or 0; and the case's hash. */
  let index = new Int32Array(2 * SMALLEST)
  let near = new Int32Array(0)
  let far = new Int32Array(0)
  const key = new Int32Array(NEAR + FAR)
  let memos: Memo[] = []
  let reported: (Reported | undefined)[] = []
  let names: (FlowNames | undefined)[] = []
  let judged = 0
  let emptied = 0

  function isKeyOf(known: number, isFar: boolean): boolean {
    const at = known * NEAR
    for (let i = 0; i < NEAR; i++) if (near[at + i] !== key[i]) return false
    if (!isFar) return true
    for (let i = 0; i < FAR; i++) if (far[known * FAR + i] !== key[NEAR + i]) return false
    return true
  }

  function add(memo: Memo, flow: Flow, isFar: boolean): number {
    const known = memos.length
    if (known * NEAR === near.length) grow()
    near.set(key.subarray(0, NEAR), known * NEAR)
    if (isFar) setFar(known)
    reported.push(flow.reported)
    names.push(flow.names)
    return memos.push(memo)
  }

  function grow(): void {
    const size = Math.min(capacity, Math.max(SMALLEST, memos.length * 2))
    near = enlarged(near, size * NEAR)
  }

  /** Many clusters have no IPv6: the part for it is there from the first on. */
  function setFar(known: number): void {
    if (far.length < (known + 1) * FAR) far = enlarged(far, (near.length / NEAR) * FAR)
    far.set(key.subarray(NEAR), known * FAR)
  }

  /** Twice the places: an index as large as the capacity asks for would not fit the processor's cache. */
  function growIndex(): void {
    const smaller = index
    mask = 2 * mask + 1
    index = new Int32Array(2 * (mask + 1))
    for (let at = 0; at < smaller.length; at += 2)
      if (smaller[at] !== 0) place(smaller[at]!, smaller[at + 1]!)
  }

  function place(number: number, hash: number): void {
    let slot = hash & mask
    while (index[2 * slot] !== 0) slot = (slot + 1) & mask
    index[2 * slot] = number
    index[2 * slot + 1] = hash
  }

  function empty(): void {
    index.fill(0)
    memos = []
    reported = []
    names = []
    emptied++
  }

  return {
    find(flow, view) {
      const orientation = orient(flow)
      const isFar = writeKey(key, flow, view.id, orientation)
      const hash = hashKey(key, isFar)
      for (let slot = hash & mask; index[2 * slot] !== 0; slot = (slot + 1) & mask) {
        if (index[2 * slot + 1] !== hash) continue
        const known = index[2 * slot]! - 1
        if (!isKeyOf(known, isFar) || !isSameReport(reported[known], flow.reported)) continue
        if (flow.names === undefined || names[known] === flow.names) return memos[known]!
      }
      const fresh = judge(flow, view)
      judged++
      if (memos.length >= capacity) empty()
      else if (2 * memos.length > mask) growIndex()
      place(add(fresh, flow, isFar), hash)
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

/** Writes what a finding depends on; true where the part for IPv6 counts too. */
function writeKey(key: Int32Array, flow: Flow, view: number, orientation: Orientation): boolean {
  const { address, hasReply } = flow
  const isFar = !(
    isIPv4(address) &&
    isIPv4(address, 4) &&
    (!hasReply || (isIPv4(address, 8) && isIPv4(address, 12)))
  )
  const port = isReversed(orientation) ? flow.sport : hasReply ? flow.replySport : flow.dport
  key[0] = view
  key[1] = claimOf(flow, orientation, isFar)
  key[2] = port
  key[3] = hasReply ? flow.dport : -1
  key[4] = address[3]!
  key[5] = address[7]!
  key[6] = hasReply ? address[11]! : 0
  key[7] = hasReply ? address[15]! : 0
  if (isFar) writeFar(key, address, hasReply)
  return isFar
}

function writeFar(key: Int32Array, address: Int32Array, hasReply: boolean): void {
  for (let end = 0; end < 4; end++) {
    for (let i = 0; i < 3; i++) key[NEAR + 3 * end + i] = end < 2 || hasReply ? address[4 * end + i]! : 0
  }
}

/** What the line says of the packet, in one word; what the CNI reports stands beside it, and here only whether it does. */
function claimOf(flow: Flow, orientation: Orientation, isFar: boolean): number {
  return (
    flow.verdict |
    (flow.direction << 3) |
    (flow.cause << 5) |
    (orientation << 7) |
    (flow.isReply << 9) |
    (flow.hasReply ? 1 << 11 : 0) |
    (isFar ? 1 << 12 : 0) |
    (flow.reported === undefined ? 0 : 1 << 25) |
    ((flow.proto & 0x1ff) << 13) |
    (flow.event << 22) |
    (flow.notice << 26) |
    (flow.names === undefined ? 0 : 1 << 29) |
    (flow.window > 0 ? 1 << 30 : 0)
  )
}

function hashKey(key: Int32Array, isFar: boolean): number {
  let hash = 0
  const length = isFar ? NEAR + FAR : NEAR
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ key[i]!, 0x9e3779b1) ^ (hash >>> 15)
  return hash ^ (hash >>> 16)
}

/** Collectors intern what a CNI says, but in a bounded table: equal reports are mostly, not always, one object. */
function isSameReport(a: Reported | undefined, b: Reported | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  if (a.by !== b.by || a.verdict !== b.verdict || a.as !== b.as || a.policies.length !== b.policies.length)
    return false
  return a.policies.every((policy, i) => policy === b.policies[i])
}

function enlarged(words: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length)
  larger.set(words)
  return larger
}
