// What does the smallest edit of a denial cost? 1,000 policies, 10,000 pods, 50 namespaces. Distinct denials: no subject, peer, port and
// protocol twice; most of them need an edit that was not worked out before. Beside it what the edit rests on (the evaluation), and what
// it would cost to try one edit by compiling it into the next epoch. Medians of fresh processes.
//
//   node test/bench/fix.bench.ts [--denials N] [--runs N]

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parseAddress } from '../../agent/address.ts'
import { compile, type Direction, directions, type End, type Epoch, TCP } from '../../agent/policy/index.ts'
import { below, bigWorld, fullSize, pick, policyOf, randomFrom } from './big-world.ts'
import { median, table } from './report.ts'

const { values } = parseArgs({
  options: {
    denials: { type: 'string', default: '20000' },
    runs: { type: 'string', default: '3' },
    once: { type: 'boolean', default: false },
  },
})
if (!values.once) {
  summarise()
  process.exit()
}

interface Denied {
  readonly from: End
  readonly to: End
  readonly port: number
  readonly direction: Direction
}

const world = bigWorld()
const random = randomFrom(3)
const figures: Record<string, number> = {}

function microseconds<T>(work: () => T): [T, number] {
  const start = process.hrtime.bigint()
  const result = work()
  return [result, Number(process.hrtime.bigint() - start) / 1e3]
}

function endOf(epoch: Epoch): End {
  return epoch.endOfPod(pick(random, world.pods).uid)!
}

/** Between pods of any two namespaces, or of one, or with an address from outside. */
function denialsOf(epoch: Epoch, count: number): Denied[] {
  const byNamespace = Map.groupBy(world.pods, pod => pod.ns)
  const denials: Denied[] = []
  while (denials.length < count) {
    const to = endOf(epoch)
    const kind = random()
    const near = () => epoch.endOfPod(pick(random, byNamespace.get(to.pod!.ns)!).uid)!
    const outside = () => epoch.resolve(parseAddress(`198.51.${below(random, 256)}.${below(random, 256)}`)!)
    const from = kind < 0.45 ? endOf(epoch) : kind < 0.9 ? near() : outside()
    const port = 7999 + below(random, 12)
    const answer = epoch.evaluate(from, to, TCP, port)
    for (const direction of directions)
      if (answer[direction].verdict === 'denied') denials.push({ from, to, port, direction })
  }
  return denials
}

function fixAll(epoch: Epoch, denials: readonly Denied[]): number[] {
  return denials.map(
    ({ from, to, port, direction }) => microseconds(() => epoch.fix(from, to, TCP, port, direction))[1],
  )
}

function percentiles(name: string, taken: readonly number[]): void {
  const sorted = taken.toSorted((a, b) => a - b)
  figures[`${name}, mean, us`] = taken.reduce((sum, one) => sum + one) / taken.length
  figures[`${name}, p50, us`] = sorted[sorted.length >> 1]!
  figures[`${name}, p99, us`] = sorted[Math.floor(0.99 * sorted.length)]!
  figures[`${name}, max, us`] = sorted.at(-1)!
}

const epoch = compile(world, { profile: 'upstream' })
const denials = denialsOf(epoch, Number(values.denials))

percentiles(
  '  the evaluation alone',
  denials.map(({ from, to, port }) => {
    return microseconds(() => epoch.evaluate(from, to, TCP, port))[1]
  }),
)
const [first, ...others] = fixAll(epoch, denials)
figures['first denial of an epoch (indexes of its pods), us'] = first!
percentiles('distinct denials', others)
percentiles('the same denials again', fixAll(epoch, denials))

/** A policy edit leaves the pods as they are, so their index stays; what was worked out goes. */
const edited = Array.from({ length: 20 }, (_, i) => {
  const ns = `ns-${i % fullSize.namespaces}`
  const policy = policyOf(random, below(random, fullSize.policies), ns, i)
  return epoch.with([{ kind: 'Policy', key: policy.metadata.uid!, object: policy }])
})
percentiles(
  'first denial after a policy edit',
  edited.flatMap(next => fixAll(next, denialsOf(next, 1))),
)

const [, trying] = microseconds(() => {
  for (let i = 0; i < 200; i++) {
    const policy = pick(random, world.policies)
    const { from, to, port } = denials[i % denials.length]!
    epoch.with([{ kind: 'Policy', key: policy.metadata.uid!, object: policy }]).evaluate(from, to, TCP, port)
  }
})
figures['trying one edit in an epoch of its own, us'] = trying / 200
console.log(JSON.stringify(figures))

/** The medians of several runs, each in a process of its own. */
function summarise(): void {
  const args = [fileURLToPath(import.meta.url), '--once', '--denials', values.denials]
  const runs = Array.from(
    { length: Number(values.runs) },
    (): Record<string, number> => JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })),
  )
  const rows = Object.keys(runs[0]!).map(name => [name, show(median(runs.map(run => run[name]!)))])
  console.log(table([`medians of ${runs.length} processes`, ''], rows))
}

function show(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 })
}
