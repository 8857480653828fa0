// What happened, how often and since when; or what would happen, and by which policies that was worked out.

import type { Judged, OtherPair, Told } from './explanation.ts'
import { printable } from './printable.ts'
import { clockAfter, dayAndClock, listed } from './words.ts'

/** What was seen, and what that means to the client. */
const observed: Readonly<Record<Judged['verdict'], readonly [what: string, tail: string]>> = {
  denied: ['Dropped without an answer', '; the client waits until it times out'],
  rejected: ['Rejected', '; the client gets an error at once'],
  allowed: ['Got through', ''],
  audited: ['Let through and logged', ', in audit mode: enforced, the policies would deny it'],
  unknown: ['Seen', ''],
  unanswered: ['Got no reply', ', and no line says that anything denied it'],
}

const shown = 3

export function verdictSentences(record: Judged, told: Told): string[] {
  if (told.basis !== 'record') return computed(record, told)
  const [what, tail] = observed[record.verdict]
  const before = beforeSentence(record, told)
  return [`${what} ${when(record, told)}${tail}.`, ...(before === undefined ? [] : [before])]
}

function when({ ts, n }: Judged, { run }: Told): string {
  if (ts === undefined) return '(the line does not say when)'
  const count = run === undefined ? n : run.n
  if (count <= 1) return `at ${dayAndClock(ts)}`
  if (run?.since === undefined || run.since.slice(0, 19) === ts.slice(0, 19))
    return `${count} times at ${dayAndClock(ts)}`
  return `${count} times since ${dayAndClock(run.since)}, last at ${clockAfter(ts, run.since)}`
}

function beforeSentence({ verdict, ts }: Judged, { run }: Told): string | undefined {
  const before = run?.before
  if (before?.ts === undefined) return undefined
  if (before.verdict === verdict)
    return `The last one before that, at ${clockAfter(before.ts, ts)}, was ${verdict} too, for another reason.`
  return `The last one before that, at ${clockAfter(before.ts, ts)}, was ${before.verdict}.`
}

const unobserved = {
  'no-log': 'No log was given',
  'no-flow': 'No line of the logs could be read as a packet or connection (is the FORMAT of --log right?)',
  'no-record': 'No line of the logs is about these two',
  'none-kept':
    'No record is about these two (of what is allowed there is none, unless the configuration keeps it)',
} as const

function computed(record: Judged, told: Told): string[] {
  const why = `${unobserved[told.basis as keyof typeof unobserved]}, so this is computed, not observed`
  const state = told.asOf === undefined ? "the world's last state" : `the state of ${printable(told.asOf)}`
  return [`${why}: by the policies in ${state}, ${wouldBe(record)}.`, ...pairSentences(record, told)]
}

function wouldBe({ verdict, why, egress, ingress }: Judged): string {
  if (verdict === 'unknown') return 'it cannot be said whether this is allowed'
  const isSure = [why, egress, ingress].every(side => side === undefined || side.certainty === 'certain')
  return `${isSure ? 'this is' : 'as far as is known, this is'} ${verdict === 'allowed' ? 'allowed' : 'denied'}`
}

function pairSentences({ verdict }: Judged, { pairs }: Told): string[] {
  if (pairs === undefined || pairs.asked < 2) return []
  if (pairs.others.length === 0)
    return [
      `The answer is the same for ${pairs.asked === 2 ? 'both' : `all ${pairs.asked}`} pairs of their pods.`,
    ]
  const same = pairs.asked - pairs.others.length
  const rest = pairs.others.length - shown
  const names = [
    ...pairs.others.slice(0, shown).map(pair => otherText(pair, verdict)),
    ...(rest > 0 ? [`${rest} more`] : []),
  ]
  return [`${same} of ${pairs.asked} pairs of their pods get this answer. Others do not: ${listed(names)}.`]
}

function otherText({ from, to, verdict }: OtherPair, ours: Judged['verdict']): string {
  const result = verdict === ours ? `${verdict} for another reason` : verdict
  return `${printable(from)} to ${printable(to)} (${result})`
}
