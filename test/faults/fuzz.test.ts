// Damaged lines of every format through the whole agent: it lives, every record it wrote is one, its segments are whole, and what it
// measures can be read. `LINES=10000000 node test/faults/fuzz.test.ts` is the full run.

import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import { zstdFrames } from '../../agent/source/zstd-frames.ts'
import { formats } from '../../collectors/index.ts'
import { createRandom } from '../bench/generate.ts'
import { fixtureLines } from '../collectors/fixtures.ts'
import { damage, type Pick } from '../collectors/mutate.ts'
import { run } from '../command/run.ts'
import { addressesOf, scrape, textOf } from './http.ts'
import { makeNode, startAgent, type TestNode, untilSaid } from './node.ts'
import { wrongWith } from './valid-record.ts'

const lines = Number(process.env.LINES ?? 100_000)
const seed = Number(process.env.FUZZ_SEED ?? 20261125)
/** Lines that are written at a time, and that may wait to be read. */
const CHUNK = 2000
const AHEAD = 200_000

t.setTimeout(0)

const names = [...formats.map(({ name }) => name), 'auto']
const linesOf = (name: string): readonly Uint8Array[] =>
  name === 'auto' ? formats.flatMap(format => fixtureLines(format.name)) : fixtureLines(name)

/** A world in which the addresses of the samples are pods under policies, or outside of the cluster. */
function writeWorld(dir: string): void {
  const text = Buffer.concat(linesOf('auto').map(line => Buffer.from(line))).toString('latin1')
  const addresses = [...new Set(text.match(/\b10\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g))].slice(0, 200)
  const items = [
    ...['shop', 'data'].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...addresses.map((ip, i) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: i % 2 ? 'shop' : 'data',
        name: `p${i}`,
        uid: `u${i}`,
        labels: { app: `a${i % 7}` },
      },
      spec: { nodeName: 'w1', containers: [{ name: 'c' }] },
      status: { phase: 'Running', podIPs: [{ ip }], hostIP: '192.168.0.1' },
    })),
    ...['shop', 'data'].flatMap(namespace =>
      [0, 1, 2].map(i => ({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { namespace, name: `np${i}`, uid: `${namespace}${i}`, generation: 1 },
        spec: {
          podSelector: { matchLabels: { app: `a${i}` } },
          policyTypes: ['Ingress', 'Egress'],
          ingress: [{ from: [{ podSelector: { matchLabels: { app: 'a3' } } }], ports: [{ port: 80 }] }],
          egress: [],
        },
      })),
    ),
  ]
  writeFileSync(join(dir, 'manifests/fuzz.json'), JSON.stringify({ kind: 'List', items }))
}

function makeFuzzedNode(dir: string): TestNode {
  const node = makeNode(dir)
  writeWorld(dir)
  mkdirSync(join(dir, 'log'), { recursive: true })
  const sources = names.map(name => `  - {format: ${name}, file: ${dir}/log/${name}.log}\n`).join('')
  writeFileSync(
    node.config,
    `node: w1
manifests: ${dir}/manifests
history: {minutes: 1440}
sources:
${sources}records: {directory: ${node.records}, budgetMebibytes: 65536, allowed: full}
output: {records: off}
http: {listen: '127.0.0.1:0', probesListen: '127.0.0.1:0'}
`,
  )
  return node
}

/** Writes damaged lines into the file of each format in turn. */
function createFuzzer(dir: string): { write(count: number): void; readonly written: number } {
  const random = createRandom(seed)
  const pick: Pick = below => Math.floor(random() * below)
  const files = names.map(name => ({
    fd: openSync(join(dir, 'log', `${name}.log`), 'a'),
    samples: linesOf(name),
  }))
  let written = 0
  let turn = 0
  return {
    write(count) {
      const { fd, samples } = files[turn++ % files.length]!
      const damaged = Array.from({ length: count }, () =>
        damage(Buffer.from(samples[pick(samples.length)]!), samples[pick(samples.length)]!, pick),
      )
      const bytes = Buffer.concat(damaged)
      for (const byte of bytes) if (byte === 10) written++
      writeSync(fd, bytes)
    },
    get written() {
      return written
    },
  }
}

async function linesRead(address: string): Promise<number> {
  const samples = await scrape(address)
  return [...samples].reduce(
    (sum, [key, n]) => (key.startsWith('culprit_source_lines_total') ? sum + n : sum),
    0,
  )
}

const textLines = (bytes: Buffer): readonly string[] => bytes.toString().split('\n').filter(Boolean)

/** Every line of every segment. */
function* segmentLines(dir: string): Generator<string> {
  for (const name of readdirSync(dir).sort()) {
    if (!/\.jsonl(\.zst)?$/.test(name)) continue
    const bytes = readFileSync(join(dir, name))
    if (name.endsWith('.zst'))
      for (const { start, end } of zstdFrames((at, length) => bytes.subarray(at, at + length), bytes.length))
        yield* textLines(zstdDecompressSync(bytes.subarray(start, end)))
    else yield* textLines(bytes)
  }
}

t.test('the judge of records finds what is wrong with one', t => {
  const chain = { seq: 1, hash: 'A'.repeat(43) }
  const good = {
    v: 1,
    id: '01KDE7F3Q8ZK6V2M9T4R5S6W7X',
    event: 'flow.denied',
    of: '01KDE7F3Q8ZK6V2M9T4R5S6W7X',
    n: 1,
    chain,
  }
  t.equal(wrongWith(JSON.stringify(good)), undefined)
  for (const bad of [
    { n: 0 },
    { id: 'x' },
    { last: null },
    { more: 1 },
    { event: 'flow.lost' },
    { chain: undefined },
  ])
    t.type(wrongWith(JSON.stringify({ ...good, ...bad })), 'string', JSON.stringify(bad))
  t.equal(wrongWith('{'), 'no JSON object')
  t.end()
})

t.test(`${lines} damaged lines of ${names.length} formats: no crash, no record that is none`, async t => {
  const node = makeFuzzedNode(t.testdir())
  const agent = startAgent(node)
  t.teardown(() => agent.child.kill('SIGKILL'))
  await untilSaid(agent, '"http_listening"')
  await sleep(200)
  const { main } = addressesOf(agent)
  const fuzzer = createFuzzer(node.dir)
  while (fuzzer.written < lines) {
    fuzzer.write(CHUNK)
    if (fuzzer.written % AHEAD < CHUNK)
      while (agent.child.exitCode === null && (await linesRead(main)) < fuzzer.written - AHEAD)
        await sleep(100)
  }
  for (const end = Date.now() + 120_000; Date.now() < end && (await linesRead(main)) < fuzzer.written; )
    await sleep(200)
  t.equal(await linesRead(main), fuzzer.written, 'every line was read')
  t.match(await textOf(`${main}/metrics`), /# EOF\n$/, 'what was measured is there to its end')
  agent.child.kill('SIGTERM')
  t.equal(await agent.ended, 0, 'it ends well')
  t.notMatch(agent.said(), /"internal_error"/)

  const events = new Map<string, number>()
  const wrong: string[] = []
  for (const line of segmentLines(node.records)) {
    const found = wrongWith(line)
    if (found !== undefined && wrong.length < 10) wrong.push(`${found}\n${line}`)
    const [, event = '?'] = /"event":"([^"]+)"/.exec(line) ?? []
    events.set(event, (events.get(event) ?? 0) + 1)
  }
  t.same(wrong, [], 'every record is valid')
  t.ok((events.get('flow.denied') ?? 0) > 0, 'there are denials among them')
  t.comment(JSON.stringify(Object.fromEntries(events)))
  const { code, stderr } = await run(['verify', node.records])
  t.equal(code, 0, stderr)
  const all = [...events.values()].reduce((sum, n) => sum + n, 0)
  t.match(stderr, new RegExp(`\\b${all} lines`), 'and none was left out here')
})
