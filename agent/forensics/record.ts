// The forensic record: one JSON object per line, absent instead of null (JSON leaves members out that are undefined). Field names
// and order are the contract: other people's scripts depend on them.

import type { Fix } from '../policy/answer.ts'
import type { AppliedChange, Certainty, Unsure } from '../timeline/index.ts'
import { whatChanged } from '../verdict/blame.ts'
import type { Agreement, Reason } from '../verdict/finding.ts'
import type { AgentRecord } from './agent-record.ts'
import type { FollowUp } from './fold.ts'
import { type Origin, recordId, ulid } from './id.ts'
import { recordTime } from './time.ts'

export type FlowVerdict = 'allowed' | 'denied' | 'rejected' | 'audited' | 'unanswered'

export interface Endpoint {
  readonly ip?: string | undefined
  readonly port?: number | undefined
  readonly kind: 'pod' | 'node' | 'service' | 'external' | 'unknown'
  readonly ns?: string | undefined
  readonly pod?: string | undefined
  readonly uid?: string | undefined
  /** `Kind/name` of the pod's owner. */
  readonly wl?: string | undefined
  /** `ns/name` of the Service that the client addressed. */
  readonly svc?: string | undefined
  /** Name of the node, for `kind: node`. */
  readonly node?: string | undefined
  /** What the line calls it, where it hides the address and does not name one pod: `web-6c9f7d4b8-*`, `pub`. */
  readonly as?: string | undefined
}

export interface PolicyEntry {
  /** Only for kinds other than NetworkPolicy. */
  readonly kind?: string | undefined
  readonly ns?: string | undefined
  readonly name: string
  readonly uid?: string | undefined
  readonly gen?: number | undefined
  readonly role: 'admits' | 'isolates' | 'denies' | 'passes' | 'candidate'
  /** `egress[0]`, for `admits`. */
  readonly rule?: string | undefined
}

export interface NearestEntry {
  /** `ns/name` */
  readonly policy: string
  readonly rule: string
  readonly failed: string
  readonly want: string
  readonly have: string
  readonly also?:
    | readonly { readonly failed: string; readonly want: string; readonly have: string }[]
    | undefined
}

/** The smallest edit that would have allowed it: a proposal, never to be applied unread. */
export type FixEntry = Fix

/** The change that decided (DESIGN section 12). */
export interface ChangedEntry {
  readonly policy?: string | undefined
  /** `pod ns/name` or `namespace name`, for changed labels. */
  readonly object?: string | undefined
  readonly at: string
  readonly ago_s: number
  /** 0 before a creation. */
  readonly gen?: readonly [number, number] | undefined
  readonly deleted?: true | undefined
  readonly by?: string | undefined
  readonly what?: readonly string[] | undefined
  /** Other changes that it needed, newest first. */
  readonly with?: readonly ChangedEntry[] | undefined
}

/** What the policies say about one direction, and how sure that is. */
export interface Why {
  readonly reason: Reason
  readonly certainty: Certainty
  readonly agreement: Agreement
  /** At most five; `more` counts the rest. */
  readonly policies?: readonly PolicyEntry[] | undefined
  readonly more?: number | undefined
  readonly nearest?: NearestEntry | undefined
  readonly fix?: FixEntry | undefined
  readonly changed?: ChangedEntry | undefined
  readonly unsure?: readonly Unsure[] | undefined
  /** Invalid policies that could have touched the answer. */
  readonly leftOut?: readonly string[] | undefined
  /** The other direction, where both deny. */
  readonly other?: (Why & { readonly dir: 'egress' | 'ingress' }) | undefined
}

export interface Evidence {
  /** The FORMAT's name. */
  readonly source: string
  readonly file?: string | undefined
  /** Uncompressed byte offset of the line, or the kernel's record sequence for kmsg. */
  readonly offset?: number | undefined
}

export interface FlowRecord {
  readonly v: 1
  readonly id: string
  readonly ts?: string | undefined
  readonly event: `flow.${FlowVerdict}`
  readonly node?: string | undefined
  readonly verdict: FlowVerdict
  readonly dir?: 'egress' | 'ingress' | undefined
  readonly src: Endpoint
  readonly dst: Endpoint
  readonly proto?: string | undefined
  readonly nat?: { readonly dst?: string; readonly src?: string } | undefined
  readonly why?: Why | undefined
  readonly egress?: Why | undefined
  readonly ingress?: Why | undefined
  readonly reported?:
    | {
        readonly by: string
        readonly verdict?: string | undefined
        readonly policies?: readonly string[] | undefined
        readonly as?: string | undefined
        /** It names a policy that decided nothing here, by all that culprit knows: look at both. */
        readonly differs?: true | undefined
      }
    | undefined
  readonly n: number
  readonly bytes?: number | undefined
  readonly evidence: Evidence
}

/** Repeats of a flow within one window. */
export interface FollowUpRecord {
  readonly v: 1
  readonly id: string
  /** Start of the window. */
  readonly ts?: string | undefined
  readonly event: `flow.${FlowVerdict}`
  /** `id` of the first record. */
  readonly of: string
  readonly n: number
  /** Time of the last repeat in the window. */
  readonly last?: string | undefined
}

/** Evidence that is known to be missing: what makes "we saw nothing" a statement. */
export interface GapRecord {
  readonly v: 1
  readonly id: string
  readonly ts?: string | undefined
  readonly event: 'evidence.gap'
  readonly node?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly source: string
  readonly cause: string
  /** Absent where nobody can know. */
  readonly lost?: number | undefined
  readonly evidence?: Evidence | undefined
}

/** A policy object came, changed or went. */
export interface PolicyChangedRecord {
  readonly v: 1
  readonly id: string
  readonly ts?: string | undefined
  readonly event: 'policy.changed'
  readonly policy: string
  readonly op: 'created' | 'changed' | 'deleted'
  readonly gen?: readonly [number, number] | undefined
  readonly by?: string | undefined
  readonly what?: readonly string[] | undefined
}

/** The data plane did otherwise than the policies say: what it let through or blocked, one per pair of workloads, port and spell. */
export interface AccusationRecord {
  readonly v: 1
  readonly id: string
  /** Of the last packet. */
  readonly ts?: string | undefined
  readonly event: 'verdict.leak' | 'verdict.overblock'
  readonly node?: string | undefined
  readonly src: Endpoint
  readonly dst: Endpoint
  readonly port?: number | undefined
  readonly proto?: string | undefined
  /** Of the first packet. */
  readonly since?: string | undefined
  readonly n: number
  /** Id of the record of a flow of it, where one was written. */
  readonly of?: string | undefined
  /** What the policies say: who denies, or who admits. */
  readonly why: Why & { readonly dir: 'egress' | 'ingress' }
}

/** How long a node's data plane took to enforce a change, or that it has not yet. */
export interface EnforcementRecord {
  readonly v: 1
  readonly id: string
  readonly ts?: string | undefined
  readonly event: 'policy.enforced' | 'policy.unenforced'
  readonly node?: string | undefined
  readonly policy?: string | undefined
  /** `pod ns/name` or `namespace name`, for changed labels. */
  readonly object?: string | undefined
  /** After the change; before it, for a deletion. */
  readonly gen?: number | undefined
  readonly deleted?: true | undefined
  /** When the change was learnt of. */
  readonly at?: string | undefined
  /** At least and at most. */
  readonly delay_s?: readonly [number, number] | undefined
  /** At least. */
  readonly pending_s?: number | undefined
  readonly leaked: number
  readonly blocked: number
  readonly evidence: string
}

export type ForensicRecord =
  | FlowRecord
  | FollowUpRecord
  | GapRecord
  | PolicyChangedRecord
  | AccusationRecord
  | EnforcementRecord
  | AgentRecord

export function isFlowRecord(record: ForensicRecord): record is FlowRecord {
  return 'verdict' in record
}

export function isFollowUp(record: ForensicRecord): record is FollowUpRecord {
  return 'of' in record && record.event.startsWith('flow.')
}

export function followUpRecord(followUp: FollowUp): FollowUpRecord {
  const ts = recordTime(followUp.start)
  const last = recordTime(followUp.last)
  return {
    v: 1,
    id: ulid(followUp.start, `${followUp.of}\0${followUp.start}`),
    ...(ts !== undefined && { ts }),
    event: followUp.event,
    of: followUp.of,
    n: followUp.n,
    ...(last !== undefined && { last }),
  }
}

/** What is known about missing evidence; times in microseconds, NaN where not known. */
export interface Gap {
  readonly from: number
  readonly to: number
  readonly cause: string
  readonly lost: number | undefined
  readonly file: string | undefined
  readonly origin: Origin
}

export function gapRecord({ from, to, cause, lost, file, origin }: Gap): GapRecord {
  const start = recordTime(from)
  const end = recordTime(to)
  const ts = start ?? end
  return {
    v: 1,
    id: recordId(Number.isNaN(from) ? to : from, { ...origin, format: `${origin.format}\0gap` }),
    ...(ts !== undefined && { ts }),
    event: 'evidence.gap',
    ...(origin.node !== '' && { node: origin.node }),
    ...(start !== undefined && { from: start }),
    ...(end !== undefined && { to: end }),
    source: origin.format,
    cause,
    ...(lost !== undefined && { lost }),
    evidence: { source: origin.format, ...(file !== undefined && { file }), offset: origin.offset },
  }
}

/** A policy came, changed or went; undefined for changes of other kinds of objects. */
export function policyChangedRecord(change: AppliedChange): PolicyChangedRecord | undefined {
  if (change.kind !== 'policy') return undefined
  const { key, op, at, generation, by } = change
  const ts = recordTime(at)
  const what = whatChanged(change)
  const gen = [generation.from, op === 'deleted' ? generation.from : generation.to] as const
  return {
    v: 1,
    id: ulid(at, `policy.changed\0${change.api}\0${key}\0${op}\0${at}`),
    ...(ts !== undefined && { ts }),
    event: 'policy.changed',
    policy: key,
    op,
    ...(!gen.some(Number.isNaN) && { gen }),
    ...(by !== undefined && { by }),
    ...(what.length > 0 && { what }),
  }
}
