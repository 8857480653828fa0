// The lines of a manifest that a record's answer rests on: of each direction the rule that came nearest, or admits, or denies.

import { locatePolicy } from '../cluster/index.ts'
import { type Side, sidesOf } from '../forensics/explain.ts'
import type { Judged, Quote } from '../forensics/explanation.ts'
import type { PolicyEntry } from '../forensics/record.ts'
import { policyName } from '../forensics/words.ts'
import type { Epoch, PolicyObject } from '../policy/index.ts'
import type { Timeline } from '../timeline/index.ts'

export interface Shelf {
  /** `--world`. */
  readonly world: string
  readonly timeline: Timeline<Epoch>
  /** Of the record, microseconds. */
  readonly time: number
}

export async function quotesOf(record: Judged, shelf: Shelf): Promise<readonly Quote[]> {
  const quotes: Quote[] = []
  for (const side of sidesOf(record)) {
    const quote = await quoteOf(side, shelf)
    if (quote !== undefined) quotes.push(quote)
  }
  return quotes
}

/** Only what decided for certain, or nearly so: a line that is quoted is believed. */
async function quoteOf(side: Side, shelf: Shelf): Promise<Quote | undefined> {
  const cited = citedBy(side)
  const object = cited && objectOf(cited.entry, shelf)
  if (cited === undefined || object === undefined) return undefined
  const path = placeIn(object, cited.path)
  const place = await locatePolicy(shelf.world, object, ['spec', ...path])
  return place && { policy: policyName(cited.entry), path: textOf(path), ...place }
}

interface Cited {
  readonly entry: PolicyEntry
  /** Inside `spec`. */
  readonly path: string
}

function citedBy({ nearest, policies = [], dir, reason }: Side): Cited | undefined {
  // What is exempt is so whatever the policies say.
  if (reason === 'exempt-node' || reason === 'exempt-self') return undefined
  if (nearest !== undefined) {
    const entry = policies.find(policy => policyName(policy) === nearest.policy)
    return entry && { entry, path: `${nearest.rule}.${nearest.failed}` }
  }
  const entry = policies.find(policy => policy.role !== 'passes')
  return entry && dir && { entry, path: entry.rule ?? dir }
}

/**
 * The deepest part of the path that the policy has. It may isolate a direction without a word about it: then what says so is
 * `policyTypes`, or the policy's being there.
 */
function placeIn({ spec }: PolicyObject, path: string): readonly (string | number)[] {
  const parts = partsOf(path)
  let value: unknown = spec
  for (const [depth, part] of parts.entries()) {
    const next = (value as Readonly<Record<string | number, unknown>>)[part]
    if (next === undefined || next === null)
      return depth > 0 ? parts.slice(0, depth) : [hasTypes(spec) ? 'policyTypes' : 'podSelector']
    value = next
  }
  return parts
}

function hasTypes(spec: unknown): boolean {
  return ((spec ?? {}) as { readonly policyTypes?: unknown }).policyTypes != null
}

/** `ingress[0].from[0].podSelector` -> `['ingress', 0, 'from', 0, 'podSelector']` */
export function partsOf(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) =>
    index === undefined ? name! : Number(index),
  )
}

function textOf(path: readonly (string | number)[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('')
}

/** Just before and after a change, two states of a policy may have decided. */
const UNSETTLED_US = 10_000_000

/** The policy as it was judged: by uid and generation where the record has them. */
function objectOf(entry: PolicyEntry, { timeline, time }: Shelf): PolicyObject | undefined {
  const name = policyName(entry)
  const isIt = (object: PolicyObject | undefined): object is PolicyObject =>
    object !== undefined &&
    policyName({ kind: object.kind, ns: object.metadata.namespace, name: object.metadata.name }) === name &&
    (entry.uid === undefined || object.metadata.uid === entry.uid) &&
    (entry.gen === undefined || object.metadata.generation === entry.gen)
  const isUnsettled = timeline
    .changes()
    .some(change => change.key === name && Math.abs(change.at - time) < UNSETTLED_US)
  // Without a generation another state of it looks the same.
  if (isUnsettled && entry.gen === undefined) return undefined
  const current = timeline.viewAt(time).world().policies.find(isIt)
  if (current !== undefined) return current
  return timeline
    .changes()
    .flatMap(change => (change.kind === 'policy' ? [change.before, change.after] : []))
    .findLast(isIt)
}
