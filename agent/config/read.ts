// Reads a configuration: the text of a file, with the environment above it and the defaults below. It is taken whole or not at all;
// what is wrong with it is said all at once, each with the path or the variable it stands at.

import { parseDocument } from 'yaml'
import { isObject } from '../../collectors/json-object.ts'
import { mappingProblems } from './custom.ts'
import { type Environment, type Override, overridesIn, withValue } from './environment.ts'
import { type Path, type Problem, pathText, problemsOf } from './problems.ts'
import { type Config, configSchema } from './schema.ts'
import { wholeProblems } from './whole.ts'

/** Where a setting comes from, by its path (`records.directory`); what is not named has its default. */
export type Origins = ReadonlyMap<string, string>

export type ConfigReading =
  | { readonly config: Config; readonly origins: Origins }
  /** A line each: `custom.time.format: …`. */
  | { readonly problems: readonly string[] }

/** What a configuration is read with, besides its text. */
export interface Surroundings {
  readonly environment?: Environment
  /** The node's name where nobody says another. */
  readonly hostName?: string
}

/** One YAML document, of which JSON is a kind. An empty one sets nothing. */
export function readConfig(yaml: string, { environment = {}, hostName }: Surroundings = {}): ConfigReading {
  const parsed = parse(yaml)
  if ('problems' in parsed) return parsed
  const written = withoutNulls(parsed.value)
  const overrides = overridesIn(environment)
  const named = hostName === undefined || !isTree(written) ? written : { node: hostName, ...written }
  const value = overrides.reduce((tree, { path, value }) => withValue(tree, path, value), named)
  const result = configSchema.safeParse(isTree(written) ? value : written)
  const mapping = isTree(written) ? written.custom : undefined
  const problems = [
    ...(result.success
      ? wholeProblems(result.data)
      : result.error.issues.flatMap(each => problemsOf(each, configSchema))),
  ].map(problem => problemText(problem, overrides))
  if (isObject(mapping)) problems.push(...mappingProblems(mapping))
  if (!result.success || problems.length > 0) return { problems: [...new Set(problems)] }
  return { config: result.data, origins: originsOf(written, overrides, hostName) }
}

function parse(yaml: string): { readonly value: unknown } | { readonly problems: readonly string[] } {
  const document = parseDocument(yaml, { prettyErrors: true })
  if (document.errors.length > 0) return { problems: document.errors.map(error => firstLine(error.message)) }
  try {
    return { value: document.toJS() ?? {} }
  } catch (cause) {
    // Aliases that multiply beyond the parser's bound.
    return { problems: [firstLine((cause as Error).message)] }
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/[:.]$/, '')
}

type Tree = Readonly<Record<string, unknown>>

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A section whose every line is a comment is null in YAML, and sets nothing. */
function withoutNulls(value: unknown): unknown {
  if (!isTree(value)) return value
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([key, member]) => [key, withoutNulls(member)]))
}

function problemText({ path, text }: Problem, overrides: readonly Override[]): string {
  const override = overrideAt(overrides, path)
  if (override === undefined) return `${pathText(path)}: ${text}`
  return `${override.variable}=${override.value} (${pathText(path)}): ${text}`
}

/** The override that decided what stands at a place. */
function overrideAt(overrides: readonly Override[], path: Path): Override | undefined {
  return overrides.findLast(each => each.path.join('.') === path.join('.'))
}

function originsOf(written: unknown, overrides: readonly Override[], hostName: string | undefined): Origins {
  const origins = new Map<string, string>(hostName === undefined ? [] : [['node', "the host's name"]])
  for (const path of pathsIn(written)) origins.set(path, 'file')
  for (const { path, variable } of overrides) {
    for (const known of [...origins.keys()]) if (known.startsWith(`${path.join('.')}.`)) origins.delete(known)
    origins.set(path.join('.'), `environment ${variable}`)
  }
  return origins
}

/** Of everything that is set, and of the sections it stands in. */
function pathsIn(value: unknown, above: readonly string[] = []): string[] {
  if (!isTree(value)) return []
  return Object.entries(value).flatMap(([key, member]) => {
    const path = [...above, key]
    return [path.join('.'), ...pathsIn(member, path)]
  })
}
