// One flow on the bench: what was observed, what there is to ask, and what every state that may have been in force says about it.

import { type Flow, Verdict, Direction as Wire } from '../../collectors/flow.ts'
import type { Direction } from '../policy/index.ts'
import type { Orientation } from './orient.ts'
import { ask, isOnNode, type Question, type View } from './question.ts'
import { answerStates, ownAnswer, type StateAnswer } from './states.ts'

/** What was observed, as far as the policies can agree with it. */
export type Observed = 'allowed' | 'denied' | 'unanswered' | 'none'

export interface Bench {
  readonly flow: Flow
  readonly question: Question
  readonly observed: Observed
  /** The directions that are judged here: their subject is a pod under policy, and of this node. */
  readonly judged: readonly Direction[]
  /** This node's own first. */
  readonly states: readonly StateAnswer[]
  /** There are more states than these. */
  readonly isCrowded: boolean
  readonly orientation: Orientation
  readonly hasUnsupported: boolean
}

/** Whose eyes see the flow. */
export interface Eyes {
  /** Only pods of this node are subjects; undefined: the eyes of all nodes. */
  readonly node: string | undefined
  /** The cluster has policies of kinds that are not evaluated here. */
  readonly hasUnsupported?: boolean
}

export function openBench(flow: Flow, orientation: Orientation, view: View, eyes: Eyes): Bench {
  const question = ask(flow, orientation, view)
  const answers = answerStates(question)
  const states = answers ?? [ownAnswer(question)]
  return {
    flow,
    question,
    observed: observedOf(flow),
    judged: (['egress', 'ingress'] as const).filter(
      d => states[0]![d].verdict !== 'n/a' && isSubjectHere(question, d, eyes.node),
    ),
    states,
    isCrowded: answers === undefined,
    orientation,
    hasUnsupported: eyes.hasUnsupported === true,
  }
}

/** The direction that the line itself names. */
export function ownDirection({ direction }: Flow): Direction | undefined {
  if (direction === Wire.none) return undefined
  return direction === Wire.egress ? 'egress' : 'ingress'
}

/** The directions that the line is about: its own if it has one that is judged, else both. */
export function askedOf({ flow, judged }: Pick<Bench, 'flow' | 'judged'>): readonly Direction[] {
  const own = ownDirection(flow)
  return own !== undefined && judged.includes(own) ? [own] : judged
}

/** What a state says about the packet in the directions that the line is about. */
export function verdictIn(bench: Pick<Bench, 'flow' | 'judged'>, state: StateAnswer): 'allowed' | 'denied' {
  return askedOf(bench).some(direction => state[direction].verdict === 'denied') ? 'denied' : 'allowed'
}

function isSubjectHere(
  { initiator, responder }: Question,
  direction: Direction,
  node: string | undefined,
): boolean {
  return node === undefined || isOnNode(direction === 'egress' ? initiator : responder, node)
}

function observedOf({ verdict }: Flow): Observed {
  if (verdict === Verdict.allowed) return 'allowed'
  if (verdict === Verdict.unanswered) return 'unanswered'
  return verdict === Verdict.none ? 'none' : 'denied'
}
