// Ten times what the agent can take, in a control group of its own: memory stays below the limit, allowed flows are shed and counted,
// denials wait on the disk, and when it is over every one of them is in the records. CI floods it for half a minute;
// `SECONDS=300 node test/faults/ceiling.test.ts` is the full run.

import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { run } from '../command/run.ts'
import { makeCgroup, watchMost, whyNoCgroup } from './cgroup.ts'
import { countRecords, sorted } from './counted.ts'
import { type Flood, startFlood } from './flood.ts'
import { addressesOf, type Samples, scrape, textOf } from './http.ts'
import { makeNode, startAgent, type TestNode, untilSaid } from './node.ts'

const seconds = Number(process.env.SECONDS ?? 10)
const MIB = 1024 * 1024
const memoryLimit = 200 * MIB
const cores = 0.1
const overload = 10
/** Lines a second that are more than it can take, to find out what it can. */
const probing = 40_000

const why = whyNoCgroup()
if (why !== undefined && process.env.CULPRIT_REQUIRE_SANDBOX === '1') t.fail(why)
t.setTimeout(0)

/** A node whose agent reads two files and has no lack of disk. */
function makeFloodedNode(dir: string): { node: TestNode; flood: Flood } {
  const node = makeNode(dir)
  const connections = `${node.dir}/log/conntrack.log`
  writeFileSync(
    node.config,
    `node: w1
manifests: ${node.dir}/manifests
sources:
  - {format: netfilter-log, file: ${node.log}}
  - {format: conntrack, file: ${connections}}
records: {directory: ${node.records}, budgetMebibytes: 4096}
output: {records: off}
http: {listen: '127.0.0.1:0', probesListen: '127.0.0.1:0'}
`,
  )
  return { node, flood: startFlood({ connections, denials: node.log }) }
}

function sum(samples: Samples, name: string): number {
  return [...samples].reduce((all, [key, value]) => (key.startsWith(name) ? all + value : all), 0)
}

async function levelsIn(records: string): Promise<number[]> {
  const asked = ['query', '--records', records, '--event', 'agent.degraded', '--output', 'json']
  const { stdout } = await run(asked)
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => (JSON.parse(line) as { level: number }).level)
}

t.test(`${seconds} s of ${overload} times what it can take`, { skip: why ?? false }, async t => {
  const { node, flood } = makeFloodedNode(t.testdir())
  using cgroup = makeCgroup(`culprit-ceiling-${process.pid}`, memoryLimit)
  const agent = startAgent(node)
  cgroup.add(agent.child.pid!)
  await untilSaid(agent, '"http_listening"')
  // Compiled and warm, as after an hour.
  flood.rate = 10_000
  await sleep(4000)
  const { main, probes } = addressesOf(agent)

  async function linesRead(): Promise<number> {
    return sum(await scrape(main), 'culprit_source_lines_total')
  }

  async function measure(ms: number): Promise<number> {
    const [before, since] = [await linesRead(), Date.now()]
    await sleep(ms)
    return ((await linesRead()) - before) / ((Date.now() - since) / 1000)
  }

  using most = watchMost(cgroup)
  cgroup.limitCores(cores)
  flood.rate = probing
  const capacity = await measure(6000)
  flood.rate = Math.max(probing, Math.round(capacity * overload))
  const [written, began] = [flood.lines, Date.now()]
  let highest = 0
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(1000)) {
    const level = (await scrape(main)).get('culprit_degradation_level') ?? 0
    highest = Math.max(highest, level)
    if (level > 0)
      t.match(await textOf(`${probes}/readyz`), /^ready\n.*degraded to level \d for want of \w+/s)
  }
  const rate = (flood.lines - written) / ((Date.now() - began) / 1000)
  flood.stop()
  t.ok(highest > 0, `level ${highest} was reached`)
  const atMost = Math.round(most.anonymous / MIB)
  t.comment(`it took ${Math.round(capacity)} lines/s, ${Math.round(rate)} were written, ${atMost} MiB`)

  // What waits on the disk is read as fast as there is processor for it.
  cgroup.limitCores(undefined)
  let samples = await scrape(main)
  for (const end = Date.now() + 120_000 + seconds * 2000; Date.now() < end; await sleep(1000)) {
    samples = await scrape(main)
    const isDone = sum(samples, 'culprit_source_lines_total') >= flood.lines
    if (isDone && samples.get('culprit_degradation_level') === 0) break
  }
  t.equal(sum(samples, 'culprit_source_lines_total'), flood.lines, 'every line was read')
  t.equal(samples.get('culprit_degradation_level'), 0, 'all is recorded again')
  t.equal(
    samples.get('culprit_flows_total{verdict="allowed"}'),
    flood.connections,
    'every allowed flow is counted',
  )
  const shed = samples.get('culprit_flows_shed_total{what="flows"}') ?? 0
  t.ok(shed > 0 && shed <= flood.connections, `${shed} of ${flood.connections} were shed`)
  t.equal(sum(samples, 'culprit_records_discarded_total'), 0, 'no record was discarded')

  agent.child.kill('SIGTERM')
  t.equal(await agent.ended, 0)
  t.equal(cgroup.oomKills, 0, 'nothing was killed')
  t.ok(
    most.anonymous < 0.9 * memoryLimit,
    `at most ${Math.round(most.anonymous / MIB)} MiB that the kernel cannot take back`,
  )
  const { byClient, repeated } = await countRecords(node.records)
  t.same(sorted(byClient), sorted(flood.denied), 'every denial is in the records')
  t.equal(repeated, 0)
  const levels = await levelsIn(node.records)
  // It may have gone further between two looks, or while it read what waited.
  t.ok(Math.max(...levels) >= highest, 'the records say how far it went')
  t.equal(levels.at(-1), 0, 'and that it is over')
})
