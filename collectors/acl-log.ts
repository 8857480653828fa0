// What ovn-controller writes for an ACL that is logged: OVN lib/acl-log.c, and for the packet Open vSwitch lib/match.c. The names
// of the ACLs are their makers' (ovn-acl.ts, kube-ovn-acl.ts).
//
//   2026-11-24T17:33:05.140Z|00052|acl_log(ovn_pinctrl0)|INFO|name="NP:shop:Ingress", verdict=drop, severity=alert,
//     direction=to-lport: tcp,vlan_tci=0x0000,dl_src=…,nw_src=…,nw_dst=…,nw_tos=0,…,tp_src=58496,tp_dst=8080,tcp_flags=syn
//
// Fields that are zero may be missing, and old releases have no direction.

import { readAclPacket } from './acl-packet.ts'
import { asciiBytes, find, isDigit, scanDecimal, startsWith, textOf } from './bytes.ts'
import { type Clock, createClock, scanIso, scanSyslog } from './clock.ts'
import { type Collector, type CollectorOptions, Outcome } from './collector.ts'
import { Cause, Direction, type Flow, type Reported, resetFlow, Verdict } from './flow.ts'
import { createInterned, type Interned } from './interned.ts'
import { isEvaluated } from './policy-kinds.ts'

/** What the name of an ACL says. */
export interface AclName {
  /** As `Reported.policies`. */
  readonly policies: readonly string[]
  /** Of the policy behind the ACL: NO_POLICY for what is none, empty where the name does not say. */
  readonly kind: string
  /** Where the name says it. */
  readonly direction: Direction
}

export const NO_POLICY = '-'

/** One maker of ACLs. */
export interface AclNames {
  /** As `Reported.by`. */
  readonly by: string
  /** A name, or the beginning of one, that this maker gives and no other. */
  isOwn(name: string): boolean
  read(name: string): AclName
}

interface AclMeaning {
  readonly verdict: Verdict
  readonly cause: Cause
  readonly direction: Direction
  readonly reported: Reported
}

interface Reader {
  readonly clock: Clock
  readonly names: AclNames
  /** By name and verdict, as they stand in the line. */
  readonly meanings: Interned<AclMeaning>
  readonly decimals: Float64Array
  /** A line of this maker's has been read, so lines that name no ACL are too. */
  hasOwn: boolean
}

export function createAclLog(options: CollectorOptions, names: AclNames): Collector {
  const reader: Reader = {
    clock: createClock(options.zone, options.year),
    names,
    meanings: createInterned(text => meaningIn(text, names)),
    decimals: new Float64Array(1),
    hasOwn: names.isOwn(''),
  }
  return {
    read(bytes, start, end, flow) {
      while (end > start && bytes[end - 1]! <= BLANK) end--
      const module = find(bytes, start, end, MODULE)
      const behind = module + MODULE.length
      if (module < 0 || (bytes[behind] !== OPEN && bytes[behind] !== BAR)) return Outcome.foreign
      resetFlow(flow)
      takeTime(bytes, start, end, flow, reader.clock)
      return readMessage(bytes, behind, end, flow, reader)
    },
  }
}

const BLANK = 32
const QUOTE = 34
const OPEN = 40
const COMMA = 44
const COLON = 58
const BAR = 124
/** OVN's own bound is 63. */
const LONGEST_NAME = 256

const MODULE = asciiBytes('|acl_log')
const NAME = asciiBytes('name="')
const SEVERITY = asciiBytes(', severity=')
const DIRECTION = asciiBytes(', direction=')
const DROPPED = asciiBytes('Dropped ')

/** ovn-controller's own stamp, which is UTC, or that of a syslog in front of it. */
function takeTime(bytes: Uint8Array, at: number, end: number, flow: Flow, clock: Clock): void {
  if (bytes[at] === 60) while (at < end && bytes[at++] !== 62);
  if (bytes[at] === 49 && bytes[at + 1] === BLANK) at += 2
  const after = isDigit(bytes[at]!) ? scanIso(bytes, at, clock) : scanSyslog(bytes, at, clock)
  if (after < 0) return
  flow.time = clock.time
  flow.precision = clock.precision
}

/** Behind `acl_log`: `(ovn_pinctrl0)|INFO|`, then the message. */
function readMessage(bytes: Uint8Array, at: number, end: number, flow: Flow, reader: Reader): Outcome {
  const name = find(bytes, at, end, NAME) + NAME.length
  if (name < NAME.length) return reader.hasOwn ? readUnnamed(bytes, at, end, flow, reader) : Outcome.foreign
  const severity = find(bytes, name, end, SEVERITY)
  const meaning = severity < 0 ? undefined : reader.meanings.at(bytes, name, severity)
  if (meaning === undefined || meaning === MALFORMED)
    return reader.names.isOwn(nameIn(bytes, name, end)) ? Outcome.malformed : Outcome.foreign
  if (meaning === FOREIGN) return Outcome.foreign
  reader.hasOwn = true
  return readPacket(bytes, severity + SEVERITY.length, end, flow, meaning)
}

/** The name as far as the line has it. */
function nameIn(bytes: Uint8Array, start: number, end: number): string {
  let at = start
  while (at < end && at - start < LONGEST_NAME && bytes[at] !== QUOTE) at++
  return textOf(bytes, start, at)
}

/** `Dropped 3 log messages in last 60 seconds (…) due to excessive rate`, or cut before the name. */
function readUnnamed(bytes: Uint8Array, at: number, end: number, flow: Flow, { decimals }: Reader): Outcome {
  const dropped = find(bytes, at, end, DROPPED)
  if (dropped < 0) return Outcome.malformed
  const after = scanDecimal(bytes, dropped + DROPPED.length, decimals, 0)
  if (after < 0 || after >= end) return Outcome.malformed
  flow.count = decimals[0]! > 0 ? decimals[0]! : -1
  return Outcome.loss
}

/** Behind `severity=`. */
function readPacket(bytes: Uint8Array, at: number, end: number, flow: Flow, meaning: AclMeaning): Outcome {
  while (at < end && bytes[at] !== COMMA && bytes[at] !== COLON) at++
  flow.direction = meaning.direction
  if (startsWith(bytes, at, end, DIRECTION)) at = readDirection(bytes, at + DIRECTION.length, end, flow)
  if (at < 0 || bytes[at] !== COLON || bytes[at + 1] !== BLANK) return Outcome.malformed
  flow.verdict = meaning.verdict
  flow.cause = meaning.cause
  flow.reported = meaning.reported
  return readAclPacket(bytes, at + 2, end, flow)
}

const TO_LPORT = asciiBytes('to-lport')
const FROM_LPORT = asciiBytes('from-lport')

/** As the logical port sees it: what goes to it is the pod's ingress. */
function readDirection(bytes: Uint8Array, at: number, end: number, flow: Flow): number {
  const isTo = startsWith(bytes, at, end, TO_LPORT)
  if (!isTo && !startsWith(bytes, at, end, FROM_LPORT)) return -1
  if (flow.direction === Direction.none) flow.direction = isTo ? Direction.ingress : Direction.egress
  return at + (isTo ? TO_LPORT : FROM_LPORT).length
}

const BETWEEN = '", verdict='
const rulings = new Map<string, readonly [Verdict, string]>([
  ['allow', [Verdict.allowed, 'allowed']],
  ['drop', [Verdict.denied, 'denied']],
  ['reject', [Verdict.rejected, 'rejected']],
  // Evaluation goes on with the policies of the tiers behind.
  ['pass', [Verdict.none, 'passed']],
])

/** Of `NP:shop:Ingress", verdict=drop`. */
function meaningIn(text: string, names: AclNames): AclMeaning {
  const between = text.lastIndexOf(BETWEEN)
  const ruling = between < 0 ? undefined : rulings.get(text.slice(between + BETWEEN.length))
  if (ruling === undefined) return MALFORMED
  const name = text.slice(0, between)
  if (!names.isOwn(name)) return FOREIGN
  const [verdict, word] = ruling
  const { by } = names
  const { policies, kind, direction } = names.read(name)
  const isDecided = verdict !== Verdict.none && kind !== ''
  return {
    verdict,
    cause:
      !isDecided || isEvaluated(kind) ? Cause.none : kind === NO_POLICY ? Cause.notPolicy : Cause.otherPolicy,
    direction,
    reported: { by, verdict: word, policies, as: name },
  }
}

const NOTHING: AclMeaning = {
  verdict: Verdict.none,
  cause: Cause.none,
  direction: Direction.none,
  reported: { by: '', policies: [] },
}
const MALFORMED: AclMeaning = { ...NOTHING }
const FOREIGN: AclMeaning = { ...NOTHING }
