// A flow record of Antrea, from whatever it was written as, and what it says.

import { antreaCause, antreaKind, antreaRuling, type Ruling } from './antrea-policies.ts'
import type { Clock } from './clock.ts'
import { Cause, Direction, type Flow, type Reported, Verdict } from './flow.ts'
import { integerIn, takeAddress, takeTime } from './json-object.ts'
import { policyName } from './policy-kinds.ts'
import { hasPorts, NO_PROTOCOL, protocolOf } from './protocol-names.ts'

/** What one direction's policy did: words or, without prettyPrint, numbers; empty or `0` where none applied. */
export interface Side {
  readonly name: string
  readonly ns: string
  readonly rule: string
  readonly action: string
  readonly type: string
}

export interface FlowRow {
  readonly start: unknown
  /** Absent, or not before the start. */
  readonly end: unknown
  readonly source: unknown
  /** The Pod behind a Service, not the Service. */
  readonly destination: unknown
  readonly sport: unknown
  readonly dport: unknown
  readonly proto: string
  /** Address and port of the Service that the client wrote; empty where it was none. */
  readonly service: unknown
  readonly servicePort: unknown
  readonly packets: unknown
  readonly bytes: unknown
  readonly ingress: Side
  readonly egress: Side
}

/** Fills the flow; false where a value is not what it must be. */
export function conclude(row: FlowRow, flow: Flow, clock: Clock): boolean {
  flow.proto = protocolOf(row.proto)
  if (flow.proto === NO_PROTOCOL || !takeWindow(row, flow, clock)) return false
  if (!takeEnds(row, flow) || !takeCounters(row, flow)) return false
  rule(row, flow)
  return true
}

/** Ten years: a flow of which it is said that it took longer has a broken time. */
const LONGEST = 315_360_000

/** The time of a record is the start of its flow. */
function takeWindow({ start, end }: FlowRow, flow: Flow, clock: Clock): boolean {
  const until = end !== undefined && takeTime(end, flow, clock) ? flow.time : Number.NaN
  if (!takeTime(start, flow, clock)) return false
  const seconds = Math.ceil((until - flow.time) / 1_000_000)
  if (seconds > 0 && seconds < LONGEST) flow.window = seconds
  return true
}

function takeEnds(row: FlowRow, flow: Flow): boolean {
  const sport = integerIn(row.sport, 65535)
  const dport = integerIn(row.dport, 65535)
  if (sport < 0 || dport < 0) return false
  if (!takeAddress(row.source, flow, 0) || !takeAddress(row.destination, flow, 4)) return false
  if (hasPorts(flow.proto)) {
    flow.sport = sport
    flow.dport = dport
  }
  return takeService(row, flow)
}

/** The client wrote the Service's address; what the record calls the destination is where the reply comes from. */
function takeService({ service, servicePort }: FlowRow, flow: Flow): boolean {
  if (service === undefined || service === '' || service === '0.0.0.0' || service === '::') return true
  const { address } = flow
  address.copyWithin(8, 4, 8)
  address.copyWithin(12, 0, 4)
  const port = integerIn(servicePort, 65535)
  if (port < 0 || !takeAddress(service, flow, 4)) return false
  flow.hasReply = true
  flow.replySport = flow.dport
  flow.replyDport = flow.sport
  if (flow.dport >= 0) flow.dport = port
  return true
}

/** Counters of the original direction since the last record of this flow. */
function takeCounters(row: FlowRow, flow: Flow): boolean {
  flow.packets = integerIn(row.packets, Number.MAX_SAFE_INTEGER)
  flow.bytes = integerIn(row.bytes, Number.MAX_SAFE_INTEGER)
  return flow.packets >= 0 && flow.bytes >= 0
}

function isDenial([verdict]: Ruling): boolean {
  return verdict === Verdict.denied || verdict === Verdict.rejected
}

function rule({ egress, ingress }: FlowRow, flow: Flow): void {
  const out = antreaRuling(egress.action)
  const into = antreaRuling(ingress.action)
  if (isDenial(out)) deny(egress, out, Direction.egress, flow)
  else if (isDenial(into)) deny(ingress, into, Direction.ingress, flow)
  else allow(egress, ingress, out[0] === Verdict.allowed, into[0] === Verdict.allowed, flow)
}

function deny(side: Side, [verdict, word]: Ruling, direction: Direction, flow: Flow): void {
  flow.verdict = verdict
  flow.direction = direction
  flow.cause = causeOf(side, verdict)
  flow.reported = report(word, [side])
  // Of a denied flow every packet was denied.
  if (flow.packets > 0) flow.count = flow.packets
}

/** Where only one end's policy let it through, the record says nothing of the other end. */
function allow(egress: Side, ingress: Side, isOut: boolean, isIn: boolean, flow: Flow): void {
  if (!isOut && !isIn) return
  const sides = [...(isOut ? [egress] : []), ...(isIn ? [ingress] : [])]
  flow.verdict = Verdict.allowed
  if (sides.length === 1) flow.direction = isOut ? Direction.egress : Direction.ingress
  if (sides.some(side => causeOf(side, Verdict.allowed) === Cause.otherPolicy)) flow.cause = Cause.otherPolicy
  flow.reported = report('allowed', sides)
}

/** No type goes with the default drop of the Kubernetes policies. */
function causeOf({ type, name }: Side, verdict: Verdict): Cause {
  return name === '' && (type === '' || type === '0') ? Cause.none : antreaCause(antreaKind(type), verdict)
}

const known = /^(Antrea|K8s)?(Cluster|Baseline|Admin)*NetworkPolicy$/

/** Types that this does not know (`Invalid`, a number) name no policy: the name alone could be another's. */
function report(word: string, sides: readonly Side[]): Reported {
  const policies = sides
    .filter(({ name, type }) => name !== '' && known.test(antreaKind(type)))
    .map(({ name, ns, type }) => policyName(antreaKind(type), ns, name))
  const rules = sides.map(side => side.rule).filter(text => text !== '')
  return {
    by: 'antrea',
    verdict: word,
    policies,
    ...(rules.length > 0 && { as: rules.join(', ') }),
  }
}
