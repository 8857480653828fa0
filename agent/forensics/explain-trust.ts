// How far the answer can be trusted: what was seen against what the policies say, how sure it is and what would make it surer,
// and what the CNI itself reported.

import type { Unsure } from '../timeline/index.ts'
import type { Side } from './explain.ts'
import type { Judged } from './explanation.ts'
import { printable } from './printable.ts'
import { although, capital, doubtWords, listed, policyName } from './words.ts'

export function agreementSentences(record: Judged, sides: readonly Side[]): string[] {
  const agreements = new Set(sides.map(side => side.agreement))
  const isAllowed = record.verdict === 'allowed'
  if (agreements.has('contradicts'))
    return [
      isAllowed
        ? `That is a leak: it got through ${although.denied}.`
        : `It was dropped ${although.allowed}, so no NetworkPolicy explains it.`,
    ]
  if (agreements.has('lagging'))
    return [
      `It was decided by the policies as they stood just before: they had just been changed, and the node had not followed yet. Once it follows, a new connection is ${isAllowed ? 'denied' : 'allowed'}.`,
    ]
  if (isSilent(record, sides)) return ['The policies allow it, so they are not the reason.']
  return []
}

function isSilent({ verdict }: Judged, sides: readonly Side[]): boolean {
  return (
    verdict === 'unanswered' &&
    sides.every(side => side.reason === 'rule-matched' || side.reason === 'not-isolated')
  )
}

/** Where the policies explain nothing, where to look next. */
export function nextSentences(record: Judged, sides: readonly Side[]): string[] {
  const { verdict, dst, node } = record
  const there = node === undefined ? 'the node' : printable(node)
  if (isSilent(record, sides))
    return [
      `Check next whether anything listens${dst.port === undefined ? ' there' : ` on port ${dst.port}`}, and whether the pod is up.`,
    ]
  if (!sides.some(side => side.agreement === 'contradicts')) return []
  if (verdict === 'allowed')
    return [
      `Check next whether the CNI enforces NetworkPolicies on ${there}, and whether its agent there is up and has followed the last changes.`,
    ]
  return [
    `Check next: policies of other kinds (the CNI's own, a service mesh's), a firewall on ${there}, and whether the CNI's agent there has followed the last changes.`,
  ]
}

/** One answer for all directions where it is the same. */
export function certaintySentences(sides: readonly Side[]): string[] {
  const weak = sides.filter(side => side.certainty !== 'certain')
  if (sides.length === 0) return []
  const isContradiction = sides.some(side => side.agreement === 'contradicts')
  if (weak.length === 0) return [isContradiction ? 'What the policies say is certain.' : 'This is certain.']
  const isUnknown = weak.some(side => side.certainty === 'unknown')
  const reasons = [...new Set(weak.flatMap(side => side.unsure ?? []))]
  const leftOut = [...new Set(weak.flatMap(side => side.leftOut ?? []))]
  const start = isUnknown ? [] : ['Why that is not certain:']
  return [
    ...start,
    ...reasons.map((reason, i) => doubtText(reason, i === 0 && !isUnknown)),
    ...(leftOut.length === 0 ? [] : [`Left out as invalid: ${printable(leftOut.join(', '), 400)}.`]),
  ]
}

/** `isContinued`: the sentence has begun already. */
function doubtText(reason: Unsure, isContinued: boolean): string {
  const { because, surer } = doubtWords[reason]
  return `${isContinued ? because.charAt(0).toLowerCase() + because.slice(1) : because}. ${surer}.`
}

export function reportedSentence(record: Judged, sides: readonly Side[]): string[] {
  const { reported } = record
  // What the CNI says is then all that is said anyway.
  const isTold = sides.some(({ reason }) => reason === 'other-policy' || reason === 'not-a-policy')
  if (reported === undefined || isTold) return []
  const by = capital(printable(reported.by))
  const verdict = reported.verdict === undefined ? 'it' : `that it was ${printable(reported.verdict)}`
  const policies = reported.policies ?? []
  if (policies.length === 0)
    return reported.verdict === undefined ? [] : [`${by} itself reported ${verdict}, and named no policy.`]
  const names = printable(listed(policies), 400)
  return [`${by} itself reported ${verdict} by ${names}: ${agreesText(policies, sides)}.`]
}

function agreesText(reported: readonly string[], sides: readonly Side[]): string {
  const ours = new Set(sides.flatMap(side => side.policies ?? []).map(policyName))
  if (reported.every(name => ours.has(name))) return 'that is the same answer'
  if (ours.size === 0) return 'culprit finds none, so look at that one'
  return `culprit finds ${printable(listed([...ours]), 400)}, so look at both`
}
