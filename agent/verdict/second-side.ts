// One packet, two judges: a CNI that judges egress at the client and ingress at the server prints a line of each. They are one flow:
// what the second one decided is what became of the packet.
//
// Two packets are never merged: a line is one other's second side, of the opposite direction, the same tuple with both ports, a moment
// away, and only where it begins a TCP connection. A SYN that is sent again comes a second later; of a datagram nobody could tell.

import { Direction, Event, type Flow, Proto, Reply, TcpFlag, Verdict } from '../../collectors/flow.ts'

/**
 * What a line adds to those before it. `first`: a flow of its own. `repeated`: the other side told of this packet, and this one adds
 * nothing to what became of it. `overruled`: the other side let it through, and this one did not.
 */
export type Side = 'first' | 'repeated' | 'overruled'

const MOMENT = 100_000
/** A power of two. Two lines in one place forget each other: then both sides count. */
const PLACES = 4096
const ADDRESSES = 8
/** Addresses, ports, direction and verdict. */
const SIZE = ADDRESSES + 2

export function createSides(): (flow: Flow) => Side {
  const known = new Int32Array(PLACES * SIZE)
  const times = new Float64Array(PLACES).fill(Number.NaN)

  function isSame(at: number, { address }: Flow, ports: number): boolean {
    if (known[at + ADDRESSES] !== ports) return false
    for (let i = 0; i < ADDRESSES; i++) if (known[at + i] !== address[i]) return false
    return true
  }

  return flow => {
    if (flow.direction === Direction.none || !isBeginning(flow)) return 'first'
    const { address, sport, dport } = flow
    const ports = (sport << 16) | dport
    const place = placeOf(address, ports)
    const at = place * SIZE
    const said = known[at + ADDRESSES + 1]!
    const isSecond =
      Math.abs(flow.time - times[place]!) <= MOMENT &&
      (said & 3) !== flow.direction &&
      isSame(at, flow, ports) &&
      (said >> 2 === Verdict.allowed || flow.verdict === Verdict.allowed)
    if (isSecond) {
      times[place] = Number.NaN
      return flow.verdict === Verdict.allowed ? 'repeated' : 'overruled'
    }
    for (let i = 0; i < ADDRESSES; i++) known[at + i] = address[i]!
    known[at + ADDRESSES] = ports
    known[at + ADDRESSES + 1] = flow.direction | (flow.verdict << 2)
    times[place] = flow.time
    return 'first'
  }
}

function isBeginning(flow: Flow): boolean {
  const { proto, verdict, tcpFlags, count } = flow
  if (proto !== Proto.tcp || flow.sport < 0 || flow.dport < 0 || count !== 1) return false
  if (flow.event !== Event.none || flow.isReply === Reply.yes || flow.window > 0 || flow.names !== undefined)
    return false
  if (verdict !== Verdict.allowed && verdict !== Verdict.denied && verdict !== Verdict.rejected) return false
  return tcpFlags < 0 || (tcpFlags & ~(TcpFlag.ece | TcpFlag.cwr)) === TcpFlag.syn
}

function placeOf(address: Int32Array, ports: number): number {
  let hash = ports
  for (let i = 0; i < ADDRESSES; i++) hash = Math.imul(hash ^ address[i]!, 0x9e3779b1) ^ (hash >>> 15)
  return (hash ^ (hash >>> 16)) & (PLACES - 1)
}
