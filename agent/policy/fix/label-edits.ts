// Labels that would have allowed it: added to the peer's pod or to its namespace, so that a rule that is there already matches. They
// are worth it only where every edit of a policy lets in more, and only where nothing else comes of them: no policy selects the pod
// that did not before, no rule loses it, nothing opens in the other direction or at another port.

import type { Fix } from '../answer.ts'
import type { ResolvedEnd } from '../end.ts'
import type { NamespaceState, State } from '../state.ts'
import { countPods, countWorkloads, Pairs } from './count.ts'
import { type Candidate, candidatesOf } from './label-candidates.ts'
import { gainsOf, type Relabel, reachOf, subjectsOf } from './label-gains.ts'
import { Mentions } from './label-mentions.ts'
import { opensOf } from './opens.ts'
import { addLabels } from './patch.ts'
import type { Case } from './rule-edits.ts'
import type { Peer } from './scene.ts'

export interface LabelFix {
  /** Pairs of workloads that it opens. */
  readonly opened: number
  readonly fix: Fix
}

export class LabelEdits {
  readonly #state: State
  #mentions: Mentions | undefined

  constructor(state: State) {
    this.#state = state
  }

  /** The labels that could be tried, the pod's before the namespace's; what they come to depends on which pod the peer is. */
  candidates(asked: Case): readonly Candidate[] {
    const { subject, peer } = asked.denial
    const areLive = [subject, peer].every(({ entry }) => entry !== undefined && asked.cast.index.has(entry))
    return areLive ? candidatesOf(asked.denial, this.#namespaceOf(peer)) : []
  }

  /** The one that opens fewer pairs of workloads than `limit`, and the fewest. */
  smallest(candidates: readonly Candidate[], asked: Case, limit: number): LabelFix | undefined {
    let best: LabelFix | undefined
    for (const candidate of candidates) {
      const namespace = this.#namespaceOf(asked.denial.peer)
      const found = this.#try(candidate, namespace, asked, (best?.opened ?? limit) - 1)
      if (found !== undefined) best = found
    }
    return best
  }

  #namespaceOf({ entry }: ResolvedEnd): NamespaceState {
    return this.#state.namespaces.get(entry!.pod.ns)!
  }

  #try(candidate: Candidate, namespace: NamespaceState, asked: Case, limit: number): LabelFix | undefined {
    const { of, added } = candidate
    const { cast, denial } = asked
    const relabelled = this.#relabelling(candidate, namespace, denial.peer)
    const keys = Object.keys(added)
    this.#mentions ??= new Mentions(this.#state)
    if (relabelled === undefined || this.#mentions.isOfTiers(of, keys)) return undefined
    const peers = peersOf(candidate, namespace, asked)
    const gains = gainsOf(this.#mentions.rules(of, keys), peers, relabelled, asked)
    if (gains === undefined) return undefined
    const pairs = new Pairs(cast.ground, denial, subjectsOf(gains, cast), peers)
    const reach = reachOf(gains, relabelled, { ...asked, pairs })
    const opened = reach && countWorkloads(pairs, reach, limit)
    if (opened === undefined || opened > limit) return undefined
    const pod = denial.peer.entry!.pod
    const fix: Fix = {
      kind: of,
      target: of === 'pod' ? `${pod.ns}/${pod.name}` : pod.ns,
      patch: addLabels(of === 'pod' ? pod.labels : namespace.labels.labels, added),
      opens: opensOf(denial, countPods(pairs, reach!)),
    }
    return { opened, fix }
  }

  /** What becomes of a peer; undefined where other policies would select it as their subject. */
  #relabelling(
    { of, added }: Candidate,
    { judged, labels }: NamespaceState,
    peer: ResolvedEnd,
  ): Relabel | undefined {
    const { interner } = this.#state
    if (of === 'namespace') {
      const { id } = interner.labelSet({ ...labels.labels, ...added })
      return ({ plain }) => ({ ...plain, namespaceLabels: id })
    }
    const old = peer.entry!.labels
    const now = interner.labelSet({ ...old.labels, ...added })
    const [before, after] = [judged.subject(old), judged.subject(now)]
    if (before.egress !== after.egress || before.ingress !== after.ingress) return undefined
    return ({ plain }) => ({ ...plain, labels: now.id })
  }
}

/** Whose labels change. */
function peersOf({ of }: Candidate, { name }: NamespaceState, { cast, denial }: Case): readonly Peer[] {
  const { entry } = denial.peer
  const peers = of === 'pod' ? [cast.peer(cast.index.member(entry!))] : cast.peers(cast.index.groups(name))
  return cast.withAsked(peers, denial.peer)
}
