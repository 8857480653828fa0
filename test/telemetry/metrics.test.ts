// What the parts of the agent hand over, and what a scrape shows of it.

import t from 'tap'
import { createMetrics } from '../../agent/telemetry/index.ts'
import { of, scrape } from './scrape.ts'

const zero = { allowed: 0, denied: 0, rejected: 0, audited: 0, unanswered: 0, shed: 0, shedLines: 0 }
const source = { ...zero, lines: 10, foreign: 2, malformed: 1, undecided: 0 }

t.test(
  'totals that are kept elsewhere become counters that only rise, also after they began anew',
  async t => {
    const metrics = createMetrics({ hasProcess: false })
    for (const denied of [5, 9, 9, 2]) metrics.observeFlows({ ...zero, denied })
    t.same(of(await scrape(metrics), 'culprit_flows_total'), { '{verdict="denied"}': 11 })
  },
)

t.test('what was shed: flows that were only counted, lines that were not read', async t => {
  const metrics = createMetrics({ hasProcess: false })
  metrics.observeFlows({ ...zero, allowed: 9, shed: 5, shedLines: 3 })
  const shed = { '{what="flows"}': 5, '{what="lines"}': 3 }
  t.same(of(await scrape(metrics), 'culprit_flows_shed_total'), shed)
})

t.test('a source: lines by what they were, events by verdict, malformed ones as lost', async t => {
  const metrics = createMetrics({ hasProcess: false })
  metrics.observeSource('hubble', { ...source, denied: 4, undecided: 3 })
  metrics.observeEvent('hubble', { at: 1795358926.5, lagSeconds: 0.2 })
  metrics.observeEvent('hubble', { at: 1795358927 })
  metrics.countRotation('hubble', 'followed')
  t.match(await scrape(metrics), {
    'culprit_source_lines_total{source="hubble",kind="understood"}': 7,
    'culprit_source_lines_total{source="hubble",kind="foreign"}': 2,
    'culprit_source_lines_total{source="hubble",kind="malformed"}': 1,
    'culprit_events_received_total{source="hubble",kind="denied"}': 4,
    'culprit_events_received_total{source="hubble",kind="undecided"}': 3,
    'culprit_events_lost_total{source="hubble",stage="parse",cause="malformed"}': 1,
    'culprit_source_last_event_timestamp_seconds{source="hubble"}': 1795358927,
    'culprit_source_lag_seconds_count{source="hubble"}': 1,
    'culprit_source_rotations_total{source="hubble",outcome="followed"}': 1,
  })
})

t.test('tables, queues, policies, enforcement, the view of the cluster', async t => {
  const metrics = createMetrics({ hasProcess: false })
  metrics.observeTable('held', { entries: 3, capacity: 2048, expired: 5, displaced: 1 })
  metrics.observeQueue('outbox', { length: 7, capacity: 100 })
  metrics.observePolicies('NetworkPolicy', { selectedHere: 3, notSelected: 2, invalid: 1 })
  metrics.observeEnforcement({ pending: 1, oldestPendingSeconds: 12.5 })
  metrics.countEnforcementUnknown('timeout')
  metrics.countWatchRestart('pods', 'expired')
  metrics.observeWatch('pods', 1795358926)
  metrics.observeObjects({ pods: 40 })
  metrics.observeAttribution(0.02)
  metrics.observeSampling('allowed', 0.1)
  t.match(await scrape(metrics), {
    'culprit_correlation_entries{table="held"}': 3,
    'culprit_correlation_capacity{table="held"}': 2048,
    'culprit_correlation_evictions_total{table="held",cause="ttl"}': 5,
    'culprit_correlation_evictions_total{table="held",cause="full"}': 1,
    'culprit_queue_length{queue="outbox"}': 7,
    'culprit_queue_capacity{queue="outbox"}': 100,
    'culprit_policies{policy_kind="NetworkPolicy",state="selected_here"}': 3,
    'culprit_policies{policy_kind="NetworkPolicy",state="invalid"}': 1,
    culprit_policy_pending: 1,
    culprit_policy_oldest_pending_seconds: 12.5,
    'culprit_enforcement_unknown_total{cause="timeout"}': 1,
    'culprit_watch_restarts_total{resource="pods",cause="expired"}': 1,
    'culprit_watch_last_event_timestamp_seconds{resource="pods"}': 1795358926,
    'culprit_cache_objects{resource="pods"}': 40,
    'culprit_attribution_seconds_bucket{le="0.025"}': 1,
    'culprit_flow_sampling_ratio{verdict="allowed"}': 0.1,
  })
})

t.test(
  'the store and the control group: what is not known is absent, and goes when it is no longer known',
  async t => {
    const metrics = createMetrics({ hasProcess: false })
    metrics.observeStore({ writtenBytes: 100, segmentBytes: 50, oldestRecord: 1795358926, chainSequence: 7 })
    metrics.observeCgroup({
      cpu: { usageSeconds: 1.5, periods: 10, throttledPeriods: 2, throttledSeconds: 0.25, limitCores: 0.5 },
      memory: { workingSetBytes: 60e6, limitBytes: 128e6, events: { high: 1 } },
      pressure: [{ resource: 'io', kind: 'full', seconds: 0.75 }],
    })
    const samples = await scrape(metrics)
    t.match(samples, {
      culprit_forensic_written_bytes_total: 100,
      culprit_forensic_segment_bytes: 50,
      culprit_forensic_chain_sequence: 7,
      culprit_cgroup_cpu_usage_seconds_total: 1.5,
      culprit_cgroup_cpu_throttled_seconds_total: 0.25,
      culprit_cgroup_cpu_limit_cores: 0.5,
      culprit_cgroup_memory_limit_bytes: 128e6,
      'culprit_cgroup_memory_events_total{event="high"}': 1,
      'culprit_cgroup_pressure_seconds_total{resource="io",kind="full"}': 0.75,
    })
    metrics.observeCgroup({ cpu: {}, memory: { events: {} }, pressure: [] })
    const { body } = await metrics.render()
    t.notMatch(body.toString(), /culprit_cgroup_memory_limit_bytes|culprit_forensic_chain_errors/)
  },
)

t.test('a resource of which no object is left has none', async t => {
  const metrics = createMetrics({ hasProcess: false })
  metrics.observeObjects({ pods: 40, nodes: 1 })
  metrics.observeObjects({ nodes: 1 })
  t.same(of(await scrape(metrics), 'culprit_cache_objects'), { '{resource="nodes"}': 1 })
})

t.test('collectors run at every scrape until they are ended', async t => {
  const metrics = createMetrics({ hasProcess: false })
  let runs = 0
  const end = metrics.onScrape(() => void runs++)
  await metrics.render()
  await metrics.render('text/plain')
  end()
  await metrics.render()
  t.equal(runs, 2)
})

t.test('the longest delay of the event loop is the longest since the last scrape', async t => {
  const metrics = createMetrics({ hasProcess: false })
  const shown = async () => (await scrape(metrics)).nodejs_eventloop_lag_max_seconds
  metrics.observeLoop({ maxMs: 700, meanMs: 3 })
  metrics.observeLoop({ maxMs: 20, meanMs: 2 })
  t.equal(await shown(), 0.7)
  metrics.observeLoop({ maxMs: 30, meanMs: 2 })
  t.equal(await shown(), 0.03)
})

t.test('the process shows itself, with every collection of garbage', async t => {
  using metrics = createMetrics()
  for (let i = 0; i < 200; i++) void Array.from({ length: 20_000 }, () => ({}))
  await new Promise(resolve => setTimeout(resolve, 20))
  const samples = await scrape(metrics)
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_open_fds',
    'nodejs_heap_size_used_bytes',
  ])
    t.ok(samples[name]! > 0, name)
  t.ok(Math.abs(samples.process_start_time_seconds! - performance.timeOrigin / 1000) < 1)
  t.ok(Object.keys(of(samples, 'nodejs_gc_duration_seconds_count')).length > 0)
})
