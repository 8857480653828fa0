// The OpenTelemetry collector's file_log as a follower, and with a regex_parser over each denial. Its program is not a package of any
// distribution: OTELCOL names one, built with file_log (0.155 or later) and the file exporter.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mind } from './live-children.ts'
import type { Follower, Following, Place } from './live-follower.ts'

const program = process.env.OTELCOL
const missing = 'OTELCOL does not name a program'

export const collector: Follower = {
  name: 'OpenTelemetry collector: file_log, file',
  ...(program === undefined && { missing }),
  start,
}

/** Addresses, protocol and ports: what an attribution needs of a line. */
const PARSED =
  '^(?P<time>\\\\S+) \\\\S+ kernel: (?P<prefix>.*?)IN=(?P<in>\\\\S*) OUT=(?P<out>\\\\S*) .*?SRC=(?P<src>\\\\S+) DST=(?P<dst>\\\\S+) .*?PROTO=(?P<proto>\\\\S+)(?: SPT=(?P<spt>\\\\d+) DPT=(?P<dpt>\\\\d+))?'

async function start(place: Place): Promise<Following> {
  const out = { busy: join(place.dir, 'busy.out'), denials: join(place.dir, 'denials.out') }
  const config = join(place.dir, 'otelcol.yaml')
  writeFileSync(config, configuration(place, out))
  const child = spawn(program!, ['--config', config], { stdio: ['ignore', 'ignore', 'inherit'] })
  mind(child)
  for (const end = Date.now() + 10_000; !existsSync(out.busy); await sleep(20))
    if (Date.now() > end) throw new Error(`${program} does not start`)
  await sleep(1000)
  return {
    pid: child.pid!,
    async lines() {
      return { busy: recordsOf(out.busy), denials: recordsOf(out.denials) }
    },
    arrivals: () => out.denials,
    pattern: / DPT=(\d+) /g,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'close')
    },
  }
}

function configuration(place: Place, out: { readonly busy: string; readonly denials: string }): string {
  const follow = (path: string): string =>
    `include: ["${path}"], start_at: beginning, poll_interval: 50ms, include_file_path: true`
  return `receivers:
  file_log/busy: { ${follow(place.busy)} }
  file_log/denials:
    ${follow(place.denials).replaceAll(', ', '\n    ')}
    operators: [{ type: regex_parser, regex: "${PARSED}" }]
exporters:
  file/busy: { path: ${out.busy}, flush_interval: 50ms }
  file/denials: { path: ${out.denials}, flush_interval: 50ms }
service:
  telemetry: { metrics: { level: none }, logs: { level: error } }
  pipelines:
    logs/busy: { receivers: [file_log/busy], exporters: [file/busy] }
    logs/denials: { receivers: [file_log/denials], exporters: [file/denials] }
`
}

function recordsOf(path: string): number {
  return readFileSync(path, 'latin1').split('"body"').length - 1
}
