// What does it cost to follow a log that is written at 50,000 lines a second and rotated every 10 seconds, how late is a denial that is
// written beside it, and is anything lost? The agent, npm's followers, rsyslog and the OpenTelemetry collector, one after the other.
// Then the processor time of a netfilter line: the agent, which says whose policy it was, against those that only parse it.
//
//   node test/bench/live.bench.ts [--seconds N] [--rate LINES_PER_SECOND] [--lines N: netfilter lines] [--runs N]

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { agent } from './live-agent.ts'
import { mind } from './live-children.ts'
import { load, processorSeconds, quantile, residentMemory } from './live-figures.ts'
import type { Follower, Place } from './live-follower.ts'
import { denialLine } from './live-lines.ts'
import { collectors, parsing } from './live-otelcol.ts'
import { packages } from './live-packages.ts'
import { startProbe } from './live-probe.ts'
import { normalizing, rsyslog } from './live-rsyslog.ts'
import { median, table } from './report.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '50000' },
    lines: { type: 'string', default: '500000' },
    runs: { type: 'string', default: '3' },
  },
})
const seconds = Number(values.seconds)
const rate = Number(values.rate)
const ROTATE_SECONDS = 10
const DENIALS_PER_SECOND = 50
/** What starting leaves behind is not counted. */
const QUIET_MS = 2000
/** For what is on its way when nothing more is written. */
const LAST_SECONDS = 10

const folder = mkdtempSync(join(tmpdir(), 'culprit-live-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

await reportFollowing([agent, ...packages, rsyslog, ...collectors])
console.log()
await reportParsing([agent, normalizing, ...parsing])

function placeOf(name: string): Place {
  const dir = join(folder, name.replaceAll(/\W+/g, '-'))
  rmSync(dir, { recursive: true, force: true })
  const place = { dir, busy: join(dir, 'log/conntrack.log'), denials: join(dir, 'log/kern.log') }
  mkdirSync(join(dir, 'log'), { recursive: true })
  for (const path of [place.busy, place.denials]) writeFileSync(path, '')
  return place
}

function runnable(followers: readonly Follower[]): Follower[] {
  for (const { name, missing } of followers)
    if (missing !== undefined) console.log(`not run: ${name}: ${missing}`)
  return followers.filter(({ missing }) => missing === undefined)
}

async function reportFollowing(followers: readonly Follower[]): Promise<void> {
  console.log(
    `${rate.toLocaleString('en')} lines/s for ${seconds} s, rotated every ${ROTATE_SECONDS} s, and ${DENIALS_PER_SECOND} denials/s in another file`,
  )
  const rows: string[][] = []
  await warmUp()
  rows.push([`${agent.name}, no denials`, ...(await follow(agent, 0))])
  for (const follower of runnable(followers))
    rows.push([follower.name, ...(await follow(follower, DENIALS_PER_SECOND))])
  const head = [
    '',
    '% of a core',
    'us/line',
    'MiB peak',
    'p50 ms',
    'p99 ms',
    'lines lost',
    'denials lost',
    'load',
  ]
  console.log(table(head, rows))
}

/** The first start in a checkout strips the types of every module, and keeps the result for the next. */
async function warmUp(): Promise<void> {
  const following = await agent.start(placeOf('warm up'))
  await following.stop()
}

async function follow(follower: Follower, perSecond: number): Promise<string[]> {
  const place = placeOf(follower.name)
  const following = await follower.start(place)
  await sleep(QUIET_MS)
  const { arrivals, pattern, pid } = following
  const before = processorSeconds(pid)
  const probe = startProbe({ log: place.denials, perSecond, arrivals, pattern })
  const written = await writeConnections(place)
  probe.silence()
  const lost = written - (await settle(async () => (await following.lines()).busy, written))
  await settle(async () => probe.delaysMs.length, probe.written)
  const used = processorSeconds(pid) - before
  const { peakMebibytes } = residentMemory(pid)
  probe.stop()
  await following.stop()
  return [
    ((used / seconds) * 100).toFixed(1),
    ((used / written) * 1e6).toFixed(2),
    peakMebibytes.toFixed(0),
    perSecond === 0 ? '' : quantile(probe.delaysMs, 0.5).toFixed(0),
    perSecond === 0 ? '' : quantile(probe.delaysMs, 0.99).toFixed(0),
    lost.toLocaleString('en'),
    String(probe.written - probe.delaysMs.length),
    load(),
  ]
}

async function writeConnections({ busy }: Place): Promise<number> {
  const args = [busy, rate, seconds, ROTATE_SECONDS].map(String)
  const child = mind(fork(join(import.meta.dirname, 'live-writer.ts'), args))
  const [{ lines }] = (await once(child, 'message')) as [{ lines: number }]
  return lines
}

/** How much had arrived when all had, or when nothing more came for long. */
async function settle(count: () => Promise<number>, all: number): Promise<number> {
  let arrived = await count()
  for (let quiet = 0; arrived < all && quiet < LAST_SECONDS * 2; await sleep(500)) {
    const now = await count()
    quiet = now > arrived ? 0 : quiet + 1
    arrived = now
  }
  return arrived
}

async function reportParsing(followers: readonly Follower[]): Promise<void> {
  const lines = Number(values.lines)
  console.log(
    `${lines.toLocaleString('en')} netfilter lines, written as fast as can be while they are followed; medians of ${values.runs} runs`,
  )
  const measured: { name: string; micros: number; lost: number; at: string }[] = []
  for (const follower of runnable(followers)) {
    const runs: { micros: number; lost: number }[] = []
    for (let i = 0; i < Number(values.runs); i++) runs.push(await parse(follower, lines))
    const micros = median(runs.map(run => run.micros))
    measured.push({
      name: follower.name,
      micros,
      lost: Math.max(...runs.map(({ lost }) => lost)),
      at: load(),
    })
  }
  const [first] = measured
  const rows = measured.map(({ name, micros, lost, at }) => [
    name,
    micros.toFixed(2),
    (micros / first!.micros).toFixed(1),
    lost.toLocaleString('en'),
    at,
  ])
  console.log(table(['', 'us/line', 'times culprit', 'lines lost', 'load'], rows))
}

/** Of clients and ports as they come: 1,000 things to say. */
async function parse(follower: Follower, lines: number): Promise<{ micros: number; lost: number }> {
  const place = placeOf(follower.name)
  const following = await follower.start(place)
  await sleep(QUIET_MS)
  const before = processorSeconds(following.pid)
  for (let serial = 0; serial < lines; ) {
    let text = ''
    for (const end = Math.min(lines, serial + 5000); serial < end; serial++)
      text += denialLine(serial, Date.now(), 5000 + (Math.floor(serial / 40) % 25), [
        `10.0.1.${(serial % 40) + 1}`,
        '10.0.0.2',
      ])
    appendFileSync(place.denials, text)
    await sleep(0)
  }
  const taken = await settle(async () => (await following.lines()).denials, lines)
  const used = processorSeconds(following.pid) - before
  await following.stop()
  return { micros: (used / lines) * 1e6, lost: lines - taken }
}
