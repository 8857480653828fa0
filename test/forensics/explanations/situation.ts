// One situation of the golden page: what was in force, what was logged, and what was asked.

import { parse } from 'yaml'
import { DAY } from './cluster.ts'

export interface Situation {
  readonly title: string
  /** Manifests beside the cluster's own. */
  readonly manifests?: string
  /** Lines of a timeline. */
  readonly events?: readonly string[]
  readonly logs?: Readonly<Record<string, readonly string[]>>
  /** What stands behind `culprit why`, but for --world and --log. */
  readonly ask: readonly string[]
}

/** A watch event; `object` is YAML of a manifest or the object itself. */
export function event(at: string, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: string | object): string {
  const value: unknown = typeof object === 'string' ? parse(object.replace(/^---\n/, '')) : object
  return JSON.stringify({ at: `${DAY}T${at}Z`, type, object: value })
}

/** Members of metadata, as `policy` takes them: who wrote it and which version of it this is. */
export function version(generation: number, by: string, time: string): string {
  return `, uid: uid-1, generation: ${generation}, managedFields: [{ manager: ${by}, operation: Update, apiVersion: networking.k8s.io/v1, time: "${DAY}T${time}Z", fieldsType: FieldsV1, fieldsV1: { "f:spec": { "f:ingress": {} } } }]`
}
