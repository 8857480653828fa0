// What the policies say about two ends where no line of a log is about them: every pair of their pods is judged as the pipeline would
// judge its packet, and the answer that most pairs get is explained, a denial before anything else.

import { isIPv4 } from '../address.ts'
import type { Judged, OtherPair } from '../forensics/explanation.ts'
import { flowRecord } from '../forensics/flow-record.ts'
import { isFinished } from '../policy/end.ts'
import { leastCertain, sortReasons } from '../timeline/index.ts'
import type { Attribution, Finding } from '../verdict/finding.ts'
import { judge } from '../verdict/judge.ts'
import { orient } from '../verdict/orient.ts'
import { askedFlow } from './asked-flow.ts'
import { WorkError } from './errors.ts'
import { type Member, memberName, membersOf } from './why-members.ts'
import { aimAt, type Question } from './why-question.ts'

export interface Computed {
  readonly record: Judged
  readonly asked: number
  readonly others: readonly OtherPair[]
  readonly notes: readonly string[]
}

/** Pairs beyond it are not asked: two workloads of a hundred pods each are not told apart by any policy. */
const MAX_PAIRS = 10_000

/** @throws WorkError where no pod of one of them was there, UsageError where the port is missing. */
export function compute(question: Question): Computed {
  const pods = question.view.world().pods.filter(pod => !isFinished(pod) && pod.ips.length > 0)
  const aim = aimAt(question, pods)
  const sources = membersOf(question, 'FROM', question.from, pods, { ...aim, port: -1 })
  const targets = membersOf(question, 'TO', question.to, pods, aim)
  const all = sources.flatMap(from => targets.flatMap(to => pairOf(from, to)))
  const pairs = all.slice(0, MAX_PAIRS)
  if (pairs.length === 0)
    throw new WorkError(
      `Cannot answer: ${question.from.name} and ${question.to.name} have no address of the same family (one is IPv4, the other IPv6)`,
    )
  const judged = pairs.map(pair => ({ ...pair, finding: find(question, aim.proto, pair) }))
  const groups = Map.groupBy(judged, ({ finding }) => keyOf(finding))
  const group = [...groups.values()].reduce((a, b) => (rankOf(b) > rankOf(a) ? b : a))
  const others = judged
    .filter(pair => !group.includes(pair))
    .map(({ from, to, finding }) => ({ from: from.name, to: memberName(to), verdict: verdictOf(finding) }))
  const notes = [
    ...(aim.note === undefined ? [] : [aim.note]),
    ...(all.length > pairs.length
      ? [`Only ${pairs.length} of their ${all.length} pairs of pods were asked.`]
      : []),
    ...nodeNote(group[0]!.finding, question),
  ]
  const asked = new Set(judged.map(({ from, to }) => `${from.name} ${to.name}`)).size
  return { record: recordOf(group[0]!.finding, question), asked, others, notes }
}

/** With the eyes of one node, pods of other nodes are nobody's to judge. */
function nodeNote({ deciding, unjudged }: Finding, { eyes: { node } }: Question): string[] {
  if (node === undefined || deciding !== undefined || unjudged.reason === 'not-a-policy') return []
  return [`Neither of them is a pod of node ${node}; without --node both are judged.`]
}

/** Of a group of equal answers: a denial is what people ask about; then the more pairs, the better it stands for all. */
function rankOf(group: readonly { readonly finding: Finding }[]): number {
  return (verdictOf(group[0]!.finding) === 'denied' ? MAX_PAIRS : 0) + group.length
}

interface Pair {
  readonly from: Member
  readonly to: Member
}

/** S33: both ends use addresses of one family. Of a dual-stack pair both families are asked. */
function pairOf(from: Member, to: Member): Pair[] {
  return isIPv4(from.address) === isIPv4(to.address) ? [{ from, to }] : []
}

function find({ view, time, eyes }: Question, proto: number, { from, to }: Pair): Finding {
  const flow = askedFlow({
    time,
    proto,
    from: from.address,
    to: to.address,
    port: to.port,
    called: to.called,
  })
  return unsureOfUnknown(judge(flow, orient(flow), view, eyes))
}

/** An address of a pod network that is no known pod's may have policies of its own: that nothing else denies is not all. */
function unsureOfUnknown(finding: Finding): Finding {
  const { initiator, responder, deciding } = finding
  const isWhole = initiator.kind !== 'unknown' && responder.kind !== 'unknown'
  if (isWhole || deciding === undefined || deciding.verdict !== 'allowed') return finding
  const weaker = (side: Attribution): Attribution => ({
    ...side,
    certainty: leastCertain(side.certainty, 'candidates'),
    unsure: sortReasons([...side.unsure, 'peer-unresolved']),
  })
  const { egress, ingress } = finding
  return {
    ...finding,
    deciding: weaker(deciding),
    egress: egress && weaker(egress),
    ingress: ingress && weaker(ingress),
  }
}

function verdictOf({ deciding, unjudged }: Finding): 'allowed' | 'denied' | 'unknown' {
  if (deciding === undefined) return unjudged.reason === 'not-a-policy' ? 'allowed' : 'unknown'
  return deciding.reason === 'unknown' ? 'unknown' : deciding.verdict
}

function keyOf(finding: Finding): string {
  const sides = [finding.deciding, finding.other, finding.egress, finding.ingress].map(
    side => side && sideKey(side),
  )
  return `${verdictOf(finding)} ${sides.join('|')}`
}

function sideKey({ direction, reason, certainty, witnesses }: Attribution): string {
  return `${direction} ${reason} ${certainty} ${witnesses.map(({ policy, rule }) => `${policy.key}#${rule}`).join()}`
}

/** As a record would have it, without what only a line of a log has. */
function recordOf(finding: Finding, { time, eyes }: Question): Judged {
  const verdict = verdictOf(finding)
  const occurrence = { time, n: 1, bytes: 0, reported: undefined, evidence: { source: '' }, stream: '' }
  // Where nobody's policies were asked, only a flow without a verdict says why.
  const isUnjudged = verdict === 'unknown' || finding.deciding === undefined
  const shaped = flowRecord({ ...finding, verdict: isUnjudged ? 'none' : verdict }, occurrence, eyes.node)
  const { v: _v, id: _id, event: _event, evidence: _evidence, ...record } = shaped
  return { ...record, verdict }
}
