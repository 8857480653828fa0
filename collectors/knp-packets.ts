// The packets that kube-network-policies is at, by id: what is known of each until its verdict comes. It works on one at a time,
// and the kernel numbers them from 1 in a queue, so few are ever open; ids come again when the queue is opened anew.

import { Outcome } from './collector.ts'
import { Direction, type Flow, type Reported, Verdict } from './flow.ts'
import { createInterned } from './interned.ts'

/** A packet as the record that says what is evaluated has it. */
export interface KnpPacket {
  /** As in a Flow. */
  time: number
  precision: number
  proto: number
  sport: number
  dport: number
  readonly address: Int32Array
}

export interface KnpPackets {
  evaluating(id: number, packet: KnpPacket): Outcome
  /** One kind of policies has decided about one direction; `denial` is what was said, undefined where it let the packet pass. */
  evaluated(id: number, direction: Direction, denial: string | undefined): Outcome
  /** A verdict, `direction` where it names one; makes `flow` the packet's. */
  decided(id: number, isAllowed: boolean, direction: Direction, flow: Flow): Outcome
}

interface Open {
  packet: KnpPacket
  direction: Direction
  denial: string | undefined
  isDecided: boolean
}

const MOST = 1024

export function createKnpPackets(): KnpPackets {
  const open = new Map<number, Open>()
  const reports = createInterned(reportOf)

  function remember(id: number, entry: Open): void {
    open.delete(id)
    open.set(id, entry)
    if (open.size > MOST) open.delete(open.keys().next().value!)
  }

  return {
    evaluating(id, packet) {
      // Newer versions say so once per direction; what the first one has decided stays.
      const known = open.get(id)
      if (known === undefined || known.isDecided || !isSame(known.packet, packet))
        remember(id, { packet, direction: Direction.none, denial: undefined, isDecided: false })
      return Outcome.note
    },
    evaluated(id, direction, denial) {
      const entry = open.get(id)
      if (entry !== undefined && denial !== undefined) {
        entry.direction = direction
        entry.denial = denial
      }
      return Outcome.note
    },
    decided(id, isAllowed, direction, flow) {
      // 0 is no packet: connections that are looked at again after an edit (strict mode) have it.
      if (id === 0) return Outcome.note
      const entry = open.get(id)
      if (entry?.isDecided) return Outcome.note
      if (entry === undefined) return unknownPacket(id, isAllowed)
      entry.isDecided = true
      fill(flow, entry.packet)
      flow.verdict = isAllowed ? Verdict.allowed : Verdict.denied
      if (isAllowed) return Outcome.flow
      flow.direction = direction === Direction.none ? entry.direction : direction
      flow.reported = reports.of(entry.denial ?? (direction === Direction.none ? 'drop' : wordsOf(direction)))
      return Outcome.flow
    },
  }

  /** A denial that cannot be told from whom is a line that cannot be read; its second record says nothing more. */
  function unknownPacket(id: number, isAllowed: boolean): Outcome {
    if (isAllowed) return Outcome.note
    remember(id, { packet: nobody, direction: Direction.none, denial: undefined, isDecided: true })
    return Outcome.malformed
  }
}

const nobody: KnpPacket = {
  time: Number.NaN,
  precision: 1,
  proto: -1,
  sport: -1,
  dport: -1,
  address: new Int32Array(8),
}

function wordsOf(direction: Direction): string {
  return `Packet denied by ${direction === Direction.egress ? 'egress' : 'ingress'} policy`
}

function reportOf(as: string): Reported {
  return { by: 'kube-network-policies', verdict: 'denied', policies: [], as }
}

function fill(flow: Flow, packet: KnpPacket): void {
  flow.time = packet.time
  flow.precision = packet.precision
  flow.proto = packet.proto
  flow.sport = packet.sport
  flow.dport = packet.dport
  flow.address.set(packet.address)
}

function isSame(a: KnpPacket, b: KnpPacket): boolean {
  return (
    a.proto === b.proto &&
    a.sport === b.sport &&
    a.dport === b.dport &&
    a.address.every((word, i) => word === b.address[i])
  )
}
