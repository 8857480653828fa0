// What the policy engine answers: witnesses, never a boolean.

import type { Address } from '../address.ts'
import type { Pod } from './objects.ts'

export type Direction = 'egress' | 'ingress'
export const directions: readonly Direction[] = ['egress', 'ingress']

/** IANA protocol numbers that a NetworkPolicy port can name. */
export const TCP = 6
export const UDP = 17
export const SCTP = 132

/**
 * One end of a connection, resolved once and then used for any number of evaluations of the same epoch. Two ends are the same
 * pod when their `pod` is the same object. Made by the engine (`Epoch.end…`), opaque beyond these fields.
 */
export interface End {
  /** `pod`: on the pod network, so policies govern it. `node`: a node's address, a host-network pod included (S52). */
  readonly kind: 'pod' | 'node' | 'external' | 'unknown'
  readonly pod: Pod | undefined
  /** The address this end has on the wire. */
  readonly address: Address
}

/** The names of a policy as answers carry them. */
export interface PolicyRef {
  /** `ns/name`, or `Kind/name` for a cluster-scoped kind: unique, and what everything is sorted by. */
  readonly key: string
  readonly kind: string
  readonly ns?: string
  readonly name: string
  readonly uid?: string
  readonly generation?: number
}

export type Reason =
  | 'rule-matched'
  | 'not-isolated'
  | 'no-rule-matched'
  | 'explicit-deny'
  | 'exempt-node'
  | 'exempt-self'

export type Role = 'admits' | 'isolates' | 'denies' | 'passes'

/** One policy's part in an answer; a policy with several matching rules is several witnesses. */
export interface Witness {
  readonly policy: PolicyRef
  readonly role: Role
  /** Index in the policy's rules of this direction; -1 for `isolates`. */
  readonly rule: number
}

/** What one direction says. Shared and frozen: the same answer is handed out again, so compare by identity, do not change it. */
export interface DirectionAnswer {
  readonly direction: Direction
  /** `n/a`: that end is not a pod under policy. */
  readonly verdict: 'allowed' | 'denied' | 'n/a'
  /** Absent for `n/a`. */
  readonly reason?: Reason
  /** Sorted by policy key, then rule. Everything that is responsible (S66), and the rules that passed the packet on to it. */
  readonly witnesses: readonly Witness[]
  /** Invalid policies that could have touched this answer, as keys, sorted. */
  readonly leftOut: readonly string[]
  /** The answer rests on a choice that the API leaves open (equal priorities): a candidate, not certain. */
  readonly undefinedChoice: boolean
  /**
   * A rule for domain names would have allowed the packet if the peer's address had one of its names, which nobody here knows (A9): a
   * candidate, not certain.
   */
  readonly unknownName: boolean
}

export interface Answer {
  readonly verdict: 'allowed' | 'denied'
  readonly egress: DirectionAnswer
  readonly ingress: DirectionAnswer
}

/** The rule that failed on the fewest terms. Field texts are DESIGN section 12's, word for word. */
export interface NearestMiss {
  readonly direction: Direction
  readonly policy: PolicyRef
  /** `ingress[0]` */
  readonly rule: string
  /** `from[0].podSelector`, `ports[1]` … */
  readonly failed: string
  readonly want: string
  readonly have: string
  /** Further failing terms of the same rule. */
  readonly also: readonly { readonly failed: string; readonly want: string; readonly have: string }[]
}

/** One operation of a JSON patch (RFC 6902), on the object as the API server has it. */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: string
  readonly value?: unknown
}

/** What an edit newly lets through in the direction that it is for, the packet that was asked about included. */
export interface Opens {
  /** Pods at the peer's end. */
  readonly pods: number
  /** Of these pods, sorted. */
  readonly namespaces: readonly string[]
  /** Addresses at the peer's end that are no pod's, as a CIDR. */
  readonly addresses?: string
  /** `5432/TCP`, or `all` where every port and protocol opens. */
  readonly ports: string
  /** Pods at the subject's end, where it is more than the one that was asked about. */
  readonly subjects?: number
}

/** The smallest single edit that would have allowed one direction, or why there is none. */
export type Fix =
  | {
      readonly kind: 'policy' | 'pod' | 'namespace'
      /** `ns/name`, `Kind/name` for a cluster-scoped policy, a namespace's name. */
      readonly target: string
      readonly patch: readonly PatchOperation[]
      readonly opens: Opens
    }
  | { readonly kind: 'none'; readonly because: string }

/** An object that the API server would have refused (S27), with everything that is wrong with it. */
export interface Rejection {
  readonly key: string
  readonly kind: string
  readonly problems: readonly string[]
}
