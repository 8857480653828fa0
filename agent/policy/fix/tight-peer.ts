// The tightest peer that an edit can name for the end that was denied, and who else that is.

import { addressKey } from '../address-index.ts'
import type { LabelSet } from '../interner.ts'
import type { Labels } from '../objects.ts'
import { matchesSelector, type Selector } from '../selector.ts'
import type { State } from '../state.ts'
import { bare, type Cast } from './cast.ts'
import { singleCidr } from './patch.ts'
import type { PodGroup } from './pod-index.ts'
import { type Peer, peerOf, type Question } from './scene.ts'
import { tightLabels } from './tight-labels.ts'

/** Pods of a namespace by their labels, or one address that is no pod's. */
export type Target = { readonly ns: string; readonly labels: Labels } | { readonly cidr: string }

export interface TightPeer {
  readonly target: Target
  /** Who it matches, with the end that was denied. */
  readonly matched: readonly Peer[]
  /** Groups of pods that it matches. */
  readonly groups: readonly PodGroup[]
}

export function isTightPeer(value: TightPeer | string): value is TightPeer {
  return typeof value !== 'string'
}

interface TightPods {
  readonly labels: Labels
  readonly groups: readonly PodGroup[]
  readonly peers: readonly Peer[]
}

/** Finds tight peers and remembers them: the pods of a workload share theirs. */
export class TightPeers {
  readonly #state: State
  readonly #cast: Cast
  readonly #pods = new Map<string, Map<LabelSet, TightPods>>()

  constructor(state: State, cast: Cast) {
    this.#state = state
    this.#cast = cast
  }

  /** Or why a policy cannot name this peer. */
  of(denial: Question): TightPeer | string {
    return denial.peer.kind === 'pod' ? this.#pod(denial) : this.#address(denial)
  }

  #pod({ peer }: Question): TightPeer {
    const { pod, labels } = peer.entry!
    const tight = this.#podsLike(pod.ns, labels)
    return {
      target: { ns: pod.ns, labels: tight.labels },
      matched: this.#cast.withAsked(tight.peers, peer),
      groups: tight.groups,
    }
  }

  #podsLike(ns: string, labels: LabelSet): TightPods {
    const known = this.#pods.get(ns) ?? new Map<LabelSet, TightPods>()
    this.#pods.set(ns, known)
    let tight = known.get(labels)
    if (tight === undefined) {
      const all = this.#cast.index.groups(ns)
      const chosen = tightLabels(labels.labels, all)
      const selector = selectorOf(chosen)
      const groups = all.filter(group => matchesSelector(selector, group.labels.labels))
      tight = { labels: chosen, groups, peers: this.#cast.peers(groups) }
      known.set(labels, tight)
    }
    return tight
  }

  #address({ peer }: Question): TightPeer | string {
    const { kind, address } = peer
    const { addresses, traits, profile } = this.#state
    // The address of a pod says nothing about who has it next, so no policy should name it.
    if (kind === 'unknown' || addresses.pods.get(addressKey(address)) !== undefined)
      return "the address is a pod's, and whose is not known"
    if (kind === 'node' && !traits.ipBlockMatchesNodes)
      return `the address is of a node, which no ipBlock of ${profile} and no selector matches`
    return {
      target: { cidr: singleCidr(peer) },
      matched: [peerOf(undefined, [bare(peer)])],
      groups: [],
    }
  }
}

function selectorOf(labels: Labels): Selector {
  const requirements = Object.entries(labels).map(([key, value]) => {
    return { key, operator: 'Equals' as const, values: [value] }
  })
  return { requirements }
}
