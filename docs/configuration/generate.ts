// Writes what the schema knows of each setting into README.md, between `<!-- settings -->` and `<!-- /settings -->`, and the whole of it as
// JSON Schema into culprit.schema.json: `npm run docs`. test/docs.test.ts holds that they are current.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { LIVE_KEYS } from '../../agent/config/changed.ts'
import { variables } from '../../agent/config/environment.ts'
import { configSchema } from '../../agent/config/schema.ts'
import { type Setting, settings } from '../../agent/config/settings.ts'
import { table } from '../table.ts'

const BEGIN = '<!-- settings -->'
const END = '<!-- /settings -->'

export interface Page {
  readonly file: URL
  readonly current: string
  readonly wanted: string
}

export function pages(): readonly Page[] {
  return [pageOf('README.md', readme), pageOf('culprit.schema.json', () => jsonSchema())]
}

function pageOf(name: string, wanted: (current: string) => string): Page {
  const file = new URL(name, import.meta.url)
  const current = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return { file, current, wanted: wanted(current) }
}

/** @throws Error where the page has no place for it. */
function readme(current: string): string {
  const [begin, end] = [current.indexOf(BEGIN), current.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`no ${BEGIN} and ${END} in docs/configuration/README.md`)
  return `${current.slice(0, begin)}${BEGIN}\n\n${settingsText()}\n\n${current.slice(end)}`
}

function settingsText(): string {
  const all = settings()
  const single = all.filter(({ members }) => members.length === 0)
  const sections = all.filter(({ members }) => members.length > 0)
  return [
    ...table([HEADER, ...single.map(rowOf)]),
    ...sections.flatMap(section => [
      '',
      `### ${section.key}`,
      '',
      section.description,
      '',
      ...sectionTable(section),
    ]),
    '',
    '### A source',
    '',
    'An entry of `sources` is one of these.',
    ...sourceText(),
  ].join('\n')
}

const HEADER = ['setting', 'values', 'default', 'environment', 'meaning']

function sectionTable(section: Setting): string[] {
  return table([HEADER, ...leavesOf(section).map(rowOf)])
}

function leavesOf({ members }: Setting): Setting[] {
  return members.flatMap(each => (each.members.length > 0 ? leavesOf(each) : [each]))
}

function rowOf(setting: Setting): string[] {
  const { path, schema, description } = setting
  const own = variables.filter(variable => variable.path.join('.') === path)
  return [
    `\`${path}\`${LIVE_KEYS.includes(path) ? ' †' : ''}`,
    valuesText(jsonSchemaOf(schema)),
    setting.default === undefined ? '' : code(setting.default),
    own.map(({ variable }) => `\`${variable}\``).join(' '),
    description.replaceAll('|', '\\|'),
  ]
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

/** The parts of JSON Schema that ours has. */
interface Shape {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly anyOf?: readonly Shape[]
}

function jsonSchemaOf(schema: z.ZodType): Shape {
  return z.toJSONSchema(schema, { io: 'input' }) as Shape
}

const kinds: Readonly<Record<string, string>> = { string: 'text', array: 'a list', object: 'a mapping' }

function valuesText(shape: Shape): string {
  if (shape.anyOf !== undefined) return shape.anyOf.map(valuesText).join(', or ')
  if (shape.const !== undefined) return code(shape.const)
  if (shape.enum !== undefined) return shape.enum.map(code).join(' ')
  if (shape.minimum !== undefined) return `${shape.minimum} to ${shape.maximum}`
  return kinds[shape.type ?? ''] ?? 'anything'
}

/** Each kind of source with its own keys. */
function sourceText(): string[] {
  const setting = settings().find(({ key }) => key === 'sources')!
  return kindsOfSource(setting.schema).flatMap(kind => {
    const rows = Object.entries(kind.shape).map(([key, schema]) => sourceRow(key, schema as z.ZodType))
    return ['', ...table([['key', 'values', 'default', 'meaning'], ...rows])]
  })
}

function kindsOfSource(schema: unknown): readonly z.ZodObject[] {
  if (schema instanceof z.ZodDefault) return kindsOfSource(schema.unwrap())
  if (schema instanceof z.ZodArray) return kindsOfSource(schema.element)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(kindsOfSource)
  return schema instanceof z.ZodObject ? [schema] : []
}

function sourceRow(key: string, schema: z.ZodType): string[] {
  const isRequired = !schema.safeParse(undefined).success
  const standard: unknown = schema.safeParse(undefined).data
  return [
    `\`${key}\``,
    valuesText(jsonSchemaOf(schema)),
    isRequired ? 'required' : standard === undefined ? '' : code(standard),
    (schema.description ?? '').replaceAll('|', '\\|'),
  ]
}

/** What an editor checks a file by while it is written. */
function jsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input' })
  const text = JSON.stringify({ ...schema, title: 'The configuration of culprit' }, null, 2)
  return `${text.replace(/^.*\[\n(?:\s+"[^"\n]*",?\n)+\s*\],?$/gm, onOneLine)}\n`
}

const WIDTH = 110

/** A list of words on one line where it fits, as the formatter has it. */
function onOneLine(list: string): string {
  const [first, ...rest] = list.split('\n')
  const line = `${first}${rest.map(each => each.trim()).join(' ')}`.replace(/ (\],?)$/, '$1')
  return line.length <= WIDTH ? line : list
}

if (import.meta.main)
  for (const { file, current, wanted } of pages()) if (current !== wanted) writeFileSync(file, wanted)
