// How sure an attribution is, and why not surer.

import type { Direction, DirectionAnswer } from '../policy/index.ts'
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
  /** Who opened the connection was read off the ports alone. */
  readonly isAssumed: boolean
  /** The responder is a Service whose pods do not all get this answer. */
  readonly isMixed: boolean
  /** Another state within the enforcement lag explains the observation differently. */
  readonly isContested: boolean
  /** Policies of kinds that are not evaluated here may have a say. */
  readonly hasUnsupported: boolean
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
  // Who the peer is counts only where a rule could tell peers apart.
  if (!isKnown(peer) && matters(question, direction)) {
    certainty = leastCertain(certainty, 'candidates')
    reasons.push(...(peer.reasons.length > 0 ? peer.reasons : (['peer-unresolved'] as const)))
  }
  if (answer.leftOut.length > 0) reasons.push('policy-left-out')
  if (answer.undefinedChoice) reasons.push('undefined-choice')
  if (circumstances.isContested) reasons.push('policy-just-changed')
  if (circumstances.hasUnsupported) reasons.push('unsupported-policy')
  if (circumstances.isAssumed || circumstances.isMixed || circumstances.isElsewhere)
    reasons.push('peer-unresolved')
  if (circumstances.isPortOpen) reasons.push('peer-unresolved')
  if (reasons.length === 0) return certainty === 'certain' ? SURE : { certainty, unsure: NO_DOUBT }
  return { certainty: leastCertain(certainty, 'candidates'), unsure: sortReasons(reasons) }
}

const SURE: Doubt = { certainty: 'certain', unsure: NO_DOUBT }

function isKnown({ kind, certainty }: Owner): boolean {
  return certainty === 'certain' && kind !== 'unknown'
}

function matters(question: Question, direction: Direction): boolean {
  const { owner } = direction === 'egress' ? question.initiator : question.responder
  const subject = podOf(owner)
  if (subject === undefined) return true
  const policies = question.view.epoch.policiesOf(subject, direction)
  return peerMatters(policies, direction, question.proto, question.port)
}
