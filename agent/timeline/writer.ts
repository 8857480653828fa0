// Who made a change: managedFields keep, per field manager, what it owns and when it last wrote. An entry speaks of this change only
// if it is new since the state before, and owns a part that came or changed; what is only removed is nobody's afterwards.

import type { Labels, PolicyObject } from '../policy/objects.ts'
import { isEqual } from './equal.ts'
import { parseTime } from './time.ts'
import type { Seen } from './track.ts'

type Json = Readonly<Record<string, unknown>>

/** The manager of a policy's change; undefined where it cannot be told. */
export function policyWriter(before: PolicyObject | undefined, after: PolicyObject): string | undefined {
  const known = new Set(entriesOf(before).map(identity))
  const fresh = entriesOf(after).filter(entry => ownedOf(entry) !== 'nothing' && !known.has(identity(entry)))
  const [was, is] = [specOf(before), specOf(after)]
  const parts = Object.keys(is).filter(part => !isEqual(was[part], is[part]))
  if (parts.length === 0) return fresh.length === 1 ? managerOf(fresh[0]!) : undefined
  const owners = fresh.filter(entry => parts.some(part => isOwner(entry, part)))
  return newest(owners.length > 0 ? owners : fresh)
}

/** The manager of a change of labels, of a pod or a namespace. */
export function labelWriter(
  before: Labels,
  after: Labels,
  earlier: Seen['stamp'],
  { by, written }: Seen['stamp'],
): string | undefined {
  const isRemoval = Object.keys(after).every(key => Object.hasOwn(before, key) && before[key] === after[key])
  const isFresh = by !== earlier.by || !Object.is(written, earlier.written)
  return isRemoval || !isFresh ? undefined : by
}

function entriesOf(object: PolicyObject | undefined): readonly Json[] {
  return (object?.metadata.managedFields ?? []).filter(
    entry => typeof entry === 'object' && entry !== null,
  ) as Json[]
}

/** Two states have the same one where the manager has not written between them. */
function identity({ manager, operation, subresource, time }: Json): string {
  return JSON.stringify([manager, operation, subresource ?? '', time])
}

function specOf(object: PolicyObject | undefined): Json {
  const spec = object?.spec
  return typeof spec === 'object' && spec !== null ? (spec as Json) : {}
}

/** The fields of `spec` that an entry owns; one that does not say may own all of them, unless it wrote a subresource. */
function ownedOf({ fieldsV1, subresource }: Json): Json | 'all' | 'nothing' {
  if (typeof fieldsV1 !== 'object' || fieldsV1 === null)
    return subresource === undefined || subresource === '' ? 'all' : 'nothing'
  const owned = (fieldsV1 as Json)['f:spec']
  return typeof owned === 'object' && owned !== null ? (owned as Json) : 'nothing'
}

function isOwner(entry: Json, part: string): boolean {
  const owned = ownedOf(entry)
  return owned === 'all' || (owned !== 'nothing' && Object.hasOwn(owned, `f:${part}`))
}

/** Of two managers that wrote in one second nobody knows which came last. */
function newest(entries: readonly Json[]): string | undefined {
  const times = entries.map(entry => (typeof entry.time === 'string' ? parseTime(entry.time) : Number.NaN))
  const last = Math.max(...times.filter(time => !Number.isNaN(time)))
  const managers = new Set(entries.filter((_, i) => times[i] === last).map(managerOf))
  return managers.size === 1 ? [...managers][0] : undefined
}

function managerOf({ manager }: Json): string | undefined {
  return typeof manager === 'string' && manager !== '' ? manager : undefined
}
