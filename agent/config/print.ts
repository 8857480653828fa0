// A configuration as it is in force, for a person: every setting with its value, what it means and where it comes from. The text reads
// back as the same configuration.

import { stringify } from 'yaml'
import type { Origins } from './read.ts'
import type { Config } from './schema.ts'
import { type Setting, settings } from './settings.ts'

const HEAD = `# The configuration that is in force. Behind each value stands where it comes from: default, file, or environment VARIABLE.
`

export function printConfig(config: Config, origins: Origins = new Map()): string {
  return `${HEAD}\n${sectionLines(settings(), config, origins, '').join('\n')}\n`
}

function sectionLines(all: readonly Setting[], values: object, origins: Origins, indent: string): string[] {
  return all.flatMap(setting => {
    const value = (values as Readonly<Record<string, unknown>>)[setting.key]
    return [...commentLines(setting, indent), ...valueLines(setting, value, origins, indent)]
  })
}

function commentLines({ description }: Setting, indent: string): string[] {
  return wrap(description, 118 - indent.length).map(line => `${indent}# ${line}`)
}

function valueLines(
  { key, path, members }: Setting,
  value: unknown,
  origins: Origins,
  indent: string,
): string[] {
  const origin = originOf(origins, path)
  if (value === undefined) return [`${indent}# ${key}:  # not set`]
  if (members.length > 0 && typeof value === 'object' && value !== null) {
    // A section in which nothing is set is null, which sets nothing: a line of it can be uncommented as it is.
    return [`${indent}${key}:`, ...sectionLines(members, value, origins, `${indent}  `)]
  }
  if (typeof value !== 'object') return [`${indent}${key}: ${yamlOf(value)}  # ${origin}`]
  const text = yamlOf(value)
  if (text === '{}' || text === '[]') return [`${indent}${key}: ${text}  # ${origin}`]
  return [`${indent}${key}:  # ${origin}`, ...text.split('\n').map(line => `${indent}  ${line}`)]
}

function originOf(origins: Origins, path: string): string {
  return origins.get(path) ?? 'default'
}

/** Block scalars would take the comment behind them for their text. */
function yamlOf(value: unknown): string {
  return stringify(value, { lineWidth: 0, blockQuote: false }).trimEnd()
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
