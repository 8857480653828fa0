// What does a question to records at rest cost? `culprit query` in fresh processes over generated segments, narrow questions (which the
// index answers) and full scans, against `zstd -dc | wc -l` over the same files (decompressing and finding lines: the bound).
//
//   node test/bench/query.bench.ts [--records N] [--runs N] [--dir DIR: keep the segments there, or use those that are there]

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ulid } from '../../agent/forensics/id.ts'
import { openSegments } from '../../agent/sink/segments.ts'
import { cpuSecondsOf, median, table } from './report.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '10000000' },
    runs: { type: 'string', default: '3' },
    dir: { type: 'string' },
  },
})
const records = Number(values.records)
const runs = Number(values.runs)
const main = fileURLToPath(new URL('../../agent/culprit.mjs', import.meta.url))
const start = Date.parse('2026-11-01T00:00:00Z')
/** Ten records a second, as on a busy node. */
const stepMs = 100

const dir = values.dir ?? mkdtempSync(join(tmpdir(), 'culprit-bench-'))
try {
  const isThere = existsSync(dir) && readdirSync(dir).length > 0
  const wrote = isThere ? undefined : await fill(dir)
  if (wrote !== undefined)
    console.log(
      `written, chained, compressed and indexed: ${Math.round(records / wrote).toLocaleString('en')} records/s`,
    )
  report(dir)
} finally {
  if (values.dir === undefined) rmSync(dir, { recursive: true })
}

async function fill(dir: string): Promise<number> {
  const began = performance.now()
  const segments = await openSegments({
    dir,
    now: Date.now,
    say: text => console.error(text),
    budgetBytes: Number.POSITIVE_INFINITY,
    heldBytes: Number.POSITIVE_INFINITY,
  })
  for (let i = 0; i < records; i++) {
    segments.line(record(i))
    if (i % 2000 === 0) await segments.flush()
  }
  await segments.finish()
  return (performance.now() - began) / 1000
}

/** One of 1000 pairs of 100 pods in 40 namespaces, denied more often than allowed; one record alone is of a policy of its own. */
function record(i: number): string {
  const micros = (start + i * stepMs) * 1000
  const ts = new Date(micros / 1000).toISOString()
  const pair = (i * 7919) % 1000
  const ns = `team-${pair % 40}`
  const isRare = i === Math.floor(records * 0.95)
  const policy = isRare ? 'rare/needle' : `${ns}/service-${pair % 7}-ingress`
  const [policyNs, name] = policy.split('/')
  const verdict = pair % 3 === 0 ? 'allowed' : 'denied'
  const why = {
    reason: verdict === 'denied' ? 'no-rule-matched' : 'rule-matched',
    certainty: 'certain',
    agreement: 'agrees',
    policies: [
      {
        ns: policyNs,
        name,
        uid: uid(pair % 280),
        gen: 4,
        role: verdict === 'denied' ? 'isolates' : 'admits',
      },
    ],
    ...(verdict === 'denied' && {
      nearest: {
        policy,
        rule: 'ingress[0]',
        failed: 'from[0].podSelector',
        want: 'app=api',
        have: `app=client-${pair}`,
      },
    }),
  }
  return JSON.stringify({
    v: 1,
    id: ulid(micros, `bench ${i}`),
    ts,
    event: `flow.${verdict}`,
    node: 'worker-3',
    verdict,
    ...(verdict === 'denied' && { dir: 'ingress' }),
    src: end(pair + 1000, ns, `client-${pair}`),
    dst: { ...end(pair % 100, ns, `service-${pair % 100}`), port: 8080 },
    proto: 'tcp',
    ...(verdict === 'denied' ? { why } : { ingress: why }),
    n: 1,
    bytes: 60,
    evidence: { source: 'netfilter-log', file: '/var/log/kern.log', offset: i * 211 },
  })
}

function end(i: number, ns: string, name: string) {
  const ip = `10.${(i >> 14) & 63}.${(i >> 7) & 127}.${i & 127}`
  return { ip, kind: 'pod', ns, pod: `${name}-6c9f7d4b8-x2v9k`, uid: uid(i), wl: `Deployment/${name}` }
}

function uid(i: number): string {
  return `0f6c${String(i).padStart(4, '0')}-da31-4ad6-ae18-fe8521767c0b`
}

function report(dir: string): void {
  const files = readdirSync(dir).filter(name => name.endsWith('.zst'))
  const bytes = files.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)
  const bound = median(
    repeat(() => cpuSecondsOf('bash', ['-c', 'cat "$1"/*.zst | zstd -dc | wc -l', 'bash', dir])),
  )
  const hour = (share: number) => new Date(start + records * stepMs * share).toISOString()
  const questions: readonly [string, readonly string[]][] = [
    ['nothing but starting', ['--until', '2000-01-01T00:00:00Z']],
    [
      'narrow: a minute',
      ['--since', hour(0.5), '--until', new Date(Date.parse(hour(0.5)) + 60_000).toISOString()],
    ],
    ['narrow: a rare policy', ['--policy', 'rare/needle']],
    ['full: count all by verdict', ['--group-by', 'verdict']],
    ['full: count denied by from, to, port', ['--verdict', 'denied', '--group-by', 'from,to,port']],
    ['full: an address that is not there', ['--from', '192.0.2.1']],
  ]
  console.log(
    `${records} records in ${files.length} segments, ${(bytes / records).toFixed(0)} bytes each; medians of ${runs} runs; zstd -dc | wc -l takes ${bound.toFixed(2)} s of processor time`,
  )
  const rows = questions.map(([name, args]) => {
    const asked = [main, 'query', '--records', dir, '--output', 'json', ...args]
    const cpu = median(repeat(() => cpuSecondsOf(process.execPath, asked)))
    const wall = median(repeat(() => wallSeconds(asked)))
    return [name, wall.toFixed(2), cpu.toFixed(2), (cpu / bound).toFixed(2)]
  })
  console.log(table(['question', 'seconds', 'processor seconds', 'times zstd -dc | wc -l'], rows))
}

function wallSeconds(args: readonly string[]): number {
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(String(stderr))
  return (performance.now() - began) / 1000
}

function repeat<T>(once: () => T): T[] {
  return Array.from({ length: runs }, once)
}
