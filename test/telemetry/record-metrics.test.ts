// What records become in metrics.

import t from 'tap'
import { createMetrics, type FlowFacts, type Metrics } from '../../agent/telemetry/index.ts'
import { of, scrape } from './scrape.ts'

const denied: FlowFacts = {
  event: 'flow.denied',
  id: '01KDE7F3Q8ZK6V2M9T4R5S6W7X',
  verdict: 'denied',
  dir: 'ingress',
  reason: 'no-rule-matched',
  certainty: 'certain',
  agreement: 'agrees',
  policies: [{ ns: 'data', name: 'pg', role: 'isolates' }],
  n: 1,
  bytes: 60,
  srcNs: 'shop',
  dstNs: 'data',
}

function metrics(options: Parameters<typeof createMetrics>[0] = {}): Metrics {
  return createMetrics({ hasProcess: false, ...options })
}

async function counted(facts: readonly FlowFacts[], name: string, optional: string[] = []) {
  const of_ = metrics({ optional })
  for (const each of facts) of_.countRecord(each)
  return of(await scrape(of_), name)
}

const labels = (
  kind: string,
  ns: string,
  name: string,
  rest = 'direction="ingress",reason="no-rule-matched",attribution="certain"',
) => `{policy_kind="${kind}",policy_namespace="${ns}",policy="${name}",${rest}}`

const two = [
  { ns: 'data', name: 'pg', role: 'isolates' },
  { ns: 'data', name: 'all', role: 'isolates' },
]

const charges: readonly [string, Partial<FlowFacts>, string][] = [
  ['the policy that isolates', {}, labels('NetworkPolicy', 'data', 'pg')],
  ['several that isolate', { policies: two }, labels('__multiple__', '__multiple__', '__multiple__')],
  ['one that stands there twice', { policies: [two[0]!, two[0]!] }, labels('NetworkPolicy', 'data', 'pg')],
  ['none', { policies: undefined }, labels('__none__', '', '__none__')],
  [
    'the tier that denies, not the one that passes',
    {
      policies: [
        { kind: 'AdminNetworkPolicy', name: 'first', role: 'passes' },
        { kind: 'BaselineAdminNetworkPolicy', name: 'default', role: 'denies' },
      ],
    },
    labels('BaselineAdminNetworkPolicy', '', 'default'),
  ],
  [
    'a candidate where nothing is certain',
    { policies: [{ ns: 'a', name: 'b', role: 'candidate' }], certainty: 'candidates', verdict: 'rejected' },
    labels(
      'NetworkPolicy',
      'a',
      'b',
      'direction="ingress",reason="no-rule-matched",attribution="candidates"',
    ),
  ],
  [
    'what nobody has heard of',
    {
      policies: [{ kind: 'X', name: 'b', role: 'denies' }],
      dir: undefined,
      reason: 'new',
      certainty: undefined,
    },
    labels('other', '', 'b', 'direction="other",reason="other",attribution="unknown"'),
  ],
]

for (const [name, facts, key] of charges)
  t.test(`a drop is charged to ${name}`, async t => {
    t.same(await counted([{ ...denied, ...facts }], 'culprit_drops_total'), { [key]: 1 })
  })

t.test('a drop counts attempts, packets, bytes, its record and how sure it is', async t => {
  const of_ = metrics()
  of_.countRecord({ ...denied, n: 3 })
  of_.countRecord({ ...denied, id: '01KDE7F3Q8ZK6V2M9T4R5S6W7Y', of: denied.id, n: 40, bytes: undefined })
  const samples = await scrape(of_)
  t.match(samples, {
    [`culprit_drops_total${labels('NetworkPolicy', 'data', 'pg')}`]: 43,
    'culprit_dropped_packets_total{direction="ingress",reason="no-rule-matched"}': 43,
    'culprit_dropped_bytes_total{direction="ingress",reason="no-rule-matched"}': 60,
    'culprit_forensic_records_total{event="flow.denied"}': 2,
    culprit_forensic_folded_events_total: 40,
    'culprit_attributions_total{verdict="denied",attribution="certain"}': 43,
  })
  const { body } = await of_.render()
  t.match(
    body.toString(),
    /culprit_drops_total\{.*\} 43 # \{record_id="01KDE7F3Q8ZK6V2M9T4R5S6W7Y"\} 40 /,
    'the latest record',
  )
})

t.test('contradictions count as mismatches, with what the policies expect', async t => {
  const leak = { ...denied, event: 'flow.allowed', verdict: 'allowed', agreement: 'contradicts' } as const
  const over = { ...denied, agreement: 'contradicts', policies: [{ ns: 'data', name: 'pg', role: 'admits' }] }
  t.same(await counted([leak, over, { ...over, verdict: 'rejected' }], 'culprit_verdict_mismatches_total'), {
    '{policy_namespace="data",policy="pg",direction="ingress",expected="denied",observed="allowed"}': 1,
    '{policy_namespace="data",policy="pg",direction="ingress",expected="allowed",observed="denied"}': 1,
    '{policy_namespace="data",policy="pg",direction="ingress",expected="allowed",observed="rejected"}': 1,
  })
  t.same(await counted([{ ...denied, agreement: 'lagging' }], 'culprit_verdict_mismatches_total'), {})
})

t.test('unanswered connections are no drops', async t => {
  const unanswered = { ...denied, event: 'flow.unanswered', verdict: 'unanswered', dir: 'egress' } as const
  t.same(await counted([unanswered], 'culprit_unanswered_connections_total'), { '{direction="egress"}': 1 })
  t.same(await counted([unanswered], 'culprit_drops_total'), {})
})

t.test('what is optional counts only where it was asked for', async t => {
  const admits = (rule: string) => ({ ns: 'data', name: 'pg', role: 'admits', rule })
  const policies = [admits('ingress[0]'), admits('ingress[1]'), admits('egress[0]')]
  const allowed = { ...denied, event: 'flow.allowed', verdict: 'allowed', dir: undefined, policies } as const
  const name = 'culprit_allows_total'
  t.same(await counted([allowed], name), {})
  t.same(await counted([allowed], name, [name]), {
    '{policy_kind="NetworkPolicy",policy_namespace="data",policy="pg",direction="ingress"}': 1,
    '{policy_kind="NetworkPolicy",policy_namespace="data",policy="pg",direction="egress"}': 1,
  })
  const pairs = 'culprit_namespace_drops_total'
  t.same(await counted([denied, { ...denied, srcNs: undefined }], pairs), {})
  t.same(await counted([denied, { ...denied, srcNs: undefined }], pairs, [pairs]), {
    '{source_namespace="shop",destination_namespace="data",direction="ingress"}': 1,
    '{source_namespace="",destination_namespace="data",direction="ingress"}': 1,
  })
})

t.test('changes of policies: when, what, and gone with the policy', async t => {
  const of_ = metrics()
  const id = denied.id
  const ts = '2026-11-22T14:41:02.500Z'
  of_.countRecord({ event: 'policy.changed', id, op: 'created', policy: 'data/pg', ts })
  of_.countRecord({ event: 'policy.changed', id, op: 'changed', policy: 'AdminNetworkPolicy/first', ts })
  const samples = await scrape(of_)
  const name = 'culprit_policy_last_change_timestamp_seconds'
  t.same(of(samples, name), {
    '{policy_kind="NetworkPolicy",policy_namespace="data",policy="pg"}': 1795358462.5,
    '{policy_kind="AdminNetworkPolicy",policy_namespace="",policy="first"}': 1795358462.5,
  })
  of_.countRecord({ event: 'policy.changed', id, op: 'deleted', policy: 'data/pg', ts })
  const later = await scrape(of_)
  t.same(Object.keys(of(later, name)), [
    '{policy_kind="AdminNetworkPolicy",policy_namespace="",policy="first"}',
  ])
  t.equal(of(later, 'culprit_policy_changes_total')['{policy_kind="NetworkPolicy",operation="deleted"}'], 1)
})

t.test('a delay of enforcement counts with both its bounds', async t => {
  const of_ = metrics()
  const id = denied.id
  of_.countRecord({ event: 'policy.enforced', id, gen: 1, delay_s: [0.3, 1.2] })
  of_.countRecord({ event: 'policy.enforced', id, gen: 4, deleted: true, delay_s: [0, 7] })
  of_.countRecord({ event: 'policy.enforced', id, gen: 4 })
  const samples = await scrape(of_)
  const sum = (name: string, operation: string) =>
    samples[`${name}_sum{operation="${operation}",evidence="first_packet"}`]
  t.equal(sum('culprit_policy_enforcement_delay_seconds', 'created'), 1.2)
  t.equal(sum('culprit_policy_enforcement_delay_least_seconds', 'created'), 0.3)
  t.equal(sum('culprit_policy_enforcement_delay_seconds', 'deleted'), 7)
  t.equal(samples['culprit_forensic_records_total{event="policy.enforced"}'], 3)
})

t.test('beyond the cap drops are charged to overflow, counted, and none is lost', async t => {
  const of_ = metrics()
  for (let i = 0; i < 3000; i++)
    for (let k = 0; k < 2; k++)
      of_.countRecord({ ...denied, policies: [{ ns: 'data', name: `p${i}`, role: 'isolates' }] })
  const samples = await scrape(of_)
  const drops = of(samples, 'culprit_drops_total')
  const overflow = drops[labels('__overflow__', '__overflow__', '__overflow__')]!
  t.ok(Object.keys(drops).length <= 2000)
  t.equal(
    Object.values(drops).reduce((a, b) => a + b),
    6000,
  )
  t.equal(samples['culprit_series_overflow_total{metric="culprit_drops_total"}'], overflow)
})

t.test('more kinds of records than are remembered are counted all the same', async t => {
  const of_ = metrics()
  for (let i = 0; i < 25_000; i++)
    of_.countRecord({ ...denied, policies: [{ ns: 'x', name: `p${i % 12_500}`, role: 'denies' }] })
  t.equal(
    (await scrape(of_))['culprit_dropped_packets_total{direction="ingress",reason="no-rule-matched"}'],
    25_000,
  )
})
