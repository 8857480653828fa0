// A record as one line for a person: terminals, alerts and the `body` of OTLP logs (DESIGN section 9).

import type { AgentDegraded } from './agent-record.ts'
import { printable } from './printable.ts'
import type {
  AccusationRecord,
  FlowRecord,
  FollowUpRecord,
  ForensicRecord,
  GapRecord,
  NearestEntry,
  PolicyChangedRecord,
  Why,
} from './record.ts'
import { isFlowRecord, isFollowUp } from './record.ts'
import { changedNote, clock, enforcementLine } from './short-change.ts'
import { although, deciding, endText, justBefore, policyName, reasonWords, termText } from './words.ts'

/** The short form, without a newline. Everything that somebody else named is escaped. */
export function shortForm(record: ForensicRecord): string {
  if (isFlowRecord(record)) return flowLine(record)
  if (isFollowUp(record)) return followUpLine(record, `of ${record.of}`)
  switch (record.event) {
    case 'evidence.gap':
      return gapLine(record)
    case 'policy.changed':
      return changedLine(record)
    case 'policy.enforced':
    case 'policy.unenforced':
      return enforcementLine(record)
    case 'verdict.leak':
    case 'verdict.overblock':
      return accusationLine(record)
    case 'agent.started':
      return `${clock(record.ts)} STARTED  culprit ${record.version} on ${printable(record.node ?? '')}: ${record.sources.map(source => printable(source)).join(', ') || 'no source'}`
    case 'agent.stopped':
      return `${clock(record.ts)} STOPPED  ${printable(record.reason)}`
    case 'agent.degraded':
      return degradedLine(record)
  }
}

const shedding = [
  'all work is done again',
  'allowed flows are sampled',
  'allowed flows are only counted',
  'denied flows are told once per pair of workloads and minute',
]

function degradedLine({ ts, level, trigger }: AgentDegraded): string {
  const because = trigger === undefined ? '' : ` for want of ${trigger}`
  return `${clock(ts)} DEGRADED to level ${level}${because}: ${shedding[level] ?? ''}`
}

/** First records whose connections follow-ups can be told by: a person does not look ids up. */
const REMEMBERED = 4096

/** Like shortForm, for a stream of records: a follow-up names the connection that it counts. */
export function createShortForm(): (record: ForensicRecord) => string {
  const connections = new Map<string, string>()
  return record => {
    if (isFlowRecord(record)) {
      if (connections.size >= REMEMBERED) connections.delete(connections.keys().next().value!)
      connections.set(record.id, connectionText(record))
    } else if (isFollowUp(record)) {
      const connection = connections.get(record.of)
      if (connection !== undefined) return followUpLine(record, connection)
    }
    return shortForm(record)
  }
}

function followUpLine(record: FollowUpRecord, what: string): string {
  const until = record.last === undefined ? '' : ` until ${clock(record.last)}`
  return `${clock(record.ts)} ${word(record.event)}  ${what}  ${record.n} more${until}`
}

function flowLine(record: FlowRecord): string {
  const parts = [`${clock(record.ts)} ${word(record.event)}`, connectionText(record)]
  if (record.dir) parts.push(record.dir)
  parts.push(record.why ? whyText(record.why) : allowedText(record))
  const notes = noteTexts(record)
  return parts.join('  ') + (notes.length > 0 ? `  (${notes.join('; ')})` : '')
}

function connectionText({ src, dst, proto }: Pick<FlowRecord, 'src' | 'dst' | 'proto'>): string {
  return `${endText(src)} -> ${endText(dst)}${proto ? ` ${printable(proto)}` : ''}`
}

function word(event: string): string {
  return event.replace(/^flow\./, '').toUpperCase()
}

function policyList(why: Why): string {
  const names = [...new Set(deciding(why.policies).map(policyName))]
  const more = why.more ? ` and ${why.more} more` : ''
  return printable(names.join(', '), 400) + more
}

function ruleList(why: Why): string {
  return printable(
    deciding(why.policies)
      .map(policy => `${policyName(policy)} ${policy.rule ?? ''}`.trim())
      .join(', '),
    400,
  )
}

function whyText(why: Why): string {
  const text = reasonText(why)
  if (why.agreement === 'contradicts') return `${although.allowed}: ${text}`
  if (why.agreement === 'lagging') return `${text}, ${justBefore}`
  return text
}

function reasonText(why: Why): string {
  switch (why.reason) {
    case 'no-rule-matched':
      return `${policyList(why)}: ${reasonWords[why.reason]}${why.nearest ? `; ${nearestText(why.nearest, (why.policies?.length ?? 0) > 1)}` : ''}`
    case 'rule-matched':
      return `${ruleList(why)} admits it`
    case 'explicit-deny':
      return `${ruleList(why)} denies it`
    default:
      return reasonWords[why.reason]
  }
}

function nearestText({ policy, rule, also, ...term }: NearestEntry, isNamed: boolean): string {
  const first = `nearest ${isNamed ? `${policy} ` : ''}${rule}.${termText(term)}`
  return printable([first, ...(also ?? []).map(termText)].join(', and '), 400)
}

function allowedText(record: FlowRecord): string {
  const sides = [
    record.egress && `egress ${sideText(record.egress)}`,
    record.ingress && `ingress ${sideText(record.ingress)}`,
  ]
  const text = sides.filter(side => side !== undefined).join('; ')
  return text === '' ? 'no pod of the cluster is under policy here' : text
}

function sideText(why: Why): string {
  return why.agreement === 'contradicts' ? `${although.denied}: ${reasonText(why)}` : reasonText(why)
}

function noteTexts(record: FlowRecord): string[] {
  const notes: string[] = []
  const whys = [record.why, record.egress, record.ingress].filter(why => why !== undefined)
  const unsure = [...new Set(whys.flatMap(why => why.unsure ?? []))]
  const weak = whys.find(why => why.certainty !== 'certain')
  if (record.why?.changed) notes.push(changedNote(record.why.changed))
  if (record.why?.other) notes.push(`${record.why.other.dir} denies too: ${reasonText(record.why.other)}`)
  if (weak)
    notes.push(
      `${weak.certainty === 'unknown' ? 'not known' : 'not certain'}${unsure.length ? `: ${unsure.join(', ')}` : ''}`,
    )
  const leftOut = [...new Set(whys.flatMap(why => why.leftOut ?? []))]
  if (leftOut.length > 0) notes.push(`left out as invalid: ${printable(leftOut.join(', '))}`)
  if (record.reported?.policies?.length)
    notes.push(
      `${printable(record.reported.by)} says ${printable(record.reported.policies.join(', '))}${record.reported.differs ? ', which differs' : ''}`,
    )
  return notes
}

function gapLine(record: GapRecord): string {
  const lost =
    record.lost === undefined
      ? 'unknown number of lines'
      : record.lost === 1
        ? '1 line'
        : `${record.lost} lines`
  const span = record.from || record.to ? ` between ${clock(record.from)} and ${clock(record.to)}` : ''
  return `${clock(record.ts)} GAP  ${printable(record.source)}: ${lost} lost${span}: ${printable(record.cause)}`
}

function changedLine(record: PolicyChangedRecord): string {
  const what = record.what?.length ? `: ${printable(record.what.join(', '), 400)}` : ''
  return `${clock(record.ts)} POLICY  ${printable(record.policy)} ${record.op}${record.by ? ` by ${printable(record.by)}` : ''}${what}`
}

/** `14:48:46 LEAK  shop/cart -> data/pg-0:5432 tcp  ingress  12 packets since 14:41:02 although the policies deny it: ...` */
function accusationLine(record: AccusationRecord): string {
  const { why, n, since } = record
  const isLeak = record.event === 'verdict.leak'
  const packets = `${n} ${n === 1 ? 'packet' : 'packets'} ${isLeak ? 'let through' : 'blocked'}`
  const span = since === undefined || clock(since) === clock(record.ts) ? '' : ` since ${clock(since)}`
  const text = `${packets}${span} ${isLeak ? although.denied : although.allowed}: ${reasonText(why)}`
  return `${clock(record.ts)} ${isLeak ? 'LEAK' : 'OVERBLOCK'}  ${connectionText(record)}  ${why.dir}  ${text}`
}
