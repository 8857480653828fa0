// What does a line cost on its whole way, from bytes to folded attributed records? `culprit replay` in fresh processes over generated
// logs of 10,000 flows, against `wc -l` (reading and finding lines: the bound) and the obvious way to count flows: regular
// expressions or JSON.parse and a Map.
//
//   node test/bench/replay.bench.ts [--lines N] [--runs N]

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeConntrack, writeHubble, writeLog } from './generate.ts'
import { writeWorld } from './replay-world.ts'
import { cpuSecondsOf, median, table } from './report.ts'

const { values } = parseArgs({
  options: { lines: { type: 'string', default: '5000000' }, runs: { type: 'string', default: '3' } },
})
const lines = Number(values.lines)
const runs = Number(values.runs)
const main = fileURLToPath(new URL('../../agent/culprit.mjs', import.meta.url))
const baseline = fileURLToPath(new URL('./baseline.ts', import.meta.url))
const formats = { conntrack: writeConntrack, 'netfilter-log': writeLog, hubble: writeHubble }

const folder = mkdtempSync(join(tmpdir(), 'culprit-bench-'))
try {
  writeWorld(join(folder, 'world'))
  const rows = Object.entries(formats).map(([format, write]) => measure(format, write))
  console.log(`${lines} lines, medians of ${runs} runs, each in its own process; seconds are processor time`)
  console.log(table(['format', 'lines/s', 'times wc -l', 'times faster than the baseline', 'RSS MB'], rows))
} finally {
  rmSync(folder, { recursive: true })
}

function measure(format: string, write: (path: string, lines: number) => void): string[] {
  const log = join(folder, format)
  write(log, lines)
  const replayed = repeat(() => replay(format, log))
  const ours = median(replayed.map(run => run.cpuSeconds))
  const bound = median(repeat(() => cpuSecondsOf('wc', ['-l', log])))
  const obvious = median(repeat(() => cpuSecondsOf(process.execPath, [baseline, format, log])))
  const speed = median(replayed.map(run => run.linesPerSecond))
  const rss = Math.max(...replayed.map(run => run.rssBytes)) / 1e6
  rmSync(log)
  return [
    format,
    Math.round(speed).toLocaleString('en'),
    (ours / bound).toFixed(1),
    (obvious / ours).toFixed(1),
    rss.toFixed(0),
  ]
}

interface Figures {
  readonly linesPerSecond: number
  readonly cpuSeconds: number
  readonly rssBytes: number
}

function replay(format: string, log: string): Figures {
  const args = [
    main,
    'replay',
    '--world',
    join(folder, 'world'),
    '--log',
    `${format}:${log}`,
    '--stats',
    'json',
  ]
  const { stderr, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stderr.trim().split('\n').at(-1)!)
}

function repeat<T>(once: () => T): T[] {
  return Array.from({ length: runs }, once)
}
