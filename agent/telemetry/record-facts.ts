// What metrics need to know of a record: plain facts that the agent takes from it, once for every record that is written. A follow-up
// repeats the facts of its first record with its own `n`.

export interface PolicyFacts {
  /** NetworkPolicy where absent. */
  readonly kind?: string | undefined
  /** Absent for cluster-scoped kinds. */
  readonly ns?: string | undefined
  readonly name: string
  readonly role: string
  /** `egress[0]`, for `admits`. */
  readonly rule?: string | undefined
}

export interface FlowFacts {
  readonly event: `flow.${string}`
  readonly id: string
  /** Only in a follow-up: the id of its first record. */
  readonly of?: string | undefined
  readonly verdict: string
  readonly dir?: string | undefined
  readonly reason?: string | undefined
  readonly certainty?: string | undefined
  readonly agreement?: string | undefined
  /** Those of the record's `why`; for an allowed flow those of `egress` and `ingress` together. */
  readonly policies?: readonly PolicyFacts[] | undefined
  readonly n: number
  readonly bytes?: number | undefined
  /** Namespaces of the two ends, for the optional culprit_namespace_drops_total. */
  readonly srcNs?: string | undefined
  readonly dstNs?: string | undefined
}

export interface EnforcementFacts {
  readonly event: 'policy.enforced'
  readonly id: string
  /** At least and at most, in seconds. */
  readonly delay_s?: readonly [number, number] | undefined
  /** The policy's generation after the change; 1 is a new policy. */
  readonly gen?: number | undefined
  readonly deleted?: boolean | undefined
}

export interface PolicyChangeFacts {
  readonly event: 'policy.changed'
  readonly id: string
  /** As the record says it. */
  readonly ts?: string | undefined
  readonly op: string
  /** `ns/name`, or `AdminNetworkPolicy/NAME`. */
  readonly policy: string
}

/** A record of which only the number counts. */
export interface OtherFacts {
  readonly event:
    | 'policy.unenforced'
    | 'verdict.leak'
    | 'verdict.overblock'
    | 'evidence.gap'
    | 'chain.checkpoint'
    | `agent.${string}`
}

export type RecordFacts = FlowFacts | EnforcementFacts | PolicyChangeFacts | OtherFacts
