// Was this packet judged by the policies when it was seen? One of a connection that had been let through before is not.

import { Cause, Event, type Flow, Notice, Proto, Reply, TcpFlag, Verdict } from '../../collectors/flow.ts'

/**
 * True where the line itself shows that the packet was judged at its time. What got through does so only as the beginning of a
 * connection: conntrack says it, or a SYN, or a notice of the verdict; a line about UDP may be any packet of a conversation.
 */
export function isJudgedNow(flow: Flow): boolean {
  if (flow.isReply === Reply.yes || flow.notice === Notice.trace || flow.cause !== Cause.none) return false
  if (flow.event !== Event.none) return flow.event === Event.new && flow.verdict === Verdict.allowed
  if (flow.proto === Proto.tcp && flow.tcpFlags >= 0) return isOpening(flow.tcpFlags)
  if (flow.notice === Notice.verdict) return true
  return (flow.verdict === Verdict.denied || flow.verdict === Verdict.rejected) && isDeniedAnew(flow)
}

function isOpening(flags: number): boolean {
  return (flags & (TcpFlag.syn | TcpFlag.ack | TcpFlag.rst | TcpFlag.fin)) === TcpFlag.syn
}

/** Nobody denies a datagram of a conversation that is let through; an ICMP error is another connection's. */
function isDeniedAnew({ proto, icmpType }: Flow): boolean {
  if (proto === Proto.icmp) return icmpType === 8
  if (proto === Proto.icmpv6) return icmpType === 128
  return proto === Proto.udp
}
