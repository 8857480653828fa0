// The mapping of a log of the operator's own (`custom:`), checked as far as that goes without a line of it.

import * as z from 'zod'
import { pathOf } from '../../collectors/custom-json.ts'
import { stampReader } from '../../collectors/custom-time.ts'
import { NO_PROTOCOL, protocolOf } from '../../collectors/protocol-names.ts'
import { meant, pathText } from './problems.ts'
import { text, verdictWord } from './values.ts'

const field = text.describe('a path of JSON, a key, or a column')
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

const end = z.strictObject({
  address: field,
  port: field.optional(),
})

const translatedEnd = z.strictObject({ address: field.optional(), port: field.optional() }).optional()

export const custom = z.strictObject({
  lines: z
    .enum(['json', 'pairs', 'csv'])
    .describe('`json`: an object a line. `pairs`: `key=value` and `key="a value"`. `csv`: rows of cells.'),
  marker: text.optional().describe('Lines without this text are of another format.'),
  only: z
    .record(field, z.union([z.string(), z.array(z.string()).min(1)]))
    .optional()
    .describe(
      '`{ field: word }` or `{ field: [words] }`: lines with something else there are of another format.',
    ),
  columns: z
    .array(text)
    .min(2)
    .optional()
    .describe('csv: the names of the columns (default: the line that names those of both addresses).'),
  separator: z
    .string()
    .regex(/^[ -~\t]$/, 'one character')
    .optional()
    .describe('csv: one character (default: a comma).'),
  time: time
    .optional()
    .describe('The field of the time and its format; `end` for rows that sum up a stretch.'),
  verdict: wordsOr(verdictWord).describe('What the words of a field mean, or `{ always: denied }`.'),
  source: end.describe('The address and port that the packet came from.'),
  destination: end.describe('The address and port that it went to.'),
  protocol: protocol.optional().describe('A name or number; or `{ always: tcp }`.'),
  direction: wordsOr(directionWord).optional().describe('`egress` or `ingress`, as the pod sees it.'),
  reply: wordsOr(z.boolean(), yesOrNo)
    .optional()
    .describe('Whether the packet is an answer; `{ always: false }` where every line is about who opens it.'),
  flags: field.optional().describe('TCP flags: `SYN,ACK`, `SA` or a number.'),
  icmp: z.strictObject({ type: field, code: field.optional() }).optional().describe('Type and code of ICMP.'),
  translated: z
    .strictObject({ source: translatedEnd, destination: translatedEnd })
    .optional()
    .describe('The ends after NAT, as far as the line has them.'),
  packets: field.optional().describe("Of the connection, in its opener's direction."),
  bytes: field.optional().describe("Of the connection, in its opener's direction."),
  count: field.optional().describe('How many packets or connections the line stands for (default: packets).'),
  interfaces: z
    .strictObject({ in: field.optional(), out: field.optional() })
    .optional()
    .describe('The interfaces that it came in and went out by.'),
  reported: z
    .strictObject({
      by: text.optional(),
      policy: field.optional(),
      namespace: field.optional(),
      kind: field.optional(),
      words: field.optional(),
    })
    .optional()
    .describe(
      'What the producer itself names: who (`by`), a policy (a name, ns/name, a JSON list), its own words.',
    ),
})

/** What only the whole mapping shows; it may be wrong in other ways too. */
export function mappingProblems(mapping: Record<string, unknown>): string[] {
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
