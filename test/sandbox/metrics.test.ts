// What a real Prometheus makes of the metrics: promtool's checks, and a scrape that negotiates OpenMetrics and keeps the exemplars.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { env } from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { createTelemetry, type Telemetry } from '../../agent/telemetry/index.ts'

const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined
const skip = ['promtool', 'prometheus'].every(isThere)
  ? false
  : 'SKIPPED: needs the Debian package prometheus'
if (skip !== false && env.CULPRIT_REQUIRE_SANDBOX === '1')
  throw new Error(`CULPRIT_REQUIRE_SANDBOX=1, but ${skip}`)
if (skip !== false) console.error(skip)

const id = '01KDE7F3Q8ZK6V2M9T4R5S6W7X'

/** Every kind of metric, and names that have to be escaped. */
function filled(): Telemetry {
  const telemetry = createTelemetry({ write() {}, level: 'error', now: Date.now })
  const { metrics } = telemetry
  telemetry.started({ version: '0.1.0', node: 'worker-3', config: 'a1b2', sources: [] })
  telemetry.gap({ source: 'hubble', cause: 'a "quoted"\n\\cause' })
  telemetry.internalError({ component: 'a "quoted"\n\\component', error: new TypeError('x') })
  metrics.countRecord({
    event: 'flow.denied',
    id,
    verdict: 'denied',
    dir: 'ingress',
    reason: 'no-rule-matched',
    certainty: 'certain',
    agreement: 'contradicts',
    policies: [{ ns: 'data', name: 'pg-ingress', role: 'isolates' }],
    n: 3,
    bytes: 60,
  })
  metrics.countRecord({ event: 'policy.enforced', id, gen: 4, delay_s: [0.2, 0.7] })
  metrics.countRecord({
    event: 'policy.changed',
    id,
    op: 'changed',
    policy: 'data/pg-ingress',
    ts: '2026-11-22T14:41:02Z',
  })
  metrics.observeEvent('hubble', { at: 1795358926, lagSeconds: 0.2 })
  return telemetry
}

t.test('promtool finds nothing to say about the metrics', { skip }, async t => {
  const telemetry = filled()
  t.teardown(() => telemetry.metrics[Symbol.dispose]())
  // It reads the older format only.
  const { body } = await telemetry.metrics.render('text/plain')
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: body,
    encoding: 'utf8',
  })
  t.same([status, stdout, stderr], [0, '', ''])
})

t.test('Prometheus scrapes OpenMetrics, with exemplars', { skip, timeout: 60_000 }, async t => {
  const telemetry = filled()
  const types: string[] = []
  const target = createServer(async (request, response) => {
    const { contentType, body } = await telemetry.metrics.render(request.headers.accept)
    types.push(contentType)
    response.setHeader('content-type', contentType)
    response.end(body)
  })
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
  const { port } = target.address() as AddressInfo
  const free = await freePort()
  const dir = t.testdir({
    'prometheus.yml': `
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: culprit
    static_configs: [{targets: ['127.0.0.1:${port}']}]
`,
  })
  const prometheus = spawn(
    'prometheus',
    [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${free}`,
      '--enable-feature=exemplar-storage',
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  )
  t.teardown(async () => {
    prometheus.kill('SIGKILL')
    await once(prometheus, 'close')
    target.closeAllConnections()
    target.close()
    telemetry.metrics[Symbol.dispose]()
  })
  const api = `http://127.0.0.1:${free}/api/v1`

  const drops = await answer(`${api}/query?query=culprit_drops_total`, data => data.result?.[0])
  t.match(drops, {
    metric: { policy_namespace: 'data', policy: 'pg-ingress', direction: 'ingress', job: 'culprit' },
    value: [Number, '3'],
  })
  const interval = `start=${Date.now() / 1000 - 60}&end=${Date.now() / 1000 + 60}`
  for (const query of [
    'culprit_drops_total',
    'culprit_verdict_mismatches_total',
    'culprit_policy_enforcement_delay_seconds_bucket',
  ]) {
    const found = await answer(
      `${api}/query_exemplars?query=${query}&${interval}`,
      data => data[0]?.exemplars?.[0],
    )
    t.match(found, { labels: { record_id: id } }, query)
  }
  const escaped = await answer(`${api}/query?query=culprit_internal_errors_total`, data => data.result?.[0])
  t.match(escaped, { metric: { component: 'a "quoted"\n\\component', error_type: 'TypeError' } })
  const up = await answer(`${api}/query?query=up`, data => data.result?.[0])
  t.match(up, { value: [Number, '1'] })
  t.match(types[0], /^application\/openmetrics-text; version=1\.0\.0/)
})

interface Answer {
  readonly result?: readonly unknown[]
  readonly [index: number]: { readonly exemplars?: readonly unknown[] }
}

/** Asks until there is an answer: the test's time limit ends it. */
async function answer(url: string, pick: (data: Answer) => unknown): Promise<unknown> {
  for (;;) {
    const picked = await fetch(url)
      .then(async response => pick(((await response.json()) as { readonly data: Answer }).data))
      // It is not listening yet.
      .catch(() => undefined)
    if (picked !== undefined) return picked
    await wait(100)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
