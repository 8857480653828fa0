// What one log line says. One Flow is made per collector and written anew for each line: the hot path allocates nothing, so
// whoever keeps a flow beyond the next line copies it (`copyFlow`).

/** What the line says happened to the packet. `none`: the line does not say (conntrack events, a LOG prefix of unknown meaning). */
export const Verdict = { none: 0, allowed: 1, denied: 2, rejected: 3, audited: 4, unanswered: 5 } as const
export type Verdict = (typeof Verdict)[keyof typeof Verdict]
export const verdictNames = ['none', 'allowed', 'denied', 'rejected', 'audited', 'unanswered'] as const

/** The direction as the subject sees it, when the format says so. */
export const Direction = { none: 0, egress: 1, ingress: 2 } as const
export type Direction = (typeof Direction)[keyof typeof Direction]

/** The connection-tracking event a line stands for; `dump` is an entry of a listing. */
export const Event = { none: 0, new: 1, update: 2, destroy: 3, dump: 4 } as const
export type Event = (typeof Event)[keyof typeof Event]

export const Reply = { unknown: 0, no: 1, yes: 2 } as const
export type Reply = (typeof Reply)[keyof typeof Reply]

/** How a denial that is no NetworkPolicy's is named; `none` leaves the question to the policies. */
export const Cause = { none: 0, notPolicy: 1, otherPolicy: 2 } as const
export type Cause = (typeof Cause)[keyof typeof Cause]

/**
 * Which of a producer's notices of one packet the line is, where it gives several (Hubble: policy verdict, drop, trace). `twin`: the
 * producer may print the very same line of a packet twice at once (Weave).
 */
export const Notice = { none: 0, verdict: 1, drop: 2, trace: 3, twin: 4 } as const
export type Notice = (typeof Notice)[keyof typeof Notice]

export const TcpFlag = {
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
  ae: 256,
} as const

/** IANA protocol numbers that have a name here. */
export const Proto = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  sctp: 132,
} as const

/** What the CNI itself says, normalised to ns/name where the format allows it. Interned: equal texts give the same object. */
export interface Reported {
  readonly by: string
  readonly verdict?: string
  /** `ns/name`, or `Kind/name` for cluster-scoped kinds and kinds other than NetworkPolicy. */
  readonly policies: readonly string[]
  /** The CNI's own words. */
  readonly as?: string
}

/** What a line calls an end whose address it hides. */
export interface NamedEnd {
  /** `network`: addresses that are no pod's, a node's among them. `unknown`: the line does not say which of these it is. */
  readonly kind: 'pod' | 'node' | 'network' | 'unknown'
  readonly ns?: string
  /** The one that it was. */
  readonly name?: string
  /** What the names of all begin with that it may have been, without the `*` behind it. */
  readonly prefix?: string
  /** Labels that all have which it may have been. */
  readonly labels?: Readonly<Record<string, string>>
}

/** The ends that have no address in the line; an end that is absent has one. Interned as `Reported`. */
export interface FlowNames {
  readonly source?: NamedEnd
  readonly destination?: NamedEnd
}

/** Where a line stands: its format, what identifies its stream in record ids, and the file as records name it. */
export interface FlowOrigin {
  readonly format: string
  readonly stream: string
  readonly file: string | undefined
}

export interface Flow {
  /** Microseconds since 1970 UTC by the log's clock; NaN where the line has no usable time. */
  time: number
  /** Resolution of `time` in microseconds: 1, 1000 or 1000000; more where clocks were set back over what the stamp says. */
  precision: number
  verdict: Verdict
  cause: Cause
  /** IANA protocol number; -1 where the line names none. */
  proto: number
  /** Sixteen int32 words: source, destination, reply source, reply destination, four each (agent/address.ts). */
  readonly address: Int32Array
  /** Ports as on the wire; -1 where the protocol or the line has none. */
  sport: number
  dport: number
  /** True when the reply tuple is filled (conntrack, formats that print a translated address). */
  hasReply: boolean
  replySport: number
  replyDport: number
  icmpType: number
  icmpCode: number
  /** What tells connections without ports apart: the ICMP query id, or both GRE keys (source << 16 | destination); -1 otherwise. */
  flowId: number
  /** conntrack zone, 0 where not printed. */
  zone: number
  /** Bits of TcpFlag, -1 where the line prints none. */
  tcpFlags: number
  direction: Direction
  isReply: Reply
  event: Event
  notice: Notice
  /** conntrack: no `[UNREPLIED]`, so the responder has answered. */
  replied: boolean
  /** conntrack: the entry's own id, 0 where not printed. */
  connection: number
  /** Packets and bytes of the original direction, 0 where not printed. */
  packets: number
  bytes: number
  /** Seconds since the connection began, -1 where not printed. */
  age: number
  /** How many packets or connections this line stands for. */
  count: number
  /** Seconds that the line sums up, from `time` on; 0 where it is one moment's. */
  window: number
  /** Events that the producer lost just before this line, as its sequence numbers tell. */
  lost: number
  reported: Reported | undefined
  /** Of a line that hides addresses; their words are zero, and say nothing. */
  names: FlowNames | undefined
  /** Where the line stands in its stream, uncompressed; set by the pipeline, not by a collector. */
  offset: number
  /** Of the line; set as `offset` is, and by who reads nothing but lines left undefined. */
  origin: FlowOrigin | undefined
  /** Byte ranges in the line's buffer, [start, end) each, 0 and 0 where absent: in-interface, out-interface, log prefix. */
  readonly spans: Int32Array
}

export const Span = { in: 0, out: 2, prefix: 4 } as const

export function createFlow(): Flow {
  return {
    time: Number.NaN,
    precision: 1,
    verdict: Verdict.none,
    cause: Cause.none,
    proto: -1,
    address: new Int32Array(16),
    sport: -1,
    dport: -1,
    hasReply: false,
    replySport: -1,
    replyDport: -1,
    icmpType: -1,
    icmpCode: -1,
    flowId: -1,
    zone: 0,
    tcpFlags: -1,
    direction: Direction.none,
    isReply: Reply.unknown,
    event: Event.none,
    notice: Notice.none,
    replied: false,
    connection: 0,
    packets: 0,
    bytes: 0,
    age: -1,
    count: 1,
    window: 0,
    lost: 0,
    reported: undefined,
    names: undefined,
    offset: 0,
    origin: undefined,
    spans: new Int32Array(6),
  }
}

/** Sets every field of `flow` back to what `createFlow` gives, but for the address words, which a collector always writes. */
export function resetFlow(flow: Flow): void {
  flow.time = Number.NaN
  flow.precision = 1
  flow.verdict = Verdict.none
  flow.cause = Cause.none
  flow.proto = -1
  flow.sport = -1
  flow.dport = -1
  flow.hasReply = false
  flow.replySport = -1
  flow.replyDport = -1
  flow.icmpType = -1
  flow.icmpCode = -1
  flow.flowId = -1
  flow.zone = 0
  flow.tcpFlags = -1
  flow.direction = Direction.none
  flow.isReply = Reply.unknown
  flow.event = Event.none
  flow.notice = Notice.none
  flow.replied = false
  flow.connection = 0
  flow.packets = 0
  flow.bytes = 0
  flow.age = -1
  flow.count = 1
  flow.window = 0
  flow.lost = 0
  flow.reported = undefined
  flow.names = undefined
  // By hand: `fill` on six elements costs more than the six stores.
  const { spans } = flow
  spans[0] = 0
  spans[1] = 0
  spans[2] = 0
  spans[3] = 0
  spans[4] = 0
  spans[5] = 0
}

/** A flow that stays as it is when the next line is read. */
export function copyFlow(flow: Flow): Flow {
  return { ...flow, address: flow.address.slice(), spans: flow.spans.slice() }
}
