// conntrack's events become connections: all events of one connection are one flow, decided by whether the responder answered.
// A reply that was seen is `allowed`; an entry destroyed without one, or listed older than the handshake may take, is `unanswered`.
//
// A bounded table in typed arrays: a hash index of int32 (open addressing, linear probing) over a pool of entries. When the pool
// is full the clock hand takes an entry that was not touched since its last round. Nothing is allocated per event.

import { createFlow, Event, type Flow, Proto, resetFlow, Verdict } from '../../collectors/flow.ts'
import { equalAddresses, isIPv4 } from '../address.ts'

export interface ConnectionOptions {
  /** Connections that are remembered at a time. */
  readonly capacity?: number
  /**
   * `reply`: a connection is a flow at the first sign of a reply (a live agent). `end`: at its end, when its bytes are known
   * (finished files).
   */
  readonly decide: 'reply' | 'end'
  /**
   * Takes a connection that another one's event has ended: its tuple was used again, or its place was needed. The flow is
   * written anew for the next one. `offset` is that of its first event.
   */
  readonly emit: (flow: Flow, offset: number) => void
}

export interface Connections {
  /**
   * Takes one conntrack flow. True when `flow` now is a decided connection: verdict set, time that of the connection's first
   * event, one of count; `packets` and `bytes` as far as this event has them; `event` is `new`, or `update` where its beginning was not seen.
   */
  observe(flow: Flow, offset?: number): boolean
  /** Hands on every connection that is still open, at the end of the input; undecided ones without a verdict. */
  drain(emit: (flow: Flow, offset: number) => void): void
  readonly live: number
  /** Connections whose place was needed before they ended. */
  readonly evicted: number
  /** Connections that were let go without a verdict: evicted or drained before a reply or an end. */
  readonly undecided: number
  /** Connections met without their NEW. */
  readonly orphans: number
}

export const DEFAULT_CAPACITY = 65_536

// What every event of an entry needs: half a line of the processor's cache. A table of some ten thousands does not fit that cache,
// and what an event costs is how many lines of it are touched.
const SOURCE = 0
const DESTINATION = 1
const PORTS = 2
const KIND = 3
const FLOW_ID = 4
const STATE = 5
const REPLY_PORTS = 6
const ICMP = 7
const NEAR = 8

/** The four addresses, needed in full for IPv6 and when an entry is handed on. */
const FAR = 16

// Bits of STATE.
const REPLIED = 1
const DECIDED = 2
const TOUCHED = 4
const OVERDUE = 8
const HAS_REPLY = 16
const COARSE = 32
const USED = 64
const ORPHAN = 128

/** Places of the index to begin with: a power of two. */
const SMALLEST = 1024

// An entry's doubles.
const TIME = 0
const OFFSET = 1
const DOUBLES = 2

/** Seconds within which a handshake is answered or its entry gone: net.netfilter.nf_conntrack_*_timeout defaults. */
function handshakeSeconds(proto: number): number {
  switch (proto) {
    case Proto.tcp:
      return 120
    case Proto.dccp:
      return 240
    case Proto.sctp:
      return 10
    case Proto.udp:
    case Proto.icmp:
    case Proto.icmpv6:
    case Proto.gre:
    case UDPLITE:
      return 30
    default:
      return 600
  }
}

export function createConnections(options: ConnectionOptions): Connections {
  const capacity = options.capacity ?? DEFAULT_CAPACITY
  const atEnd = options.decide === 'end'
  let mask = SMALLEST - 1
  /** Per place: entry number + 1, or 0; and the entry's hash, so that moving one does not need its tuple. */
  let index = new Int32Array(2 * SMALLEST)
  const near = new Int32Array(capacity * NEAR)
  const far = new Int32Array(capacity * FAR)
  const doubles = new Float64Array(capacity * DOUBLES)
  const free = Int32Array.from({ length: capacity }, (_, i) => capacity - 1 - i)
  const output = createFlow()
  let freeCount = capacity
  let hand = 0
  let evicted = 0
  let undecided = 0
  let orphans = 0

  function find(flow: Flow, hash: number): number {
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const entry = index[2 * place]! - 1
      if (entry < 0) return -1 - place
      if (index[2 * place + 1] === hash && isSame(near, far, entry, flow)) return place
    }
  }

  function add(flow: Flow, hash: number, offset: number): number {
    if (freeCount === 0) evict()
    if (2 * (capacity - freeCount) > mask) grow()
    // The search is repeated: evicting may have moved the place that was free.
    let place = hash & mask
    while (index[2 * place] !== 0) place = (place + 1) & mask
    const entry = free[--freeCount]!
    index[2 * place] = entry + 1
    index[2 * place + 1] = hash
    fill(near, entry * NEAR, flow)
    far.set(flow.address, entry * FAR)
    doubles[entry * DOUBLES + OFFSET] = offset
    takeStart(entry, flow)
    return place
  }

  /** Twice the places, so that probing stays short. An index as large as the capacity asks for would not fit the processor's cache. */
  function grow(): void {
    const smaller = index
    mask = 2 * mask + 1
    index = new Int32Array(2 * (mask + 1))
    for (let at = 0; at < smaller.length; at += 2) {
      if (smaller[at] === 0) continue
      let place = smaller[at + 1]! & mask
      while (index[2 * place] !== 0) place = (place + 1) & mask
      index[2 * place] = smaller[at]!
      index[2 * place + 1] = smaller[at + 1]!
    }
  }

  /** When the connection began: at its NEW, or as long ago as the entry says it has lived. */
  function takeStart(entry: number, flow: Flow): void {
    const isKnown = flow.event === Event.new || flow.age < 0
    if (flow.event !== Event.new) {
      orphans += flow.event === Event.dump ? 0 : 1
      near[entry * NEAR + STATE]! |= ORPHAN
    }
    doubles[entry * DOUBLES + TIME] = isKnown ? flow.time : flow.time - flow.age * 1_000_000
    if (!isKnown || flow.precision > 1) near[entry * NEAR + STATE]! |= COARSE
  }

  /** Takes the entry at `place` out of the index; those behind it that belong further ahead move up. */
  function remove(place: number): void {
    const entry = index[2 * place]! - 1
    free[freeCount++] = entry
    near[entry * NEAR + STATE] = 0
    let hole = place
    for (let next = (place + 1) & mask; index[2 * next] !== 0; next = (next + 1) & mask) {
      const home = index[2 * next + 1]! & mask
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      index[2 * hole] = index[2 * next]!
      index[2 * hole + 1] = index[2 * next + 1]!
      hole = next
    }
    index[2 * hole] = 0
  }

  function evict(): void {
    for (;;) {
      hand = hand + 1 === capacity ? 0 : hand + 1
      const at = hand * NEAR + STATE
      if ((near[at]! & TOUCHED) === 0) break
      near[at]! &= ~TOUCHED
    }
    evicted++
    release(hand, options.emit)
    remove(placeOf(hand))
  }

  function placeOf(entry: number): number {
    let place = hashEntry(near, far, entry) & mask
    while (index[2 * place] !== entry + 1) place = (place + 1) & mask
    return place
  }

  /** Hands on what is known of an entry that ends without an event of its own. */
  function release(entry: number, emit: (flow: Flow, offset: number) => void, isOver = false): void {
    const state = near[entry * NEAR + STATE]!
    if ((state & DECIDED) !== 0) return
    rebuild(near, far, entry, output)
    output.time = doubles[entry * DOUBLES + TIME]!
    output.precision = (state & COARSE) !== 0 ? 1_000_000 : 1
    output.event = eventOf(state)
    if ((state & REPLIED) !== 0) output.verdict = Verdict.allowed
    else if (isOver || (state & OVERDUE) !== 0) output.verdict = Verdict.unanswered
    else undecided++
    emit(output, doubles[entry * DOUBLES + OFFSET]!)
  }

  /** Makes `flow` the connection's own. */
  function decide(flow: Flow, entry: number, verdict: Verdict): boolean {
    near[entry * NEAR + STATE]! |= DECIDED
    flow.event = eventOf(near[entry * NEAR + STATE]!)
    flow.verdict = verdict
    flow.time = doubles[entry * DOUBLES + TIME]!
    flow.precision = (near[entry * NEAR + STATE]! & COARSE) !== 0 ? 1_000_000 : 1
    flow.count = 1
    return true
  }

  function end(flow: Flow, place: number): boolean {
    const entry = index[2 * place]! - 1
    const state = near[entry * NEAR + STATE]!
    const isDecided = (state & DECIDED) !== 0
    if (!isDecided) decide(flow, entry, (state & REPLIED) !== 0 ? Verdict.allowed : Verdict.unanswered)
    remove(place)
    return !isDecided
  }

  return {
    observe(flow, offset = 0) {
      const hash = hashFlow(flow)
      let place = find(flow, hash)
      if (place >= 0 && flow.event === Event.new) {
        // The tuple is used again: whatever had it is over, though its DESTROY was not seen.
        release(index[2 * place]! - 1, options.emit, true)
        remove(place)
        place = -1
      }
      if (place < 0) place = add(flow, hash, offset)
      const entry = index[2 * place]! - 1
      const at = entry * NEAR + STATE
      near[at]! |= flow.replied ? REPLIED | TOUCHED : TOUCHED
      if (flow.event === Event.destroy) return end(flow, place)
      if (flow.event === Event.dump && !flow.replied && isOverdue(flow, doubles[entry * DOUBLES + TIME]!))
        near[at]! |= OVERDUE
      if (atEnd || (near[at]! & DECIDED) !== 0) return false
      if (flow.replied) return decide(flow, entry, Verdict.allowed)
      return (near[at]! & OVERDUE) !== 0 && decide(flow, entry, Verdict.unanswered)
    },
    drain(emit) {
      for (let entry = 0; entry < capacity; entry++) {
        if ((near[entry * NEAR + STATE]! & USED) !== 0) release(entry, emit)
      }
      near.fill(0)
      index.fill(0)
      for (let i = 0; i < capacity; i++) free[i] = capacity - 1 - i
      freeCount = capacity
    },
    get live() {
      return capacity - freeCount
    },
    get evicted() {
      return evicted
    },
    get undecided() {
      return undecided
    },
    get orphans() {
      return orphans
    },
  }
}

/** What the first event of a connection says about its beginning: `new`, or that it began before it was seen. */
function eventOf(state: number): Event {
  return (state & ORPHAN) !== 0 ? Event.update : Event.new
}

function isOverdue(flow: Flow, since: number): boolean {
  const age = flow.age >= 0 ? flow.age : (flow.time - since) / 1_000_000
  return age > handshakeSeconds(flow.proto)
}

/** Protocol, zone, and whether the tuple is IPv6, which `near` alone cannot tell apart. */
const kindOf = (flow: Flow): number => flow.proto | (flow.zone << 8) | (isIPv6(flow.address) ? 1 << 24 : 0)
const portsOf = (sport: number, dport: number): number => (sport << 16) | (dport & 0xffff)
const isIPv6 = (address: Int32Array): boolean => !(isIPv4(address) && isIPv4(address, 4))

function mix(hash: number, value: number): number {
  hash = Math.imul(hash ^ value, 0x9e3779b1)
  return hash ^ (hash >>> 15)
}

function hashOf(source: number, destination: number, ports: number, kind: number, id: number): number {
  return mix(mix(mix(ports ^ Math.imul(id, 0x85ebca6b), source), destination), kind)
}

/** IPv6 addresses differ in their first words too. */
function hashFar(hash: number, address: Int32Array, at: number): number {
  for (let i = 0; i < 8; i++) hash = mix(hash, address[at + i]!)
  return hash
}

function hashFlow(flow: Flow): number {
  const { address } = flow
  const hash = hashOf(address[3]!, address[7]!, portsOf(flow.sport, flow.dport), kindOf(flow), flow.flowId)
  return isIPv6(address) ? hashFar(hash, address, 0) : hash
}

function hashEntry(near: Int32Array, far: Int32Array, entry: number): number {
  const at = entry * NEAR
  const kind = near[at + KIND]!
  const hash = hashOf(
    near[at + SOURCE]!,
    near[at + DESTINATION]!,
    near[at + PORTS]!,
    kind,
    near[at + FLOW_ID]!,
  )
  return kind >>> 24 !== 0 ? hashFar(hash, far, entry * FAR) : hash
}

function isSame(near: Int32Array, far: Int32Array, entry: number, flow: Flow): boolean {
  const { address } = flow
  const at = entry * NEAR
  const kind = kindOf(flow)
  return (
    near[at + SOURCE] === address[3] &&
    near[at + DESTINATION] === address[7] &&
    near[at + PORTS] === portsOf(flow.sport, flow.dport) &&
    near[at + KIND] === kind &&
    near[at + FLOW_ID] === flow.flowId &&
    (kind >>> 24 === 0 ||
      (equalAddresses(far, entry * FAR, address, 0) && equalAddresses(far, entry * FAR + 4, address, 4)))
  )
}

function fill(near: Int32Array, at: number, flow: Flow): void {
  near[at + SOURCE] = flow.address[3]!
  near[at + DESTINATION] = flow.address[7]!
  near[at + PORTS] = portsOf(flow.sport, flow.dport)
  near[at + KIND] = kindOf(flow)
  near[at + FLOW_ID] = flow.flowId
  near[at + STATE] = USED | (flow.hasReply ? HAS_REPLY : 0)
  near[at + REPLY_PORTS] = portsOf(flow.replySport, flow.replyDport)
  near[at + ICMP] = (flow.icmpType << 8) | (flow.icmpCode & 0xff)
}

/** The flow of an entry, as far as an entry knows it. */
function rebuild(near: Int32Array, far: Int32Array, entry: number, flow: Flow): void {
  const at = entry * NEAR
  resetFlow(flow)
  for (let i = 0; i < FAR; i++) flow.address[i] = far[entry * FAR + i]!
  flow.proto = near[at + KIND]! & 0xff
  flow.zone = (near[at + KIND]! >>> 8) & 0xffff
  flow.flowId = near[at + FLOW_ID]!
  if (hasPorts(flow.proto)) {
    flow.sport = near[at + PORTS]! >>> 16
    flow.dport = near[at + PORTS]! & 0xffff
    flow.replySport = near[at + REPLY_PORTS]! >>> 16
    flow.replyDport = near[at + REPLY_PORTS]! & 0xffff
  }
  if (flow.proto === Proto.icmp || flow.proto === Proto.icmpv6) {
    flow.icmpType = near[at + ICMP]! >>> 8
    flow.icmpCode = near[at + ICMP]! & 0xff
  }
  flow.hasReply = (near[at + STATE]! & HAS_REPLY) !== 0
  flow.replied = (near[at + STATE]! & REPLIED) !== 0
}

const UDPLITE = 136

function hasPorts(proto: number): boolean {
  return (
    proto === Proto.tcp ||
    proto === Proto.udp ||
    proto === Proto.sctp ||
    proto === Proto.dccp ||
    proto === UDPLITE
  )
}
