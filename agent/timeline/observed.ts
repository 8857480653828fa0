// What the timeline is told: an object, what it says about when, and when this node learnt of it. Made by `agent/cluster`.

import type { Namespace, Node, Pod, PolicyObject } from '../policy/objects.ts'
import type { Service } from './service.ts'

/**
 * The times an object carries, by the API server's or a kubelet's clock, truncated to seconds: lower bounds, never more.
 * Microseconds since 1970, NaN where absent.
 */
export interface Stamp {
  readonly created: number
  /** The newest write that managedFields know of: of the spec for policies, of the labels for pods and namespaces. */
  readonly written: number
  /** `resourceVersion`: where two observations have the same, nothing was written in between. */
  readonly version?: string
  /** Who wrote it: the field manager of that entry. */
  readonly by?: string
  /** Pods: `status.startTime`. */
  readonly started: number
  /** Pods: when the last container of a finished pod ended. */
  readonly finished: number
  /** When deletion was asked for: deletionTimestamp less the grace period, which the API server adds (measured). */
  readonly deleting: number
}

export const noStamp: Stamp = {
  created: Number.NaN,
  written: Number.NaN,
  started: Number.NaN,
  finished: Number.NaN,
  deleting: Number.NaN,
}

interface ObservedOf<Kind extends string, T> {
  readonly kind: Kind
  /** The kind as the API has it (`NetworkPolicy` where `kind` is `Policy`): each such kind is listed and watched by itself. */
  readonly api: string
  /** What the policy engine knows it by: the uid for pods and policies (or `ns/name`), else the name. */
  readonly id: string
  /** `ns/name`; plain for namespaces and nodes; `Kind/name` for cluster-scoped policies. */
  readonly name: string
  readonly object: T
  readonly stamp: Stamp
}

export type Observed =
  | ObservedOf<'Namespace', Namespace>
  | ObservedOf<'Pod', Pod>
  | ObservedOf<'Node', Node>
  | ObservedOf<'Service', Service>
  | ObservedOf<'Policy', PolicyObject>

export type ObservedObject = Observed['object']

/** One watch event; `at` is when it reached this node, microseconds since 1970. */
export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly at: number
  readonly observed: Observed
}

/**
 * All objects of an API kind were listed anew: what is missing from the ADDED events that follow at the same `at` was deleted
 * after `lastProof`, the last time the watch was known to be alive (NaN: not known). As the first event of its kind it says
 * "this is the initial list", which matters where that list is empty.
 */
export interface RelistEvent {
  readonly type: 'RELIST'
  readonly at: number
  readonly api: string
  readonly lastProof: number
}

/** The watch of an API kind has given no sign of life since `at`: until its RELIST nothing is certain about that kind. */
export interface LostEvent {
  readonly type: 'LOST'
  readonly at: number
  readonly api: string
}

export type TimelineEvent = ObjectEvent | RelistEvent | LostEvent
