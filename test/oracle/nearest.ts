// The nearest misses of a denial, after the paragraph on `nearest` in section 12 of the design: one per isolating policy of a
// denied direction, nearest first.

import type { Labels, World } from '../../agent/policy/objects.ts'
import { contains, readBlock, writeIp } from './addresses.ts'
import { byText, isolatingPolicies } from './decide.ts'
import { type Connection, type Probe, readConnection } from './ends.ts'
import {
  type Direction,
  type Expression,
  type Peer,
  type Policy,
  type PortTerm,
  type Rule,
  readPolicies,
  type Selector,
} from './manifest.ts'
import {
  matchesExpression,
  matchesPort,
  namespaceLabels,
  peersOf,
  type Question,
  rulesOf,
} from './matching.ts'
import { ask, listQuestions } from './oracle.ts'

export interface Term {
  readonly failed: string
  readonly want: string
  readonly have: string
}

export interface Nearest extends Term {
  readonly direction: Direction
  readonly policy: string
  readonly rule: string
  readonly also: readonly Term[]
}

interface Miss {
  readonly direction: Direction
  readonly policy: Policy
  readonly rule: number
  readonly terms: readonly Term[]
}

/** The misses of a denied probe; empty for an allowed one and for one that cannot be asked. */
export function nearest(world: World, probe: Probe, answer = ask(world, probe)): Nearest[] {
  const connection = readConnection(world, probe)
  if (answer === undefined || connection === undefined) return []
  const policies = readPolicies(world.policies)
  // A rule that denies in words is the answer itself: only what no rule admits has a nearest miss.
  const isMissed = (direction: Direction) =>
    answer.responsible.some(one => one.direction === direction && one.reason === 'no-rule-matched')
  const misses = listQuestions(world, connection)
    .filter(question => isMissed(question.direction))
    .flatMap(question => missesOf(policies, question))
  return misses.toSorted(byNearness).map(({ direction, policy, rule, terms }) => {
    const [first, ...also] = terms
    return { direction, policy: policy.key, rule: `${direction}[${rule}]`, ...first!, also }
  })
}

/** "Fewest terms, over all isolating policies; ties by namespace/name, then rule index, then peer index." */
function byNearness(a: Miss, b: Miss): number {
  return (
    a.terms.length - b.terms.length ||
    byText(a.policy.key, b.policy.key) ||
    a.rule - b.rule ||
    peerIndex(a) - peerIndex(b)
  )
}

/** A rule that fails on its ports alone has no failing peer and comes first. */
function peerIndex({ terms }: Miss): number {
  return Number(/^(?:from|to)\[(\d+)\]/.exec(terms[0]!.failed)?.[1] ?? -1)
}

function missesOf(policies: readonly Policy[], question: Question): Miss[] {
  return isolatingPolicies(policies, question).flatMap(policy => nearestOfPolicy(policy, question))
}

/** "A policy without rules in that direction has no nearest": an empty list. Ties by rule index. */
function nearestOfPolicy(policy: Policy, question: Question): Miss[] {
  const misses = rulesOf(policy, question.direction).map((rule, index) => ({
    direction: question.direction,
    policy,
    rule: index,
    terms: [...peerTerms(rule, policy, question), ...portTerms(rule, question.connection)],
  }))
  return misses.toSorted((a, b) => a.terms.length - b.terms.length || a.rule - b.rule).slice(0, 1)
}

/** "A rule whose peers all fail is represented by the peer that failed on the fewest terms", ties by peer index. */
function peerTerms(rule: Rule, policy: Policy, question: Question): readonly Term[] {
  const all = peersOf(rule, question.direction).map((peer, index) =>
    failedTerms(peer, index, policy, question),
  )
  return all.toSorted((a, b) => a.length - b.length)[0] ?? []
}

function failedTerms(
  peer: Peer,
  index: number,
  policy: Policy,
  { world, direction, peer: end }: Question,
): Term[] {
  const at = `${direction === 'egress' ? 'to' : 'from'}[${index}]`
  const have = writeIp(end.ip)
  if (peer.ipBlock !== undefined) {
    if (!contains(readBlock(peer.ipBlock.cidr)!, end.ip))
      return [{ failed: `${at}.ipBlock`, want: peer.ipBlock.cidr, have }]
    const hits = (peer.ipBlock.except ?? []).filter(text => contains(readBlock(text)!, end.ip))
    const want = hits.map(hit => `not ${hit}`).join(',')
    return hits.length === 0 ? [] : [{ failed: `${at}.ipBlock.except`, want, have }]
  }
  // "A peer whose kind cannot match at all (a selector for an external address) fails on that one term."
  if (end.pod === undefined) return [kindTerm(peer, at, have)]
  const terms: Term[] = []
  if (peer.namespaceSelector !== undefined)
    terms.push(
      ...selectorTerm(`${at}.namespaceSelector`, peer.namespaceSelector, namespaceLabels(world, end.pod.ns)),
    )
  // "Also the implied own namespace of a peer that has a podSelector only: want `namespace data`, have `namespace shop`."
  else if (end.pod.ns !== policy.ns)
    terms.push({
      failed: `${at}.namespaceSelector`,
      want: `namespace ${policy.ns}`,
      have: `namespace ${end.pod.ns}`,
    })
  if (peer.podSelector !== undefined)
    terms.push(...selectorTerm(`${at}.podSelector`, peer.podSelector, end.pod.labels))
  return terms
}

/** The selector that stands in the peer, the namespace's first where both do, and whole: no address can satisfy any of it. */
function kindTerm(peer: Peer, at: string, have: string): Term {
  const field = peer.namespaceSelector === undefined ? 'podSelector' : 'namespaceSelector'
  const want = requirements(peer[field] ?? {})
    .map(writeRequirement)
    .join(',')
  // The empty selector has no text in kubectl's syntax.
  const anything = field === 'podSelector' ? 'any pod' : 'any namespace'
  return { failed: `${at}.${field}`, want: want || anything, have }
}

/** "`want` and `have` show only what failed." */
function selectorTerm(failed: string, selector: Selector, labels: Labels): Term[] {
  const missed = requirements(selector).filter(one => !matchesExpression(one, labels))
  if (missed.length === 0) return []
  const keys = [...new Set(missed.map(one => one.key))]
  const have = keys.map(key => (Object.hasOwn(labels, key) ? `${key}=${labels[key]}` : `${key} absent`))
  return [{ failed, want: missed.map(writeRequirement).join(','), have: have.join(',') }]
}

interface Requirement extends Expression {
  readonly exact?: boolean
}

/** As kubectl prints them: by key, an equality before an expression. */
function requirements(selector: Selector): Requirement[] {
  const exact = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: 'In',
    values: [value],
    exact: true,
  }))
  return [...exact, ...(selector.matchExpressions ?? [])].toSorted((a, b) => byText(a.key, b.key))
}

function writeRequirement({ key, operator, values = [], exact = false }: Requirement): string {
  if (exact) return `${key}=${values[0]}`
  const list = values.toSorted(byText).join(',')
  if (operator === 'In') return `${key} in (${list})`
  if (operator === 'NotIn') return `${key} notin (${list})`
  return operator === 'Exists' ? key : `!${key}`
}

/** "`ports[i]`: of several ports, the one with the packet's protocol, else the first." */
function portTerms(rule: Rule, connection: Connection): Term[] {
  const ports = rule.ports ?? []
  if (ports.length === 0 || ports.some(term => matchesPort(term, connection))) return []
  const sameProtocol = ports.findIndex(term => (term.protocol ?? 'TCP') === connection.protocol)
  const index = Math.max(0, sameProtocol)
  return [{ failed: `ports[${index}]`, want: writePort(ports[index]!), have: writePacket(connection) }]
}

function writePort({ protocol = 'TCP', port, endPort }: PortTerm): string {
  if (port === undefined) return protocol
  return endPort === undefined ? `${port}/${protocol}` : `${port}-${endPort}/${protocol}`
}

function writePacket({ protocol, port }: Connection): string {
  return ['TCP', 'UDP', 'SCTP'].includes(protocol) ? `${port}/${protocol}` : protocol
}
