// Which recent changes a new connection tells something about: those before which the policies said otherwise than they do after,
// whatever else the data plane had or had not taken by then. Anything less is no evidence.

import { Cause, Verdict } from '../../collectors/flow.ts'
import type { Direction } from '../policy/index.ts'
import { hasPolicyPorts } from '../policy/protocol.ts'
import { type AppliedChange, waysBetween } from '../timeline/index.ts'
import { askedOf, type Bench, verdictIn } from './bench.ts'
import { isKnown } from './doubt.ts'
import { historyOf } from './history.ts'
import { isAssumed } from './orient.ts'
import { podOf, type View } from './question.ts'
import { answerState, mattersTo, type StateAnswer } from './states.ts'

/** What connections like this one show about a change. */
export interface Trial {
  readonly change: AppliedChange
  /** Of the subject whose verdict it turns; empty where the world does not say. */
  readonly node: string
  /** The policies let it through before the change, and deny it after; or the other way round. */
  readonly isAllowedBefore: boolean
  /** Older changes that must have been enforced on that node by then: else this shows nothing. */
  readonly needs: readonly AppliedChange[]
}

/** Changes are tried for at least this long; microseconds. */
export const TRIAL_WINDOW = 60_000_000

const NONE: readonly Trial[] = Object.freeze([])

/** `window`: how long after a change a connection may still be decided by the state before it, in microseconds. */
export function trialsOf(bench: Bench, window: number): readonly Trial[] {
  const { question } = bench
  const changes = recentChanges(question.view, window)
  if (changes.length === 0 || !isEvidence(bench)) return NONE
  const matters = mattersTo(question)
  const recent = changes.filter(matters)
  if (recent.length === 0) return NONE
  // What may have been enforced before this node knew of it can be told from what follows, but not here.
  if (question.view.ahead.some(state => state.changes.some(matters))) return NONE
  const ways = waysBetween([...recent].reverse(), [])
  if (ways === undefined) return NONE
  const states = ways.map(({ undone }) =>
    answerState(question, { epoch: question.view.without(undone), undone, redone: [] }),
  )
  if (states.some(state => isDoubtful(bench, state))) return NONE
  return recent.flatMap(change => trialOf(bench, change, recent, states) ?? [])
}

/** Newest first. */
function recentChanges(view: View, window: number): readonly AppliedChange[] {
  if (!(view.from > Number.NEGATIVE_INFINITY)) return []
  const changes = historyOf(view)
  const end = changes.findIndex(change => change.at < view.from - window)
  return end < 0 ? changes : changes.slice(0, end)
}

/** The ends, the port and who opened it are certain, and so is what was observed. */
function isEvidence({ flow, question, judged, orientation, hasUnsupported, isCrowded }: Bench): boolean {
  const { view, initiator, responder, seen, port, proto } = question
  const isObserved =
    flow.verdict === Verdict.allowed || flow.verdict === Verdict.denied || flow.verdict === Verdict.rejected
  return (
    isObserved &&
    flow.cause === Cause.none &&
    judged.length > 0 &&
    !hasUnsupported &&
    !isCrowded &&
    !isAssumed(orientation) &&
    view.certainty === 'certain' &&
    [initiator, responder, seen].every(({ owner }) => isKnown(owner) && owner.kind !== 'service') &&
    (port >= 0 || !hasPolicyPorts(proto))
  )
}

function isDoubtful(bench: Bench, state: StateAnswer): boolean {
  if (state.isMixed) return true
  return bench.judged.some(direction => {
    const { leftOut, undefinedChoice, unknownName } = state[direction]
    return leftOut.length > 0 || undefinedChoice || unknownName
  })
}

function trialOf(
  bench: Bench,
  change: AppliedChange,
  recent: readonly AppliedChange[],
  states: readonly StateAnswer[],
): Trial | undefined {
  const older = recent.filter(other => other.at < change.at)
  const needs = neededFor(bench, change, older, states)
  if (needs === undefined) return undefined
  const possible = statesWith(states, needs)
  const before = possible.find(state => state.undone.includes(change))!
  const after = possible.find(state => !state.undone.includes(change))!
  const node = nodeOf(bench, before, after)
  if (node === undefined) return undefined
  return { change, node, isAllowedBefore: verdictIn(bench, before) === 'allowed', needs }
}

/** The fewest older changes without which it would not be clear what is shown; undefined where it is not clear with all of them. */
function neededFor(
  bench: Bench,
  change: AppliedChange,
  older: readonly AppliedChange[],
  states: readonly StateAnswer[],
): readonly AppliedChange[] | undefined {
  if (isTelling(bench, change, states)) return []
  if (!isTelling(bench, change, statesWith(states, older))) return undefined
  let needs = older
  for (const each of older) {
    const fewer = needs.filter(other => other !== each)
    if (isTelling(bench, change, statesWith(states, fewer))) needs = fewer
  }
  return needs
}

/** The states that have all of these changes. */
function statesWith(states: readonly StateAnswer[], changes: readonly AppliedChange[]): StateAnswer[] {
  return states.filter(state => !state.undone.some(undone => changes.includes(undone)))
}

/** All states without the change say one thing, and all that have it say the other. */
function isTelling(bench: Bench, change: AppliedChange, states: readonly StateAnswer[]): boolean {
  const verdicts = (has: boolean) =>
    new Set(
      states.filter(state => state.undone.includes(change) !== has).map(state => verdictIn(bench, state)),
    )
  const [before, after] = [verdicts(false), verdicts(true)]
  return before.size === 1 && after.size === 1 && ![...before].some(verdict => after.has(verdict))
}

/** Where the verdict turns; undefined where that is at both ends. */
function nodeOf(bench: Bench, before: StateAnswer, after: StateAnswer): string | undefined {
  const turning = askedOf(bench).filter(direction => before[direction].verdict !== after[direction].verdict)
  const nodes = new Set(turning.map(direction => subjectNode(bench, direction)))
  return nodes.size === 1 ? [...nodes][0] : undefined
}

function subjectNode({ question }: Bench, direction: Direction): string {
  const { owner } = direction === 'egress' ? question.initiator : question.responder
  return podOf(owner)?.node ?? ''
}
