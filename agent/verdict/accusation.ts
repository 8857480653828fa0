// What a finding says against the data plane: a packet that was let through although the policies deny it, or denied although they
// allow it. Only what is certain accuses.

import type { Attribution, Finding } from './finding.ts'

export interface Accusation {
  readonly event: 'verdict.leak' | 'verdict.overblock'
  /** What the policies say: who denies, or who admits. */
  readonly attribution: Attribution
  /** The other direction, where it says the same. */
  readonly other: Attribution | undefined
}

export function accusationOf(finding: Finding): Accusation | undefined {
  const { verdict, deciding } = finding
  if (!isContradiction(finding)) return undefined
  const isAllowed = verdict === 'allowed'
  if (!isAllowed && verdict !== 'denied' && verdict !== 'rejected') return undefined
  const said = isAllowed ? 'denied' : 'allowed'
  const sides = [finding.egress, finding.ingress].filter(side => side !== undefined)
  const accusing = sides.filter(
    side => side.agreement === 'contradicts' && side.certainty === 'certain' && side.verdict === said,
  )
  if (!isAllowed && !accusing.some(({ direction }) => direction === deciding?.direction)) return undefined
  // A policy that says so tells more than that there is none.
  const attribution = accusing.find(({ witnesses }) => witnesses.length > 0) ?? accusing[0]
  if (attribution === undefined) return undefined
  const event = isAllowed ? 'verdict.leak' : 'verdict.overblock'
  return { event, attribution, other: accusing.find(side => side !== attribution) }
}

/** Some side of it says otherwise than what was observed. */
export function isContradiction({ deciding, egress, ingress }: Finding): boolean {
  return isContrary(deciding) || isContrary(egress) || isContrary(ingress)
}

function isContrary(side: Attribution | undefined): boolean {
  return side?.agreement === 'contradicts'
}
