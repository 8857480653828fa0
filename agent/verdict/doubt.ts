// How sure an attribution is, and why not surer.

import type { Direction, DirectionAnswer } from '../policy/index.ts'
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
}

export function doubtOf(
  question: Question,
  direction: Direction,
  answer: DirectionAnswer,
  circumstances: Circumstances,
): Doubt {
  const doubts = [
    ofView(question),
    ofSubject(question, direction),
    ofPeer(question, direction),
    because(answer.leftOut.length > 0, 'policy-left-out'),
    because(answer.undefinedChoice, 'undefined-choice'),
    because(circumstances.isContested, 'policy-just-changed'),
    because(circumstances.isAssumed || circumstances.isMixed, 'peer-unresolved'),
  ]
  return doubts.reduce((a, b) => ({
    certainty: leastCertain(a.certainty, b.certainty),
    unsure: sortReasons([...a.unsure, ...b.unsure]),
  }))
}

function because(isSo: boolean, reason: Unsure): Doubt {
  return isSo ? { certainty: 'candidates', unsure: [reason] } : { certainty: 'certain', unsure: NO_DOUBT }
}

/** Reasons that hold for every answer of this time. */
function ofView({ view }: Question): Doubt {
  return { certainty: view.certainty, unsure: view.unsure }
}

function ofSubject(question: Question, direction: Direction): Doubt {
  const { owner } = direction === 'egress' ? question.initiator : question.responder
  return { certainty: owner.certainty, unsure: owner.reasons }
}

/** Who the peer is counts only where a rule could tell peers apart. */
function ofPeer(question: Question, direction: Direction): Doubt {
  const { owner } = direction === 'egress' ? question.responder : question.seen
  const isKnown = owner.certainty === 'certain' && owner.kind !== 'unknown'
  if (isKnown || !matters(question, direction)) return { certainty: 'certain', unsure: NO_DOUBT }
  return { certainty: 'candidates', unsure: owner.reasons.length > 0 ? owner.reasons : ['peer-unresolved'] }
}

function matters(question: Question, direction: Direction): boolean {
  const { owner } = direction === 'egress' ? question.initiator : question.responder
  const subject = podOf(owner)
  if (subject === undefined) return true
  const policies = question.view.epoch.policiesOf(subject, direction)
  return peerMatters(policies, direction, question.proto, question.port)
}
