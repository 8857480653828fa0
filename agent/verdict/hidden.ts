// Lines that hide addresses (Calico's aggregated flows, Whisker): what is found is a candidate at most. Of an end that is no pod
// that is known, no ipBlock can be judged: what the policies seem to say against what was observed then is no finding.

import { sortReasons } from '../timeline/unsure.ts'
import type { Attribution, Finding } from './finding.ts'
import { type Place, podOf, type Question } from './question.ts'
import { doubted } from './window.ts'

export function ofHidden(finding: Finding, { initiator, responder }: Question): Finding {
  const candidate = doubted(finding)
  if (!isNobody(initiator) && !isNobody(responder)) return candidate
  const { deciding, other, egress, ingress } = candidate
  const isAllowed = finding.verdict === 'allowed'
  const heard = (side: Attribution): Attribution => withoutAddress(side, isAllowed)
  return {
    ...candidate,
    deciding: deciding && heard(deciding),
    other: other && heard(other),
    egress: egress && heard(egress),
    ingress: ingress && heard(ingress),
  }
}

function isNobody({ owner, named }: Place): boolean {
  return named !== undefined && podOf(owner) === undefined
}

/** Which term of a rule failed, and what would mend it, cannot be told either. */
function withoutAddress(side: Attribution, isAllowed: boolean): Attribution {
  const nameless: Attribution = { ...side, nearest: () => [], fix: () => undefined, changed: () => undefined }
  if ((side.verdict === 'allowed') === isAllowed) return nameless
  const unsure = sortReasons([...side.unsure, 'peer-unresolved'])
  return {
    ...nameless,
    reason: 'unknown',
    witnesses: [],
    certainty: 'unknown',
    agreement: 'undecided',
    unsure,
  }
}
