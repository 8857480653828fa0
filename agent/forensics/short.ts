// A record as one line for a person: terminals, alerts and the `body` of OTLP logs (DESIGN section 9).

import { printable } from './printable.ts'
import type {
  Endpoint,
  FlowRecord,
  FollowUpRecord,
  ForensicRecord,
  GapRecord,
  NearestEntry,
  PolicyChangedRecord,
  Why,
} from './record.ts'
import { isFlowRecord } from './record.ts'

/** The short form, without a newline. Everything that somebody else named is escaped. */
export function shortForm(record: ForensicRecord): string {
  if (isFlowRecord(record)) return flowLine(record)
  if (record.event === 'evidence.gap') return gapLine(record)
  if (record.event === 'policy.changed') return changedLine(record)
  return followUpLine(record, `of ${record.of}`)
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
    } else if ('of' in record) {
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

function connectionText({ src, dst, proto }: FlowRecord): string {
  return `${endpointText(src)} -> ${endpointText(dst)}${proto ? ` ${printable(proto)}` : ''}`
}

/** `HH:MM:SS` UTC. */
function clock(time: string | undefined): string {
  return time === undefined ? '--:--:--' : time.slice(11, 19)
}

function word(event: string): string {
  return event.replace(/^flow\./, '').toUpperCase()
}

function endpointText(end: Endpoint): string {
  const host =
    end.pod !== undefined ? `${end.ns}/${end.pod}` : (end.node ?? end.svc ?? end.ip ?? someText(end))
  const port = end.port === undefined ? '' : host.includes(':') ? ` port ${end.port}` : `:${end.port}`
  return printable(host) + port
}

/** An end whose address is hidden: some pod of a workload, or what the line calls it. */
function someText({ ns, wl, as }: Endpoint): string {
  const text = wl === undefined ? as : `${wl.slice(wl.indexOf('/') + 1)}-*`
  if (text === undefined) return ns === undefined ? 'unknown' : `${ns}/*`
  return ns === undefined ? text : `${ns}/${text}`
}

function policyList(why: Why): string {
  const names = [
    ...new Set(
      (why.policies ?? []).map(p => (p.ns === undefined ? `${p.kind}/${p.name}` : `${p.ns}/${p.name}`)),
    ),
  ]
  const more = why.more ? ` and ${why.more} more` : ''
  return printable(names.join(', '), 400) + more
}

function ruleList(why: Why): string {
  return printable(
    (why.policies ?? [])
      .map(p => `${p.ns === undefined ? `${p.kind}/${p.name}` : `${p.ns}/${p.name}`} ${p.rule ?? ''}`.trim())
      .join(', '),
    400,
  )
}

function whyText(why: Why): string {
  const text = reasonText(why)
  if (why.agreement === 'contradicts') return `although the policies allow it: ${text}`
  if (why.agreement === 'lagging') return `${text}, as the policies stood just before`
  return text
}

function reasonText(why: Why): string {
  switch (why.reason) {
    case 'no-rule-matched':
      return `${policyList(why)}: no rule matched${why.nearest ? `; ${nearestText(why.nearest, (why.policies?.length ?? 0) > 1)}` : ''}`
    case 'rule-matched':
      return `${ruleList(why)} admits it`
    case 'not-isolated':
      return 'no policy selects the pod in this direction'
    case 'explicit-deny':
      return `${ruleList(why)} denies it`
    case 'exempt-node':
      return "traffic from the pod's own node is always allowed"
    case 'exempt-self':
      return 'a pod cannot be blocked from itself'
    case 'established':
      return 'part of a connection that was already allowed'
    case 'other-policy':
      return 'a policy of a kind that is not evaluated here'
    case 'not-a-policy':
      return 'not the doing of a NetworkPolicy'
    case 'unknown':
      return 'the policies that decided are not known'
  }
}

function nearestText({ policy, rule, also, ...term }: NearestEntry, isNamed: boolean): string {
  const first = `nearest ${isNamed ? `${policy} ` : ''}${rule}.${termText(term)}`
  return printable([first, ...(also ?? []).map(termText)].join(', and '), 400)
}

/** The kind of a term is told by what it wants, so its place is enough; but a namespace's labels look like a pod's. */
function termText({
  failed,
  want,
  have,
}: {
  readonly failed: string
  readonly want: string
  readonly have: string
}): string {
  const place = failed.replace(/\.(podSelector|namespaceSelector|ipBlock)$/, '')
  const isOfNamespace = failed.endsWith('.namespaceSelector') && !want.includes('namespace')
  return `${place} wants ${isOfNamespace ? 'a namespace with ' : ''}${want}, has ${have}`
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
  return why.agreement === 'contradicts'
    ? `although the policies deny it: ${reasonText(why)}`
    : reasonText(why)
}

function noteTexts(record: FlowRecord): string[] {
  const notes: string[] = []
  const whys = [record.why, record.egress, record.ingress].filter(why => why !== undefined)
  const unsure = [...new Set(whys.flatMap(why => why.unsure ?? []))]
  const weak = whys.find(why => why.certainty !== 'certain')
  if (record.why?.other) notes.push(`${record.why.other.dir} denies too: ${reasonText(record.why.other)}`)
  if (weak)
    notes.push(
      `${weak.certainty === 'unknown' ? 'not known' : 'not certain'}${unsure.length ? `: ${unsure.join(', ')}` : ''}`,
    )
  const leftOut = [...new Set(whys.flatMap(why => why.leftOut ?? []))]
  if (leftOut.length > 0) notes.push(`left out as invalid: ${printable(leftOut.join(', '))}`)
  if (record.reported?.policies?.length)
    notes.push(`${printable(record.reported.by)} says ${printable(record.reported.policies.join(', '))}`)
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
