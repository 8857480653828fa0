// A registry as text. prom-client's own rendering builds the text of every label anew and takes several times as long
// (test/bench/metrics.bench.ts); it also fixes the format when the registry is made, and not every scraper reads OpenMetrics.

import type { Registry } from 'prom-client'
import { EXEMPLAR_LABEL, Family } from './family.ts'
import { escaped, labelText } from './series.ts'

export type Format = 'openmetrics' | 'text'

export const contentTypes: Readonly<Record<Format, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  text: 'text/plain; version=0.0.4; charset=utf-8',
}

/** What a scraper with this Accept header is given: OpenMetrics, unless it asks for text and does not know it. */
export function formatFor(accept = ''): Format {
  return /text\/plain/i.test(accept) && !/application\/openmetrics-text/i.test(accept)
    ? 'text'
    : 'openmetrics'
}

/** Pieces of this many characters become bytes one by one: joining megabytes of text first takes ten times as long. */
const PIECE = 32_768

/** The whole text as UTF-8. */
export async function render(registry: Registry, format: Format): Promise<Buffer> {
  const metrics = registry.getMetricsAsArray() as unknown as readonly (Family | Histogram)[]
  const pieces: Buffer[] = []
  let text = ''
  function put(line: string): void {
    text += line
    if (text.length < PIECE) return
    pieces.push(Buffer.from(text))
    text = ''
  }
  for (const metric of metrics) {
    if (metric instanceof Family) renderFamily(metric, format, put)
    else renderHistogram(await metric.getForPromString(), format, put)
  }
  if (format === 'openmetrics') put('# EOF\n')
  return Buffer.concat([...pieces, Buffer.from(text)])
}

type Put = (line: string) => void

function renderFamily(family: Family, format: Format, put: Put): void {
  // The family of an OpenMetrics counter has no suffix, its sample has.
  const isCounter = family.type === 'counter'
  const base = isCounter ? family.name.replace(/_total$/, '') : family.name
  const sample = isCounter ? `${base}_total` : base
  let head: string | undefined = headOf(format === 'text' ? sample : base, family, format)
  for (const { text, value, exemplar } of family.cells()) {
    if (head !== undefined) put(head)
    head = undefined
    const line = `${sample}${text} ${numberText(value)}`
    if (exemplar === undefined || format === 'text') put(`${line}\n`)
    else put(`${line} # {${EXEMPLAR_LABEL}="${escaped(exemplar.id)}"} ${exemplar.value} ${exemplar.at}\n`)
  }
}

/** prom-client's, with a method that its types leave out: `get` would copy all labels for every bucket. */
interface Histogram {
  getForPromString(): Promise<HistogramSnapshot>
}

type LabelSet = Readonly<Record<string, string | number>>

interface HistogramSnapshot {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly values: readonly {
    readonly metricName: string
    readonly value: number
    /** Of the bucket. */
    readonly labels?: LabelSet
    /** Of its series. */
    readonly sharedLabels?: LabelSet
    readonly exemplar?: {
      readonly labelSet: LabelSet
      readonly value: number
      readonly timestamp: number
    } | null
  }[]
}

function renderHistogram(snapshot: HistogramSnapshot, format: Format, put: Put): void {
  const { name, values } = snapshot
  if (values.length > 0) put(headOf(name, snapshot, format))
  for (const { metricName, value, labels, sharedLabels, exemplar } of values) {
    const line = `${metricName}${labelText({ ...labels, ...sharedLabels })} ${numberText(value)}`
    if (!exemplar || format === 'text') put(`${line}\n`)
    else put(`${line} # ${labelText(exemplar.labelSet)} ${exemplar.value} ${exemplar.timestamp}\n`)
  }
}

function headOf(
  name: string,
  { help, type }: { readonly help: string; readonly type: string },
  format: Format,
): string {
  const head = `# HELP ${name} ${escapedHelp(help, format)}\n# TYPE ${name} ${type}\n`
  const unit = /_(seconds|bytes|ratio)$/.exec(name)?.[1]
  return format === 'text' || unit === undefined ? head : `${head}# UNIT ${name} ${unit}\n`
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

/** Only OpenMetrics escapes quotes in a help text. */
function escapedHelp(text: string, format: Format): string {
  return format === 'text' ? text.replace(/[\\\n]/g, c => (c === '\n' ? '\\n' : '\\\\')) : escaped(text)
}
