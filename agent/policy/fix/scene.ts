// A denied question with other subjects and other peers in it: for which of them would the answer be the same? Subjects are asked
// about once for all pods that policies cannot tell apart, peers once per class of their addresses.

import type { Direction, DirectionAnswer } from '../answer.ts'
import type { ResolvedEnd } from '../end.ts'
import { evaluate, type Ground } from '../evaluate.ts'
import type { PortSet } from '../interner.ts'
import type { Member } from './pod-index.ts'
import { type Service, servicesOf } from './services.ts'

/** One direction of a connection that was denied. */
export interface Question {
  readonly direction: Direction
  readonly subject: ResolvedEnd
  readonly peer: ResolvedEnd
  readonly protocol: number
  /** -1 for none. */
  readonly port: number
}

/** What was denied, and what of it edits of the kind that is tried can open. */
export interface Denial extends Question {
  /** The protocol and port that were asked about, alone. */
  readonly asked: readonly [Service]
  /** Would an edit that admits a peer turn this answer about a subject into one that allows? */
  readonly opens: (answer: DirectionAnswer, subject: ResolvedEnd) => boolean
}

/** Subjects that get the same answers. */
export interface Subjects {
  readonly end: ResolvedEnd
  readonly members: readonly Member[]
  /** Distinct. */
  readonly workloads: readonly number[]
}

/** A pod at the peer's end with all of its addresses that ipBlocks tell apart, or one address that is no pod's. */
export interface Peer {
  readonly member: Member | undefined
  readonly ends: readonly ResolvedEnd[]
  /** As selectors see it, whatever its address. */
  readonly plain: ResolvedEnd
}

/** The peer that has these ends, one at least. */
export function peerOf(member: Member | undefined, ends: readonly ResolvedEnd[]): Peer {
  return { member, ends, plain: { ...ends[0]!, addressClass: 0 } }
}

/** Would an edit that admits them open this subject's direction to a peer, at any of its addresses? */
export function isOpened(ground: Ground, denial: Denial, subject: ResolvedEnd, peer: Peer): boolean {
  for (const end of peer.ends) {
    for (const service of servicesOf(denial, subject, end))
      if (denial.opens(answerOf(ground, denial, subject, end, service), subject)) return true
  }
  return false
}

function answerOf(
  ground: Ground,
  { direction }: Denial,
  subject: ResolvedEnd,
  peer: ResolvedEnd,
  { protocol, port }: Service,
): DirectionAnswer {
  return direction === 'egress'
    ? evaluate(ground, subject, peer, protocol, port).egress
    : evaluate(ground, peer, subject, protocol, port).ingress
}

/** The named ports that count are those of the destination (S40). */
export function destinationPorts(direction: Direction, subject: Subjects, peer: Peer): PortSet {
  return direction === 'ingress' ? subject.end.ports : peer.ends[0]!.ports
}
