// Holds one record against what the literal reading of DESIGN says it must be. Every difference is a sentence; none is right.

import type { FlowRecord, Why } from '../../agent/forensics/record.ts'
import type { World } from '../../agent/policy/objects.ts'
import { claimsOn, endOf, isSelf, podEnd } from './ends.ts'
import { answersIn, type Judged, judge, overall, type Possible, situationsOf } from './judged.ts'
import type { Service } from './manifests.ts'
import { isIPv6 } from './places.ts'
import type { Seen } from './seen.ts'

export interface Scene {
  readonly world: World
  readonly services: readonly Service[]
}

export function differences(scene: Scene, seen: Seen, found: readonly FlowRecord[]): string[] {
  // "A line without a verdict is counted ... and gets no verdict record of its own."
  if (seen.verdict === 'none') return found.length === 0 ? [] : ['a record where none is due']
  const [record] = found
  if (record === undefined || found.length > 1) return [`${found.length} records instead of one`]
  return [...facts(scene, seen, record), ...reasons(scene, seen, record)]
}

function differ(name: string, got: unknown, wanted: unknown): string[] {
  const [a, b] = [JSON.stringify(sorted(got)), JSON.stringify(sorted(wanted))]
  return a === b ? [] : [`${name}: got ${a}, expected ${b}`]
}

/** Order of fields is no difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(
    fields.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, sorted(field)]),
  )
}

/** What needs no policy: who, when, what. */
function facts({ world, services }: Scene, seen: Seen, record: FlowRecord): string[] {
  const name = seen.transport === 'ICMP' && isIPv6(seen.from) ? 'icmpv6' : seen.transport.toLowerCase()
  const dst = {
    ...endOf(world, services, seen.to),
    ...(typeof seen.port === 'number' ? { port: seen.port } : {}),
    ...(seen.svc === undefined ? {} : { svc: seen.svc }),
  }
  return [
    ...differ('event', record.event, `flow.${seen.verdict}`),
    ...differ('verdict', record.verdict, seen.verdict),
    ...differ('ts', Date.parse(record.ts ?? ''), seen.at),
    ...differ('proto', record.proto, name),
    ...differ('n', record.n, 1),
    ...differ('src', record.src, claimant(world, seen.from, record.src) ?? endOf(world, services, seen.from)),
    ...differ('dst', record.dst, claimant(world, seen.to, record.dst, dst) ?? dst),
    ...differ('nat', record.nat, seen.nat),
    ...differ('reported.policies', record.reported?.policies ?? [], seen.reported ?? []),
    ...(seen.bytes === undefined ? [] : differ('bytes', record.bytes, seen.bytes)),
  ]
}

/** Of live pods that claim one address any may be shown: that none is certain is looked at elsewhere. */
function claimant(
  world: World,
  address: string,
  shown: FlowRecord['src'],
  more: object = {},
): object | undefined {
  const claims = claimsOn(world, address)
  const one = claims.length > 1 ? claims.find(({ uid }) => uid === shown.uid) : undefined
  return one && { ...more, ...podEnd(one, address) }
}

function reasons({ world }: Scene, seen: Seen, record: FlowRecord): string[] {
  const situations = situationsOf(world, seen, record)
  const answers = answersIn(situations, seen)
  const judged = judge(world, situations, answers, seen)
  const isAllowed = seen.verdict === 'allowed'
  if (isAllowed !== (record.why === undefined))
    return ['an allowed flow has egress and ingress, any other has why']
  if (isAllowed)
    return (['egress', 'ingress'] as const).flatMap(direction => {
      const one = judged.find(found => found.direction === direction)
      const got = record[direction]
      if (one === undefined || got === undefined) return differ(direction, got, one && 'judged')
      return allowedReasons(one, seen, got).map(text => `${direction} ${text}`)
    })
  const why = record.why!
  if (seen.cause !== undefined)
    return [...differ('reason', why.reason, seen.cause), ...differ('agreement', why.agreement, 'undecided')]
  if (judged.length === 0) return noPodReasons(world, seen, why)
  if (isNobodysFault(world, judged, seen) && why.agreement === 'undecided') return []
  return deniedReasons(world, judged, overall(answers), seen, record, why)
}

function allowedReasons(one: Judged, seen: Seen, got: Why): string[] {
  // S55: when a connection began before the log, nobody knows what was in force then.
  if (!seen.isBegun && one.isDenied && !one.isOpen && got.reason === 'established')
    return differ('agreement', got.agreement, 'undecided')
  const said = whyOf(one, got)
  if (said.some(text => text.startsWith('reason'))) return said
  // A line about one direction shows nothing of what the other did with the packet, and a trace may stand before either.
  const isMeant = seen.isOnItsWay !== true && (seen.dir === undefined || seen.dir === one.direction)
  const isShown = isMeant || !one.isDenied
  if (!isShown) return [...said, ...differ('agreement', got.agreement, 'undecided')]
  return [...said, ...agreementOf(got, verdictOf(one), 'allowed', one)]
}

function verdictOf({ isVerdictOpen, isDenied }: Judged): Possible {
  return isVerdictOpen ? 'either' : isDenied ? 'denied' : 'allowed'
}

/** The direction in question does not deny, and an end may be a pod whose policies do: to accuse nobody is right. */
function isNobodysFault(world: World, judged: readonly Judged[], seen: Seen): boolean {
  const isUnknown = [seen.from, seen.to].some(address => endOf(world, [], address).kind === 'unknown')
  const own = judged.filter(({ direction }) => direction === seen.dir)
  return isUnknown && !(own.length > 0 ? own : judged).some(({ isDenied }) => isDenied)
}

/** S65: traffic with no pod end is not evaluated. Where an end may be a pod, nobody knows. */
function noPodReasons(world: World, seen: Seen, why: Why): string[] {
  const isUnknown = [seen.from, seen.to].some(address => endOf(world, [], address).kind === 'unknown')
  return [
    ...differ('reason', why.reason, isUnknown ? 'unknown' : 'not-a-policy'),
    ...differ('agreement', why.agreement, 'undecided'),
    ...(isUnknown && why.certainty === 'certain' ? ['certain about an unknown end'] : []),
  ]
}

function deniedReasons(
  world: World,
  judged: readonly Judged[],
  whole: Possible,
  seen: Seen,
  record: FlowRecord,
  why: Why,
): string[] {
  const denying = judged.filter(one => one.isDenied)
  const own = judged.find(one => one.direction === seen.dir)
  // "Both directions deny: `dir` is the line's own direction if it has one, else egress; the other stands in `why.other`."
  // A line that names a direction says that this one denied: what the other would have done is no excuse.
  const shown =
    own ??
    denying.find(one => one.direction === 'egress') ??
    denying[0] ??
    judged.find(one => one.direction === record.dir)
  // The policies that the line speaks of are nobody's here, and these would have let it pass: nothing is known.
  if (seen.dir !== undefined && own === undefined && denying.length === 0)
    return [
      ...differ('dir', record.dir, seen.dir),
      ...differ('reason', why.reason, 'unknown'),
      ...differ('certainty', why.certainty, 'unknown'),
      ...differ('agreement', why.agreement, 'undecided'),
    ]
  if (shown === undefined) return [`dir: got ${record.dir}, which was not judged`]
  if (seen.dir !== undefined && own === undefined && shown.isDenied)
    return why.certainty === 'certain'
      ? [`certain of ${shown.direction}, though the line says ${seen.dir}`]
      : []
  const other = denying.length === 2 ? denying.find(one => one !== shown) : undefined
  return [
    ...editOf(why),
    ...(why.other === undefined ? [] : editOf(why.other).map(text => `other ${text}`)),
    ...differ('dir', record.dir, shown.direction),
    ...differ('why.other.dir', why.other?.dir, other?.direction),
    ...whyOf(shown, why),
    ...(other === undefined || why.other === undefined
      ? []
      : whyOf(other, why.other).map(text => `other ${text}`)),
    ...(seen.verdict === 'unanswered'
      ? []
      : agreementOf(
          why,
          own === undefined ? whole : verdictOf(own),
          'denied',
          own ?? (isSelf(world, seen) ? shown : heaviest(judged, shown)),
        )),
  ]
}

/** A denial by policies has an edit that would have allowed it; in a world without a history no change did it. */
function editOf({ reason, certainty, fix, changed }: Why): string[] {
  const isDue = certainty !== 'unknown' && (reason === 'no-rule-matched' || reason === 'explicit-deny')
  return [...differ('fix', fix !== undefined, isDue), ...differ('changed', changed, undefined)]
}

/** Whether anybody denies rests on both directions where none is seen to: then the doubts of both count. */
function heaviest(judged: readonly Judged[], shown: Judged): Judged {
  return shown.isDenied ? shown : (judged.find(one => one.leftOut.length > 0 || one.isUndefined) ?? shown)
}

function whyOf(one: Judged, why: Why): string[] {
  const isClear = !one.isOpen && one.leftOut.length === 0 && !one.isUndefined
  const leftOut = differ('leftOut', why.leftOut ?? [], one.leftOut)
  if (why.certainty === 'certain' && (!isClear || one.isSubjectUnsure))
    return [`certain, though ${JSON.stringify({ ...one, suspects: [...one.suspects] })}`, ...leftOut]
  if (isClear && !one.isEndUnsure && why.certainty !== 'certain')
    return [`${why.certainty} (${why.unsure}) where everything is known`, ...leftOut]
  if (one.isOpen) return [...suspicions(one, why), ...leftOut]
  // What follows from another reason is no news.
  if (why.reason !== one.reason) return [...differ('reason', why.reason, one.reason), ...leftOut]
  return [
    ...leftOut,
    ...differ('policies', why.policies ?? [], entriesAs(why, one)),
    ...differ('more', why.more, one.policies.length > 5 ? one.policies.length - 5 : undefined),
    ...differ('nearest', why.nearest, one.nearest),
  ]
}

/** "At most 5, then `more`." The role `candidate` is for an answer that is not certain. */
function entriesAs({ certainty, policies }: Why, one: Judged): object[] {
  const isCandidate = (index: number) => certainty !== 'certain' && policies?.[index]?.role === 'candidate'
  return one.policies
    .slice(0, 5)
    .map((entry, index) => (isCandidate(index) ? { ...entry, role: 'candidate' } : entry))
}

/** Where the evidence leaves several answers open, at least nobody is named who is responsible in none of them. */
function suspicions({ direction, suspects }: Judged, why: Why): string[] {
  return (why.policies ?? [])
    .map(({ ns, name }) => `${ns}/${name}`)
    .filter(key => !suspects.has(key))
    .map(key => `${direction}: names ${key}, which is responsible in no possible situation`)
}

function agreementOf(
  why: Why,
  said: Possible,
  observed: 'denied' | 'allowed',
  { leftOut, isUndefined, isEndUnsure }: Judged,
): string[] {
  const isSettled = leftOut.length === 0 && !isUndefined && said !== 'either'
  // "Never confidently wrong": what is not settled accuses nobody.
  if (!isSettled)
    return why.agreement === 'contradicts'
      ? [`contradicts, though it is not settled (${said}, ${leftOut}, ${isUndefined})`]
      : []
  if (isEndUnsure && why.agreement === 'undecided') return []
  return differ('agreement', why.agreement, said === observed ? 'agrees' : 'contradicts')
}
