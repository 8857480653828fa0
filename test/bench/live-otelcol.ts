// The OpenTelemetry collector as a follower: file_log to file, as it comes and in a hurry, and with a regex_parser over each denial.
// Lines are as its own metrics count them, and those of the busy log end in nop, the least that can be done with them. No distribution
// has the program: `npm run bench:otelcol` builds it from test/bench/otelcol (Go 1.26, five minutes the first time) where this looks for
// it; OTELCOL names another, which must have file_log (0.155 or later), file and nop.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Samples, scrape } from '../faults/http.ts'
import { mind } from './live-children.ts'
import { sumOf } from './live-figures.ts'
import { asLogged, type Follower, type Following, HURRIED_MS, type Place } from './live-follower.ts'

const built = join(import.meta.dirname, '../../node_modules/.cache/otelcol')
const program = process.env.OTELCOL ?? built
const isThere = spawnSync(program, ['--version']).status === 0
const missing = `"${program}" does not run: npm run bench:otelcol builds it, or OTELCOL names another`

interface Options {
  readonly pollMs: number
  readonly flushMs: number
  /** Lines are handed on when they are read, not up to 100 ms later. */
  readonly isSynchronous: boolean
  readonly operators: readonly object[]
  /** Of denials. */
  readonly exporter: 'file' | 'nop'
}

/** What it does when nothing is said. */
const usual: Options = { pollMs: 200, flushMs: 1000, isSynchronous: false, operators: [], exporter: 'file' }
const hurried: Options = { ...usual, pollMs: HURRIED_MS, flushMs: HURRIED_MS, isSynchronous: true }

/**
 * What an attribution needs of a line. No character leaves a choice, which Go matches in one pass: with `.*?` between the fields it
 * takes longer. What does not match is dropped, so that a line that counts is one that was parsed.
 */
const parser = {
  type: 'regex_parser',
  on_error: 'drop',
  regex:
    '^(?P<time>\\S+) \\S+ kernel: (?P<action>\\S+) (?P<policy>\\S+) IN=(?P<in>\\S*) OUT=(?P<out>\\S*) MAC=\\S* SRC=(?P<src>\\S+) DST=(?P<dst>\\S+) LEN=\\d+ TOS=\\S+ PREC=\\S+ TTL=\\d+ ID=\\d+ (?:DF )?PROTO=(?P<proto>\\w+) SPT=(?P<spt>\\d+) DPT=(?P<dpt>\\d+) ',
}

export const collectors: readonly Follower[] = [
  follower('otelcol: file_log, file', usual),
  follower(`otelcol: file_log, file, every ${HURRIED_MS} ms`, hurried),
]
export const parsing: readonly Follower[] = [
  follower('otelcol: file_log, regex_parser, nop', { ...usual, operators: [parser], exporter: 'nop' }),
  follower('otelcol: file_log, regex_parser, file', { ...usual, operators: [parser] }),
]

function follower(name: string, options: Options): Follower {
  return { name, ...(!isThere && { missing }), start: place => start(place, options) }
}

async function start(place: Place, options: Options): Promise<Following> {
  const config = join(place.dir, 'otelcol.json')
  const out = join(place.dir, 'denials.out')
  const port = await freePort()
  writeFileSync(config, JSON.stringify(configuration(place, options, out, port)))
  const gates = options.isSynchronous ? ['--feature-gates=stanza.synchronousLogEmitter'] : []
  const child = mind(
    spawn(program, ['--config', config, ...gates], { stdio: ['ignore', 'ignore', 'inherit'] }),
  )
  const metrics = `http://127.0.0.1:${port}`
  await ready(metrics)
  return {
    pid: child.pid!,
    async lines() {
      const samples = await scrape(metrics)
      return { busy: takenBy('busy', samples), denials: takenBy('denials', samples) }
    },
    arrivals: () => (existsSync(out) ? out : undefined),
    pattern: asLogged,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'close')
    },
  }
}

function configuration({ busy, denials }: Place, options: Options, out: string, port: number): object {
  const follow = (path: string) => ({
    include: [path],
    start_at: 'beginning',
    poll_interval: `${options.pollMs}ms`,
  })
  return {
    receivers: {
      'file_log/busy': follow(busy),
      'file_log/denials': { ...follow(denials), operators: options.operators },
    },
    exporters: { nop: {}, file: { path: out, flush_interval: `${options.flushMs}ms` } },
    service: {
      telemetry: {
        logs: { level: 'error' },
        metrics: { readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port } } } }] },
      },
      pipelines: {
        'logs/busy': { receivers: ['file_log/busy'], exporters: ['nop'] },
        'logs/denials': { receivers: ['file_log/denials'], exporters: [options.exporter] },
      },
    },
  }
}

/** What the rest of the pipeline has accepted; there is no such sample before the first. */
function takenBy(receiver: string, samples: Samples): number {
  return sumOf(samples, 'otelcol_receiver_accepted_log_records', `file_log/${receiver}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function ready(metrics: string): Promise<void> {
  for (const end = Date.now() + 10_000; ; await sleep(20)) {
    const answer = await fetch(metrics).catch(() => undefined)
    if (answer !== undefined) break
    if (Date.now() > end) throw new Error(`"${program}" does not start`)
  }
  await sleep(1000)
}
