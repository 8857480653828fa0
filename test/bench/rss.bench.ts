// How much memory does the agent take on a big cluster: 10,000 pods and 2,000 policies in a directory of manifests, 100 of the pods on
// its node, 5,000 flows a second there? The program as it is in the checkout: Node reads a file for every module, which one bundle saves.
//
//   node test/bench/rss.bench.ts [--pods N] [--policies N] [--flows N] [--seconds N]

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Node, Pod, World } from '../../agent/policy/objects.ts'
import { addressesOf, scrape } from '../faults/http.ts'
import { type Running, startAgent, untilSaid } from '../faults/node.ts'
import { bigWorld } from './big-world.ts'
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
  },
})
const LINES_PER_FLOW = 3
const FILES = 20
const node = 'node-0'

const folder = mkdtempSync(join(tmpdir(), 'culprit-rss-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

// The first start in a checkout strips the types of every module, and keeps the result for the next.
const tiny = { namespaces: 1, pods: 1, policies: 0, nodes: 1 }
await measure('warm up', tiny, 0, 0)
const empty = await measure('empty', tiny, 0)
const size = { namespaces: 50, pods: Number(values.pods), policies: Number(values.policies), nodes: 100 }
const quiet = await measure('quiet', size, 0)
const busy = await measure('busy', size, Number(values.flows))
console.log(
  `${values.pods} pods, ${values.policies} policies, ${values.seconds} s; not bundled; load ${load()}`,
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
  writePairs(pairs, writeManifests(join(dir, 'manifests'), bigWorld(size)))
  const config = join(dir, 'culprit.yaml')
  const text = configuration(dir, [{ format: 'conntrack', file: log }])
  writeFileSync(config, text.replace('node: w1', `node: ${node}`))
  const running = startAgent({ dir, log, records: join(dir, 'records'), config })
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

/** From and to the pods of the node, 10,000 pairs. */
function writePairs(path: string, pods: readonly Pod[]): void {
  const local = pods.filter(pod => pod.node === node)
  const pairs = Array.from({ length: 10_000 }, (_, i) => {
    const [here, there] = [local[i % local.length]!.ips[0]!, pods[(i * 7919) % pods.length]!.ips[0]!]
    return i % 2 === 0 ? [here, there] : [there, here]
  })
  writeFileSync(path, JSON.stringify(pairs))
}

/** Several files, as people keep them. */
function writeManifests(dir: string, { namespaces, nodes, pods, policies }: World): readonly Pod[] {
  const items = [
    ...namespaces.map(({ name, labels }) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    })),
    ...nodes.map(nodeObject),
    ...pods.map(podObject),
    ...policies,
  ]
  const perFile = Math.ceil(items.length / FILES)
  for (let i = 0; i * perFile < items.length; i++)
    writeFileSync(
      join(dir, `${i}.json`),
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: items.slice(i * perFile, (i + 1) * perFile) }),
    )
  return pods
}

function nodeObject({ name, addresses, podCIDRs }: Node): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: { podCIDRs },
    status: { addresses: addresses.map(address => ({ type: 'InternalIP', address })) },
  }
}

function podObject(pod: Pod): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: pod.ns, name: pod.name, uid: pod.uid, labels: pod.labels },
    spec: {
      nodeName: pod.node,
      containers: [
        {
          name: 'c',
          ports: pod.ports.map(({ name, port, protocol }) => ({ name, containerPort: port, protocol })),
        },
      ],
    },
    status: { phase: pod.phase, podIPs: pod.ips.map(ip => ({ ip })), hostIP: pod.hostIPs[0] },
  }
}
