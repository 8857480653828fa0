// Which change made a denial: the history is gone back through, newest change first, until the direction would have been allowed.
// What cannot be told for certain from what is known of the two ends is not claimed at all.

import { differenceOf, labelDifference } from '../policy/difference.ts'
import type { Direction } from '../policy/index.ts'
import type { AppliedChange } from '../timeline/index.ts'
import type { Unsure } from '../timeline/unsure.ts'
import { isKnown } from './doubt.ts'
import type { Blame, BlamedChange } from './finding.ts'
import { historyOf } from './history.ts'
import type { Question } from './question.ts'
import { answerState, mattersTo, type StateAnswer } from './states.ts'

/** Changes that are gone back through at most: each costs an epoch. */
const REACH = 64

export interface BlameQuestion {
  readonly question: Question
  readonly direction: Direction
  /** The states that may have decided, as far as they deny this direction. */
  readonly states: readonly StateAnswer[]
  /** Why the attribution is not certain. */
  readonly unsure: readonly Unsure[]
  /** The flow's, microseconds since 1970. */
  readonly time: number
}

/** Doubts about what policies mean or which of them were in force; any other is about who or when, and then nothing is claimed. */
const bearable: ReadonlySet<Unsure> = new Set([
  'policy-just-changed',
  'sync-gap',
  'unsupported-policy',
  'policy-left-out',
  'undefined-choice',
])

/** The change that decided; undefined where none did within the history, or where it is not clear which one. */
export function blame(asked: BlameQuestion): Blame | undefined {
  const { question, states, unsure, time } = asked
  const ends = [question.initiator, question.responder, question.seen]
  if (Number.isNaN(time) || !ends.every(({ owner }) => isKnown(owner))) return undefined
  if (states.length === 0 || states.some(state => state.isMixed)) return undefined
  if (!unsure.every(reason => bearable.has(reason))) return undefined
  const culprits = states.map(state => culpritsFrom(asked, state))
  const [first] = culprits
  if (first === undefined || !culprits.every(each => isSameList(each, first))) return undefined
  const [latest, ...others] = first.map(change => blamed(change, time))
  return latest && { ...latest, with: others }
}

function isSameList(a: readonly AppliedChange[] | undefined, b: readonly AppliedChange[]): boolean {
  return a !== undefined && a.length === b.length && a.every((change, i) => change === b[i])
}

/** The changes that made this state deny, newest first; none where it did so all along, undefined where that cannot be told. */
function culpritsFrom(asked: BlameQuestion, state: StateAnswer): AppliedChange[] | undefined {
  const { question } = asked
  const isAllowedWithout = (changes: readonly AppliedChange[]) =>
    verdictWithout(
      asked,
      [...state.undone, ...changes].sort((a, b) => b.at - a.at),
    ) === 'allowed'
  if (state.redone.length > 0) {
    // What was in force before this node knew of it can be taken back, but not in part.
    if (isAllowedWithout([])) return state.redone.length === 1 ? [...state.redone] : undefined
  }
  const past = relevantTo(question).filter(change => !state.undone.includes(change))
  const length = lengthOf(past, isAllowedWithout)
  return length === 0 ? [] : smallest(past.slice(0, length), isAllowedWithout)
}

/** Of the history, newest first, the changes that matter to this question. */
function relevantTo(question: Question): AppliedChange[] {
  return historyOf(question.view).filter(mattersTo(question)).slice(0, REACH)
}

function verdictWithout({ question, direction }: BlameQuestion, undone: readonly AppliedChange[]): string {
  const epoch = question.view.without(undone)
  const answer = answerState(question, { epoch, undone, redone: [] })
  return answer.isMixed ? 'mixed' : answer[direction].verdict
}

/** How many of the newest changes have to be undone until it is allowed; 0 where it never was. Those of one moment are one. */
function lengthOf(
  past: readonly AppliedChange[],
  isAllowedWithout: (changes: readonly AppliedChange[]) => boolean,
): number {
  for (let length = 1; length <= past.length; length++) {
    if (past[length]?.at === past[length - 1]!.at) continue
    if (isAllowedWithout(past.slice(0, length))) return length
  }
  return 0
}

/** The oldest of them turned the verdict; of the others those stay without which undoing it would not have been enough. */
function smallest(
  prefix: readonly AppliedChange[],
  isAllowedWithout: (changes: readonly AppliedChange[]) => boolean,
): AppliedChange[] {
  const turning = prefix.filter(({ at }) => at === prefix.at(-1)!.at)
  let needed = isAllowedWithout(turning) ? turning : [...prefix]
  for (const change of needed.length === turning.length ? turning.slice(1) : prefix) {
    const fewer = needed.filter(each => each !== change)
    if (fewer.some(each => turning.includes(each)) && isAllowedWithout(fewer)) needed = fewer
  }
  return needed
}

function blamed(change: AppliedChange, time: number): BlamedChange {
  const isDeletion = change.op === 'deleted'
  const { from, to } = change.generation
  return {
    subject: subjectOf(change),
    at: change.at,
    ago: Math.max(0, Math.floor((time - change.at) / 1_000_000)),
    generation: [from, isDeletion ? from : to],
    isDeletion,
    by: change.by,
    what: whatChanged(change),
  }
}

/** What a change is called: a policy by its key, anything else as `pod ns/name` or `namespace name`. */
export function subjectOf({ kind, key }: AppliedChange): BlamedChange['subject'] {
  return kind === 'policy' ? { policy: key } : { object: `${kind} ${key}` }
}

/** What was edited, in words. */
export function whatChanged(change: AppliedChange): readonly string[] {
  if (change.kind === 'policy') return differenceOf(change.before, change.after)
  const { before, after } = change
  const labels = labelDifference(before?.labels ?? {}, after?.labels ?? {})
  if (labels.length > 0 || change.kind === 'namespace') return labels
  return ['container ports changed']
}
