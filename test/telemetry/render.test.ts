// The text of a scrape. prom-client's own rendering of the same registry is the reference: samples and heads must be the same.

import fc from 'fast-check'
import t from 'tap'
import { createFamilies } from '../../agent/telemetry/registry.ts'
import { formatFor, render } from '../../agent/telemetry/render.ts'

const now = () => Date.parse('2026-11-22T14:48:46.123Z')

const accepts: readonly [string, string | undefined, string][] = [
  ['none', undefined, 'openmetrics'],
  ['curl', '*/*', 'openmetrics'],
  [
    'Prometheus',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  ['an older scraper', 'text/plain;version=0.0.4;q=1,*/*;q=0.1', 'text'],
  ['capitals', 'Text/Plain', 'text'],
]

for (const [name, accept, format] of accepts)
  t.test(`formatFor() ${name}: ${format}`, async t => t.equal(formatFor(accept), format))

t.test('counters, gauges and histograms in both formats', async t => {
  const families = createFamilies({ now })
  families
    .family('culprit_drops_total')
    .series('NetworkPolicy', 'data', 'pg', 'ingress', 'no-rule-matched', 'certain')
    .add(3, '01KDE')
  families.family('culprit_dropped_bytes_total').series('ingress', 'no-rule-matched').add(60)
  families.family('culprit_source_lag_seconds').series('hubble').observe(0.2)
  families.family('culprit_cgroup_memory_limit_bytes').series().set(128e6)
  const open = (await render(families.registry, 'openmetrics')).toString()
  const expected = [
    '# TYPE culprit_drops counter',
    'culprit_drops_total{policy_kind="NetworkPolicy",policy_namespace="data",policy="pg",direction="ingress",reason="no-rule-matched",attribution="certain"} 3 # {record_id="01KDE"} 3 1795358926.123',
    '# TYPE culprit_dropped_bytes counter',
    '# UNIT culprit_dropped_bytes bytes',
    'culprit_dropped_bytes_total{direction="ingress",reason="no-rule-matched"} 60',
    'culprit_source_lag_seconds_bucket{le="0.1",source="hubble"} 0',
    'culprit_source_lag_seconds_bucket{le="0.25",source="hubble"} 1',
    'culprit_source_lag_seconds_bucket{le="+Inf",source="hubble"} 1',
    'culprit_source_lag_seconds_sum{source="hubble"} 0.2',
    'culprit_cgroup_memory_limit_bytes 128000000',
    'culprit_flows_total{verdict="denied"} 0',
  ]
  const lines = open.split('\n')
  for (const line of expected) t.ok(lines.includes(line), line)
  t.ok(open.endsWith('\n# EOF\n'))
  t.notMatch(open, /culprit_source_up/, 'what has no sample is not there')

  const text = (await render(families.registry, 'text')).toString()
  t.match(text, /^# TYPE culprit_drops_total counter$/m)
  t.notMatch(text, /# EOF|# UNIT|record_id/)
  t.match(text, /attribution="certain"\} 3$/m)
})

/** Samples without exemplars, whose time prom-client rounds in its own way, and heads without UNIT, which it does not write. */
function comparable(text: string): string[] {
  return text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('# UNIT') && !line.startsWith('# HELP'))
    .map(line => line.replace(/ # \{.*/, '').replace(/ Nan$/, ' NaN'))
    .sort()
}

t.test('any labels and values are what prom-client itself would write', async t => {
  const name = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', 'é', '}', ',', ' '), maxLength: 6 })
  const value = fc.oneof(
    fc.integer({ min: 0 }),
    fc.double({ min: 0, max: 1e20 }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
  )
  const property = fc.asyncProperty(fc.array(fc.tuple(name, value)), async all => {
    const families = createFamilies({ now })
    for (const [of, number] of all) {
      families.family('culprit_source_last_event_timestamp_seconds').series(of).set(number)
      if (!Number.isFinite(number)) continue
      families.family('culprit_internal_errors_total').series(of, 'x').add(number)
      families.family('culprit_source_lag_seconds').series(of).observe(number)
    }
    const ours = (await render(families.registry, 'openmetrics')).toString()
    const theirs = comparable(await families.registry.metrics())
    const empty = new Set(theirs.filter(line => line.startsWith('# TYPE') && !isUsed(line, theirs)))
    t.same(
      comparable(ours),
      theirs.filter(line => !empty.has(line)),
    )
  })
  await fc.assert(property, { numRuns: 50 })
})

/** Whether a family of prom-client's text has a sample; ours leaves out those that have none. */
function isUsed(head: string, lines: readonly string[]): boolean {
  const [, , name, type] = head.split(' ')
  const suffix = type === 'counter' ? '_total' : type === 'histogram' ? '_count' : ''
  return lines.some(line => line.startsWith(`${name}${suffix} `) || line.startsWith(`${name}${suffix}{`))
}

t.test('a text of many pieces is whole', async t => {
  const families = createFamilies({ now, seriesCap: 5000 })
  const drops = families.family('culprit_drops_total')
  for (let i = 0; i < 4000; i++)
    drops.series('NetworkPolicy', 'é', `p-${i}`, 'ingress', 'unknown', 'certain').add(i)
  const lines = (await render(families.registry, 'openmetrics')).toString().split('\n')
  const values = lines
    .filter(line => line.startsWith('culprit_drops_total'))
    .map(line => Number(line.split(' ').at(-1)))
  t.same(
    values,
    Array.from({ length: 4000 }, (_, i) => i),
  )
})

t.test('a cap without room and an unknown optional metric are refused by name', async t => {
  t.throws(() => createFamilies({ seriesCap: 10 }), {
    message: /^Cannot cap series at 10: the least is \d+$/,
  })
  t.throws(() => createFamilies({ optional: ['culprit_x'] }), {
    message:
      /^Cannot keep the metric "culprit_x": the optional ones are culprit_allows_total, culprit_namespace_drops_total$/,
  })
})

t.test('a histogram cannot be set, a counter cannot observe: said, not taken', async t => {
  const { family } = createFamilies({ now })
  const counter = family('culprit_policy_pending').series()
  const histogram = family('culprit_source_lag_seconds').series('hubble')
  t.throws(() => counter.observe(1), { message: 'Cannot observe: this metric is no histogram' })
  for (const wrong of [() => histogram.add(1), () => histogram.set(1), () => histogram.total(1)])
    t.throws(wrong, { message: 'Cannot count: this metric is a histogram' })
})

t.test('a histogram has a cap and loses series like any other metric', async t => {
  const families = createFamilies({ now, seriesCap: 300 })
  const lag = families.family('culprit_source_lag_seconds')
  for (let i = 0; i < 400; i++) lag.series(`source-${i}`).observe(1)
  lag.remove('source-1')
  const text = (await render(families.registry, 'text')).toString()
  t.match(text, /^culprit_source_lag_seconds_count\{source="__overflow__"\} 101$/m)
  t.match(text, /^culprit_series_overflow_total\{metric="culprit_source_lag_seconds"\} 101$/m)
  t.notMatch(text, /source="source-1"/)
})
