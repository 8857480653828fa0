// What the policies say about one direction of a connection, in every situation that the evidence leaves open.

import type { FlowRecord } from '../../agent/forensics/record.ts'
import type { PolicyObject, World } from '../../agent/policy/objects.ts'
import type { Probe } from '../oracle/ends.ts'
import { type Direction, hasUsableSubject, hasUsableTypes, readPolicies } from '../oracle/manifest.ts'
import { matchesSelector } from '../oracle/matching.ts'
import { type Nearest, nearest, type Term } from '../oracle/nearest.ts'
import { ask, type Responsible } from '../oracle/oracle.ts'
import { claimsOn, isSelf, worldsAround } from './ends.ts'
import { isIPv6, portsOf } from './places.ts'
import type { Seen } from './seen.ts'

const DENIED = 'no-rule-matched'

/** What is true in every situation, or that they differ. */
export type Possible = 'denied' | 'allowed' | 'either'

export interface Situation {
  readonly world: World
  readonly probe: Probe
}

export interface Judged {
  readonly direction: Direction
  readonly isDenied: boolean
  readonly reason: Responsible['reason']
  readonly policies: readonly object[]
  readonly nearest?: object
  readonly leftOut: readonly string[]
  /** Some situation gives another verdict, or other culprits. */
  readonly isOpen: boolean
  /** Some situation gives another verdict. */
  readonly isVerdictOpen: boolean
  /** The line prints no port where the protocol has one. */
  readonly isPortUnknown: boolean
  /** S46: "for others allow and deny may vary"; or the CNI names a policy that the world does not have. */
  readonly isUndefined: boolean
  /** Two live pods claim the subject's address. */
  readonly isSubjectUnsure: boolean
  /** Who is at one of the ends is not sure, even where that changes nothing. */
  readonly isEndUnsure: boolean
  /** Every `ns/name` that is responsible in some situation. */
  readonly suspects: ReadonlySet<string>
}

/** Of very many situations these many are enough to find most of what differs. */
const most = 40

/** The likeliest situation first; one only, where everything is known. */
export function situationsOf(world: World, seen: Seen, record: FlowRecord): Situation[] {
  const hasPort = seen.transport !== 'ICMP'
  // A port that is not printed may be any; first one that no policy mentions.
  const ports = seen.port === undefined && hasPort ? [61001, ...new Set(portsOf(world))] : [seen.port ?? null]
  const worlds = worldsAround(world, seen.from, record.src.uid).flatMap(one =>
    worldsAround(one, seen.to, record.dst.uid),
  )
  const { from, to, transport: protocol } = seen
  const all = worlds.flatMap(one => ports.map(port => ({ world: one, probe: { from, to, port, protocol } })))
  return all.filter((_, index) => index % Math.ceil(all.length / most) === 0)
}

/** Who is responsible for what, situation by situation. */
export type Answers = readonly (readonly Responsible[])[]

export function answersIn(situations: readonly Situation[], seen: Seen): Answers {
  return situations.map(one => responsibleIn(one, seen))
}

export function judge(
  whole: World,
  situations: readonly Situation[],
  answers: Answers,
  seen: Seen,
): Judged[] {
  const [likeliest] = situations as [Situation]
  return answers[0]!.map(said => {
    const { direction, reason } = said
    const all = answers.map(answer => answer.find(one => one.direction === direction))
    const miss = missOf(likeliest, seen, said)
    return {
      direction,
      isDenied: reason === DENIED,
      reason,
      policies: entriesOf(whole, said),
      ...(miss === undefined ? {} : { nearest: nearestField(miss, seen, likeliest.probe.port) }),
      leftOut: leftOut(likeliest.world, said.direction, said.direction === 'egress' ? seen.from : seen.to),
      isOpen: all.some(one => JSON.stringify(one) !== JSON.stringify(said)),
      isVerdictOpen: all.some(one => (one?.reason === DENIED) !== (reason === DENIED)),
      isSubjectUnsure: claimsOn(whole, direction === 'egress' ? seen.from : seen.to).length > 1,
      isEndUnsure: new Set(situations.map(({ world }) => world)).size > 1,
      isPortUnknown: seen.port === undefined,
      isUndefined:
        (seen.transport === 'ICMP' && all.some(one => one?.reason !== 'not-isolated')) ||
        (seen.reported ?? []).some(name => isMissing(whole, name)),
      suspects: new Set(all.flatMap(one => one?.policies ?? [])),
    }
  })
}

/** `ns/name` of no NetworkPolicy of the world. */
function isMissing({ policies }: World, name: string): boolean {
  const [ns, own, more] = name.split('/')
  if (own === undefined || more !== undefined || /[A-Z]/.test(ns!)) return false
  return !policies.some(({ metadata }) => metadata.name === own && (metadata.namespace ?? 'default') === ns)
}

/** Whether the connection as a whole is denied: in all situations, in none, or in some. */
export function overall(answers: Answers): Possible {
  const denials = answers.map(answer => answer.some(({ reason }) => reason === DENIED))
  if (denials.every(isDenied => isDenied)) return 'denied'
  return denials.some(isDenied => isDenied) ? 'either' : 'allowed'
}

/** S32, S57: each direction by the addresses that its subject sees, so ingress after masquerading. */
function responsibleIn({ world, probe }: Situation, seen: Seen): Responsible[] {
  const sent = ask(world, probe)!.responsible
  const received = seen.nat?.src === undefined ? sent : ask(world, asReceived(probe, seen))!.responsible
  const egress = sent.filter(({ direction }) => direction === 'egress')
  const ingress = received.filter(({ direction }) => direction === 'ingress')
  if (!isSelf(world, seen)) return [...egress, ...ingress]
  // S51: "The source address in the log may be a masquerade address. Choice: same pod on both ends = exempt."
  const isOverruled = ({ reason }: Responsible) => reason === DENIED || reason === 'exempt-node'
  return [
    ...egress,
    ...ingress.map(one => (isOverruled(one) ? { ...one, reason: 'exempt-self' as const } : one)),
  ]
}

function asReceived(probe: Probe, seen: Seen): Probe {
  return seen.nat?.src === undefined ? probe : { ...probe, from: seen.nat.src }
}

function missOf(
  { world, probe }: Situation,
  seen: Seen,
  { direction, reason }: Responsible,
): Nearest | undefined {
  if (reason !== DENIED) return undefined
  const asked = direction === 'egress' ? probe : asReceived(probe, seen)
  return nearest(world, asked).find(miss => miss.direction === direction)
}

/** `why.policies`: "admits (with `rule`), isolates"; "several matching rules of one policy are several entries". */
function entriesOf(world: World, { policies, rules, direction, reason }: Responsible): object[] {
  if (reason !== 'rule-matched') return policies.map(key => ({ ...nameOf(world, key), role: 'isolates' }))
  return (rules ?? []).map(text => {
    const [key, index] = text.split('#')
    return { ...nameOf(world, key!), role: 'admits', rule: `${direction}[${index}]` }
  })
}

function nameOf(world: World, key: string): object {
  const isIt = ({ metadata }: PolicyObject) => `${metadata.namespace}/${metadata.name}` === key
  const { name, namespace: ns, uid, generation: gen } = world.policies.find(isIt)!.metadata
  return { ns, name, uid, gen }
}

function nearestField(miss: Nearest, seen: Seen, port: number | null): object {
  const { policy, rule, also } = miss
  const term = ({ failed, want, have }: Term): Term => ({ failed, want, have: packetAs(have) })
  // The oracle has one word for both families' ICMP where `proto` has two, and knows no packet without its port.
  const packetAs = (have: string) => {
    if (have === 'ICMP' && isIPv6(seen.from)) return 'ICMPv6'
    return seen.port === undefined && have === `${port}/${seen.transport}` ? seen.transport : have
  }
  return { policy, rule, ...term(miss), ...(also.length > 0 ? { also: also.map(term) } : {}) }
}

/** "Names invalid policies that could have touched the answer", as the oracle finds them, for one direction. */
function leftOut(world: World, direction: Direction, subject: string): string[] {
  const pod = claimsOn(world, subject)[0]!
  return readPolicies(world.policies)
    .filter(({ problems, ns }) => problems.length > 0 && ns === pod.ns)
    .filter(({ spec }) => !hasUsableSubject(spec) || matchesSelector(spec.podSelector ?? {}, pod.labels))
    .filter(({ spec, directions }) => !hasUsableTypes(spec) || directions.includes(direction))
    .map(({ key }) => key)
    .toSorted()
}
