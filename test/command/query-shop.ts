// The recorded shop's records, in the shapes in which they may lie, and an agent's server over them.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runProgram } from '../../agent/command/program.ts'
import { createScanLimit, type ScanLimit } from '../../agent/command/scan-limit.ts'
import { serveRecordsOf } from '../../agent/command/serve-records.ts'
import type { WhyRoute } from '../../agent/server/routes.ts'
import { type AgentServer, openServer } from '../../agent/server/server.ts'
import { openSegments } from '../../agent/sink/segments.ts'
import { run } from './run.ts'

export const shop = join(import.meta.dirname, '../../deploy/quickstart')
const recording = (format: string, name: string) => [
  '--log',
  `${format},zone=UTC,year=2026:${join(shop, 'recording', name)}`,
]
export const logs = [...recording('netfilter-log', 'kernel.log'), ...recording('conntrack', 'conntrack.log')]

/** The records as JSON lines. */
export async function shopLines(...more: string[]): Promise<readonly string[]> {
  const { stdout } = await run(['replay', '--world', shop, ...logs, '--allowed', 'full', ...more])
  return stdout.split('\n').filter(Boolean)
}

export const shopTimeline = () => readFileSync(join(shop, 'recording/timeline.jsonl'), 'utf8')

export const noon = () => Date.parse('2026-11-24T12:00:00Z')

/** Small segments, so that indexes have something to rule out; the last one stays open. */
export async function rest(dir: string, lines: readonly string[]): Promise<void> {
  const segments = await openSegments({ dir, maxBytes: 20_000, now: noon, say: () => {} })
  for (const [i, line] of lines.entries()) {
    segments.line(line)
    if (i % 8 === 0) await segments.flush()
  }
  await segments.close()
}

export interface Served {
  readonly limit?: ScanLimit
  readonly why?: WhyRoute
  readonly listen?: string
}

/** An agent's port over a directory. */
export function serveRest(
  directory: string,
  { limit = createScanLimit(2), why, listen = '127.0.0.1:0' }: Served = {},
): Promise<AgentServer> {
  return openServer({
    listen,
    probesListen: '127.0.0.1:0',
    routes: {
      metrics: async () => ({ contentType: 'text/plain', body: '' }),
      readiness: () => ({ ready: true, lines: [] }),
      records: serveRecordsOf({ directory, limit, now: noon }),
      why,
    },
    onError: text => {
      throw new Error(text)
    },
  })
}

export interface Running {
  readonly ended: Promise<number>
  /** Lines of standard output until now. */
  lines(): readonly string[]
  stderr(): string
  /** As Ctrl-C does. */
  interrupt(): void
}

/** A command that goes on until it is interrupted. */
export function start(argv: readonly string[]): Running {
  const abort = new AbortController()
  let [stdout, stderr] = ['', '']
  const ended = runProgram(argv, {
    stdout: async text => {
      stdout += text
    },
    stderr: text => {
      stderr += text
    },
    stdin: async function* () {},
    isTerminal: false,
    signal: abort.signal,
    zone: 'UTC',
    now: noon,
  })
  return {
    ended,
    lines: () => stdout.split('\n').slice(0, -1),
    stderr: () => stderr,
    interrupt: () => abort.abort('SIGINT'),
  }
}

/** Looks again and again; the test's own time-out is the end of it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10)
}
