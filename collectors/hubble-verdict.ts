// What a Hubble event means: which verdict, whose denial it was, and which direction can be believed.

import { asciiBytes, startsWith, textOf, wordOf } from './bytes.ts'
import { Outcome } from './collector.ts'
import { Cause, Direction, type Flow, Notice, Verdict } from './flow.ts'
import type { PolicyList, PolicyLists } from './hubble-policies.ts'

/** What the walk over one line has gathered beside the flow. */
export interface Facts {
  /** The first four letters of `verdict`, as `word` reads them; 0 where absent. */
  verdict: number
  /** Of `drop_reason_desc`: an index into the interned reasons, 0 where absent. */
  reason: number
  /** The deprecated numeric `drop_reason`, 0 where absent. */
  dropReason: number
  /** event_type: 1 drop, 4 trace, 5 policy verdict, 7 socket trace, 129 L7. */
  type: number
  subType: number
  /** `Type` is L3_L4 or absent. */
  isL3L4: boolean
  list: PolicyList | undefined
  hasAddresses: boolean
}

export function resetFacts(facts: Facts): void {
  facts.verdict = 0
  facts.reason = 0
  facts.dropReason = 0
  facts.type = 0
  facts.subType = 0
  facts.isL3L4 = true
  facts.list = undefined
  facts.hasAddresses = false
}

const FORWARDED = wordOf('FORW')
const REDIRECTED = wordOf('REDI')
const DROPPED = wordOf('DROP')
const ERROR = wordOf('ERRO')
const AUDIT = wordOf('AUDI')

const DROP = 1
const TRACE = 4
const POLICY_VERDICT = 5

// cilium pkg/monitor/api/drop.go
const POLICY_DENIED = 133
const POLICY_DENY = 181
const AUTH_REQUIRED = 189

const names = ['', 'POLICY_DENIED', 'POLICY_DENY', 'AUTH_REQUIRED']
const known = new Map(names.map((name, index) => [name, index]))
/** A hostile or broken file must not fill memory: more different reasons than Cilium has ever had are one. */
const MOST_REASONS = 255

/** The last reason's text and index: lines of the same kind come together. */
let lastText: Uint8Array = asciiBytes(names[1]!)
let lastReason = 1

/** The index of a reason's text; 1 to 3 are the policy's. */
export function reasonOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === lastText.length && startsWith(bytes, start, end, lastText)) return lastReason
  end = Math.min(end, start + 64)
  lastReason = internReason(textOf(bytes, start, end))
  lastText = bytes.slice(start, end)
  return lastReason
}

export function internReason(text: string): number {
  const index = known.get(text)
  if (index !== undefined) return index
  if (names.length === MOST_REASONS) return names.length - 1
  known.set(text, names.length)
  return names.push(text) - 1
}

export function reasonName(reason: number): string {
  return names[reason]!
}

/** `drop_reason_desc`, else the number it stands for; 0 where the line gives no reason, which fieldMask can cause. */
function reasonIn(facts: Facts): number {
  if (facts.reason !== 0) return facts.reason
  const number = facts.dropReason !== 0 ? facts.dropReason : facts.type === 1 ? facts.subType : 0
  if (number === 0) return 0
  if (number === POLICY_DENIED) return 1
  if (number === POLICY_DENY) return 2
  return number === AUTH_REQUIRED ? 3 : internReason(`drop reason ${number}`)
}

/** Turns the facts of a line into the flow's verdict. Socket and L7 records are no packets, and without addresses there is no flow. */
export function conclude(facts: Facts, flow: Flow, lists: PolicyLists): Outcome {
  if (!facts.isL3L4 || facts.type === 7 || facts.type === 129 || !facts.hasAddresses) return Outcome.note
  if (flow.hasReply) fillReply(flow)
  flow.notice =
    facts.type === POLICY_VERDICT
      ? Notice.verdict
      : facts.type === DROP
        ? Notice.drop
        : facts.type === TRACE
          ? Notice.trace
          : Notice.none
  switch (facts.verdict) {
    case FORWARDED:
    // A policy verdict above zero: let in on layer 3 and 4, and sent through the proxy (threefour decodeVerdict).
    case REDIRECTED:
      flow.verdict = Verdict.allowed
      flow.reported = facts.list?.reported
      break
    case AUDIT:
      flow.verdict = Verdict.audited
      flow.reported = facts.list?.reported
      break
    case DROPPED:
      concludeDrop(facts, flow, lists)
      break
    case ERROR:
      flow.verdict = Verdict.denied
      flow.cause = Cause.notPolicy
      break
    default:
      // TRACED and TRANSLATED are socket events; VERDICT_UNKNOWN says so itself.
      break
  }
  if (!isTrusted(facts, flow)) flow.direction = Direction.none
  return Outcome.flow
}

/**
 * A policy verdict carries its direction. A drop's is worked out from the endpoint where it happened, assuming that no reply was
 * dropped (threefour decodeTrafficDirection): true of policy drops. Of a trace it may be the sender's on the receiving node.
 */
function isTrusted(facts: Facts, flow: Flow): boolean {
  if (facts.type === POLICY_VERDICT || flow.verdict === Verdict.audited) return true
  return flow.verdict === Verdict.denied && flow.cause !== Cause.notPolicy
}

/**
 * POLICY_DENIED: nothing allowed the packet, the policies' question. POLICY_DENY: a deny rule, which a NetworkPolicy cannot have.
 * AUTH_REQUIRED: a rule allows it but asks for mutual authentication, which only Cilium's own kinds can; so both are another
 * kind's doing. Anything else is no policy's.
 */
function concludeDrop(facts: Facts, flow: Flow, lists: PolicyLists): void {
  const reason = reasonIn(facts)
  flow.verdict = Verdict.denied
  flow.reported = lists.denial(facts.list, reason)
  if (facts.list?.isDenial) flow.cause = facts.list.isOther ? Cause.otherPolicy : Cause.none
  else if (reason === 2 || reason === 3) flow.cause = Cause.otherPolicy
  else if (reason > 3) flow.cause = Cause.notPolicy
}

/** `source_xlated` is what the source was translated to: the reply goes from the destination to it. Its port is not printed. */
function fillReply(flow: Flow): void {
  const { address } = flow
  for (let i = 0; i < 4; i++) address[8 + i] = address[4 + i]!
  flow.replySport = flow.dport
}
