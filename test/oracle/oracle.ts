// The oracle: NetworkPolicy v1 and the admin tiers evaluated slowly and literally, each rule of the specification beside the
// branch that implements it, no index and no cache. It exists to disagree with agent/policy when that is wrong, so it shares no
// code with it; only the plain objects that both read.

import type { World } from '../../agent/policy/objects.ts'
import {
  byText,
  isDenial,
  type Judgement,
  judge,
  type Policies,
  type Reason,
  type Witness,
} from './decide.ts'
import { type Connection, type Probe, readConnection } from './ends.ts'
import { type Direction, hasUsableSubject, hasUsableTypes, readPolicies } from './manifest.ts'
import { matchesSelector, type Question } from './matching.ts'
import { hasUsableTierSubject, readTierPolicies, tierRulesOf } from './tier-manifest.ts'
import { selectsSubject } from './tier-matching.ts'

export interface Responsible {
  readonly direction: Direction
  readonly policies: readonly string[]
  readonly rules?: readonly string[]
  readonly reason: Reason
}

export interface OracleAnswer {
  readonly verdict: 'allowed' | 'denied'
  readonly egress: 'allowed' | 'denied' | 'n/a'
  readonly ingress: 'allowed' | 'denied' | 'n/a'
  readonly responsible: readonly Responsible[]
  readonly leftOut: readonly string[]
  /** False where another reading of the API could answer otherwise: see the branches that say so. */
  readonly isCertain: boolean
  /** Of each direction that is judged. */
  readonly grounds: readonly Grounds[]
}

/** What one direction rests on, rules that passed it on included. */
export interface Grounds {
  readonly direction: Direction
  readonly witnesses: readonly Witness[]
  readonly undefinedChoice: boolean
}

/** The answer of `culprit evaluate`, or undefined for a probe that cannot be asked. */
export function ask(world: World, probe: Probe): OracleAnswer | undefined {
  const connection = readConnection(world, probe)
  if (connection === undefined) return undefined
  const policies = readAll(world)
  const questions = listQuestions(world, connection)
  const judgements = questions.map(question => judge(policies, question))
  const responsible = questions.map(({ direction }, index) => toResponsible(direction, judgements[index]!))
  const verdictOf = (direction: Direction) => verdict(responsible.find(one => one.direction === direction))
  // S13, A7: both ends must allow. S65: traffic with no pod end is not evaluated.
  const omitted = [...new Set(questions.flatMap(question => leftOut(policies, question)))].toSorted(byText)
  const denied = verdictOf('egress') === 'denied' || verdictOf('ingress') === 'denied'
  return {
    verdict: denied ? 'denied' : 'allowed',
    egress: verdictOf('egress'),
    ingress: verdictOf('ingress'),
    responsible,
    leftOut: omitted,
    isCertain:
      omitted.length === 0 &&
      connection.source.isCertain &&
      connection.destination.isCertain &&
      judgements.every(one => !one.isNameUnknown && !isOpenChoice(one, connection)),
    grounds: judgements.map((one, index) => toGrounds(questions[index]!, one)),
  }
}

function toGrounds({ direction, connection }: Question, judgement: Judgement): Grounds {
  const undefinedChoice = isOpenChoice(judgement, connection)
  return { direction, witnesses: judgement.witnesses, undefinedChoice }
}

function readAll({ policies }: World): Policies {
  return { namespaced: readPolicies(policies), tiers: readTierPolicies(policies) }
}

/** The directions that are judged: egress if the source is a pod, ingress if the destination is one. */
export function listQuestions(world: World, connection: Connection): Question[] {
  const { source, destination } = connection
  const questions: Question[] = []
  if (source.pod !== undefined)
    questions.push({ world, direction: 'egress', subject: source.pod, peer: destination, connection })
  if (destination.pod !== undefined)
    questions.push({ world, direction: 'ingress', subject: destination.pod, peer: source, connection })
  return questions
}

function verdict(responsible: Responsible | undefined): 'allowed' | 'denied' | 'n/a' {
  if (responsible === undefined) return 'n/a'
  return isDenial(responsible.reason) ? 'denied' : 'allowed'
}

/** An answer that rests on what the API leaves open: equal priorities, and isolation from protocols that it says nothing of. */
function isOpenChoice({ isUndefined, isNetworkPolicy }: Judgement, { protocol }: Connection): boolean {
  // S46: isolation is defined for these only, "for others allow and deny may vary".
  return isUndefined || (isNetworkPolicy && !['TCP', 'UDP', 'SCTP'].includes(protocol))
}

/** S66: every policy that is responsible for one direction, and why; a rule that passes is not. */
function toResponsible(direction: Direction, { reason, witnesses }: Judgement): Responsible {
  const named = witnesses.filter(({ role }) => role !== 'passes')
  const policies = [...new Set(named.map(({ policy }) => policy))]
  const rules = named.filter(({ rule }) => rule >= 0).map(({ policy, rule }) => `${policy}#${rule}`)
  return { direction, policies, ...(rules.length > 0 ? { rules } : {}), reason }
}

/** Refused policies that could have touched this direction: what is unreadable in them might have been anything. */
function leftOut({ namespaced, tiers }: Policies, question: Question): string[] {
  const { direction, subject } = question
  const inNamespace = namespaced
    .filter(policy => policy.problems.length > 0)
    .filter(policy => policy.ns === subject.ns)
    .filter(({ spec }) => !hasUsableSubject(spec) || matchesSelector(spec.podSelector ?? {}, subject.labels))
    .filter(({ spec, directions }) => !hasUsableTypes(spec) || directions.includes(direction))
  const inTiers = tiers
    .filter(policy => policy.problems.length > 0)
    .filter(policy => !hasUsableTierSubject(policy) || selectsSubject(policy.spec.subject!, question))
    // C7: without rules a direction is untouched.
    .filter(policy => !policy.isReadable || tierRulesOf(policy, direction).length > 0)
  return [...inNamespace, ...inTiers].map(policy => policy.key)
}
