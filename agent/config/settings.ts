// Every setting there is, from the schema: for `--print-config` and the reference page.

import * as z from 'zod'
import { configSchema } from './schema.ts'

export interface Setting {
  readonly key: string
  /** `records.directory` */
  readonly path: string
  readonly description: string
  /** Undefined where nothing is set by itself. */
  readonly default: unknown
  /** Of a section; none for a value, a list or a mapping. */
  readonly members: readonly Setting[]
  readonly schema: z.ZodType
}

/** In the order of the schema. `custom` is one setting: docs/formats/custom.md has its parts. */
export function settings(): readonly Setting[] {
  return membersOf(configSchema, [])
}

function membersOf(section: z.ZodObject, above: readonly string[]): Setting[] {
  return Object.entries(section.shape).map(([key, schema]) => settingOf(key, schema as z.ZodType, above))
}

function settingOf(key: string, schema: z.ZodType, above: readonly string[]): Setting {
  const path = [...above, key]
  const section = key === 'custom' ? undefined : sectionIn(schema)
  return {
    key,
    path: path.join('.'),
    description: schema.description ?? '',
    default: section === undefined ? schema.safeParse(undefined).data : undefined,
    members: section === undefined ? [] : membersOf(section, path),
    schema,
  }
}

/** The section that a key holds, or may hold. */
function sectionIn(schema: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return sectionIn(schema.unwrap())
  if (schema instanceof z.ZodUnion) return schema.options.map(sectionIn).find(each => each !== undefined)
  return schema instanceof z.ZodObject ? schema : undefined
}
