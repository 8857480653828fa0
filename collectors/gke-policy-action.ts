// gke-policy-action: the network policy log of GKE's Dataplane V2, /var/log/network/policy_action.log, one JSON object per line,
// members in any order. Grammar: pkg/gke/policylogger of Google's Cilium.
//
//   {"connection":{"src_ip":…,"dest_ip":…,"src_port":…,"dest_port":…,"protocol":"tcp","direction":"ingress"},"disposition":"deny",
//    "src":{…},"dest":{…},"count":3,"timestamp":"…Z"}
//
// `policies` comes with what was allowed only, and not always then. Denials of some seconds are one line with their `count`. A
// connection between two pods of a node has one line for its egress and one for its ingress: each speaks of its own direction.

import { asciiBytes, find } from './bytes.ts'
import { type Clock, createClock } from './clock.ts'
import { type Collector, type CollectorOptions, type Format, Outcome } from './collector.ts'
import { Cause, Direction, type Flow, type Reported, resetFlow, Verdict } from './flow.ts'
import { createInterned } from './interned.ts'
import { OPEN_BRACE } from './json.ts'
import { integerIn, isObject, type Json, parseObject, takeAddress, takeTime, textIn } from './json-object.ts'
import { isEvaluated, policyName } from './policy-kinds.ts'
import { hasPorts, NO_PROTOCOL, protocolOf } from './protocol-names.ts'

const DISPOSITION = asciiBytes('"disposition"')

function createGkePolicyAction(options: CollectorOptions): Collector {
  const clock = createClock(options.zone, options.year)
  return {
    read(bytes, start, end, flow) {
      while (end > start && bytes[end - 1]! <= 32) end--
      if (bytes[start] !== OPEN_BRACE || find(bytes, start, end, DISPOSITION) < 0) return Outcome.foreign
      const object = parseObject(bytes, start, end)
      if (object === undefined) return Outcome.malformed
      // Cloud Logging puts the entry into one of its own.
      const entry = isObject(object.jsonPayload) ? object.jsonPayload : object
      if (!('disposition' in entry)) return Outcome.foreign
      resetFlow(flow)
      return readEntry(entry, entry.timestamp ?? object.timestamp, flow, clock)
        ? Outcome.flow
        : Outcome.malformed
    },
  }
}

function readEntry(entry: Json, stamp: unknown, flow: Flow, clock: Clock): boolean {
  if (stamp !== undefined && !takeTime(stamp, flow, clock)) return false
  if (!isObject(entry.connection) || !readConnection(entry.connection, flow)) return false
  const count = integerIn(entry.count ?? 1, Number.MAX_SAFE_INTEGER)
  if (count < 1) return false
  flow.count = count
  const meaning = meanings.of(JSON.stringify([entry.disposition, ...policiesOf(entry)]))
  if (meaning === UNKNOWN) return false
  flow.verdict = meaning.verdict
  flow.cause = meaning.cause
  flow.reported = meaning.reported
  return true
}

const directions = new Map<unknown, Direction>([
  ['egress', Direction.egress],
  ['ingress', Direction.ingress],
  [undefined, Direction.none],
])

function readConnection(connection: Json, flow: Flow): boolean {
  flow.proto = protocolOf(textIn(connection.protocol))
  const direction = directions.get(connection.direction)
  if (flow.proto === NO_PROTOCOL || direction === undefined) return false
  flow.direction = direction
  if (!takeAddress(connection.src_ip, flow, 0) || !takeAddress(connection.dest_ip, flow, 4)) return false
  const sport = integerIn(connection.src_port ?? 0, 65535)
  const dport = integerIn(connection.dest_port ?? 0, 65535)
  if (hasPorts(flow.proto)) {
    // A port that is absent is 0 to Go's encoder, which no packet of these protocols has.
    flow.sport = sport === 0 ? -1 : sport
    flow.dport = dport === 0 ? -1 : dport
  }
  return sport >= 0 && dport >= 0
}

/** `[kind, namespace, name]` each; the kind was not printed at first, when NetworkPolicy was the only one. */
function policiesOf({ policies }: Json): string[][] {
  if (!Array.isArray(policies)) return []
  return policies
    .filter(isObject)
    .map(policy => [textIn(policy.kind) || 'NetworkPolicy', textIn(policy.namespace), textIn(policy.name)])
}

interface Meaning {
  readonly verdict: Verdict
  readonly cause: Cause
  readonly reported: Reported
}

const UNKNOWN: Meaning = {
  verdict: Verdict.none,
  cause: Cause.none,
  reported: { by: 'gke', policies: [] },
}
const meanings = createInterned(meaningOf)

function meaningOf(text: string): Meaning {
  const [disposition, ...policies] = JSON.parse(text) as [unknown, ...string[][]]
  if (disposition !== 'allow' && disposition !== 'deny') return UNKNOWN
  // One that admits is enough, one that could deny is not.
  const others = policies.filter(([kind]) => !isEvaluated(kind!)).length
  const isOther = others > 0 && (disposition === 'allow' || others === policies.length)
  return {
    verdict: disposition === 'allow' ? Verdict.allowed : Verdict.denied,
    cause: isOther ? Cause.otherPolicy : Cause.none,
    reported: {
      by: 'gke',
      verdict: disposition === 'allow' ? 'allowed' : 'denied',
      policies: policies.map(([kind, ns, name]) => policyName(kind!, ns!, name!)),
    },
  }
}

export const gkePolicyAction: Format = {
  name: 'gke-policy-action',
  claims: ['allowed', 'denied'],
  marker: '`"disposition"` in a line that starts with `{`',
  create: createGkePolicyAction,
}
