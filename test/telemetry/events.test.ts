// Every event is logged and counted; what a person reads, and what a machine.

import t from 'tap'
import type { AgentEvents, Telemetry, TelemetryOptions } from '../../agent/telemetry/index.ts'
import { createTelemetry } from '../../agent/telemetry/index.ts'
import { of, scrape } from './scrape.ts'

function telemetry(options: Partial<TelemetryOptions> = {}) {
  const lines: string[] = []
  const clock = { at: Date.parse('2026-11-22T14:48:46.123Z') }
  const made = createTelemetry({
    write: line => void lines.push(line),
    level: 'info',
    now: () => clock.at,
    hasProcess: false,
    ...options,
  })
  return { made, lines, clock, logged: () => lines.map(line => JSON.parse(line)) }
}

type Row = readonly [
  word: string,
  say: (events: AgentEvents) => void,
  level: string,
  sentence: string,
  metrics?: Record<string, number>,
]

const rows: readonly Row[] = [
  [
    'started',
    e =>
      e.started({
        version: '0.1.0',
        node: 'worker-3',
        config: 'a1b2',
        sources: ['conntrack from conntrack -E'],
        revision: 'f00',
      }),
    'info',
    'culprit 0.1.0 started on worker-3, configuration a1b2: conntrack from conntrack -E',
    {
      [`culprit_build_info{version="0.1.0",revision="f00",node_version="${process.version}"}`]: 1,
      culprit_config_last_reload_successful: 1,
    },
  ],
  ['stopped', e => e.stopped({ reason: 'SIGTERM' }), 'info', 'stopped: SIGTERM'],
  [
    'source_opened',
    e => e.sourceOpened({ source: 'hubble', name: '/x' }),
    'info',
    'reading hubble from /x',
    { 'culprit_source_up{source="hubble"}': 1 },
  ],
  [
    'source_trouble',
    e => e.sourceTrouble({ source: 'hubble', name: '/x', text: 'Cannot follow "/x": it became a directory' }),
    'warn',
    'Cannot follow "/x": it became a directory',
  ],
  [
    'source_recovered',
    e => e.sourceRecovered({ source: 'hubble', name: '/x' }),
    'info',
    '/x is read again',
    { 'culprit_source_up{source="hubble"}': 1 },
  ],
  [
    'source_not_found',
    e => e.sourceNotFound({ text: 'no log of Hubble: set hubble.export.static.enabled' }),
    'info',
    'no log of Hubble: set hubble.export.static.enabled',
  ],
  [
    'gap',
    e =>
      e.gap({
        source: 'netfilter-log',
        cause: 'the kernel overwrote records before they were read',
        lost: 7,
      }),
    'warn',
    'evidence of netfilter-log is missing: the kernel overwrote records before they were read; 7 events were lost',
    {
      'culprit_events_lost_total{source="netfilter-log",stage="kernel",cause="overrun"}': 7,
      'culprit_evidence_gaps_total{source="netfilter-log",extent="counted"}': 1,
    },
  ],
  [
    'gap',
    e => e.gap({ source: 'hubble', cause: 'the file was rotated away' }),
    'warn',
    'evidence of hubble is missing: the file was rotated away; an unknown number of events was lost',
    {
      'culprit_events_lost_total{source="hubble",stage="read",cause="rotated"}': 1,
      'culprit_evidence_gaps_total{source="hubble",extent="unknown"}': 1,
      'culprit_source_rotations_total{source="hubble",outcome="gap"}': 1,
    },
  ],
  [
    'config_reloaded',
    e => e.configReloaded({ hash: 'a1b2', keys: ['log.level'] }),
    'info',
    'the configuration was read again (a1b2), changed: log.level',
    { 'culprit_config_reloads_total{outcome="taken"}': 1, culprit_config_last_reload_successful: 1 },
  ],
  [
    'config_refused',
    e => e.configRefused({ problems: ['log.level: not "loud"', 'nod: unknown'] }),
    'error',
    'the edited configuration is refused, the last good one goes on: log.level: not "loud"; nod: unknown',
    { 'culprit_config_reloads_total{outcome="refused"}': 1 },
  ],
  [
    'config_needs_restart',
    e => e.configNeedsRestart({ keys: ['node'] }),
    'warn',
    'the edited configuration needs a restart for: node',
  ],
  [
    'manifests_read',
    e => e.manifestsRead({ objects: 12 }),
    'info',
    'read 12 objects from the manifests',
    {
      'culprit_cache_objects{resource="manifests"}': 12,
      'culprit_watch_last_event_timestamp_seconds{resource="manifests"}': 1795358926.123,
    },
  ],
  [
    'manifests_refused',
    e => e.manifestsRefused({ text: 'Cannot read "/m/a.yaml": bad indentation' }),
    'error',
    'Cannot read "/m/a.yaml": bad indentation',
    { 'culprit_watch_restarts_total{resource="manifests",cause="refused"}': 1 },
  ],
  [
    'cluster_doubtful',
    e => e.clusterDoubtful({ text: 'No pod of the manifests runs on node "w2"' }),
    'warn',
    'No pod of the manifests runs on node "w2"',
    {},
  ],
  [
    'records_not_written',
    e => e.recordsNotWritten({ text: 'Cannot write "/r": no space' }),
    'error',
    'Cannot write "/r": no space',
  ],
  [
    'records_discarded',
    e => e.recordsDiscarded({ records: 1, cause: 'disk_full' }),
    'error',
    'discarded 1 record: the disk is full',
    { 'culprit_records_discarded_total{cause="disk_full"}': 1 },
  ],
  [
    'records_writing_again',
    e => e.recordsWritingAgain(),
    'info',
    'records are written again',
    { culprit_forensic_writable: 1 },
  ],
  [
    'journal_not_written',
    e => e.journalNotWritten({ text: 'Cannot write "/j": read-only' }),
    'error',
    'Cannot write "/j": read-only',
  ],
  [
    'state_restored',
    e => e.stateRestored({ positions: 2, records: 1 }),
    'info',
    'going on where it stood: 2 positions, 1 record to write',
  ],
  [
    'state_refused',
    e => e.stateRefused({ text: 'Cannot read "/s": version 9' }),
    'warn',
    'Cannot read "/s": version 9',
  ],
  [
    'degraded',
    e => e.degraded({ level: 2, trigger: 'memory' }),
    'warn',
    'level 2 because of memory: allowed flows are only counted, no spans are made',
    {
      culprit_degradation_level: 2,
      'culprit_degradations_total{level="1",trigger="memory"}': 1,
      'culprit_degradations_total{level="2",trigger="memory"}': 1,
    },
  ],
  [
    'internal_error',
    e => e.internalError({ component: 'pump', error: new TypeError('x is not a function') }),
    'error',
    'pump failed and goes on: x is not a function',
    { 'culprit_internal_errors_total{component="pump",error_type="TypeError"}': 1 },
  ],
  ['http_listening', e => e.httpListening({ address: '0.0.0.0:9464' }), 'info', 'listening on 0.0.0.0:9464'],
  [
    'http_failed',
    e => e.httpFailed({ text: 'Cannot listen on "0.0.0.0:9464": in use' }),
    'error',
    'Cannot listen on "0.0.0.0:9464": in use',
  ],
  [
    'clock_stepped',
    e => e.clockStepped({ seconds: -3600 }),
    'warn',
    'the clock was set 3600 s back',
    { 'culprit_clock_steps_total{direction="back"}': 1 },
  ],
]

for (const [word, say, level, sentence, metrics = {}] of rows)
  t.test(`${word}: "${sentence.slice(0, 40)}" is logged and counted`, async t => {
    const { made, logged } = telemetry()
    say(made)
    t.match(logged(), [{ level, time: '2026-11-22T14:48:46.123Z', event: word, msg: sentence }])
    t.equal(logged().length, 1)
    t.match(await scrape(made.metrics), { ...metrics, [`culprit_agent_events_total{event="${word}"}`]: 1 })
  })

t.test('every function of the events stands in the table', async t => {
  const { made } = telemetry()
  const others = ['metrics', 'setLevel', 'settle']
  const functions = Object.keys(made).filter(name => !others.includes(name))
  const said = new Set(rows.map(([word]) => word.replace(/_./g, c => c[1]!.toUpperCase())))
  t.same(functions.sort(), [...said].sort())
})

t.test('a source that breaks all the time fills no log, and every time is counted', async t => {
  const { made, logged, clock } = telemetry()
  const break_ = (name: string) =>
    made.sourceTrouble({ source: 'hubble', name, text: `Cannot read "${name}": no` })
  for (let i = 0; i < 1000; i++) break_('/x')
  break_('/y')
  t.equal(logged().length, 2, 'one for each subject')
  clock.at += 60_000
  made.settle()
  t.match(logged().at(-1), {
    event: 'source_trouble',
    name: '/x',
    more: 998,
    msg: 'Cannot read "/x": no (and 998 more like it)',
  })
  t.equal((await scrape(made.metrics))['culprit_agent_events_total{event="source_trouble"}'], 1001)
})

t.test('what was held back is said before the last word', async t => {
  const { made, logged } = telemetry()
  for (let i = 0; i < 3; i++) made.httpFailed({ text: `no ${i}` })
  made.stopped({ reason: 'SIGTERM' })
  t.same(
    logged().map(({ msg }) => msg),
    ['no 0', 'no 2 (and 1 more like it)', 'stopped: SIGTERM'],
  )
})

t.test('a format is up when all of its sources are', async t => {
  const { made } = telemetry()
  const up = async () => of(await scrape(made.metrics), 'culprit_source_up')['{source="hubble"}'] ?? 0
  for (const name of ['/a', '/b']) made.sourceOpened({ source: 'hubble', name })
  made.sourceTrouble({ source: 'hubble', name: '/a', text: 'x' })
  made.sourceTrouble({ source: 'hubble', name: '/b', text: 'x' })
  made.sourceRecovered({ source: 'hubble', name: '/b' })
  t.equal(await up(), 0)
  made.sourceRecovered({ source: 'hubble', name: '/a' })
  t.equal(await up(), 1)
})

t.test('going down a level counts no degradation, going up again does', async t => {
  const { made } = telemetry()
  for (const level of [1, 2, 1, 2, 1, 0] as const)
    made.degraded({ level, trigger: level === 0 ? undefined : 'queue' })
  const samples = await scrape(made.metrics)
  t.equal(samples['culprit_degradations_total{level="1",trigger="queue"}'], 1)
  t.equal(samples['culprit_degradations_total{level="2",trigger="queue"}'], 2)
  t.equal(samples.culprit_degradation_level, undefined, '0')
})

const thrown: readonly [unknown, string, string][] = [
  [Object.assign(new Error('full'), { code: 'ENOSPC' }), 'ENOSPC', 'full'],
  [new RangeError('far'), 'RangeError', 'far'],
  ['text', 'string', 'text'],
  [undefined, 'undefined', 'undefined'],
]

t.test('the type of an error is its code, its name, or what was thrown', async t => {
  for (const [error, type, text] of thrown) {
    const { made, logged } = telemetry()
    made.internalError({ component: 'x', error })
    t.match(logged(), [{ error_type: type, msg: `x failed and goes on: ${text}` }])
  }
})

t.test('a stack is shown only at debug, and the level can be changed while it runs', async t => {
  const { made, logged } = telemetry({ level: 'error' })
  made.httpListening({ address: 'a' })
  t.same(logged(), [])
  made.internalError({ component: 'x', error: new Error('e') })
  t.notOk(logged()[0].stack)
  made.setLevel('debug')
  made.internalError({ component: 'y', error: new Error('e') })
  t.match(logged()[1].stack, /events\.test\.ts/)
})

t.test('on a terminal it is a plain sentence, and nothing that a terminal obeys', async t => {
  const { made, lines } = telemetry({ form: 'plain', level: 'warn' })
  made.httpListening({ address: 'a' })
  made.httpFailed({ text: 'Cannot read "\u001b[31mx\u0007"' })
  t.same(lines, ['culprit: Cannot read "\\x1b[31mx\\x07"\n'])
  ;(made as Telemetry).setLevel('debug')
  made.internalError({ component: 'x', error: new Error('e') })
  t.match(lines[1], /^culprit: x failed and goes on: e\nError: e\n {4}at /)
})
