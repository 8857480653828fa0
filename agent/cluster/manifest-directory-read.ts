// What the files of a directory of manifests say together. Files that have not changed since they were last read are not read again.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { createSharing, type Share } from '../policy/sharing.ts'
import type { Observed } from '../timeline/index.ts'
import { readText } from './files.ts'
import { parseJson } from './json-file.ts'
import { readManifest } from './manifest.ts'
import { isSameObject, keyOf } from './same-object.ts'
import { shareParts } from './share-parts.ts'
import { formatProblem, type Problem, WorldError } from './world-error.ts'
import { parseYaml } from './yaml-file.ts'

export interface Kept {
  readonly observed: Observed
  readonly file: string
}

export interface Contents {
  readonly objects: ReadonlyMap<string, Kept>
  /** Objects of kinds that are not used: kind -> how many. */
  readonly ignored: ReadonlyMap<string, number>
}

interface FileContents {
  readonly mark: string
  readonly objects: readonly Observed[]
  readonly ignored: readonly string[]
  readonly problems: readonly Problem[]
  readonly documents: number
}

export interface ContentsReader {
  /** A string says what is wrong, in one sentence. */
  read(files: ReadonlyMap<string, string>): Promise<Contents | string>
}

export function createContentsReader(directory: string): ContentsReader {
  let known = new Map<string, FileContents>()
  return {
    async read(files) {
      const now = new Map<string, FileContents>()
      const share = createSharing()
      for (const [path, mark] of files) {
        const before = known.get(path)
        const isKnown = before?.mark === mark && before.problems.length === 0
        now.set(path, isKnown ? before : await readOne(path, mark, share))
        // A file may take long to parse: others get their turn between two.
        await nextTurn()
      }
      known = now
      return together(directory, now)
    },
  }
}

async function readOne(path: string, mark: string, share: Share): Promise<FileContents> {
  try {
    const text = await readText(path)
    const isJson = path.toLowerCase().endsWith('.json') && text.trim() !== ''
    const { documents, problems } = isJson ? parseJson(text) : parseYaml(text)
    const manifest = readManifest(documents)
    return {
      mark,
      objects: manifest.found.map(({ observed }) => shareParts(observed, share)),
      ignored: manifest.ignored,
      problems: [...problems, ...manifest.problems].map(problem => ({ file: path, ...problem })),
      documents: documents.length,
    }
  } catch (error) {
    if (!(error instanceof WorldError)) throw error
    return { mark, objects: [], ignored: [], problems: error.problems, documents: 0 }
  }
}

function together(directory: string, files: ReadonlyMap<string, FileContents>): Contents | string {
  const objects = new Map<string, Kept>()
  const ignored = new Map<string, number>()
  const problems: Problem[] = []
  for (const [file, contents] of files) {
    problems.push(...contents.problems)
    for (const kind of contents.ignored) ignored.set(kind, (ignored.get(kind) ?? 0) + 1)
    for (const observed of contents.objects) addObject(objects, problems, { observed, file })
  }
  const documents = [...files.values()].reduce((sum, each) => sum + each.documents, 0)
  if (problems.length === 0 && documents === 0)
    problems.push({ file: directory, text: 'it holds no Kubernetes object in *.yaml, *.yml or *.json' })
  return problems.length > 0 ? sentenceOf(problems) : { objects, ignored }
}

/** Two objects of one name are a mistake, and which one counts nobody can know. */
function addObject(objects: Map<string, Kept>, problems: Problem[], kept: Kept): void {
  const key = keyOf(kept.observed)
  const earlier = objects.get(key)
  if (earlier === undefined) objects.set(key, kept)
  else if (!isSameObject(earlier.observed, kept.observed))
    problems.push({ file: kept.file, text: `${key} is defined differently in "${earlier.file}"` })
}

function sentenceOf(problems: readonly Problem[]): string {
  const rest = problems.length - 1
  const more = rest === 0 ? '' : ` (and ${rest} more ${rest === 1 ? 'problem' : 'problems'})`
  return `${formatProblem(problems[0]!)}${more}`
}
