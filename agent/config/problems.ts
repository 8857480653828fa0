// What is wrong with a configuration, in the words of who wrote it: a path and what would be right there.

import * as z from 'zod'
import { nearestWords } from '../nearest-words.ts'

export type Path = readonly PropertyKey[]

export function pathText(path: Path): string {
  return path.length === 0 ? 'the configuration' : path.join('.')
}

/** `, did you mean …` where something is near, else everything that it can be. */
export function meant(word: string, known: readonly string[]): string {
  const near = nearestWords(word, known)
  return near.length > 0 ? `, did you mean ${near.join(' or ')}` : `, it can be ${known.join(', ')}`
}

export interface Problem {
  readonly path: Path
  readonly text: string
}

/** Every problem of an issue. A union's is that of the branch that was meant: the one that fits best. */
export function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, above: Path = []): Problem[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    return issue.keys.map(key => ({ path: [...path, key], text: `unknown key${meant(key, known)}` }))
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.map(errors => errors.flatMap(error => problemsOf(error, schema, path)))
    return branches.reduce((best, each) => (misfit(each, path) < misfit(best, path) ? each : best))
  }
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return [{ path, text: isMissing ? 'missing' : issue.message }]
}

/** How far a branch is from what was written: one that is of another kind altogether was never meant. */
function misfit(problems: readonly Problem[], path: Path): number {
  const isOtherKind = problems.some(problem => problem.path.length === path.length)
  return problems.length + (isOtherKind ? 1_000 : 0)
}

/** The keys that an object at this place may have. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  const keys = schemasAt(schema, path).flatMap(each =>
    each instanceof z.ZodObject ? Object.keys(each.shape) : [],
  )
  return [...new Set(keys)]
}

/** The schemas that a value at this place may follow, without optional and default; of a union each branch. */
export function schemasAt(schema: unknown, path: Path): readonly unknown[] {
  let schemas: readonly unknown[] = plain(schema)
  for (const key of path) schemas = schemas.flatMap(each => plain(memberOf(each, key)))
  return schemas
}

function memberOf(schema: unknown, key: PropertyKey): unknown {
  if (schema instanceof z.ZodArray) return schema.element
  if (schema instanceof z.ZodRecord) return schema.valueType
  return schema instanceof z.ZodObject ? schema.shape[key as string] : undefined
}

function plain(schema: unknown): unknown[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return plain(schema.unwrap())
  return schema instanceof z.ZodUnion ? schema.options.flatMap(plain) : [schema]
}
