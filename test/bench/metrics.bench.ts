// What do metrics cost? Rendering 20,000 series for a scrape, every one of them touched since the last: ours, prom-client's own rendering
// of the same registry, and joining 20,000 ready lines (the bound). Counting one record: ours, and prom-client's counter alone. And what
// an idle process takes for watching its event loop.
//
//   node test/bench/metrics.bench.ts [--series N] [--runs N] [--idle SECONDS, 0 leaves it out]

import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { Counter, Registry } from 'prom-client'
import { metricsOver } from '../../agent/telemetry/create-metrics.ts'
import { createFamilies } from '../../agent/telemetry/registry.ts'
import { median, table } from './report.ts'

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '20000' },
    runs: { type: 'string', default: '15' },
    idle: { type: 'string', default: '10' },
  },
})
const runs = Number(values.runs)
/** Each policy has a series in four metrics. */
const policies = Math.ceil(Number(values.series) / 4)
const LIMIT_MS = 50

const families = createFamilies({ seriesCap: 2 * policies + 1000, optional: ['culprit_allows_total'] })
const metrics = metricsOver(families, {})

function touchAll(): void {
  for (let i = 0; i < policies; i++) {
    const policy = { ns: `team-${i % 40}`, name: `service-${i}-ingress` }
    const flow = { id: `01KDE7F3Q8ZK6V2M9T4R5${i}`, certainty: 'certain', n: 1, bytes: 60 } as const
    const denied = {
      event: 'flow.denied',
      verdict: 'denied',
      dir: 'ingress',
      reason: 'no-rule-matched',
    } as const
    metrics.countRecord({
      ...flow,
      ...denied,
      agreement: 'contradicts',
      policies: [{ ...policy, role: 'isolates' }],
    })
    const admits = { ...policy, role: 'admits', rule: 'ingress[0]' }
    metrics.countRecord({ ...flow, event: 'flow.allowed', verdict: 'allowed', policies: [admits] })
    const changed = {
      event: 'policy.changed',
      id: flow.id,
      op: 'changed',
      ts: '2026-11-22T14:41:02Z',
    } as const
    metrics.countRecord({ ...changed, policy: `${policy.ns}/${policy.name}` })
  }
}

async function medianMs(run: () => Promise<unknown> | unknown, before: () => void): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < runs; i++) await run()
  for (let i = 0; i < runs; i++) {
    before()
    const began = performance.now()
    await run()
    times.push(performance.now() - began)
  }
  return median(times)
}

/** Nanoseconds per call. */
function nanosPer(n: number, run: (i: number) => void): number {
  const once = (): number => {
    const began = performance.now()
    for (let i = 0; i < n; i++) run(i)
    return ((performance.now() - began) / n) * 1e6
  }
  return median(Array.from({ length: runs }, once))
}

async function reportRendering(): Promise<void> {
  touchAll()
  const text = (await metrics.render()).body.toString()
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  // Texts of their own: a slice of the whole would have to be looked up in it.
  const prefixes = lines.map(line => Buffer.from(line.slice(0, line.lastIndexOf(' ') + 1)).toString())
  const join = (): Buffer => {
    const pieces: Buffer[] = []
    let text = ''
    for (const prefix of prefixes) {
      text += `${prefix}${prefix.length}\n`
      if (text.length >= 32_768) {
        pieces.push(Buffer.from(text))
        text = ''
      }
    }
    return Buffer.concat([...pieces, Buffer.from(text)])
  }
  const bound = await medianMs(
    () => Buffer.from(join()),
    () => {},
  )
  const ours = await medianMs(() => metrics.render(), touchAll)
  const theirs = await medianMs(async () => Buffer.from(await families.registry.metrics()), touchAll)
  const row = (name: string, ms: number) => [name, ms.toFixed(1), (ms / bound).toFixed(1)]
  console.log(`${lines.length.toLocaleString('en')} lines, ${(text.length / 1e6).toFixed(1)} MB`)
  console.log(
    table(
      ['rendering', 'ms', 'x bound'],
      [row('joining ready lines', bound), row('culprit', ours), row('prom-client', theirs)],
    ),
  )
  if (ours > LIMIT_MS) console.log(`above the ${LIMIT_MS} ms that it may take`)
}

function reportCounting(): void {
  const n = 100_000
  const labels = { policy_kind: 'NetworkPolicy', policy_namespace: 'team-1', policy: 'service-1-ingress' }
  const plain = new Counter({ name: 'a_total', help: 'a', labelNames: Object.keys(labels), registers: [] })
  const registers = [
    new (Registry as unknown as new (type: string) => Registry)(Registry.OPENMETRICS_CONTENT_TYPE),
  ]
  const options = {
    name: 'b_total',
    help: 'b',
    labelNames: Object.keys(labels),
    registers,
    enableExemplars: true,
  }
  const withExemplar = new Counter(options)
  const policiesOf = Array.from({ length: 200 }, (_, i) => [
    { ns: 'team-1', name: `service-${i}`, role: 'isolates' },
  ])
  const record = (i: number): void =>
    metrics.countRecord({
      event: 'flow.denied',
      id: '01KDE7F3Q8ZK6V2M9T4R5S6W7X',
      verdict: 'denied',
      dir: 'ingress',
      reason: 'no-rule-matched',
      certainty: 'certain',
      agreement: 'agrees',
      policies: policiesOf[i % 200]!,
      n: 1,
      bytes: 60,
    })
  const row = (name: string, nanos: number) => [name, nanos.toFixed(0)]
  console.log(
    table(
      ['counting', 'ns'],
      [
        row('one record of culprit, in five counters', nanosPer(n, record)),
        row(
          'prom-client, one counter',
          nanosPer(n, () => plain.inc(labels, 1)),
        ),
        row(
          'prom-client, one counter with an exemplar',
          nanosPer(n, () =>
            withExemplar.inc({ labels, value: 1, exemplarLabels: { record_id: '01KDE7F3Q8' } }),
          ),
        ),
      ],
    ),
  )
}

/** Processor time of an idle process, as a share of a core, in percent. */
function idlePercent(setUp: string, seconds: number): number {
  const program = `${setUp}
    await new Promise(resolve => setTimeout(resolve, 500))
    const before = process.cpuUsage()
    await new Promise(resolve => setTimeout(resolve, ${seconds * 1000}))
    const { user, system } = process.cpuUsage(before)
    process.stdout.write(String((user + system) / ${seconds * 1e4}))`
  const args = ['--input-type=module', '--eval', program]
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: import.meta.dirname })
  return Number(stdout)
}

function reportIdle(seconds: number): void {
  const watch = (ms: number) =>
    `import { monitorEventLoopDelay } from 'node:perf_hooks'; monitorEventLoopDelay({ resolution: ${ms} }).enable()`
  const file = JSON.stringify(new URL('../../agent/telemetry/event-loop.ts', import.meta.url).href)
  const ours = `import { watchEventLoop } from ${file}; const loop = watchEventLoop(); setInterval(() => loop.take(), 1000).unref()`
  const defaults = `import prom from 'prom-client'; prom.collectDefaultMetrics({ register: new prom.Registry() })`
  const rows: [string, string][] = [
    ['nothing', ''],
    ['event loop every 250 ms, ours', ours],
    ['event loop every 100 ms, of Node', watch(100)],
    ['event loop every 10 ms, of Node', watch(10)],
    ["prom-client's default metrics", defaults],
  ]
  const measured = rows.map(([name, setUp]) => [name, idlePercent(setUp, seconds).toFixed(2)])
  console.log(table(['idle for it', '% of a core'], measured))
}

await reportRendering()
console.log()
reportCounting()
if (Number(values.idle) > 0) {
  console.log()
  reportIdle(Number(values.idle))
}
