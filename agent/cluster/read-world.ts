// `--world PATH`: the state of a cluster, or its timeline, from files.

import type { Observed, TimelineEvent } from '../timeline/index.ts'
import { findFiles, readText, type WorldFile } from './files.ts'
import { parseJson } from './json-file.ts'
import { type Found, readManifest } from './manifest.ts'
import { isSameObject, keyOf } from './same-object.ts'
import { parseTimeline } from './timeline-file.ts'
import { type Problem, WorldError } from './world-error.ts'
import { parseYaml } from './yaml-file.ts'

/** What `createTimeline` takes, and what the caller should say about the files. */
export interface ClusterInput {
  /** Of manifests: they hold for all time, until an event speaks of them. */
  readonly objects: readonly Observed[]
  /** Of all timelines, sorted by time. */
  readonly events: readonly TimelineEvent[]
  /** Every node that is named: by a Node object, or by a pod that runs on it. Sorted. */
  readonly nodeNames: readonly string[]
  /** Objects of kinds that are not used: kind -> how many. */
  readonly ignored: ReadonlyMap<string, number>
  /** What was left out and why, one sentence each. */
  readonly notes: readonly string[]
}

interface Reader {
  readonly objects: Map<string, { readonly file: string; readonly found: Found }>
  readonly events: TimelineEvent[]
  readonly ignored: Map<string, number>
  readonly notes: string[]
  readonly problems: Problem[]
  documents: number
}

/** @throws WorldError with every problem of every file. */
export async function readWorld(path: string): Promise<ClusterInput> {
  const reader: Reader = {
    objects: new Map(),
    events: [],
    ignored: new Map(),
    notes: [],
    problems: [],
    documents: 0,
  }
  for (const file of await findFiles(path)) await readFileInto(reader, file)
  if (reader.problems.length === 0 && reader.documents === 0) {
    reader.problems.push({ file: path, text: 'it holds no Kubernetes object' })
  }
  if (reader.problems.length > 0) throw new WorldError(reader.problems)
  const objects = [...reader.objects.values()].map(each => each.found.observed)
  return {
    objects,
    events: reader.events.sort((a, b) => a.at - b.at),
    nodeNames: nodesOf([
      ...objects,
      ...reader.events.flatMap(event => ('observed' in event ? [event.observed] : [])),
    ]),
    ignored: reader.ignored,
    notes: reader.notes,
  }
}

function nodesOf(all: readonly Observed[]): readonly string[] {
  const names = all.map(each =>
    each.kind === 'Node' ? each.name : each.kind === 'Pod' ? each.object.node : undefined,
  )
  return [...new Set(names.filter(name => name !== undefined))].sort()
}

async function readFileInto(reader: Reader, { path, ending }: WorldFile): Promise<void> {
  try {
    const text = await readText(path)
    if (ending === '.jsonl') readTimelineInto(reader, path, text)
    else readManifestInto(reader, path, text, ending === '.json')
  } catch (error) {
    // One file that cannot be read does not hide what is wrong with the others.
    if (!(error instanceof WorldError)) throw error
    reader.problems.push(...error.problems)
  }
}

function readTimelineInto(reader: Reader, file: string, text: string): void {
  const { events, problems, ignored, isCut } = parseTimeline(text)
  for (const event of events) reader.events.push(event)
  reader.problems.push(...problems.map(problem => ({ file, ...problem })))
  for (const kind of ignored) countIgnored(reader, kind)
  if (isCut) reader.notes.push(`The last line of "${file}" is cut and was left out`)
  reader.documents += events.length + ignored.length
}

function readManifestInto(reader: Reader, file: string, text: string, isJson: boolean): void {
  const { documents, problems } = isJson && text.trim() !== '' ? parseJson(text) : parseYaml(text)
  const manifest = readManifest(documents)
  reader.problems.push(...[...problems, ...manifest.problems].map(problem => ({ file, ...problem })))
  for (const kind of manifest.ignored) countIgnored(reader, kind)
  for (const found of manifest.found) addObject(reader, file, found)
  reader.documents += documents.length
}

function countIgnored(reader: Reader, kind: string): void {
  reader.ignored.set(kind, (reader.ignored.get(kind) ?? 0) + 1)
}

/** The same object in two files is one object; two objects of one name are a mistake, and which one counts nobody can know. */
function addObject(reader: Reader, file: string, found: Found): void {
  const key = keyOf(found.observed)
  const earlier = reader.objects.get(key)
  if (earlier === undefined) reader.objects.set(key, { file, found })
  else if (!isSameObject(earlier.found.observed, found.observed)) {
    const place = `"${earlier.file}", document ${earlier.found.document}, line ${earlier.found.line()}`
    reader.problems.push({
      file,
      document: found.document,
      line: found.line(),
      text: `${key} is defined differently in ${place}`,
    })
  }
}
