// What `auto` found in a log, in sentences.

import type { Found } from '../../collectors/auto.ts'
import { printable } from '../forensics/printable.ts'
import { plural } from './plural.ts'

/** `conntrack 120 lines, hubble 30 lines; 97 % of 155 lines recognised`, and what is doubtful about it. */
export function foundText(found: readonly Found[], foreign: number): string {
  const formats = found.filter(({ lines }) => lines > 0).sort((a, b) => b.lines - a.lines)
  const recognised = formats.reduce((sum, { lines }) => sum + lines, 0)
  const doubts = formats.flatMap(doubtText)
  const share = `${percent(recognised, recognised + foreign)} of ${plural(recognised + foreign, 'line')} recognised`
  return [`${formats.map(formatText).join(', ')}; ${share}`, ...doubts].join('; ')
}

function formatText({ format, lines, malformed }: Found): string {
  return `${format} ${plural(lines, 'line')}${malformed > 0 ? ` (${malformed} malformed)` : ''}`
}

function doubtText({ format, flows, compared, contested, rival }: Found): string[] {
  if (flows === 0) return [`no line of ${format} could be read as a packet or connection`]
  if (contested === 0) return []
  return [`${format} is ambiguous: ${contested} of ${compared} lines that were compared are also ${rival}`]
}

/** Never 0 % or 100 % of what is not none or all. */
function percent(part: number, whole: number): string {
  if (part === 0 || part === whole) return `${part === 0 ? 0 : 100} %`
  return `${Math.min(99, Math.max(1, Math.round((100 * part) / whole)))} %`
}

/** Nothing in a log is of any format: its first line is shown, which says more than any guess. */
export function nothingFound(name: string, head: Uint8Array, asked: string): string {
  const text = Buffer.from(head).toString('utf8').split('\n')[0]!.trimEnd()
  const line = text.length > 160 ? `${text.slice(0, 160)}...` : text
  const first = line === '' ? 'an empty line' : `"${printable(line)}"`
  return `Cannot tell the format of ${name}: no line is of a format that is known, it begins with ${first} (${asked})`
}
