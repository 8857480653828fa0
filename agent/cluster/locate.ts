// Where a part of a policy can be read: file, line and the text itself. It promises to quote nothing but the object that was judged:
// what is found must be equal to it, and where nothing is, nothing is quoted.

import { stringify } from 'yaml'
import type { PolicyObject } from '../policy/objects.ts'
import { isEqual, type Observed } from '../timeline/index.ts'
import { isRecord, type Path } from './field.ts'
import { findFiles, readText, type WorldFile } from './files.ts'
import { parseJson } from './json-file.ts'
import { readManifest } from './manifest.ts'
import { readObject } from './objects.ts'
import { WorldError } from './world-error.ts'
import { parseYaml } from './yaml-file.ts'

export interface Place {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Without the indentation that they have in common, at most `MAX_LINES`; the last one may be `...`. */
  readonly lines: readonly string[]
  /** The lines are not the file's own: there it is JSON on one line. */
  readonly isRendered: boolean
}

const MAX_LINES = 8
/** Longer lines are no help to anybody: then the part is written as YAML. */
const MAX_WIDTH = 120

/**
 * The deepest part of the path (`['spec', 'ingress', 0]`) that this policy has, as the world's files have it: a manifest's lines before
 * a timeline's. Undefined where no file holds an equal object. Reads the files again.
 */
export async function locatePolicy(
  world: string,
  policy: PolicyObject,
  path: Path,
): Promise<Place | undefined> {
  const files = await findFiles(world)
  const isTimeline = ({ ending }: WorldFile) => ending === '.jsonl'
  for (const file of [...files.filter(each => !isTimeline(each)), ...files.filter(isTimeline)]) {
    const text = await textOf(file.path)
    // Parsing costs much more than looking for the name.
    if (text === undefined || !text.includes(policy.metadata.name)) continue
    const place = isTimeline(file) ? inTimeline(text, policy, path) : inManifest(text, file, policy, path)
    if (place !== undefined) return { file: file.path, ...place }
  }
  return undefined
}

type Found = Omit<Place, 'file'>

/** Who asks has read the world before; a file that has gone or changed since then is not quoted. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readText(path)
  } catch (error) {
    if (error instanceof WorldError) return undefined
    throw error
  }
}

function inManifest(
  text: string,
  { ending }: WorldFile,
  policy: PolicyObject,
  path: Path,
): Found | undefined {
  const { documents } = ending === '.json' ? parseJson(text) : parseYaml(text)
  const found = readManifest(documents).found.find(each => isSame(each.observed, policy))
  if (found === undefined) return undefined
  const { first, last, depth } = found.linesOf(path)
  const lines = text.split('\n').slice(first - 1, last)
  const isReadable = lines.every(line => line.length <= MAX_WIDTH)
  return isReadable
    ? { line: first, lines: shortened(lines.map(line => line.trimEnd())), isRendered: false }
    : { line: first, lines: rendered(policy, path.slice(0, depth)), isRendered: true }
}

/** The last event that brought this very object. */
function inTimeline(text: string, policy: PolicyObject, path: Path): Found | undefined {
  const lines = text.split('\n')
  const name = JSON.stringify(policy.metadata.name)
  const index = lines.findLastIndex(line => line.includes(name) && isEventOf(line, policy))
  return index < 0 ? undefined : { line: index + 1, lines: rendered(policy, path), isRendered: true }
}

function isEventOf(line: string, policy: PolicyObject): boolean {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    // The cut end of a file that is still being written.
    return false
  }
  if (!isRecord(event) || (event.type !== 'ADDED' && event.type !== 'MODIFIED')) return false
  const reading = readObject(event.object)
  return reading.outcome === 'observed' && isSame(reading.observed, policy)
}

/** One name, no other uid or generation where both have one, and the same words. */
function isSame(observed: Observed, policy: PolicyObject): boolean {
  if (observed.kind !== 'Policy') return false
  const [a, b] = [observed.object, policy]
  const differs = <T>(x: T | undefined, y: T | undefined) => x !== undefined && y !== undefined && x !== y
  return (
    a.kind === b.kind &&
    a.metadata.namespace === b.metadata.namespace &&
    a.metadata.name === b.metadata.name &&
    !differs(a.metadata.uid, b.metadata.uid) &&
    !differs(a.metadata.generation, b.metadata.generation) &&
    isEqual(a.spec, b.spec)
  )
}

/** The part with its key or its dash. */
function rendered(policy: PolicyObject, path: Path): readonly string[] {
  let value: unknown = policy
  let last: string | number | undefined
  for (const part of path) {
    const next = partOf(value, part)
    if (next === undefined) break
    value = next
    last = part
  }
  const whole = typeof last === 'string' ? { [last]: value } : last === undefined ? value : [value]
  return shortened(stringify(whole).trimEnd().split('\n'))
}

function partOf(value: unknown, part: string | number): unknown {
  if (Array.isArray(value)) return typeof part === 'number' ? value[part] : undefined
  return isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined
}

function shortened(lines: readonly string[]): readonly string[] {
  const indent = Math.min(...lines.filter(line => line.trim() !== '').map(line => line.search(/\S/)))
  const level = lines.map(line => line.slice(Number.isFinite(indent) ? indent : 0))
  return level.length <= MAX_LINES ? level : [...level.slice(0, MAX_LINES - 1), '...']
}
