// What a record says that can be asked for, in one shape for all events.

import { parseTime } from '../timeline/time.ts'
import type { Endpoint, PolicyEntry, Why } from './record.ts'
import { policyName } from './words.ts'

export interface Facts {
  readonly event: string
  readonly verdict: string | undefined
  readonly src: Endpoint | undefined
  readonly dst: Endpoint | undefined
  /** Addresses that the client wrote or the server saw, where NAT changed them. */
  readonly nat: readonly [src: string | undefined, dst: string | undefined]
  readonly port: number | undefined
  readonly proto: string | undefined
  readonly dir: string | undefined
  /** `ns/name`, or `Kind/name`: every policy that decided, or that the record is about. */
  readonly policies: readonly string[]
  /** The record names some of the policies and counts the others. */
  readonly isCut: boolean
  readonly reason: string | undefined
  readonly node: string | undefined
  /** What a person should read where there are no ends: a gap's cause, a policy's change. */
  readonly text: string | undefined
  /** A verdict about one packet or more; what else has an `n` counts the same packets again. */
  readonly isFlow: boolean
}

/** A record's members that queries look at; whoever else writes such lines may have left any out. */
interface Loose {
  readonly id?: unknown
  readonly event?: unknown
  readonly [member: string]: unknown
}

/** A parsed line; undefined where it is no record of culprit's. */
export function factsOf(value: unknown): Facts | undefined {
  const record = value as Loose
  if (value === null || typeof value !== 'object' || typeof record.event !== 'string') return undefined
  const whys = whysOf(record)
  const dst = objectOf<Endpoint>(record.dst)
  const nat = objectOf<{ src?: string; dst?: string }>(record.nat)
  return {
    event: record.event,
    verdict: record.event.startsWith('flow.') ? record.event.slice(5) : undefined,
    src: objectOf<Endpoint>(record.src),
    dst,
    nat: [hostOf(nat?.src), hostOf(nat?.dst)],
    port: numberOf(record.port) ?? dst?.port,
    proto: textOf(record.proto),
    dir: textOf(record.dir) ?? whys[0]?.dir,
    policies: policiesOf(record, whys),
    isCut: whys.some(why => why.more !== undefined),
    reason: whys[0]?.reason,
    node: textOf(record.node),
    text: noteOf(record),
    isFlow: record.event.startsWith('flow.'),
  }
}

/** The id of the first record that a follow-up counts repeats of. */
export function followedOf(value: unknown): string | undefined {
  const { event, of, src } = value as Loose
  return typeof of === 'string' && src === undefined && String(event).startsWith('flow.') ? of : undefined
}

/** Microseconds, NaN where there is none. */
export function timeOf(value: unknown): number {
  return typeof value === 'string' ? parseTime(value) : Number.NaN
}

type DirectedWhy = Why & { readonly dir?: string }

function whysOf(record: Loose): readonly DirectedWhy[] {
  const whys = [record.why, record.egress, record.ingress]
    .map(objectOf<DirectedWhy>)
    .filter(why => why !== undefined)
  return whys.flatMap(why => (why.other === undefined ? [why] : [why, why.other]))
}

function policiesOf(record: Loose, whys: readonly Why[]): readonly string[] {
  const named = whys.flatMap(why => why.policies ?? []).map((entry: PolicyEntry) => policyName(entry))
  const about = textOf(record.policy)
  return [...new Set(about === undefined ? named : [...named, about])]
}

function noteOf(record: Loose): string | undefined {
  switch (record.event) {
    case 'evidence.gap':
      return `${textOf(record.source) ?? ''}: ${record.lost === undefined ? 'unknown number' : record.lost} lost: ${textOf(record.cause) ?? ''}`
    case 'policy.changed':
      return [record.op, ...(record.by === undefined ? [] : ['by', record.by])].join(' ')
    case 'policy.enforced':
    case 'policy.unenforced':
      return textOf(record.evidence)
    case 'chain.checkpoint':
      return `line ${record.seq}`
    default:
      return undefined
  }
}

function hostOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const match = /^(?:\[(.+)\]|([^:]+)):\d+$/.exec(text)
  return match?.[1] ?? match?.[2] ?? text
}

function objectOf<T extends object>(value: unknown): T | undefined {
  return value !== null && typeof value === 'object' ? (value as T) : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
