// A NetworkPolicy that has been read: validated, defaulted, `null` gone, CIDRs and selectors parsed. Still the policy as its author
// wrote it, rule by rule, so that explanations can quote it; what evaluation needs beyond this is in compile-policy.ts.

import type { Cidr } from '../address.ts'
import type { PolicyRef } from './answer.ts'
import type { Selector } from './selector.ts'

export interface NetworkPolicy {
  readonly ref: PolicyRef
  readonly ns: string
  /** `spec.podSelector`: which pods of the namespace are subjects (S1, S2). */
  readonly subjects: Selector
  /** The directions of the effective `policyTypes` (S14). */
  readonly isolates: { readonly egress: boolean; readonly ingress: boolean }
  /** Rules as written, also those of a direction that is not isolated (inert, S15). */
  readonly egress: readonly Rule[]
  readonly ingress: readonly Rule[]
  /** False for an object without a spec, which a patch would have to make first. */
  readonly hasSpec: boolean
}

export interface Rule {
  /** ORed; none matches every peer (S18). */
  readonly peers: readonly Peer[]
  /** ORed; none matches every port and protocol (S19). */
  readonly ports: readonly PortMatch[]
}

/** Either an `ipBlock` alone, or one or both selectors, ANDed (S24). Absent and empty selectors differ (S25). */
export interface Peer {
  readonly namespaceSelector?: Selector
  readonly podSelector?: Selector
  readonly ipBlock?: IpBlock
}

export interface IpBlock {
  readonly cidr: CidrText
  readonly except: readonly CidrText[]
}

/** A CIDR with the spelling of the manifest, which is what its author will search for. */
export interface CidrText {
  readonly cidr: Cidr
  readonly text: string
}

/** `port` or `name` or neither, which means every port of the protocol (S38). */
export interface PortMatch {
  /** IANA number. */
  readonly protocol: number
  readonly port?: number
  /** Inclusive (S39). */
  readonly endPort?: number
  readonly name?: string
}
