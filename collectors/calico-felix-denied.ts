// calico-felix-denied: the report of denied packets that Calico Enterprise's Felix sends to syslog:
//
//   Aug  4 16:14:12 host calico-felix[312]: INFO <nil> <nil>:  action="deny" dstIP="…" dstPort="443" inBytes=0 inPackets=0
//     outBytes=120 outPackets=2 policy="hep-external" proto="6" rule="-1" ruleDir="egress" srcIP="…" srcPort="57312"
//     tier="security" trafficDir="outbound" updateType=report
//
// Grammar: felix/collector/syslog. The counters are what has come since the last report of the connection. The policy is its name
// alone: its namespace is not printed, so a name is reported as it stands unless it says its kind or its namespace itself.

import { asciiBytes, find, scanAddress } from './bytes.ts'
import {
  createFields,
  type Fields,
  type Name,
  numberIn,
  scanFields,
  slot,
  textIn,
} from './calico-felix-fields.ts'
import { type CalicoPolicy, calicoCause, calicoPolicies, readCalicoName } from './calico-policy.ts'
import { type Clock, createClock, scanIso, scanSyslog } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { Cause, Direction, type Flow, type Reported, resetFlow, Verdict } from './flow.ts'
import { createInterned } from './interned.ts'
import { hasPorts, NO_PROTOCOL, protocolAt } from './protocol-names.ts'

const RULE_DIR = asciiBytes(' ruleDir=')
const ACTION = asciiBytes(' action=')

const BLANK = 32

interface Reader {
  readonly clock: Clock
  readonly fields: Fields
}

function createFelixDenied(options: CollectorOptions): Collector {
  const reader: Reader = {
    clock: createClock(options.zone, options.year),
    fields: createFields(),
  }
  return {
    read(bytes, start, end, flow) {
      const action = find(bytes, start, end, ACTION)
      if (action < 0 || find(bytes, start, end, RULE_DIR) < 0) return Outcome.foreign
      resetFlow(flow)
      takeTime(bytes, start, flow, reader.clock)
      while (end > action && bytes[end - 1]! <= BLANK) end--
      return scanFields(bytes, action, end, reader.fields) && readReport(bytes, flow, reader.fields)
        ? Outcome.flow
        : Outcome.malformed
    },
  }
}

function takeTime(bytes: Uint8Array, at: number, flow: Flow, clock: Clock): void {
  if (bytes[at] === 60) while (bytes[at]! > BLANK && bytes[at++] !== 62);
  if (bytes[at] === 49 && bytes[at + 1] === BLANK) at += 2
  if (scanSyslog(bytes, at, clock) < 0 && scanIso(bytes, at, clock) < 0) return
  flow.time = clock.time
  flow.precision = clock.precision
}

function readReport(bytes: Uint8Array, flow: Flow, fields: Fields): boolean {
  const direction = textIn(bytes, fields, 'ruleDir')
  const updateType = textIn(bytes, fields, 'updateType')
  const action = textIn(bytes, fields, 'action')
  // The last of the fields: a line without it has been cut.
  if (updateType !== 'report' && updateType !== 'expire') return false
  if (direction !== 'egress' && direction !== 'ingress') return false
  flow.direction = direction === 'egress' ? Direction.egress : Direction.ingress
  const [tier, policy, rule] = [
    textIn(bytes, fields, 'tier'),
    textIn(bytes, fields, 'policy'),
    textIn(bytes, fields, 'rule'),
  ]
  const meaning = meanings.of(`${action}|${tier}|${policy}|${rule}`)
  if (meaning === UNKNOWN) return false
  flow.verdict = meaning.verdict
  flow.cause = meaning.cause
  flow.reported = meaning.reported
  return readEnds(bytes, flow, fields) && readCounters(bytes, flow, fields)
}

function readEnds(bytes: Uint8Array, flow: Flow, fields: Fields): boolean {
  const { start, end } = fields
  const { srcIP, dstIP, proto } = slot
  if (start[srcIP]! < 0 || start[dstIP]! < 0 || start[proto]! < 0) return false
  if (scanAddress(bytes, start[srcIP]!, flow.address, 0) !== end[srcIP]) return false
  if (scanAddress(bytes, start[dstIP]!, flow.address, 4) !== end[dstIP]) return false
  flow.proto = protocolAt(bytes, start[proto]!, end[proto]!)
  if (flow.proto === NO_PROTOCOL) return false
  const sport = numberIn(bytes, fields, 'srcPort')
  const dport = numberIn(bytes, fields, 'dstPort')
  if (hasPorts(flow.proto)) {
    flow.sport = sport
    flow.dport = dport
  }
  return sport >= 0 && dport >= 0 && sport <= 65535 && dport <= 65535
}

interface Meaning {
  readonly verdict: Verdict
  readonly cause: Cause
  readonly reported: Reported
}

const UNKNOWN: Meaning = {
  verdict: Verdict.none,
  cause: Cause.none,
  reported: { by: 'calico', policies: [] },
}
const verdicts = new Map<string, readonly [Verdict, string]>([
  ['deny', [Verdict.denied, 'denied']],
  ['allow', [Verdict.allowed, 'allowed']],
  // The tiers behind decide.
  ['pass', [Verdict.none, 'passed']],
])
const meanings = createInterned(meaningOf)

/** Of `deny|security|hep-external|-1`. */
function meaningOf(text: string): Meaning {
  const [action, tier, name] = text.split('|')
  const ruling = verdicts.get(action!)
  if (ruling === undefined) return UNKNOWN
  const [verdict, word] = ruling
  const policy = readCalicoName(tier!, name!)
  return {
    verdict,
    cause: causeOf(policy, verdict),
    reported: {
      by: 'calico',
      verdict: word,
      policies: policiesOf(policy),
      as: text.slice(text.indexOf('|') + 1),
    },
  }
}

function causeOf(policy: CalicoPolicy, verdict: Verdict): Cause {
  const cause = calicoCause(policy)
  // What a profile lets in, no policy selects.
  const isDefault = verdict === Verdict.allowed && cause === Cause.notPolicy
  return verdict === Verdict.none || isDefault ? Cause.none : cause
}

/** Kinds that may or do have a namespace. */
const namespaced = new Set(['NetworkPolicy', 'GlobalNetworkPolicy'])

/** Without a namespace a policy may be global, or of a namespace that is not printed: then its name is all there is to say. */
function policiesOf(policy: CalicoPolicy): string[] {
  const { kind, ns, name } = policy
  return ns === '' && namespaced.has(kind) && !policy.isStaged ? [name] : calicoPolicies(policy)
}

/** What has come since the last report, both ways together: a denied packet has no answer. */
function readCounters(bytes: Uint8Array, flow: Flow, fields: Fields): boolean {
  flow.packets = sum(bytes, fields, 'inPackets', 'outPackets')
  flow.bytes = sum(bytes, fields, 'inBytes', 'outBytes')
  flow.count = Math.max(1, flow.packets)
  return flow.packets >= 0 && flow.bytes >= 0
}

/** -1 where one is no number. */
function sum(bytes: Uint8Array, fields: Fields, a: Name, b: Name): number {
  const first = numberIn(bytes, fields, a)
  const second = numberIn(bytes, fields, b)
  return first < 0 || second < 0 || first + second > Number.MAX_SAFE_INTEGER ? -1 : first + second
}

export const calicoFelixDenied: Format = {
  name: 'calico-felix-denied',
  claims: ['denied', 'allowed', 'none'],
  marker: '` action=` with ` ruleDir=`',
  create: createFelixDenied,
}
