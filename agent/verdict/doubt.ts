// How sure an attribution is, and why not surer.

import type { Direction, DirectionAnswer, Epoch } from '../policy/index.ts'
import type { Owner } from '../timeline/index.ts'
import { type Certainty, leastCertain, sortReasons, type Unsure } from '../timeline/unsure.ts'
import { peerMatters } from './peer-matters.ts'
import { podOf, type Question } from './question.ts'

export interface Doubt {
  readonly certainty: Certainty
  readonly unsure: readonly Unsure[]
}

export const NO_DOUBT: readonly Unsure[] = Object.freeze([])

interface Circumstances {
  /** Of the states that the data plane may have had. */
  readonly epochs: readonly Epoch[]
  /** Who opened the connection was read off the ports alone. */
  readonly isAssumed: boolean
  /** The responder is a Service whose pods do not all get this answer. */
  readonly isMixed: boolean
  /** Another state within the enforcement lag explains the observation differently. */
  readonly isContested: boolean
  /** The data plane may not know yet whose address an end is. */
  readonly isNewcomers: boolean
  /** Policies of kinds that are not evaluated here may have a say. */
  readonly hasUnsupported: boolean
  /** The CNI names a policy that is not in the world. */
  readonly isForeign: boolean
  /** The line does not print the port, and at some port the packet would have been allowed. */
  readonly isPortOpen: boolean
  /** The line is about the other direction, which cannot be judged. */
  readonly isElsewhere: boolean
}

export function doubtOf(
  question: Question,
  direction: Direction,
  answer: DirectionAnswer,
  circumstances: Circumstances,
): Doubt {
  const { view, initiator, responder, seen } = question
  const subject = direction === 'egress' ? initiator.owner : responder.owner
  const peer = direction === 'egress' ? responder.owner : seen.owner
  const reasons: Unsure[] = [...view.unsure, ...subject.reasons]
  let certainty = leastCertain(view.certainty, subject.certainty)
  // A pod that is named is part of the answer; who an unknown one is counts only where a rule could tell peers apart.
  const peerCounts = () => circumstances.epochs.some(epoch => matters(question, direction, epoch))
  if (!isKnown(peer) && (peer.kind !== 'unknown' || peerCounts())) {
    certainty = leastCertain(certainty, 'candidates')
    reasons.push(...(peer.reasons.length > 0 ? peer.reasons : (['peer-unresolved'] as const)))
  }
  if (answer.leftOut.length > 0 || circumstances.isForeign) reasons.push('policy-left-out')
  if (answer.undefinedChoice || isHairpin(question, answer)) reasons.push('undefined-choice')
  if (answer.unknownName) reasons.push('peer-unresolved')
  if (circumstances.isContested) reasons.push('policy-just-changed')
  if (circumstances.isNewcomers) reasons.push('pod-starting')
  if (circumstances.hasUnsupported) reasons.push('unsupported-policy')
  if (circumstances.isAssumed || circumstances.isMixed || circumstances.isElsewhere)
    reasons.push('peer-unresolved')
  if (circumstances.isPortOpen) reasons.push('peer-unresolved')
  if (reasons.length === 0) return certainty === 'certain' ? SURE : { certainty, unsure: NO_DOUBT }
  return { certainty: leastCertain(certainty, 'candidates'), unsure: sortReasons(reasons) }
}

const SURE: Doubt = { certainty: 'certain', unsure: NO_DOUBT }

export function isKnown({ kind, certainty }: Owner): boolean {
  return certainty === 'certain' && kind !== 'unknown'
}

/** C8: cluster-scoped policies do speak of a pod that reaches itself through a Service; whether data planes do is open (S51). */
function isHairpin({ addressed }: Question, { reason, witnesses }: DirectionAnswer): boolean {
  return (
    addressed !== undefined && reason === 'exempt-self' && witnesses.some(({ role }) => role === 'denies')
  )
}

/** Whether who the peer is could change the answer of this state. */
export function matters(question: Question, direction: Direction, epoch: Epoch): boolean {
  const { owner } = direction === 'egress' ? question.initiator : question.responder
  const subject = podOf(owner)
  if (subject === undefined) return true
  return peerMatters(epoch.rulesOf(subject, direction), question.proto, question.port)
}
