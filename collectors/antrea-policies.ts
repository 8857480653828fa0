// How Antrea names policies and what their actions mean, in its audit log and in its flow records.

import { Cause, Direction, type Reported, Verdict } from './flow.ts'
import { isEvaluated, policyName } from './policy-kinds.ts'

export interface Meaning {
  readonly verdict: Verdict
  readonly cause: Cause
  readonly direction: Direction
  readonly reported: Reported
}

/** Antrea's types, and the numbers of them in flow records. `NetworkPolicy` alone is the Kubernetes kind here. */
const kinds = new Map([
  ['K8sNetworkPolicy', 'NetworkPolicy'],
  ['K8sClusterNetworkPolicy', 'ClusterNetworkPolicy'],
  ['1', 'NetworkPolicy'],
  ['2', 'AntreaNetworkPolicy'],
  ['3', 'AntreaClusterNetworkPolicy'],
])

export function antreaKind(type: string): string {
  return kinds.get(type) ?? type
}

/** A verdict of ours, and the word for it in `Reported`. */
export type Ruling = readonly [Verdict, string]

const allow: Ruling = [Verdict.allowed, 'allowed']
const drop: Ruling = [Verdict.denied, 'denied']
const reject: Ruling = [Verdict.rejected, 'rejected']

/** Pass leaves the packet to the policies behind; Redirect lets it in on layer 3 and 4 and hands it to the layer 7 engine. */
const rulings = new Map<string, Ruling>([
  ['Allow', allow],
  ['Redirect', allow],
  ['Drop', drop],
  ['Reject', reject],
  ['Pass', [Verdict.none, 'passed']],
  ['1', allow],
  ['2', drop],
  ['3', reject],
])

export function antreaRuling(action: string): Ruling {
  return rulings.get(action) ?? NONE
}

const NONE: Ruling = [Verdict.none, '']

/** What a policy of a kind that is not evaluated here decides is that kind's doing. */
export function antreaCause(kind: string, verdict: Verdict): Cause {
  return verdict === Verdict.none || isEvaluated(kind) ? Cause.none : Cause.otherPolicy
}

/** Of the audit log's words from the table to the action: `IngressRule K8sNetworkPolicy:ns/name <nil> Ingress Allow`. */
export function antreaMeaning(text: string): Meaning {
  const words = text.split(' ')
  const [type, name] = splitReference(words[1]!)
  const kind = antreaKind(type)
  const [verdict, word] = antreaRuling(words.at(-1)!)
  // A bare `K8sNetworkPolicy` is the default drop: some policy isolates the Pod, and Antrea cannot say which.
  const policies = name === '' ? [] : [policyName(kind, '', name)]
  return {
    verdict,
    cause: antreaCause(kind, verdict),
    direction: directionOf(words),
    reported: { by: 'antrea', verdict: word, policies, as: text },
  }
}

function splitReference(reference: string): [string, string] {
  const colon = reference.indexOf(':')
  return colon < 0 ? [reference, ''] : [reference.slice(0, colon), reference.slice(colon + 1)]
}

/** From the table's name, which every release prints; `IngressDefaultRule`, `AntreaPolicyAppTierIngressRule`. */
function directionOf(words: readonly string[]): Direction {
  for (const word of [words[0]!, words.at(-2)!]) {
    if (word.includes('Ingress')) return Direction.ingress
    if (word.includes('Egress')) return Direction.egress
  }
  return Direction.none
}
