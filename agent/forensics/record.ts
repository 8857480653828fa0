// The forensic record: one JSON object per line, absent instead of null. Field names and order are DESIGN section 7's, and
// other people's scripts depend on them; nothing here knows how a record is made.

import type { AppliedChange, Certainty, Unsure } from '../timeline/index.ts'
import type { Agreement, Reason } from '../verdict/finding.ts'
import type { FollowUp } from './fold.ts'
import { type Origin, recordId, ulid } from './id.ts'
import { recordTime } from './time.ts'

export type FlowVerdict = 'allowed' | 'denied' | 'rejected' | 'audited' | 'unanswered'

export interface Endpoint {
  readonly ip?: string
  readonly port?: number
  readonly kind: 'pod' | 'node' | 'service' | 'external' | 'unknown'
  readonly ns?: string
  readonly pod?: string
  readonly uid?: string
  /** `Kind/name` of the pod's owner. */
  readonly wl?: string
  /** `ns/name` of the Service that the client addressed. */
  readonly svc?: string
  /** Name of the node, for `kind: node`. */
  readonly node?: string
}

export interface PolicyEntry {
  /** Only for kinds other than NetworkPolicy. */
  readonly kind?: string
  readonly ns?: string
  readonly name: string
  readonly uid?: string
  readonly gen?: number
  readonly role: 'admits' | 'isolates' | 'denies' | 'passes' | 'candidate'
  /** `egress[0]`, for `admits`. */
  readonly rule?: string
}

export interface NearestEntry {
  /** `ns/name` */
  readonly policy: string
  readonly rule: string
  readonly failed: string
  readonly want: string
  readonly have: string
  readonly also?: readonly { readonly failed: string; readonly want: string; readonly have: string }[]
}

/** What the policies say about one direction, and how sure that is. */
export interface Why {
  readonly reason: Reason
  readonly certainty: Certainty
  readonly agreement: Agreement
  /** At most five; `more` counts the rest. */
  readonly policies?: readonly PolicyEntry[]
  readonly more?: number
  readonly nearest?: NearestEntry
  readonly unsure?: readonly Unsure[]
  /** Invalid policies that could have touched the answer. */
  readonly leftOut?: readonly string[]
  /** The other direction, where both deny. */
  readonly other?: Why & { readonly dir: 'egress' | 'ingress' }
}

export interface Evidence {
  /** The FORMAT's name. */
  readonly source: string
  readonly file?: string
  /** Uncompressed byte offset of the line, or the kernel's record sequence for kmsg. */
  readonly offset?: number
}

export interface FlowRecord {
  readonly v: 1
  readonly id: string
  readonly ts?: string
  readonly event: `flow.${FlowVerdict}`
  readonly node?: string
  readonly verdict: FlowVerdict
  readonly dir?: 'egress' | 'ingress'
  readonly src: Endpoint
  readonly dst: Endpoint
  readonly proto?: string
  readonly nat?: { readonly dst?: string; readonly src?: string }
  readonly why?: Why
  readonly egress?: Why
  readonly ingress?: Why
  readonly reported?: {
    readonly by: string
    readonly verdict?: string
    readonly policies?: readonly string[]
    readonly as?: string
  }
  readonly n: number
  readonly bytes?: number
  readonly evidence: Evidence
}

/** Repeats of a flow within one window. */
export interface FollowUpRecord {
  readonly v: 1
  readonly id: string
  /** Start of the window. */
  readonly ts?: string
  readonly event: `flow.${FlowVerdict}`
  /** `id` of the first record. */
  readonly of: string
  readonly n: number
  /** Time of the last repeat in the window. */
  readonly last?: string
}

/** Evidence that is known to be missing: what makes "we saw nothing" a statement. */
export interface GapRecord {
  readonly v: 1
  readonly id: string
  readonly ts?: string
  readonly event: 'evidence.gap'
  readonly node?: string
  readonly from?: string
  readonly to?: string
  readonly source: string
  readonly cause: string
  /** Absent where nobody can know. */
  readonly lost?: number
  readonly evidence?: Evidence
}

/** A policy object came, changed or went. */
export interface PolicyChangedRecord {
  readonly v: 1
  readonly id: string
  readonly ts?: string
  readonly event: 'policy.changed'
  readonly policy: string
  readonly op: 'created' | 'changed' | 'deleted'
  readonly gen?: readonly [number, number]
  readonly by?: string
  readonly what?: readonly string[]
}

export type ForensicRecord = FlowRecord | FollowUpRecord | GapRecord | PolicyChangedRecord

export function isFlowRecord(record: ForensicRecord): record is FlowRecord {
  return 'verdict' in record
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
  }
}
