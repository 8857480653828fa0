// Who an end was that the line names and whose address it hides: one of the pods that have such a name and such labels, at any time
// that the line sums up. Even a single one is a candidate: the line does not say that it was that one.

import type { NamedEnd } from '../../collectors/flow.ts'
import { type Address, isIPv4, parseAddress } from '../address.ts'
import type { Pod } from '../policy/objects.ts'
import type { Owner, Unsure, View } from '../timeline/index.ts'
import type { NamedParty, Party } from './finding.ts'

const AGGREGATED: readonly Unsure[] = ['aggregated']
const UNRESOLVED: readonly Unsure[] = ['peer-unresolved', 'aggregated']

/** What Kubernetes leaves of a generateName before its own five characters, so that the name stays within 63. */
const LONGEST_BASE = 58

/** `until`: the last moment that the line sums up. */
export function namedOwner(end: NamedEnd, view: Pick<View<unknown>, 'podsIn'>, until: number): Owner {
  if (end.kind === 'node' && end.name !== undefined)
    return { ...nobody, kind: 'node', certainty: 'candidates', reasons: AGGREGATED, node: end.name }
  const pods = end.kind === 'network' || end.ns === undefined ? [] : podsOf(end, view.podsIn(end.ns, until))
  const [first] = pods
  // A network that Calico calls private is often the node's own.
  if (first === undefined) return { ...nobody, kind: 'unknown', certainty: 'unknown', reasons: UNRESOLVED }
  const some: Owner = {
    ...nobody,
    kind: 'pod',
    certainty: 'candidates',
    reasons: AGGREGATED,
    candidates: pods,
  }
  return pods.length === 1 ? { ...some, pod: first } : some
}

const nobody = { candidates: [], takenFor: [], since: Number.NaN } as const

/** A name says more than labels, which may have been edited since. */
function podsOf(end: NamedEnd, pods: readonly Pod[]): readonly Pod[] {
  const named = pods.filter(pod => hasName(end, pod.name))
  const labels = Object.entries(end.labels ?? {})
  const labelled = named.filter(pod => labels.every(([key, value]) => pod.labels[key] === value))
  return labelled.length > 0 ? labelled : named
}

function hasName({ name, prefix }: NamedEnd, text: string): boolean {
  if (name !== undefined) return text === name
  if (prefix === undefined) return true
  const base = prefix.slice(0, LONGEST_BASE)
  // What follows a generateName is one word: `web-*` is no name for `web-db-x2v9k`.
  return text.startsWith(base) && text.length > base.length && !text.includes('-', base.length)
}

/** The address that evaluation is to see of the pod: of the other end's family where that is known. */
export function addressOf(pod: Pod | undefined, isWantedIPv4: boolean | undefined): Address | undefined {
  const addresses = (pod?.ips ?? []).map(ip => parseAddress(ip)).filter(words => words !== undefined)
  return addresses.find(words => isIPv4(words) === isWantedIPv4) ?? addresses[0]
}

export function namedParty(end: NamedEnd, owner: Owner): Party {
  const isExact = end.kind !== 'node' && end.kind !== 'network' && end.name !== undefined
  return {
    kind: owner.kind,
    ip: undefined,
    pod: isExact ? owner.pod : undefined,
    node: owner.node,
    service: undefined,
    named: wordsOf(end, owner, isExact),
  }
}

function wordsOf({ kind, ns, name, prefix }: NamedEnd, { candidates }: Owner, isExact: boolean): NamedParty {
  const isPod = isExact && (kind === 'pod' || candidates.length > 0)
  const [first] = candidates
  const isOneWorkload = candidates.every(pod => pod.workload === first?.workload)
  return {
    ns,
    pod: isPod ? name : undefined,
    workload: isOneWorkload ? first?.workload : undefined,
    as: isPod || kind === 'node' ? undefined : (name ?? (prefix === undefined ? undefined : `${prefix}*`)),
  }
}
