// Everything an operator may set: one schema. A configuration is taken whole or not at all; what is wrong with it is said all at once,
// each with the path it stands at, and an unknown key with the one that was probably meant.

import { parseDocument } from 'yaml'
import { z } from 'zod'
import { pathOf } from '../collectors/custom-json.ts'
import type { Mapping } from '../collectors/custom-mapping.ts'
import { stampReader } from '../collectors/custom-time.ts'
import { isObject } from '../collectors/json-object.ts'
import { NO_PROTOCOL, protocolOf } from '../collectors/protocol-names.ts'
import { nearestWords } from './nearest-words.ts'

const text = z.string().min(1)
const field = text.describe('a path of JSON, a key, or a column')
const verdictWord = z.enum(['allowed', 'denied', 'rejected', 'audited', 'none'])
const directionWord = z.enum(['egress', 'ingress'])

/** What holds for every line, or a word of the line and what each means. */
function wordsOr<T extends z.ZodType>(meaning: T, words?: Record<string, z.output<T>>) {
  return z.union([
    z.strictObject({ always: meaning }),
    z.strictObject({
      field,
      words: words === undefined ? z.record(text, meaning) : z.record(text, meaning).default(words),
      otherwise: meaning.optional(),
    }),
  ])
}

const yesOrNo = { true: true, yes: true, '1': true, false: false, no: false, '0': false }

const time = z.strictObject({
  field,
  format: text.superRefine((format, issues) => {
    const reader = stampReader(format)
    if (typeof reader === 'string') issues.addIssue({ code: 'custom', message: reader })
  }),
  end: field.optional(),
})

const protocol = z.union([
  field,
  z.strictObject({
    always: text.refine(name => protocolOf(name) !== NO_PROTOCOL, {
      error: 'no name and no number of a protocol',
    }),
  }),
])

const custom = z.strictObject({
  lines: z.enum(['json', 'pairs', 'csv']),
  marker: text.optional(),
  only: z.record(field, z.union([z.string(), z.array(z.string()).min(1)])).optional(),
  columns: z.array(text).min(2).optional(),
  separator: z
    .string()
    .regex(/^[ -~\t]$/, 'one character')
    .optional(),
  time: time.optional(),
  verdict: wordsOr(verdictWord),
  source: z.strictObject({ address: field, port: field.optional() }),
  destination: z.strictObject({ address: field, port: field.optional() }),
  protocol: protocol.optional(),
  direction: wordsOr(directionWord).optional(),
  reply: wordsOr(z.boolean(), yesOrNo).optional(),
  flags: field.optional(),
  icmp: z.strictObject({ type: field, code: field.optional() }).optional(),
  translated: z
    .strictObject({
      source: z.strictObject({ address: field.optional(), port: field.optional() }).optional(),
      destination: z.strictObject({ address: field.optional(), port: field.optional() }).optional(),
    })
    .optional(),
  packets: field.optional(),
  bytes: field.optional(),
  count: field.optional(),
  interfaces: z.strictObject({ in: field.optional(), out: field.optional() }).optional(),
  reported: z
    .strictObject({
      by: text.optional(),
      policy: field.optional(),
      namespace: field.optional(),
      kind: field.optional(),
      words: field.optional(),
    })
    .optional(),
})

export const configSchema = z.strictObject({ custom: custom.optional() })

export interface Config {
  readonly custom?: Mapping | undefined
}

/** What only the whole mapping shows; it may be wrong in other ways too. */
function mappingProblems(mapping: Record<string, unknown>): string[] {
  const { lines, columns } = mapping
  const isCsv = lines === 'csv'
  const alien = ['columns', 'separator'].filter(key => mapping[key] !== undefined && !isCsv)
  const problems = alien.map(key => `custom.${key}: only lines: csv has it`)
  for (const [path, name] of fieldsIn(mapping)) {
    if (lines === 'json' && pathOf(name) === undefined)
      problems.push(`custom.${pathText(path)}: "${name}" is no path, as in a.b, hits[0].name or ["a.b"]`)
    if (isCsv && isTexts(columns) && !columns.includes(name))
      problems.push(`custom.${pathText(path)}: "${name}" is no column${meant(name, columns)}`)
  }
  return problems
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string')
}

const fieldKeys = ['field', 'end', 'address', 'port', 'flags', 'type', 'code', 'packets', 'bytes', 'count']
const namingKeys = ['in', 'out', 'policy', 'namespace', 'kind', 'words', 'protocol']

/** Every field that the mapping names, with where it does. */
function fieldsIn(value: object, path: readonly string[] = []): [readonly string[], string][] {
  return Object.entries(value).flatMap(([key, inner]): [readonly string[], string][] => {
    const at = [...path, key]
    if (path[0] === 'only') return [[at, key]]
    if (typeof inner === 'string') return isFieldKey(key) ? [[at, inner]] : []
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return []
    // The words of a field are the log's, not its fields' names.
    return key === 'words' ? [] : fieldsIn(inner, at)
  })
}

function isFieldKey(key: string): boolean {
  return fieldKeys.includes(key) || namingKeys.includes(key)
}

function meant(word: string, known: readonly string[]): string {
  const near = nearestWords(word, known)
  return near.length > 0 ? `, did you mean ${near.join(' or ')}` : `, it can be ${known.join(', ')}`
}

/** Everything that is wrong, a line each: `custom.time.format: …`. */
export type ConfigReading = { readonly config: Config } | { readonly problems: readonly string[] }

/** Reads the text of a configuration: one YAML document, of which JSON is a kind. An empty one sets nothing. */
export function readConfig(yaml: string): ConfigReading {
  const document = parseDocument(yaml, { prettyErrors: true })
  if (document.errors.length > 0)
    return { problems: document.errors.map(error => error.message.split('\n')[0]!.replace(/:$/, '')) }
  const value: unknown = document.toJS() ?? {}
  const result = configSchema.safeParse(value)
  const mapping = (value as { custom?: unknown } | null)?.custom
  const issues = result.success ? [] : result.error.issues
  const problems = issues.flatMap(issue => describe(issue, []))
  if (isObject(mapping)) problems.push(...mappingProblems(mapping))
  if (result.success && problems.length === 0) return { config: result.data }
  return { problems: [...new Set(problems)] }
}

type Path = readonly PropertyKey[]

/** A union's problem is that of the branch that was meant: the one that fits best. */
function describe(issue: z.core.$ZodIssue, above: Path): string[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path)
    return issue.keys.map(key => `${pathText([...path, key])}: unknown key${meant(key, known)}`)
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.map(errors => errors.flatMap(error => describe(error, path)))
    return branches.reduce((best, each) => (each.length < best.length ? each : best))
  }
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return [`${pathText(path)}: ${isMissing ? 'missing' : issue.message}`]
}

function pathText(path: Path): string {
  return path.length === 0 ? 'the configuration' : path.join('.')
}

/** The keys that an object at this place may have. */
function keysAt(path: Path): string[] {
  let schemas: readonly unknown[] = plain(configSchema)
  for (const key of path) schemas = schemas.flatMap(schema => plain(memberOf(schema, key)))
  return schemas.flatMap(schema => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []))
}

function memberOf(schema: unknown, key: PropertyKey): unknown {
  return schema instanceof z.ZodObject ? schema.shape[key as string] : undefined
}

/** Without optional and default; of a union each branch. */
function plain(schema: unknown): unknown[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return plain(schema.unwrap())
  return schema instanceof z.ZodUnion ? schema.options.flatMap(plain) : [schema]
}
