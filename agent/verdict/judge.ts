// A flow's finding: who is responsible for its verdict, by the policies in force at its time.

import { Cause, Event, type Flow, Notice, Reply, verdictNames } from '../../collectors/flow.ts'
import { isEvaluated } from '../../collectors/policy-kinds.ts'
import type { Direction, DirectionAnswer, Epoch } from '../policy/index.ts'
import { hasPolicyPorts } from '../policy/protocol.ts'
import { sortReasons, type Unsure } from '../timeline/unsure.ts'
import { askedOf, type Bench, type Eyes, openBench, ownDirection, verdictIn } from './bench.ts'
import { blame } from './blame.ts'
import { type Doubt, doubtOf, isKnown, matters, NO_DOUBT } from './doubt.ts'
import type { Agreement, Attribution, Blame, Finding, Reason } from './finding.ts'
import { ofHidden } from './hidden.ts'
import { isAssumed, type Orientation } from './orient.ts'
import { natOf, type Place, partyOf, serviceOf, type View } from './question.ts'
import { answersToOthers, type StateAnswer } from './states.ts'

export type { Eyes } from './bench.ts'

export function judge(flow: Flow, orientation: Orientation, view: View, eyes: Eyes): Finding {
  return findingOf(openBench(flow, orientation, view, eyes))
}

export function findingOf(bench: Bench): Finding {
  const { flow, question } = bench
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

function sentence(bench: Bench): Sentence {
  const { flow, judged } = bench
  if (flow.cause !== Cause.none && bench.observed !== 'allowed') return notOurs(bench)
  if (judged.length === 0) return nobodys(bench)
  const choice = choose(bench)
  const attributions = judged.map(direction => attribute(bench, direction, choice))
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
    ...unaskedFor,
  }
}

/** What only a denial by policies has. */
const unaskedFor: Pick<Attribution, 'nearest' | 'fix' | 'changed'> = {
  nearest: () => [],
  fix: () => undefined,
  changed: () => undefined,
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
  /** The states that what was observed does not rule out. */
  readonly possible: readonly StateAnswer[]
}

/** The state that explains what was observed, and whether another one explains it differently. */
function choose(bench: Bench): Choice {
  const { states, observed } = bench
  const current = states[0]!
  if (observed === 'none') return { state: current, agreement: 'undecided', possible: states }
  if (observed === 'unanswered') {
    const explains = verdictIn(bench, current) === 'denied'
    return { state: current, agreement: explains ? 'agrees' : 'undecided', possible: states }
  }
  const agreeing = states.filter(state => verdictIn(bench, state) === observed)
  const state = agreeing[0] ?? current
  const agreement = agreeing.length === 0 ? 'contradicts' : state.undone.length === 0 ? 'agrees' : 'lagging'
  const areAllPossible = agreeing.length === 0 || agreeing.length === states.length
  const possible = areAllPossible ? states : states.filter(each => !isRuledOut(bench, each))
  return { state, agreement, possible }
}

/** A state that says otherwise than what was observed was not in force, if what it says depends on nothing unknown. */
function isRuledOut(bench: Bench, state: StateAnswer): boolean {
  const { question, judged, observed } = bench
  if (verdictIn(bench, state) === observed || state.isMixed) return false
  const { initiator, responder, seen, port, proto } = question
  if (port < 0 && hasPolicyPorts(proto)) return false
  // Whoever nobody knows may have policies that deny.
  const ends = [initiator.owner, responder.owner]
  const mayBe = (direction: Direction, verdict: 'allowed' | 'denied') =>
    answersToOthers(question, state.epoch, direction).some(other => other.verdict === verdict)
  if (observed === 'denied') return ends.every(isKnown) && !judged.some(each => mayBe(each, 'denied'))
  return judged.some(direction => {
    const [subject, peer] = direction === 'egress' ? [ends[0]!, ends[1]!] : [ends[1]!, seen.owner]
    if (state[direction].verdict !== 'denied' || !isKnown(subject) || mayBe(direction, 'allowed'))
      return false
    return isKnown(peer) || !matters(question, direction, state.epoch)
  })
}

/** While an address is new to the data plane, its peer may have been judged as somebody else, or by no rule that admits it yet. */
function isNewcomers(bench: Bench, direction: Direction, { state, agreement }: Choice): boolean {
  const { question, observed, flow } = bench
  const { initiator, responder, seen } = question
  if (!isNewcomer(initiator) && !isNewcomer(responder) && !isNewcomer(seen)) return false
  const isContradiction =
    observed === 'allowed' ? state[direction].verdict === 'denied' : agreement === 'contradicts'
  const isSecond = direction === 'ingress' && observed !== 'allowed' && ownDirection(flow) === undefined
  return (
    isContradiction ||
    otherAnswers(bench, direction).some(other => !isSameAnswer(state[direction], other)) ||
    (isSecond && otherAnswers(bench, 'egress').some(other => other.verdict !== state.egress.verdict))
  )
}

function isNewcomer({ owner }: Place): boolean {
  return owner.takenFor.length > 0
}

/** Those that what was observed leaves possible. */
function otherAnswers({ question, states, observed }: Bench, direction: Direction): DirectionAnswer[] {
  const second = direction === 'egress' ? 'ingress' : 'egress'
  return states.flatMap(({ epoch, [second]: rest }) =>
    answersToOthers(question, epoch, direction).filter(({ verdict }) =>
      observed === 'allowed' ? verdict !== 'denied' : verdict === 'denied' || rest.verdict === 'denied',
    ),
  )
}

/** Another state that is possible gives another answer, or leaves nothing for ingress to decide. */
function isContested(bench: Bench, direction: Direction, { state, possible }: Choice): boolean {
  if (bench.isCrowded || possible.some(other => !isSameAnswer(state[direction], other[direction])))
    return true
  const isSecond =
    direction === 'ingress' && bench.observed !== 'allowed' && ownDirection(bench.flow) === undefined
  return isSecond && possible.some(other => other.egress.verdict !== state.egress.verdict)
}

function isSameAnswer(a: DirectionAnswer, b: DirectionAnswer): boolean {
  if (a === b) return true
  if (a.verdict !== b.verdict || a.reason !== b.reason || a.witnesses.length !== b.witnesses.length)
    return false
  return a.witnesses.every((witness, i) => {
    const other = b.witnesses[i]!
    return (
      witness.policy.key === other.policy.key &&
      witness.policy.uid === other.policy.uid &&
      witness.rule === other.rule &&
      witness.policy.generation === other.policy.generation
    )
  })
}

/** Then the world that is judged by is not the whole one. Kinds that are not evaluated here are another matter. */
function namesForeign({ reported }: Flow, epoch: Epoch): boolean {
  return reported?.policies.some(name => isEvaluatedName(name) && !epoch.knowsPolicy(name)) ?? false
}

/** `ns/name` or `Kind/name`, and not `Kind/ns/name` or a name without its namespace. */
function isEvaluatedName(name: string): boolean {
  const [first, ...rest] = name.split('/')
  return rest.length === 1 && (isEvaluated(first!) || !/[A-Z]/.test(first!))
}

/** `openPorts`: what a port that is not known must be able to change to be a doubt. */
function doubtIn(bench: Bench, direction: Direction, choice: Choice, openPorts: readonly string[]): Doubt {
  const { state, possible } = choice
  const own = ownDirection(bench.flow)
  return doubtOf(bench.question, direction, state[direction], {
    isAssumed: isAssumed(bench.orientation),
    isMixed: state.isMixed,
    isContested: isContested(bench, direction, choice),
    isNewcomers: isNewcomers(bench, direction, choice),
    epochs: possible.map(each => each.epoch),
    hasUnsupported: bench.hasUnsupported,
    isForeign: possible.every(({ epoch }) => namesForeign(bench.flow, epoch)),
    isPortOpen: openPorts.includes(state.atOtherPorts(direction)),
    // The line speaks of the other end's policies, and that end is nobody we know: these ones are not to blame.
    isElsewhere:
      bench.observed === 'denied' &&
      own !== undefined &&
      !bench.judged.includes(own) &&
      state[direction].verdict === 'denied',
  })
}

/** Nothing that is not known could change a verdict that the line means. */
function isSettled(bench: Bench, choice: Choice): boolean {
  // Doubts about a direction that the line does not mean cannot explain anything.
  return askedOf(bench).every(
    direction => doubtIn(bench, direction, choice, ['other verdict']).certainty === 'certain',
  )
}

function attribute(bench: Bench, direction: Direction, choice: Choice): Attribution {
  const { state } = choice
  const answer = state[direction]
  const doubt = doubtIn(bench, direction, choice, ['other rules', 'other verdict'])
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
    fix: () => state.fix(direction),
    changed: () => changedOf(bench, direction, choice, doubt),
  }
  if (doubt.certainty === 'unknown') return unknown(attribution)
  if (bench.observed === 'allowed') return ofAllowed(bench, attribution, state)
  return choice.agreement === 'contradicts' ? unexplained(bench, attribution, choice) : attribution
}

function changedOf(
  { question, flow }: Bench,
  direction: Direction,
  { state, possible }: Choice,
  { unsure }: Doubt,
): Blame | undefined {
  if (state[direction].verdict !== 'denied') return undefined
  const states = possible.filter(each => each[direction].verdict === 'denied')
  return blame({ question, direction, states, unsure, time: flow.time })
}

/** A packet that got through was allowed in each direction that the line means, so each agrees for itself. */
function ofAllowed(bench: Bench, attribution: Attribution, state: StateAnswer): Attribution {
  const { flow, states, orientation } = bench
  const { direction, verdict, certainty } = attribution
  if (verdict === 'allowed') {
    const isLagging = states[0]![direction].verdict === 'denied' && state.undone.length > 0
    return { ...attribution, agreement: isLagging ? 'lagging' : 'agrees' }
  }
  // A connection whose beginning was not seen may be older than the policies that deny it.
  const isOld = flow.isReply === Reply.yes || flow.event === Event.update || isAssumed(orientation)
  const asAllowed: Attribution = {
    ...attribution,
    verdict: 'allowed',
    witnesses: [],
    agreement: 'undecided',
    ...unaskedFor,
  }
  if (isOld) return { ...asAllowed, reason: 'established' }
  if (flow.cause === Cause.otherPolicy) return { ...asAllowed, reason: 'other-policy' }
  const own = ownDirection(flow)
  // A trace sees the packet on its way: it may not have come to this direction's policies yet.
  const isMeant = (own === undefined || own === direction) && flow.notice !== Notice.trace
  return { ...attribution, agreement: isMeant && certainty === 'certain' ? 'contradicts' : 'undecided' }
}

/** A denial that no state explains is a contradiction only where nothing that is not known could explain it. */
function unexplained(bench: Bench, attribution: Attribution, choice: Choice): Attribution {
  const { question, flow, judged } = bench
  const own = ownDirection(flow)
  // The line speaks of the other end's policies, which are not judged here: that these ones allow it says nothing.
  const isElsewhere = own !== undefined && !judged.includes(own)
  // The end that nobody can name may be a pod whose own policies deny.
  const isHalfKnown = [question.initiator, question.responder].some(place => place.owner.kind === 'unknown')
  if (isHalfKnown || isElsewhere)
    return unknown({
      ...attribution,
      direction: isElsewhere ? own : attribution.direction,
      certainty: 'unknown',
      unsure: sortReasons([...attribution.unsure, 'peer-unresolved']),
    })
  return isSettled(bench, choice) ? attribution : { ...attribution, agreement: 'undecided' }
}

function unknown(attribution: Attribution): Attribution {
  return { ...attribution, reason: 'unknown', witnesses: [], agreement: 'undecided', ...unaskedFor }
}
