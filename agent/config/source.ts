// What may stand in the list of sources: files, the kernel's log, conntrack's events, standard input.

import * as z from 'zod'
import { parseZone } from '../../collectors/clock.ts'
import { formats } from '../../collectors/index.ts'
import { nearestWords } from '../nearest-words.ts'
import { oneOf, PREFIXES_MEANING, prefixes, text } from './values.ts'

/** The FORMATs that a source may have; `auto` is told from the first lines. */
export const sourceFormats: readonly string[] = [...formats.map(({ name }) => name), 'custom', 'auto']

const format = text
  .superRefine((name, issues) => {
    if (sourceFormats.includes(name)) return
    const near = nearestWords(name, sourceFormats)
    const right =
      near.length > 0 ? `did you mean ${near.join(' or ')}` : `it can be ${sourceFormats.join(', ')}`
    issues.addIssue({ code: 'custom', message: `"${name}" is no format, ${right}` })
  })
  .describe('The FORMAT of the lines, as docs/formats names it; `auto` tells it from them.')

const pattern = text.refine(value => !value.includes('**'), {
  error: '"**" is not understood: * stands for any part of one name, so name each directory',
})

const zone = text
  .refine(value => parseZone(value, 'UTC') !== undefined, {
    error: 'it is no zone, it can be UTC, +02:00 or a name such as Europe/Berlin',
  })
  .optional()
  .describe("The zone of stamps that have none: `UTC`, `+02:00`, `Europe/Berlin` (default: the machine's).")

const year = z
  .number({ error: 'it is a year, as in 2026' })
  .int({ error: 'it is a year, as in 2026' })
  .min(1970, { error: 'it is a year from 1970 on' })
  .max(9999, { error: 'it is a year, as in 2026' })
  .optional()
  .describe("The year of the first line, for stamps that have none (default: the nearest before the file's).")

const ownPrefixes = prefixes.optional().describe(`${PREFIXES_MEANING} Those of all sources come after it.`)

/** Of every kind of source that can be read from somewhere else than where it stands. */
const lineOptions = { zone, year, prefixes: ownPrefixes }

const files = z.strictObject({
  format,
  files: z
    .array(pattern)
    .min(1, { error: 'it names no file' })
    .optional()
    .describe('Paths; `*` stands for any part of one name. Files that appear later are found.'),
  file: pattern.optional().describe('The same, for one path.'),
  begin: oneOf(['start', 'end', 'rotated'])
    .default('start')
    .describe(
      "Where to begin with files that are there at the very first start: the file's `start`, its `end`, or with what was `rotated` out of it already. After a restart it goes on where it stood.",
    ),
  ...lineOptions,
})

const kernel = z.strictObject({
  kernel: oneOf(['kmsg', 'journal']).describe(
    "The kernel's log, of format netfilter-log: from `/dev/kmsg`, where loss can be counted, or from the `journal`.",
  ),
  begin: oneOf(['start', 'end'])
    .default('start')
    .describe('At the very first start: with what the kernel still holds, or with what comes.'),
  prefixes: ownPrefixes,
})

const conntrack = z.strictObject({
  conntrack: z
    .literal('events', { error: 'it can be events' })
    .describe('Connections, as `conntrack -E` tells of them.'),
})

const standardInput = z.strictObject({
  format,
  standardInput: z.literal(true, { error: 'it can be true' }).describe('Lines from standard input.'),
  ...lineOptions,
})

export const source = z.union([files, kernel, conntrack, standardInput])

export type FileSource = Readonly<z.output<typeof files>>
export type KernelSource = Readonly<z.output<typeof kernel>>
export type ConntrackSource = Readonly<z.output<typeof conntrack>>
export type StandardInputSource = Readonly<z.output<typeof standardInput>>
export type SourceConfig = FileSource | KernelSource | ConntrackSource | StandardInputSource

/** The paths and patterns of a source of files. */
export function patternsOf({ files, file }: FileSource): readonly string[] {
  return files ?? (file === undefined ? [] : [file])
}

/** What a person would call it. */
export function sourceText(source: SourceConfig): string {
  if ('kernel' in source) return source.kernel === 'kmsg' ? '/dev/kmsg' : 'the journal'
  if ('conntrack' in source) return 'conntrack events'
  if ('standardInput' in source) return `${source.format} on standard input`
  return `${source.format} in ${patternsOf(source).join(', ')}`
}
