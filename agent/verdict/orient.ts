// Who opened the connection. Policies judge the connection, not the packet (S54), so every flow is turned to run from its
// initiator to its responder before anything else is asked.

import { type Flow, Proto, Reply, TcpFlag } from '../../collectors/flow.ts'

/**
 * `forward`: the packet runs from initiator to responder. `reversed`: it is a reply. The `assumed` ones are read off the
 * ports alone, because the line says nothing better: an answer built on them is no more than a candidate.
 */
export const Orientation = { forward: 0, reversed: 1, assumedForward: 2, assumedReversed: 3 } as const
export type Orientation = (typeof Orientation)[keyof typeof Orientation]

export const isReversed = (orientation: Orientation): boolean => (orientation & 1) === 1
export const isAssumed = (orientation: Orientation): boolean => orientation >= Orientation.assumedForward

/** Linux hands out client ports from here on (net.ipv4.ip_local_port_range). */
const EPHEMERAL = 32768

export function orient(flow: Flow): Orientation {
  // A connection-tracking tuple runs from the initiator by construction.
  if (flow.event !== 0) return Orientation.forward
  if (flow.isReply !== Reply.unknown)
    return flow.isReply === Reply.yes ? Orientation.reversed : Orientation.forward
  if (flow.proto === Proto.tcp) return orientTcp(flow)
  if (flow.proto === Proto.icmp || flow.proto === Proto.icmpv6) return orientIcmp(flow)
  return Orientation.forward
}

function orientTcp(flow: Flow): Orientation {
  if (flow.tcpFlags < 0) return Orientation.forward
  if ((flow.tcpFlags & TcpFlag.syn) !== 0)
    return (flow.tcpFlags & TcpFlag.ack) !== 0 ? Orientation.reversed : Orientation.forward
  // In the middle of a connection only the ports hint at who opened it.
  return flow.sport < EPHEMERAL && flow.dport >= EPHEMERAL
    ? Orientation.assumedReversed
    : Orientation.assumedForward
}

/** Echo, timestamp and address-mask replies, and their ICMPv6 counterpart, answer somebody. */
function orientIcmp(flow: Flow): Orientation {
  const isReply =
    flow.proto === Proto.icmp
      ? flow.icmpType === 0 || flow.icmpType === 14 || flow.icmpType === 18
      : flow.icmpType === 129
  return isReply ? Orientation.reversed : Orientation.forward
}
