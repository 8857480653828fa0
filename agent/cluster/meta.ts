// What every object's metadata says: its name, its labels, and when and by whom it was written.

import { noStamp, parseTime, type Stamp } from '../timeline/index.ts'
import type { Fields, Json } from './field.ts'
import { isRecord } from './field.ts'

export interface Meta {
  readonly name: string
  /** `default` where a namespaced object names none, as `kubectl apply` would have it. */
  readonly namespace: string
  readonly uid: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly fields: Fields
}

export function readMeta(object: Fields): Meta {
  const fields = object.fields('metadata')
  const name = fields.string('name') ?? ''
  if (name === '' && !(fields.has('name') && typeof fields.raw('name') !== 'string')) {
    fields.issues.push({ path: ['metadata'], text: 'has no metadata.name' })
  }
  const namespace = fields.string('namespace') ?? ''
  const uid = fields.string('uid')
  return {
    name,
    namespace: namespace === '' ? 'default' : namespace,
    uid: uid === '' ? undefined : uid,
    labels: fields.stringMap('labels'),
    fields,
  }
}

/** Microseconds since 1970, NaN where absent. */
export function timeField(fields: Fields, key: string): number {
  const text = fields.string(key)
  if (text === undefined) return Number.NaN
  const time = parseTime(text)
  if (Number.isNaN(time))
    fields.report([key], `${JSON.stringify(text)} is not an RFC 3339 time (2026-11-22T14:41:02Z)`)
  return time
}

/** `part`: whose last write is asked for. */
export function readStamp(meta: Fields, part: 'spec' | 'labels'): Stamp {
  const deletion = timeField(meta, 'deletionTimestamp')
  // The API server adds the grace period to the time of the request.
  const grace = meta.integer('deletionGracePeriodSeconds', 0, Number.MAX_SAFE_INTEGER) ?? 0
  const written = lastWrite(meta.raw('managedFields'), part)
  const version = meta.string('resourceVersion')
  return {
    ...noStamp,
    ...(version ? { version } : {}),
    created: timeField(meta, 'creationTimestamp'),
    deleting: deletion - grace * 1_000_000,
    ...written,
  }
}

/** managedFields keep one time per manager: the newest entry that owns the part is its last writer's. */
function lastWrite(managed: unknown, part: 'spec' | 'labels'): { written: number; by?: string } {
  let written = Number.NaN
  let by: string | undefined
  for (const entry of Array.isArray(managed) ? managed : []) {
    if (!isRecord(entry) || typeof entry.time !== 'string' || !owns(entry, part)) continue
    const time = parseTime(entry.time)
    if (!(time <= written) && !Number.isNaN(time)) {
      written = time
      by = typeof entry.manager === 'string' ? entry.manager : undefined
    }
  }
  return by === undefined ? { written } : { written, by }
}

function owns(entry: Json, part: 'spec' | 'labels'): boolean {
  const fields = entry.fieldsV1
  // An entry that does not say what it owns may own everything, unless it wrote a subresource.
  if (!isRecord(fields)) return (entry.subresource ?? '') === ''
  if (part === 'spec') return fields['f:spec'] !== undefined
  return isRecord(fields['f:metadata']) && fields['f:metadata']['f:labels'] !== undefined
}
