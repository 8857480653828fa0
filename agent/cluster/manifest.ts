// The Kubernetes objects of a document: one, or those of a `List` or a typed list (PodList, with items that leave out their kind).

import type { Observed } from '../timeline/index.ts'
import { isRecord, type Json, type Path } from './field.ts'
import { readObject } from './objects.ts'
import type { Document, LineRange, Problem } from './world-error.ts'

export interface Found {
  readonly observed: Observed
  readonly document: number
  /** Asked only when something is wrong with it. */
  line(): number
  /** Of a part of it, for those who quote it. */
  linesOf(part: Path): LineRange
}

export interface Manifest {
  readonly found: Found[]
  readonly problems: Omit<Problem, 'file'>[]
  readonly ignored: string[]
}

export function readManifest(documents: readonly Document[]): Manifest {
  const manifest: Manifest = { found: [], problems: [], ignored: [] }
  for (const document of documents) readInto(manifest, document, document.value, [], undefined)
  return manifest
}

type Listed = { readonly kind: string; readonly apiVersion: string }

function readInto(
  manifest: Manifest,
  document: Document,
  value: unknown,
  path: Path,
  listed: Listed | undefined,
): void {
  const items = itemsOf(value)
  if (items !== undefined) {
    for (const [i, item] of items.values.entries())
      readInto(manifest, document, item, [...path, ...items.path, i], items.listed)
    return
  }
  const reading = readObject(value, listed)
  if (reading.outcome === 'ignored') manifest.ignored.push(reading.kind)
  else if (reading.outcome === 'observed') {
    manifest.found.push({
      observed: reading.observed,
      document: document.number,
      line: () => document.lineOf(path),
      linesOf: part => {
        const range = document.linesOf([...path, ...part])
        return { ...range, depth: range.depth - path.length }
      },
    })
  } else {
    for (const issue of reading.issues) {
      manifest.problems.push({
        document: document.number,
        line: document.lineOf([...path, ...issue.path]),
        text: issue.text,
      })
    }
  }
}

interface Items {
  readonly values: readonly unknown[]
  readonly path: Path
  readonly listed: Listed | undefined
}

/** A bare list of objects is not Kubernetes', but what it means is plain. */
function itemsOf(value: unknown): Items | undefined {
  if (Array.isArray(value)) return { values: value, path: [], listed: undefined }
  if (!isRecord(value) || typeof value.kind !== 'string' || !value.kind.endsWith('List')) return undefined
  const items = value.items ?? []
  return Array.isArray(items)
    ? { values: items, path: ['items'], listed: listedBy(value, value.kind) }
    : undefined
}

function listedBy(list: Json, kind: string): Listed | undefined {
  if (kind === 'List' || typeof list.apiVersion !== 'string') return undefined
  return { kind: kind.slice(0, -'List'.length), apiVersion: list.apiVersion }
}
