// Which flows are repeats of each other (DESIGN section 7): the same verdict, direction, source and destination workload, port,
// protocol, reason, and deciding policies with their generations; and they stand to the policies in the same way, so that no leak
// hides among the repeats of what was right. An endpoint without a workload counts by its address, or by what
// the line calls it where it hides that.

import type { Attribution, Finding, Party } from '../verdict/finding.ts'

export function foldKey(finding: Finding): string {
  const sides = finding.deciding === undefined ? [finding.egress, finding.ingress] : [finding.deciding]
  return [finding.verdict, pairKey(finding), ...sides.map(sideText)].join('|')
}

/** The pair of workloads, the port and the protocol. */
export function pairKey({ initiator, responder, port, proto }: Finding): string {
  return [endText(initiator), endText(responder), port, proto].join('|')
}

/** The verdict between two workloads, whatever the port and the reason: for an agent that is short of means. */
export function pairAlone({ verdict, initiator, responder }: Finding): string {
  return ['pair', verdict, endText(initiator), endText(responder)].join('|')
}

function endText({ pod, ip, named }: Party): string {
  if (pod !== undefined) return `${pod.ns}/${pod.workload}`
  return ip ?? `${named?.ns ?? ''}/${named?.workload ?? named?.as ?? ''}`
}

function sideText(side: Attribution | undefined): string {
  if (side === undefined) return ''
  const policies = side.witnesses.map(
    ({ policy, rule }) => `${policy.key}#${rule}@${policy.uid ?? ''}@${policy.generation ?? ''}`,
  )
  return `${side.direction}:${side.reason}:${side.agreement}:${policies.join(',')}`
}
