// The rules of the house for names and labels, held for every metric; and the reference that is made from them.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { catalogue } from '../../agent/telemetry/catalogue.ts'
import { type MetricSpec, OVERFLOW, open } from '../../agent/telemetry/metric-spec.ts'
import { documentText, documentUrl } from '../../docs/metrics/generate.ts'

const metrics = Object.entries(catalogue) as [string, MetricSpec][]
/** What service discovery calls the target itself. */
const ofTheTarget = ['namespace', 'pod', 'node', 'container', 'instance', 'job', 'le', 'quantile']
const tooMany = ['ip', 'port', 'address', 'uid', 'id', 'file', 'trace_id']

t.test('names are culprit_*, in base units, and only counters end in _total', async t => {
  t.ok(metrics.length > 50)
  for (const [name, { type, unit }] of metrics) {
    t.match(name, /^(culprit|process|nodejs)_[a-z0-9_]+[a-z0-9]$/)
    t.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`)
    t.notMatch(name, /_(ms|milliseconds|kb|mib|percent|dropped_records)/, name)
    const base = name.replace(/_total$/, '')
    if (unit === 'seconds' || unit === 'bytes' || unit === 'ratio')
      t.ok(base.endsWith(`_${unit}`), `${name} says ${unit}`)
    if (/_(seconds|bytes|ratio)$/.test(base)) t.equal(unit, base.slice(base.lastIndexOf('_') + 1), name)
  }
})

t.test("labels are nobody else's, and closed sets hold no value twice", async t => {
  for (const [name, { labels = {} }] of metrics)
    for (const [label, values] of Object.entries(labels)) {
      t.notOk([...ofTheTarget, ...tooMany].includes(label), `${name}{${label}}`)
      if (values === open) continue
      t.equal(new Set(values).size, values.length, `${name}{${label}}`)
      t.notOk(values.includes('other'), `${name}{${label}}: \`other\` is what is outside`)
    }
})

t.test('histograms have rising buckets, and nothing else has any', async t => {
  for (const [name, { type, buckets }] of metrics) {
    t.equal(buckets !== undefined, type === 'histogram', name)
    t.same(
      buckets?.toSorted((a, b) => a - b),
      buckets,
      name,
    )
  }
})

t.test(
  'every label that can be listed is listed: open ones are names of policies, sources and versions',
  async t => {
    const openLabels = metrics.flatMap(([, { labels = {} }]) =>
      Object.entries(labels).flatMap(([label, values]) => (values === open ? [label] : [])),
    )
    t.same([...new Set(openLabels)].sort(), [
      'component',
      'destination_namespace',
      'error_type',
      'metric',
      'node_version',
      'policy',
      'policy_namespace',
      'revision',
      'source',
      'source_namespace',
      'version',
    ])
  },
)

t.test('policy labels overflow together', async t => {
  for (const [name, { labels = {} }] of metrics)
    if (labels.policy !== undefined && Array.isArray(labels.policy_kind))
      t.ok(labels.policy_kind.includes(OVERFLOW), name)
})

t.test('docs/metrics/README.md is current: `npm run docs`', async t => {
  t.equal(readFileSync(documentUrl, 'utf8'), documentText())
})
