// Writes what the code knows of each format into its page, between `<!-- fields -->` and `<!-- /fields -->`, and the table of all of
// them into README.md: `npm run docs`. test/docs.test.ts holds that they are current.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Format } from '../../collectors/collector.ts'
import { formats } from '../../collectors/index.ts'
import { table } from '../table.ts'
import { type Facts, factsOf } from './facts.ts'

const BEGIN = '<!-- fields -->'
const END = '<!-- /fields -->'

export interface Page {
  readonly file: URL
  readonly current: string
  readonly wanted: string
}

/** Every page that has a generated part, as it is and as it should be. */
export function pages(): readonly Page[] {
  const facts = new Map(formats.map(format => [format.name, factsOf(format)]))
  const ofFormats = formats.map(format =>
    pageOf(`${format.name}.md`, fieldsText(format, facts.get(format.name)!)),
  )
  return [...ofFormats, pageOf('README.md', indexText(facts))]
}

function pageOf(name: string, generated: string): Page {
  const file = new URL(name, import.meta.url)
  const current = readFileSync(file, 'utf8')
  return { file, current, wanted: withGenerated(current, generated) }
}

/** @throws Error where the page has no place for it. */
function withGenerated(page: string, generated: string): string {
  const begin = page.indexOf(BEGIN)
  if (begin < 0) throw new Error(`no ${BEGIN} in a page of docs/formats`)
  const end = page.indexOf(END)
  const rest = end < 0 ? page.slice(begin + BEGIN.length) : page.slice(end + END.length)
  return `${page.slice(0, begin)}${BEGIN}\n\n${generated}\n\n${END}${rest}`
}

function fieldsText(format: Format, facts: Facts): string {
  const said = facts.fields.filter(({ share }) => share !== 'never')
  const never = facts.fields.filter(({ share }) => share === 'never').map(({ name }) => name)
  return [
    ...table([
      ['what a line tells', '', ''],
      ...said.map(({ name, meaning, share }) => [name, share, meaning]),
    ]),
    '',
    `- Never: ${never.join(', ') || 'nothing of what other formats have'}.`,
    `- Verdicts: ${facts.verdicts.map(verdictText).join(', ')}.`,
    `- Told from other formats by: ${format.marker}.`,
    `- Wrappers: ${wrappersText(format)}.`,
    `- Options that matter: ${optionsText(facts)}.`,
    ...(format.lacks === undefined ? [] : [`- Its producer does not write: ${format.lacks.join(', ')}.`]),
  ].join('\n')
}

function verdictText(verdict: string): string {
  return verdict === 'none' ? 'none (the line does not say)' : verdict
}

function wrappersText({ ownHeader }: Format): string {
  const containers = 'CRI, Docker json-file, journald JSON'
  return ownHeader === true
    ? `${containers}; the header before the message is its own`
    : `${containers}, a syslog header`
}

function optionsText({ needsZone, needsYear, readsPrefixes }: Facts): string {
  const matter = [
    needsZone && '`zone=` (some or all stamps have none)',
    needsYear && '`year=` (some or all stamps have none)',
    readsPrefixes && '`verdict=PREFIX=WORD`',
  ].filter(Boolean)
  return matter.join(', ') || 'none'
}

function indexText(facts: ReadonlyMap<string, Facts>): string {
  return table([
    ['FORMAT', 'where', 'verdicts', 'names policies', 'direction', 'time'],
    ...formats.map(({ name }) => indexRow(name, facts.get(name)!)),
    ['[`custom`](custom.md)', 'yours', ...Array<string>(4).fill('as mapped')],
    ['[`auto`](auto.md)', 'any of them', '', '', '', ''],
  ]).join('\n')
}

function indexRow(name: string, facts: Facts): string[] {
  const share = (field: string): string => {
    const found = facts.fields.find(each => each.name === field)!.share
    return found === 'never' ? 'no' : found === 'always' ? 'yes' : 'sometimes'
  }
  return [
    `[\`${name}\`](${name}.md)`,
    whereOf(name),
    facts.verdicts.join(', '),
    share('policies'),
    share('direction'),
    timeText(facts),
  ]
}

/** The first path that the page names: where its producer writes it. */
function whereOf(name: string): string {
  const page = readFileSync(new URL(`${name}.md`, import.meta.url), 'utf8')
  const path = /`(\/[^`\s]+)`/.exec(page.slice(0, page.indexOf(BEGIN)))
  return path === null ? 'see its page' : `\`${path[1]}\``
}

const units: Readonly<Record<number, string>> = { 1: 'µs', 1000: 'ms', 1000000: 's' }

function timeText({ precisions, needsZone, needsYear }: Facts): string {
  if (precisions.length === 0) return 'none'
  const finest = precisions.map(precision => units[precision]).join(' or ')
  const missing = [needsZone && 'zone', needsYear && 'year'].filter(Boolean).join(' and ')
  return missing === '' ? finest : `${finest}, may lack ${missing}`
}

/** Formats that have no page yet. */
export function unwritten(): readonly string[] {
  const files = readdirSync(new URL('.', import.meta.url))
  return [...formats.map(({ name }) => name), 'custom', 'auto'].filter(name => !files.includes(`${name}.md`))
}

if (import.meta.main)
  for (const { file, current, wanted } of pages()) if (current !== wanted) writeFileSync(file, wanted)
