// The oracle: NetworkPolicy v1 evaluated slowly and literally, each rule of the specification beside the branch that
// implements it, no index and no cache. It exists to disagree with agent/policy when that is wrong, so it shares no code
// with it; only the plain objects that both read.

import type { World } from '../../agent/policy/objects.ts'
import { isSameIp, readIp } from './addresses.ts'
import { type Connection, type Probe, readConnection } from './ends.ts'
import { type Direction, hasUsableSubject, hasUsableTypes, type Policy, readPolicies } from './manifest.ts'
import { matchesPeers, matchesPorts, matchesSelector, type Question, rulesOf } from './matching.ts'

export interface Responsible {
  readonly direction: Direction
  readonly policies: readonly string[]
  readonly rules?: readonly string[]
  readonly reason: 'rule-matched' | 'not-isolated' | 'no-rule-matched' | 'exempt-node' | 'exempt-self'
}

export interface OracleAnswer {
  readonly verdict: 'allowed' | 'denied'
  readonly egress: 'allowed' | 'denied' | 'n/a'
  readonly ingress: 'allowed' | 'denied' | 'n/a'
  readonly responsible: readonly Responsible[]
  readonly leftOut: readonly string[]
  /** False where another reading of the API could answer otherwise: see the branches that say so. */
  readonly isCertain: boolean
}

/** The answer of `culprit evaluate`, or undefined for a probe that cannot be asked. */
export function ask(world: World, probe: Probe): OracleAnswer | undefined {
  const connection = readConnection(world, probe)
  if (connection === undefined) return undefined
  const policies = readPolicies(world.policies)
  const questions = listQuestions(world, connection)
  const responsible = questions.map(question => judge(policies, question))
  const verdictOf = (direction: Direction) => verdict(responsible.find(one => one.direction === direction))
  // S13: both ends must allow. S65: traffic with no pod end is not evaluated.
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
      (isGuaranteed(connection.protocol) || !responsible.some(isIsolated)),
  }
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
  return responsible.reason === 'no-rule-matched' ? 'denied' : 'allowed'
}

/** S46: an isolated direction is defined for these only, "for others allow and deny may vary". */
function isGuaranteed(protocol: string): boolean {
  return ['TCP', 'UDP', 'SCTP'].includes(protocol)
}

function isIsolated({ reason }: Responsible): boolean {
  return reason !== 'not-isolated'
}

/** S66: every policy that is responsible for one direction, and why. */
function judge(policies: readonly Policy[], question: Question): Responsible {
  const { direction } = question
  const isolating = isolatingPolicies(policies, question)
  // S12: a direction without an isolating policy allows everything.
  if (isolating.length === 0) return { direction, policies: [], reason: 'not-isolated' }
  const matched = isolating.map(policy => ({ policy, rules: matchingRules(policy, question) }))
  const admitting = matched.filter(({ rules }) => rules.length > 0)
  if (admitting.length > 0) {
    // S10: additive; one matching rule of one isolating policy is enough, and all that match are named.
    const rules = admitting.flatMap(({ policy, rules }) => rules.map(index => `${policy.key}#${index}`))
    return { direction, policies: admitting.map(({ policy }) => policy.key), rules, reason: 'rule-matched' }
  }
  const keys = isolating.map(policy => policy.key)
  // S50, S51: a pod cannot be blocked from itself, through a Service neither.
  if (isSelf(question.connection)) return { direction, policies: keys, reason: 'exempt-self' }
  // S47: ingress from the pod's own node; S48: not egress to it.
  if (direction === 'ingress' && isOwnNode(question))
    return { direction, policies: keys, reason: 'exempt-node' }
  return { direction, policies: keys, reason: 'no-rule-matched' }
}

/** The valid policies that isolate the subject in this direction, by key. */
export function isolatingPolicies(policies: readonly Policy[], question: Question): Policy[] {
  const { direction, subject } = question
  return policies
    .filter(policy => policy.problems.length === 0)
    .filter(policy => policy.ns === subject.ns) // S1
    .filter(policy => matchesSelector(policy.spec.podSelector ?? {}, subject.labels)) // S2
    .filter(policy => policy.directions.includes(direction)) // S11, S14, S15
    .toSorted((a, b) => byText(a.key, b.key))
}

/** Refused policies (S27) that could have touched this direction: what is unreadable in them might have been anything. */
function leftOut(policies: readonly Policy[], question: Question): string[] {
  const { direction, subject } = question
  return policies
    .filter(policy => policy.problems.length > 0)
    .filter(policy => policy.ns === subject.ns)
    .filter(({ spec }) => !hasUsableSubject(spec) || matchesSelector(spec.podSelector ?? {}, subject.labels))
    .filter(({ spec, directions }) => !hasUsableTypes(spec) || directions.includes(direction))
    .map(policy => policy.key)
}

function isSelf(connection: Connection): boolean {
  return connection.source.pod !== undefined && connection.source.pod === connection.destination.pod
}

/** S47: any address of the node that runs the subject, and host-network pods there. S49: no other node. */
function isOwnNode({ world, subject, peer }: Question): boolean {
  if (peer.pod !== undefined) return false
  if (peer.hosts.some(host => host.node !== undefined && host.node === subject.node)) return true
  const node = world.nodes.find(one => one.name === subject.node)
  return [...subject.hostIPs, ...(node?.addresses ?? [])].some(text => isSameIp(readIp(text)!, peer.ip))
}

function matchingRules(policy: Policy, question: Question): number[] {
  // S16: no rules, nothing matches. S17: rules are ORed; inside a rule peers AND ports must match.
  return rulesOf(policy, question.direction).flatMap((rule, index) =>
    matchesPeers(rule, policy, question) && matchesPorts(rule, question.connection) ? [index] : [],
  )
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
