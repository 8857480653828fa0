// What the policies say about a flow. Plain data; the record is made from it and from nothing else.

import type { Direction, Fix, NearestMiss, Reason as PolicyReason, Witness } from '../policy/answer.ts'
import type { Pod } from '../policy/objects.ts'
import type { Certainty, Unsure } from '../timeline/unsure.ts'

/** The policy engine's reasons, and those that only an observed flow can have. */
export type Reason = PolicyReason | 'other-policy' | 'established' | 'not-a-policy' | 'unknown'

/** How the observed verdict and the policies in force compare (DESIGN section 4). */
export type Agreement = 'agrees' | 'lagging' | 'contradicts' | 'undecided'

/** One end of the connection as it was known at the flow's time. */
export interface Party {
  readonly kind: 'pod' | 'node' | 'service' | 'external' | 'unknown'
  /** Undefined where the line hides it. */
  readonly ip: string | undefined
  /** Undefined too where it was one of several, and the line hides which. */
  readonly pod: Pod | undefined
  /** Node name for `kind: node`. */
  readonly node: string | undefined
  /** `ns/name` of the Service whose address this is. */
  readonly service: string | undefined
  /** What stands in for an address that the line hides. */
  readonly named?: NamedParty | undefined
}

export interface NamedParty {
  readonly ns: string | undefined
  /** Name of the pod, where the line says which it was. */
  readonly pod: string | undefined
  /** What all have in common that it may have been; undefined where they differ, or none is known. */
  readonly workload: string | undefined
  /** The line's own word for it: `web-6c9f7d4b8-*`, `pub`. */
  readonly as: string | undefined
}

/** What decided one direction. */
export interface Attribution {
  readonly direction: Direction
  readonly verdict: 'allowed' | 'denied'
  readonly reason: Reason
  readonly witnesses: readonly Witness[]
  readonly certainty: Certainty
  readonly agreement: Agreement
  readonly unsure: readonly Unsure[]
  readonly leftOut: readonly string[]
  /** Worked out only when asked for: a record needs it, a count does not. */
  nearest(): readonly NearestMiss[]
  /** Of a denial by policies; worked out only when asked for. */
  fix(): Fix | undefined
  /** The change without which the verdict would have been another; worked out only when asked for. */
  changed(): Blame | undefined
}

/** The change that decided, the latest if several did it together. */
export interface Blame extends BlamedChange {
  /** The others that it needed, newest first. */
  readonly with: readonly BlamedChange[]
}

export interface BlamedChange {
  /** A policy by its key, or `pod ns/name`, `namespace name`. */
  readonly subject: { readonly policy: string } | { readonly object: string }
  /** Microseconds since 1970. */
  readonly at: number
  /** Seconds from the change to the flow. */
  readonly ago: number
  /** Of a policy: 0 before its creation, NaN where the object has none. */
  readonly generation: readonly [number, number]
  readonly isDeletion: boolean
  /** The field manager of the newest write to the changed part. */
  readonly by: string | undefined
  /** What was edited, in words: `ingress[0].from[1] removed`, `label app: cart -> kart`. */
  readonly what: readonly string[]
}

export interface Finding {
  readonly verdict: 'allowed' | 'denied' | 'rejected' | 'audited' | 'unanswered' | 'none'
  readonly initiator: Party
  readonly responder: Party
  /** The responder's port after DNAT, -1 where there is none. */
  readonly port: number
  /** IANA number, -1 unknown. */
  readonly proto: number
  /** What the client addressed, and what the responder saw as the client, where NAT changed them: `ip:port`, `ip`. */
  readonly nat: { readonly dst?: string; readonly src?: string } | undefined
  /** Service that the client addressed, `ns/name`. */
  readonly service: string | undefined
  /** The direction that decides, for all verdicts but allowed; undefined where nothing was judged. */
  readonly deciding: Attribution | undefined
  /** The other direction, where both deny. */
  readonly other: Attribution | undefined
  /** The directions that were judged here. */
  readonly egress: Attribution | undefined
  readonly ingress: Attribution | undefined
  /** Why nothing was judged, where `deciding` is undefined: no pod under policy at either end, or none that is known. */
  readonly unjudged: { readonly reason: 'not-a-policy' | 'unknown'; readonly unsure: readonly Unsure[] }
}
