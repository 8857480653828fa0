// A record against the truth: whatever it calls certain must be so.

import type { Endpoint, FlowRecord, Why } from '../../agent/forensics/record.ts'
import type { Responsible } from '../oracle/oracle.ts'
import type { Packet } from './packets.ts'
import type { TruePod } from './truth.ts'

export interface Verdict {
  /** Answers of the record, one per direction that it speaks of; and how many of them are certain. */
  readonly answers: number
  readonly certain: number
  /** What is wrong with them. */
  readonly wrong: readonly string[]
}

export function compare(packet: Packet, record: FlowRecord): Verdict {
  const said = answersOf(packet, record)
  const sure = said.filter(({ why }) => why.certainty === 'certain')
  const ends = sure.length === 0 ? [] : endsWrong(packet, record)
  return {
    answers: said.length,
    certain: sure.length,
    wrong: [...ends, ...sure.flatMap(({ why, truth }) => wrongIn(packet, why, truth))],
  }
}

interface Said {
  readonly why: Why
  readonly truth: Responsible | undefined
}

/** A denial has one decider (DESIGN section 12: egress, where both deny), an allowed flow one answer for each direction. */
function answersOf({ responsible }: Packet, { why, egress, ingress, dir }: FlowRecord): Said[] {
  const of = (direction: string) => responsible.find(each => each.direction === direction)
  if (why === undefined)
    return [
      ...(egress === undefined ? [] : [{ why: egress, truth: of('egress') }]),
      ...(ingress === undefined ? [] : [{ why: ingress, truth: of('ingress') }]),
    ]
  const denials = responsible.filter(each => each.reason === 'no-rule-matched')
  const decider = denials[0]?.direction === dir ? denials[0] : undefined
  const other = why.other && {
    why: why.other,
    truth: denials.find(each => each.direction === why.other?.dir),
  }
  return [{ why, truth: decider }, ...(other === undefined ? [] : [other])]
}

function endsWrong({ source, destination }: Packet, { src, dst }: FlowRecord): string[] {
  return [...endWrong('src', src, source), ...endWrong('dst', dst, destination)]
}

/** An end of unknown kind claims nothing. */
function endWrong(field: string, end: Endpoint, pod: TruePod | undefined): string[] {
  if (end.kind === 'unknown') return []
  const said = `${end.kind} ${end.uid ?? ''}`
  const real = pod === undefined ? (end.kind === 'pod' ? 'nobody' : `${end.kind} `) : `pod ${pod.uid}`
  return said === real ? [] : [`${field} is ${said}, in truth ${real}`]
}

function wrongIn(packet: Packet, why: Why, truth: Responsible | undefined): string[] {
  const said = `${why.reason}: ${(why.policies ?? []).map(entry).toSorted().join(', ')}`
  const real =
    truth === undefined ? 'not this direction' : `${truth.reason}: ${entriesOf(packet, truth).join(', ')}`
  if (said !== real) return [`certain of "${said}", in truth "${real}"`]
  return why.agreement === 'contradicts' ? [`contradicts, where "${real}" explains it`] : []
}

function entry({ ns, name, uid, gen, role, rule }: NonNullable<Why['policies']>[number]): string {
  return `${ns}/${name} ${uid} ${gen} ${role}${rule === undefined ? '' : ` ${rule}`}`
}

function entriesOf(
  { policies }: Packet,
  { policies: keys, rules, reason, direction }: Responsible,
): string[] {
  const named = (key: string) => {
    const { namespace, name, uid, generation } = policies.get(key)!.metadata
    return `${namespace}/${name} ${uid} ${generation}`
  }
  if (reason !== 'rule-matched') return keys.map(key => `${named(key)} isolates`).toSorted()
  const admitting = (rules ?? []).map(rule => rule.split('#') as [string, string])
  return admitting.map(([key, index]) => `${named(key)} admits ${direction}[${index}]`).toSorted()
}
