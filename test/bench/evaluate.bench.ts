// How fast are answers, and how long does an edit take? 1,000 policies, 10,000 pods, 50 namespaces. Every probe is a pair, port and
// protocol that was not asked before; its answer is verdict, both directions, and the responsible policies and rules as values.
// The competitor is the literal evaluator of the tests, which says the same and looks everything up anew. Medians of fresh processes.
//
//   node test/bench/evaluate.bench.ts [--probes N] [--runs N]

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { formatAddress, parseAddress } from '../../agent/address.ts'
import { answerOf, compile, type End, type Epoch, readProbe, TCP, UDP } from '../../agent/policy/index.ts'
import { ask } from '../oracle/oracle.ts'
import { below, bigWorld, fullSize, pick, policyOf, type Random, randomFrom } from './big-world.ts'
import { median, table } from './report.ts'

const { values } = parseArgs({
  options: {
    probes: { type: 'string', default: '2000000' },
    runs: { type: 'string', default: '3' },
    once: { type: 'boolean', default: false },
  },
})
const count = Number(values.probes)
if (!values.once) {
  summarise()
  process.exit()
}

const world = bigWorld()
const random = randomFrom(2)

function seconds<T>(work: () => T): [T, number] {
  const start = process.hrtime.bigint()
  const result = work()
  return [result, Number(process.hrtime.bigint() - start) / 1e9]
}

/** Numbers by what they measure, each with its unit in its name; printed as one line of JSON by a single run. */
const figures: Record<string, number> = {}

function report(name: string, value: number): void {
  figures[name] = value
}

/** Pods by both families, and one external address in ten. */
function ends(epoch: Epoch): End[] {
  const v6 = parseAddress('fd00::1')!
  const pods = world.pods.flatMap(pod => [epoch.endOfPod(pod.uid)!, epoch.endOfPod(pod.uid, v6)!])
  const external = pods
    .slice(0, pods.length / 10)
    .map((_, i) => epoch.resolve(parseAddress(`198.51.${i >> 8}.${i & 255}`)!))
  return [...pods, ...external]
}

interface Probes {
  readonly from: Int32Array
  readonly to: Int32Array
  readonly port: Int32Array
  readonly protocol: Int32Array
}

function probes(random: Random, amount: number, among: number): Probes {
  const column = (value: () => number) => Int32Array.from({ length: amount }, value)
  return {
    from: column(() => below(random, among)),
    to: column(() => below(random, among)),
    port: column(() => 7999 + below(random, 12)),
    protocol: column(() => (random() < 0.9 ? TCP : UDP)),
  }
}

/** A checksum keeps every part of every answer alive. */
function evaluateAll(epoch: Epoch, among: readonly End[], asked: Probes): { sum: number; denied: number[] } {
  let sum = 0
  const denied: number[] = []
  for (let i = 0; i < asked.from.length; i++) {
    const { verdict, egress, ingress } = epoch.evaluate(
      among[asked.from[i]!]!,
      among[asked.to[i]!]!,
      asked.protocol[i]!,
      asked.port[i]!,
    )
    sum += egress.witnesses.length + ingress.witnesses.length
    if (verdict === 'denied') denied.push(i)
  }
  return { sum, denied }
}

const compiled = Array.from({ length: 5 }, () => seconds(() => compile(world, { profile: 'upstream' })))
const epoch = compiled.at(-1)![0]
report('compile, first, s', compiled[0]![1])
report('compile, again, s', median(compiled.map(([, time]) => time)))

const [all, endsTime] = seconds(() => ends(epoch))
report('ends of all pods, both families, /s', all.length / endsTime)

const asked = probes(random, count, all.length)
const [cold, coldTime] = seconds(() => evaluateAll(epoch, all, asked))
report('probes, first pass (nothing remembered), /s', count / coldTime)
const warmPasses = Array.from({ length: 3 }, () => {
  const fresh = probes(random, count, all.length)
  return seconds(() => evaluateAll(epoch, all, fresh))[1]
})
report('probes, further passes, /s', count / median(warmPasses))
report('  of them denied, %', (100 * cold.denied.length) / count)
report('  witnesses each', cold.sum / count)

const missed = cold.denied.slice(0, 200_000)
const [, nearestTime] = seconds(() => {
  for (const i of missed)
    epoch.nearest(all[asked.from[i]!]!, all[asked.to[i]!]!, asked.protocol[i]!, asked.port[i]!)
})
report('nearest misses of denied probes, /s', missed.length / nearestTime)

function podName(): string {
  const { ns, name } = pick(random, world.pods)
  return `${ns}/${name}`
}

/** As they come from a file: names mostly, addresses sometimes. */
const lines = Array.from({ length: 200_000 }, (_, i) => {
  const from = i % 10 === 0 ? formatAddress(pick(random, all).address) : podName()
  return { id: `${i}`, from, to: podName(), port: 8000 + below(random, 8) }
})

const [resolved, readTime] = seconds(() => lines.map(line => readProbe(epoch, line)))
report('probe objects read, ends found, /s', lines.length / readTime)
const [, answerTime] = seconds(() => {
  for (const probe of resolved) {
    if ('error' in probe) throw new Error(probe.error)
    answerOf(epoch, probe, epoch.evaluate(probe.from, probe.to, probe.protocol, probe.port))
  }
})
report('probe objects answered, nearest included, /s', lines.length / answerTime)

const literal = lines.slice(0, 20)
const [, literalTime] = seconds(() => {
  for (const { from, to, port } of literal) ask(world, { from, to, port })
})
report('the literal evaluator, /s', literal.length / literalTime)
report('  times faster than it, first pass', count / coldTime / (literal.length / literalTime))

/** One edit and the first hundred evaluations after it, in the namespace that was edited. */
function edit(epoch: Epoch, i: number): Epoch {
  const ns = `ns-${i % fullSize.namespaces}`
  const policy = policyOf(random, below(random, fullSize.policies), ns, i)
  const next = epoch.with([{ kind: 'Policy', key: policy.metadata.uid!, object: policy }])
  const inside = world.pods.filter((pod, j) => j < 2000 && pod.ns === ns)
  for (let j = 0; j < 100; j++)
    next.evaluate(
      next.endOfPod(pick(random, world.pods).uid)!,
      next.endOfPod(pick(random, inside).uid)!,
      TCP,
      8000 + (j & 7),
    )
  return next
}

function editPod(epoch: Epoch): Epoch {
  const pod = pick(random, world.pods)
  const changed = { ...pod, labels: { ...pod.labels, app: `app-${below(random, 24)}` } }
  const next = epoch.with([{ kind: 'Pod', key: pod.uid, object: changed }])
  next.evaluate(next.endOfPod(pick(random, world.pods).uid)!, next.endOfPod(pod.uid)!, TCP, 8000)
  return next
}

function percentiles(name: string, step: (epoch: Epoch, i: number) => Epoch, times: number): void {
  let current = epoch
  const taken = Array.from({ length: times }, (_, i) => {
    const [next, time] = seconds(() => step(current, i))
    current = next
    return time * 1000
  }).sort((a, b) => a - b)
  report(`${name}, p50, ms`, taken[times >> 1]!)
  report(`${name}, p99, ms`, taken[Math.floor(0.99 * times)]!)
  report(`${name}, max, ms`, taken.at(-1)!)
}

percentiles('policy edit and 100 evaluations', edit, 2000)
percentiles('pod edit and 1 evaluation', editPod, 2000)
report('resident memory, MiB', process.memoryUsage().rss / 2 ** 20)
console.log(JSON.stringify(figures))

/** The medians of several runs, each in a process of its own. */
function summarise(): void {
  const self = fileURLToPath(import.meta.url)
  const args = [self, '--once', '--probes', values.probes]
  const runs = Array.from(
    { length: Number(values.runs) },
    (): Record<string, number> => JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })),
  )
  const rows = Object.keys(runs[0]!).map(name => [name, show(median(runs.map(run => run[name]!)))])
  console.log(table([`medians of ${runs.length} processes`, ''], rows))
}

function show(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 3 : 0 })
}
