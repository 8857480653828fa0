// A flow's finding: who is responsible for its verdict, by the policies in force at its time.

import {
  Cause,
  Event,
  type Flow,
  Notice,
  Reply,
  Verdict,
  verdictNames,
  Direction as Wire,
} from '../../collectors/flow.ts'
import type { Direction, DirectionAnswer } from '../policy/index.ts'
import { sortReasons, type Unsure } from '../timeline/unsure.ts'
import { type Doubt, doubtOf, NO_DOUBT } from './doubt.ts'
import type { Agreement, Attribution, Finding, Reason } from './finding.ts'
import { ofHidden } from './hidden.ts'
import { isAssumed, type Orientation } from './orient.ts'
import { ask, isOnNode, natOf, partyOf, type Question, serviceOf, type View } from './question.ts'
import { answerStates, type StateAnswer } from './states.ts'

/** What was observed, as far as the policies can agree with it. */
type Observed = 'allowed' | 'denied' | 'unanswered' | 'none'

interface Bench {
  readonly flow: Flow
  readonly question: Question
  readonly observed: Observed
  /** The directions that are judged here: their subject is a pod under policy, and of this node. */
  readonly judged: readonly Direction[]
  readonly states: readonly StateAnswer[]
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

export function judge(flow: Flow, orientation: Orientation, view: View, eyes: Eyes): Finding {
  const question = ask(flow, orientation, view)
  const states = answerStates(question)
  const judged = (['egress', 'ingress'] as const).filter(
    d => states[0]![d].verdict !== 'n/a' && isSubjectHere(question, d, eyes.node),
  )
  const hasUnsupported = eyes.hasUnsupported === true
  const bench: Bench = {
    flow,
    question,
    observed: observedOf(flow),
    judged,
    states,
    orientation,
    hasUnsupported,
  }
  const finding: Finding = {
    verdict: verdictNames[flow.verdict],
    initiator: partyOf(question, question.initiator),
    responder: partyOf(question, question.responder),
    port: question.port,
    proto: flow.proto,
    nat: natOf(question),
    service: serviceOf(question),
    ...sentence(bench),
  }
  return flow.names === undefined ? finding : ofHidden(finding, question)
}

type Sentence = Pick<Finding, 'deciding' | 'other' | 'egress' | 'ingress' | 'unjudged'>

/** The direction that the line itself names. */
function ownDirection({ direction }: Flow): Direction | undefined {
  if (direction === Wire.none) return undefined
  return direction === Wire.egress ? 'egress' : 'ingress'
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

function sentence(bench: Bench): Sentence {
  const { flow, judged } = bench
  if (flow.cause !== Cause.none && bench.observed !== 'allowed') return notOurs(bench)
  if (judged.length === 0) return nobodys(bench)
  const choice = choose(bench)
  const doubts = judged.map(direction => doubtIn(bench, direction, choice, ['other rules', 'other verdict']))
  const own = ownDirection(bench.flow)
  // Doubts about a direction that the line does not mean cannot explain anything.
  const isOwnJudged = own !== undefined && judged.includes(own)
  const isSettled = judged.every(
    direction =>
      (isOwnJudged && direction !== own) ||
      doubtIn(bench, direction, choice, ['other verdict']).certainty === 'certain',
  )
  const attributions = judged.map((direction, i) =>
    attribute(bench, direction, choice, doubts[i]!, isSettled),
  )
  const egress = attributions.find(a => a.direction === 'egress')
  const ingress = attributions.find(a => a.direction === 'ingress')
  if (bench.observed === 'allowed')
    return { egress, ingress, deciding: undefined, other: undefined, unjudged: NOTHING }
  const deciding = decidingOf(bench, attributions)
  const other = attributions.find(
    a => a !== deciding && a.verdict === 'denied' && deciding.verdict === 'denied',
  )
  return { egress, ingress, deciding, other, unjudged: NOTHING }
}

/** The line's own direction if it has one, else the one that denies, egress first; else the one that may, as it is in doubt. */
function decidingOf({ flow }: Bench, attributions: readonly Attribution[]): Attribution {
  const own = ownDirection(flow)
  return (
    attributions.find(a => a.direction === own) ??
    attributions.find(a => a.verdict === 'denied') ??
    attributions.find(a => a.certainty !== 'certain') ??
    attributions[0]!
  )
}

/** The drop is no NetworkPolicy's by the CNI's own word, so the policies are not asked. */
function notOurs({ flow, judged }: Bench): Sentence {
  const reason: Reason = flow.cause === Cause.otherPolicy ? 'other-policy' : 'not-a-policy'
  const direction = ownDirection(flow) ?? judged[0] ?? 'egress'
  return {
    egress: undefined,
    ingress: undefined,
    deciding: plain(direction, 'denied', reason),
    other: undefined,
    unjudged: NOTHING,
  }
}

function plain(direction: Direction, verdict: Attribution['verdict'], reason: Reason): Attribution {
  return {
    direction,
    verdict,
    reason,
    witnesses: [],
    certainty: 'certain',
    agreement: 'undecided',
    unsure: [],
    leftOut: [],
    nearest: () => [],
  }
}

const NOTHING = { reason: 'unknown', unsure: NO_DOUBT } as const

/** No pod under policy at either end (S65), or none of this node. Certain only where both ends are known to be none. */
function nobodys({ question, states }: Bench): Sentence {
  const owners = [question.initiator.owner, question.responder.owner]
  const isUnresolved = owners.some(owner => owner.kind === 'unknown')
  const unresolved: readonly Unsure[] = isUnresolved ? ['peer-unresolved'] : []
  const unsure = sortReasons([
    ...unresolved,
    ...question.view.unsure,
    ...owners.flatMap(owner => owner.reasons),
  ])
  const isElsewhere = states[0]!.egress.verdict !== 'n/a' || states[0]!.ingress.verdict !== 'n/a'
  const reason = unsure.length > 0 || isElsewhere ? 'unknown' : 'not-a-policy'
  return {
    egress: undefined,
    ingress: undefined,
    deciding: undefined,
    other: undefined,
    unjudged: { reason, unsure },
  }
}

interface Choice {
  readonly state: StateAnswer
  readonly agreement: Agreement
  readonly isContested: boolean
}

/** The state that explains what was observed, and whether another one explains it differently. */
function choose(bench: Bench): Choice {
  const { states, observed } = bench
  const current = states[0]!
  if (observed === 'none')
    return { state: current, agreement: 'undecided', isContested: differs(bench, states) }
  if (observed === 'unanswered') {
    const explains = verdictIn(bench, current) === 'denied'
    return {
      state: current,
      agreement: explains ? 'agrees' : 'undecided',
      isContested: differs(bench, states),
    }
  }
  const agreeing = states.filter(state => verdictIn(bench, state) === observed)
  const state = agreeing[0] ?? current
  const agreement = agreeing.length === 0 ? 'contradicts' : state === current ? 'agrees' : 'lagging'
  return { state, agreement, isContested: differs(bench, agreeing) }
}

/** What a state says about the packet: about the line's own direction if it has one, else about both. */
function verdictIn({ flow, judged }: Bench, state: StateAnswer): 'allowed' | 'denied' {
  const own = ownDirection(flow)
  const asked: readonly Direction[] = own !== undefined && judged.includes(own) ? [own] : judged
  return asked.some(direction => state[direction].verdict === 'denied') ? 'denied' : 'allowed'
}

function differs({ judged }: Bench, states: readonly StateAnswer[]): boolean {
  const [first, ...others] = states
  return first !== undefined && others.some(other => judged.some(d => !isSameAnswer(first[d], other[d])))
}

function isSameAnswer(a: DirectionAnswer, b: DirectionAnswer): boolean {
  if (a === b) return true
  if (a.verdict !== b.verdict || a.reason !== b.reason || a.witnesses.length !== b.witnesses.length)
    return false
  return a.witnesses.every((witness, i) => {
    const other = b.witnesses[i]!
    return (
      witness.policy.key === other.policy.key &&
      witness.rule === other.rule &&
      witness.policy.generation === other.policy.generation
    )
  })
}

/** `openPorts`: what a port that is not known must be able to change to be a doubt. */
function doubtIn(
  bench: Bench,
  direction: Direction,
  { state, isContested }: Choice,
  openPorts: readonly string[],
): Doubt {
  const own = ownDirection(bench.flow)
  return doubtOf(bench.question, direction, state[direction], {
    isAssumed: isAssumed(bench.orientation),
    isMixed: state.isMixed,
    isContested,
    hasUnsupported: bench.hasUnsupported,
    isPortOpen: openPorts.includes(state.atOtherPorts(direction)),
    // The line speaks of the other end's policies, and that end is nobody we know: these ones are not to blame.
    isElsewhere:
      bench.observed === 'denied' &&
      own !== undefined &&
      !bench.judged.includes(own) &&
      state[direction].verdict === 'denied',
  })
}

function attribute(
  bench: Bench,
  direction: Direction,
  choice: Choice,
  doubt: Doubt,
  isSettled: boolean,
): Attribution {
  const { state } = choice
  const answer = state[direction]
  const attribution: Attribution = {
    direction,
    verdict: answer.verdict === 'denied' ? 'denied' : 'allowed',
    reason: answer.reason ?? 'unknown',
    witnesses: answer.witnesses,
    certainty: doubt.certainty,
    agreement: choice.agreement,
    unsure: doubt.unsure,
    leftOut: answer.leftOut,
    nearest: () => state.nearest(direction),
  }
  if (doubt.certainty === 'unknown') return unknown(attribution)
  if (bench.observed === 'allowed') return ofAllowed(bench, attribution)
  return choice.agreement === 'contradicts' ? unexplained(bench, attribution, isSettled) : attribution
}

/** A packet that got through was allowed in each direction that the line means, so each agrees for itself. */
function ofAllowed(bench: Bench, attribution: Attribution): Attribution {
  const { flow, states, orientation } = bench
  const { direction, verdict, certainty } = attribution
  if (verdict === 'allowed')
    return { ...attribution, agreement: states[0]![direction].verdict === 'denied' ? 'lagging' : 'agrees' }
  // A connection whose beginning was not seen may be older than the policies that deny it.
  const isOld = flow.isReply === Reply.yes || flow.event === Event.update || isAssumed(orientation)
  const asAllowed: Attribution = {
    ...attribution,
    verdict: 'allowed',
    witnesses: [],
    agreement: 'undecided',
    nearest: () => [],
  }
  if (isOld) return { ...asAllowed, reason: 'established' }
  if (flow.cause === Cause.otherPolicy) return { ...asAllowed, reason: 'other-policy' }
  const own = ownDirection(flow)
  // A trace sees the packet on its way: it may not have come to this direction's policies yet.
  const isMeant = (own === undefined || own === direction) && flow.notice !== Notice.trace
  return { ...attribution, agreement: isMeant && certainty === 'certain' ? 'contradicts' : 'undecided' }
}

/** A denial that no state explains is a contradiction only where nothing that is not known could explain it. */
function unexplained({ question }: Bench, attribution: Attribution, isSettled: boolean): Attribution {
  // The end that nobody can name may be a pod whose own policies deny.
  const isHalfKnown = [question.initiator, question.responder].some(place => place.owner.kind === 'unknown')
  if (isHalfKnown)
    return unknown({
      ...attribution,
      certainty: 'unknown',
      unsure: sortReasons([...attribution.unsure, 'peer-unresolved']),
    })
  return isSettled ? attribution : { ...attribution, agreement: 'undecided' }
}

function unknown(attribution: Attribution): Attribution {
  return { ...attribution, reason: 'unknown', witnesses: [], agreement: 'undecided', nearest: () => [] }
}
