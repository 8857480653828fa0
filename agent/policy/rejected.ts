// A policy that no answer counts, with what it could have touched.

import type { Rejection } from './answer.ts'
import type { NetworkPolicy } from './network-policy.ts'
import type { Selector } from './selector.ts'
import type { TierPolicy } from './tier-policy.ts'

/** A rejection with the subjects and directions that the object could have touched had it been valid. */
export interface RejectedPolicy extends Rejection {
  /** Absent for a cluster-scoped kind: pods of every namespace. */
  readonly ns?: string
  /** Of a cluster-scoped kind, the namespaces of its subjects; absent when they cannot be read: every one. */
  readonly namespaces?: Selector
  /** Absent when it cannot be read: every pod. */
  readonly subjects?: Selector
  readonly egress: boolean
  readonly ingress: boolean
}

/** A policy as it was read. */
export type Policy = NetworkPolicy | TierPolicy

export function isRejected(policy: Policy | RejectedPolicy): policy is RejectedPolicy {
  return 'problems' in policy
}

export function isTierPolicy(policy: Policy | RejectedPolicy): policy is TierPolicy {
  return 'tier' in policy
}
