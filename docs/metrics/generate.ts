// Writes the metric reference from the catalogue: `npm run docs`. test/telemetry/catalogue.test.ts holds that it is current.

import { writeFileSync } from 'node:fs'
import { catalogue, chapters } from '../../agent/telemetry/catalogue.ts'
import { type MetricSpec, OVERFLOW, open } from '../../agent/telemetry/metric-spec.ts'
import { table } from '../table.ts'

export const documentUrl = new URL('README.md', import.meta.url)

const introduction = `# Metrics

Generated from \`agent/telemetry/catalogue.ts\` by \`npm run docs\`: edit it there.

\`GET /metrics\` answers in OpenMetrics, or in Prometheus' older text format where a scraper knows no other.

- Verdicts, reasons, directions and certainties are spelt as in the records: what a metric shows can be asked of \`culprit query\` in the
  same words.
- No label is called namespace, pod, node, container, instance or job: those are what discovery calls the agent itself. No label
  holds an address, a port or a pod.
- A value outside of the set that is listed for its label counts as \`other\`. Labels with _any_ value are names; a metric has at most 2,000
  series, beyond which these labels are \`${OVERFLOW}\` and \`culprit_series_overflow_total\` counts. Sums stay right.
- **E**: samples carry an exemplar, \`record_id\`: the id of the latest record behind them. \`grep\` finds it in the segments.
- **optional**: kept only where the configuration asks for it.
- A metric that was never set is absent: there is no 0 that only looks measured.
- \`culprit_cgroup_*\` are the agent's own figures although cAdvisor has them too: they are there without it, as of the scrape itself, and
  they are what its ceiling acts on. Dashboards may fall back to \`container_*\`.
`

export function documentText(): string {
  const tables = chapters.map(({ title, metrics }) => chapterText(title, metrics))
  return [introduction, ...tables, `## Values of labels\n\n${valuesText()}\n`].join('\n')
}

function chapterText(title: string, metrics: Readonly<Record<string, MetricSpec>>): string {
  const rows = Object.entries(metrics).map(([name, spec]) => [
    `\`${name}\`${marks(spec)}`,
    spec.type,
    spec.unit || '-',
    Object.keys(spec.labels ?? {}).join(', ') || '-',
    helpText(spec),
  ])
  const lines = table([['metric', 'type', 'unit', 'labels', 'meaning'], ...rows])
  return `## ${title}\n\n${lines.join('\n')}\n`
}

function marks({ hasExemplars, isOptional }: MetricSpec): string {
  return `${hasExemplars ? ' **E**' : ''}${isOptional ? ' optional' : ''}`
}

/** One row for each closed set of a label; where a label has several, whose each of them is. `other` goes without saying. */
function valuesText(): string {
  const sets = new Map<
    string,
    { readonly label: string; readonly values: string; readonly metrics: string[] }
  >()
  for (const [name, { labels = {} }] of Object.entries<MetricSpec>(catalogue))
    for (const [label, of] of Object.entries(labels)) {
      const values = of === open ? '_any_' : of.map(value => `\`${value}\``).join(' ')
      const set = sets.get(`${label} ${values}`) ?? { label, values, metrics: [] }
      set.metrics.push(`\`${name}\``)
      sets.set(`${label} ${values}`, set)
    }
  const all = [...sets.values()].sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0))
  const isShared = (label: string): boolean => all.filter(set => set.label === label).length > 1
  const rows = all.map(({ label, values, metrics }) => [
    `\`${label}\``,
    values,
    isShared(label) ? metrics.join(' ') : '',
  ])
  return table([['label', 'values', 'where it differs'], ...rows]).join('\n')
}

function helpText({ help, buckets }: MetricSpec): string {
  return buckets === undefined ? help : `${help}. Buckets: ${buckets.join(' ')}`
}

if (import.meta.main) writeFileSync(documentUrl, documentText())
