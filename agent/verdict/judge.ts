// A flow's finding: who is responsible for its verdict, by the policies in force at its time.

import {
  Cause,
  Event,
  type Flow,
  Reply,
  Verdict,
  verdictNames,
  Direction as Wire,
} from '../../collectors/flow.ts'
import type { Direction, DirectionAnswer } from '../policy/index.ts'
import { type Certainty, leastCertain, sortReasons, type Unsure } from '../timeline/unsure.ts'
import { type Doubt, doubtOf, NO_DOUBT } from './doubt.ts'
import type { Agreement, Attribution, Finding, Reason } from './finding.ts'
import { isAssumed, type Orientation } from './orient.ts'
import { ask, natOf, partyOf, podOf, type Question, serviceOf, type View } from './question.ts'
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
}

/** `node`: only pods of this node are subjects; undefined: the eyes of all nodes. */
export function judge(flow: Flow, orientation: Orientation, view: View, node: string | undefined): Finding {
  const question = ask(flow, orientation, view)
  const states = answerStates(question)
  const judged = (['egress', 'ingress'] as const).filter(
    d => states[0]![d].verdict !== 'n/a' && isSubjectHere(question, d, node),
  )
  const bench: Bench = { flow, question, observed: observedOf(flow), judged, states, orientation }
  return {
    verdict: verdictNames[flow.verdict],
    initiator: partyOf(question, question.initiator),
    responder: partyOf(question, question.responder),
    port: question.port,
    proto: flow.proto,
    nat: natOf(question),
    service: serviceOf(question),
    ...sentence(bench),
  }
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
  return node === undefined || podOf((direction === 'egress' ? initiator : responder).owner)?.node === node
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
  const { state, agreement, isContested } = choose(bench)
  const attributions = judged.map(direction => attribute(bench, direction, state, agreement, isContested))
  const egress = attributions.find(a => a.direction === 'egress')
  const ingress = attributions.find(a => a.direction === 'ingress')
  if (bench.observed === 'allowed')
    return { egress, ingress, deciding: undefined, other: undefined, unjudged: NOTHING }
  const deciding = decidingOf(bench, egress, ingress)
  const rest = deciding === egress ? ingress : egress
  const other = rest?.verdict === 'denied' && deciding.verdict === 'denied' ? rest : undefined
  return { egress, ingress, deciding, other, unjudged: NOTHING }
}

/** The line's own direction if it has one, else the one that denies, egress first (DESIGN section 12). */
function decidingOf(
  { flow }: Bench,
  egress: Attribution | undefined,
  ingress: Attribution | undefined,
): Attribution {
  if (flow.direction === Wire.egress && egress) return egress
  if (flow.direction === Wire.ingress && ingress) return ingress
  return [egress, ingress].find(a => a?.verdict === 'denied') ?? (egress ?? ingress)!
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
  const unresolved: readonly Unsure[] = owners.some(owner => owner.kind === 'unknown')
    ? ['peer-unresolved']
    : []
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

/** The state that explains what was observed, and whether another one explains it differently. */
function choose(bench: Bench): { state: StateAnswer; agreement: Agreement; isContested: boolean } {
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

function attribute(
  bench: Bench,
  direction: Direction,
  state: StateAnswer,
  agreement: Agreement,
  isContested: boolean,
): Attribution {
  const answer = state[direction]
  const doubt = doubtOf(bench.question, direction, answer, {
    isAssumed: isAssumed(bench.orientation),
    isMixed: state.isMixed,
    isContested,
  })
  const attribution: Attribution = {
    direction,
    verdict: answer.verdict === 'denied' ? 'denied' : 'allowed',
    reason: answer.reason ?? 'unknown',
    witnesses: answer.witnesses,
    certainty: doubt.certainty,
    agreement,
    unsure: doubt.unsure,
    leftOut: answer.leftOut,
    nearest: () => state.nearest(direction),
  }
  if (doubt.certainty === 'unknown')
    return { ...attribution, reason: 'unknown', witnesses: [], agreement: 'undecided', nearest: () => [] }
  return agreement === 'contradicts' ? contradiction(bench, attribution, doubt) : attribution
}

/** A contradiction is claimed only where nothing that is not known could explain what was observed. */
function contradiction(bench: Bench, attribution: Attribution, doubt: Doubt): Attribution {
  const { flow, question, observed, orientation } = bench
  if (observed === 'allowed') {
    // A connection whose beginning was not seen may be older than the policies that deny it.
    const isOld = flow.isReply === Reply.yes || flow.event === Event.update || isAssumed(orientation)
    if (attribution.verdict === 'denied' && isOld)
      return {
        ...plain(attribution.direction, 'allowed', 'established'),
        certainty: doubt.certainty,
        unsure: doubt.unsure,
      }
    if (attribution.verdict === 'denied' && flow.cause === Cause.otherPolicy)
      return plain(attribution.direction, 'allowed', 'other-policy')
  }
  if (doubt.certainty !== 'certain') return { ...attribution, agreement: 'undecided' }
  // The end that nobody can name may be a pod whose own policies deny.
  const isHalfKnown = [question.initiator, question.responder].some(place => place.owner.kind === 'unknown')
  if (observed === 'denied' && isHalfKnown) return half(attribution)
  return attribution
}

function half(attribution: Attribution): Attribution {
  const certainty: Certainty = leastCertain(attribution.certainty, 'unknown')
  const unsure = sortReasons([...attribution.unsure, 'peer-unresolved'])
  return {
    ...attribution,
    reason: 'unknown',
    witnesses: [],
    agreement: 'undecided',
    certainty,
    unsure,
    nearest: () => [],
  }
}
