// A directory of manifests, one file for each object, as a deployment tool keeps it: every change is one rename.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubernetesObject } from './live-world.ts'

export interface ManifestFiles {
  readonly directory: string
  /** Writes an object in place of the one of its name; the time, in milliseconds, before and after. */
  put(object: KubernetesObject): readonly [before: number, after: number]
  remove(object: KubernetesObject): void
}

export function openManifests(directory: string, objects: readonly KubernetesObject[]): ManifestFiles {
  const fileOf = ({ kind, metadata }: KubernetesObject): string =>
    [metadata.namespace ?? 'cluster', kind, metadata.name].join('.').toLowerCase()
  const files: ManifestFiles = {
    directory,
    put(object) {
      const name = fileOf(object)
      const draft = join(directory, `.${name}`)
      const before = Date.now()
      writeFileSync(draft, JSON.stringify(object))
      renameSync(draft, join(directory, `${name}.json`))
      return [before, Date.now()]
    },
    remove: object => rmSync(join(directory, `${fileOf(object)}.json`)),
  }
  mkdirSync(directory, { recursive: true })
  for (const object of objects) files.put(object)
  return files
}
