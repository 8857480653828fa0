// What can alter a verdict while both ends stay who they are: a policy, the labels of a namespace or of a pod. Each is a change
// that some data plane had to be told of, so each has a time before which, and one after which, it was certainly (not) so.

import type { Namespace, Pod, PolicyObject } from '../policy/objects.ts'
import { isEqual } from './equal.ts'
import type { Observed } from './observed.ts'
import { notBefore, type Tolerance } from './ownership.ts'
import type { Seen, Track } from './track.ts'
import { labelWriter, policyWriter } from './writer.ts'

interface ChangeOf<Kind extends string, T> {
  readonly kind: Kind
  /** The kind as the API has it. */
  readonly api: string
  /** `ns/name`, `Kind/name` for cluster-scoped policies, a namespace's name. */
  readonly key: string
  readonly op: 'created' | 'changed' | 'deleted'
  /** When this node learnt of it: the latest moment of the API write. Microseconds since 1970. */
  readonly at: number
  /** The earliest moment of the API write by the API server's own clock. */
  readonly since: number
  /** The earliest moment of the API write whatever that clock says; the state was certainly the older one before. */
  readonly earliest: number
  /** Found by a relist: what lay between the two states is not known. */
  readonly gap: boolean
  /** 0 before a creation; NaN after a deletion and where the object has none. */
  readonly generation: { readonly from: number; readonly to: number }
  /** The field manager of the newest write to what changed; absent where that cannot be told. */
  readonly by?: string
  readonly before?: T
  readonly after?: T
}

export type AppliedChange =
  | ChangeOf<'policy', PolicyObject>
  | ChangeOf<'namespace', Namespace>
  /** Labels (or container ports) of a pod that lives on; coming and going of pods is the owner's matter. */
  | ChangeOf<'pod', Pod>

const NONE: readonly AppliedChange[] = []

/** The changes of one object, oldest first. Those of `known` that still hold are the same objects again. */
export function changesOf(
  track: Track,
  tolerance: Tolerance,
  known: readonly AppliedChange[],
): readonly AppliedChange[] {
  const changes: AppliedChange[] = []
  for (const [i, seen] of track.seen.entries()) {
    const change = changeBetween(track, track.seen[i - 1], seen, tolerance)
    if (change !== undefined) changes.push(known.find(each => isSame(each, change)) ?? change)
  }
  return changes.length === 0 ? NONE : changes
}

function isSame(a: AppliedChange, b: AppliedChange): boolean {
  const isSameTime = a.at === b.at && a.since === b.since && a.earliest === b.earliest
  return isSameTime && a.op === b.op && a.before === b.before && a.after === b.after
}

function changeBetween(
  track: Track,
  earlier: Seen | undefined,
  seen: Seen,
  tolerance: Tolerance,
): AppliedChange | undefined {
  if (!Number.isNaN(seen.listed)) return undefined
  const before = earlier?.observed
  const after = seen.observed
  const op = before === undefined ? 'created' : after === undefined ? 'deleted' : 'changed'
  if (before === undefined && after === undefined) return undefined
  const times = { at: seen.at, ...writtenAt(seen, op, tolerance), gap: !Number.isNaN(seen.gap) }
  const by = writerOf(earlier, seen)
  const rest = { api: track.api, key: track.name, op, ...times, ...(by === undefined ? {} : { by }) } as const
  if (track.kind === 'Policy') return policyChange(rest, policyOf(before), policyOf(after))
  if (op !== 'changed') return undefined
  if (before?.kind === 'Namespace' && after?.kind === 'Namespace')
    return namespaceChange(rest, before.object, after.object)
  if (before?.kind === 'Pod' && after?.kind === 'Pod') return podChange(rest, before.object, after.object)
  return undefined
}

/** Who deleted an object is not in it: its newest entry is the last writer's. */
function writerOf(earlier: Seen | undefined, { observed, stamp }: Seen): string | undefined {
  const before = earlier?.observed
  if (observed === undefined) return undefined
  if (observed.kind === 'Policy' && observed.object.metadata.managedFields !== undefined)
    return policyWriter(policyOf(before), observed.object)
  const isLabelled = observed.kind === 'Pod' || observed.kind === 'Namespace'
  if (earlier !== undefined && isLabelled && before?.kind === observed.kind)
    return labelWriter(before.object.labels, observed.object.labels, earlier.stamp, stamp)
  return stamp.by
}

type Rest = Pick<AppliedChange, 'api' | 'key' | 'op' | 'at' | 'since' | 'earliest' | 'gap' | 'by'>

function policyOf(observed: Observed | undefined): PolicyObject | undefined {
  return observed?.kind === 'Policy' ? observed.object : undefined
}

function policyChange(
  rest: Rest,
  before: PolicyObject | undefined,
  after: PolicyObject | undefined,
): AppliedChange | undefined {
  if (before !== undefined && after !== undefined && isEqual(before.spec, after.spec)) return undefined
  const from = before === undefined ? 0 : (before.metadata.generation ?? Number.NaN)
  const generation = { from, to: after?.metadata.generation ?? Number.NaN }
  return { kind: 'policy', ...rest, generation, ...states(before, after) }
}

const noGeneration = { from: Number.NaN, to: Number.NaN }

function namespaceChange(rest: Rest, before: Namespace, after: Namespace): AppliedChange | undefined {
  if (isEqual(before.labels, after.labels)) return undefined
  return { kind: 'namespace', ...rest, generation: noGeneration, ...states(before, after) }
}

function podChange(rest: Rest, before: Pod, after: Pod): AppliedChange | undefined {
  if (isEqual(before.labels, after.labels) && isEqual(before.ports, after.ports)) return undefined
  return { kind: 'pod', ...rest, generation: noGeneration, ...states(before, after) }
}

function states<T>(before: T | undefined, after: T | undefined): { before?: T; after?: T } {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
}

/**
 * The API write is dated to the second by creationTimestamp and managedFields. An entry may be older than this write (a time
 * moves only with the fields its manager owns), so it is believed only as far back as a watch event can be late.
 */
function writtenAt(
  seen: Seen,
  op: AppliedChange['op'],
  tolerance: Tolerance,
): Pick<AppliedChange, 'since' | 'earliest'> {
  const floor = Math.min(seen.at, Number.isNaN(seen.gap) ? seen.at - tolerance.watchDelay : seen.gap)
  const { created, written, deleting } = seen.stamp
  const api = op === 'created' ? created : op === 'deleted' ? deleting : written
  if (!Number.isNaN(seen.gap)) return { since: floor, earliest: floor }
  return {
    since: Number.isNaN(api) ? floor : Math.min(seen.at, Math.max(api, floor)),
    earliest: notBefore(floor, api, seen, tolerance),
  }
}
