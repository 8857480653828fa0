// How much memory does the agent take on a big cluster: 10,000 pods and 2,000 policies in a directory of manifests, 100 of the pods on
// its node, 5,000 flows a second there? The bundle, as it is deployed, or with --sources the program as it is in the checkout.
//
//   node test/bench/rss.bench.ts [--pods N] [--policies N] [--flows N] [--seconds N] [--sources]

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { addressesOf, scrape } from '../faults/http.ts'
import { type Running, startAgent, untilSaid } from '../faults/node.ts'
import { writeManifests, writePairs } from './big-manifests.ts'
import { bigWorld } from './big-world.ts'
import { deployed } from './deployed.ts'
import { configuration, stopAgent } from './live-agent.ts'
import { mind } from './live-children.ts'
import { load, processorSeconds, residentMemory } from './live-figures.ts'
import { table } from './report.ts'

const { values } = parseArgs({
  options: {
    pods: { type: 'string', default: '10000' },
    policies: { type: 'string', default: '2000' },
    flows: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '60' },
    sources: { type: 'boolean', default: false },
  },
})
const LINES_PER_FLOW = 3
const node = 'node-0'
const sources = join(import.meta.dirname, '../../agent/main.ts')

const folder = mkdtempSync(join(tmpdir(), 'culprit-rss-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const program = values.sources ? sources : await deployed()

// The first start compiles every module, of sources after it has stripped the types, and keeps the result for the next.
const tiny = { namespaces: 1, pods: 1, policies: 0, nodes: 1 }
await measure('warm up', tiny, 0, 0)
const empty = await measure('empty', tiny, 0)
const size = { namespaces: 50, pods: Number(values.pods), policies: Number(values.policies), nodes: 100 }
const quiet = await measure('quiet', size, 0)
const busy = await measure('busy', size, Number(values.flows))
console.log(
  `${values.pods} pods, ${values.policies} policies, ${values.seconds} s; ${values.sources ? 'not bundled' : 'bundled'}; load ${load()}`,
)
console.log(
  table(
    ['', 'MiB', 'MiB at most', 'of it heap, used', '% of a core', 'lines', 'lines lost'],
    [
      ['an empty cluster', ...empty],
      ['the cluster', ...quiet],
      [`the cluster and ${values.flows} flows/s`, ...busy],
    ],
  ),
)

async function measure(
  name: string,
  size: Parameters<typeof bigWorld>[0],
  flows: number,
  seconds = Number(values.seconds),
): Promise<string[]> {
  const dir = join(folder, name)
  const log = join(dir, 'log/conntrack.log')
  for (const each of ['log', 'manifests']) mkdirSync(join(dir, each), { recursive: true })
  writeFileSync(log, '')
  const pairs = join(dir, 'pairs.json')
  writePairs(pairs, writeManifests(join(dir, 'manifests'), bigWorld(size)), node)
  const config = join(dir, 'culprit.yaml')
  const text = configuration(dir, [{ format: 'conntrack', file: log }])
  writeFileSync(config, text.replace('node: w1', `node: ${node}`))
  const running = startAgent({ dir, log, records: join(dir, 'records'), config }, {}, program)
  mind(running.child)
  await untilSaid(running, '"started"', 120_000)
  await untilSaid(running, '"http_listening"')
  return observe(running, { log, pairs, flows, seconds })
}

interface Traffic {
  readonly log: string
  readonly pairs: string
  readonly flows: number
  readonly seconds: number
}

async function observe(running: Running, { log, pairs, flows, seconds }: Traffic): Promise<string[]> {
  const pid = running.child.pid!
  await sleep(2000)
  const before = processorSeconds(pid)
  const written = flows === 0 ? await sleep(seconds * 1000, 0) : await write(log, pairs, flows, seconds)
  const used = processorSeconds(pid) - before
  const { nowMebibytes, peakMebibytes } = residentMemory(pid)
  await sleep(2000)
  const samples = await scrape(addressesOf(running).main)
  const lines = sum(samples, 'culprit_source_lines_total')
  const heap = sum(samples, 'nodejs_heap_size_used_bytes') / 2 ** 20
  await stopAgent(running)
  return [
    nowMebibytes.toFixed(0),
    peakMebibytes.toFixed(0),
    heap.toFixed(0),
    ((used / seconds) * 100).toFixed(1),
    lines.toLocaleString('en'),
    (written - lines).toLocaleString('en'),
  ]
}

async function write(log: string, pairs: string, flows: number, seconds: number): Promise<number> {
  const args = [log, flows * LINES_PER_FLOW, seconds, 10, pairs].map(String)
  const child = mind(fork(join(import.meta.dirname, 'live-writer.ts'), args))
  const [{ lines }] = (await once(child, 'message')) as [{ lines: number }]
  return lines
}

function sum(samples: ReadonlyMap<string, number>, metric: string): number {
  return [...samples]
    .filter(([name]) => name === metric || name.startsWith(`${metric}{`))
    .reduce((total, [, value]) => total + value, 0)
}
