// The bundle is the program: what it does from a directory of its own, without the sources and without node_modules.

import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bundle } from '../../deploy/bundle.ts'
import manifest from '../../package.json' with { type: 'json' }
import { makeNode, startAgent, startWriter, untilSaid } from '../faults/node.ts'

const root = join(import.meta.dirname, '../..')
const shop = join(root, 'deploy/quickstart')
const folder = mkdtempSync(join(tmpdir(), 'culprit-bundle-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const program = await bundle(join(folder, 'dist'))

function run(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', cwd: folder })
}

t.test('it knows its version and its commands', async t => {
  t.equal(run('--version').stdout, `${manifest.version}\n`)
  t.match(run('--help').stdout, /agent .*quickstart .*evaluate .*query /s)
})

t.test('evaluate, replay and check say what the sources say', async t => {
  const probes = join(folder, 'probes.jsonl')
  writeFileSync(probes, '{"id":"a","from":"shop/cart-6c9f7d4b8-x2v9k","to":"data/pg-0","port":5432}\n')
  const wrong = join(folder, 'wrong.yaml')
  writeFileSync(wrong, 'node: 5\nhtp: off\n')
  const log = `netfilter-log:${join(shop, 'recording/kernel.log')}`
  for (const [status, ...args] of [
    [0, 'evaluate', '--world', join(shop, 'shop'), '--probes', probes],
    [0, 'replay', '--output', 'lines', '--world', shop, '--log', log],
    // What zod says of a value is loaded by a side effect, which a bundler may leave out.
    [2, 'check', '--config', wrong],
  ] as [number, ...string[]][]) {
    const bundled = run(...args)
    t.equal(bundled.status, status, bundled.stderr)
    const plain = spawnSync(process.execPath, [join(root, 'agent/main.ts'), ...args], { encoding: 'utf8' })
    t.match(bundled.stdout + bundled.stderr, /denied|expected string/i)
    t.equal(bundled.stdout, plain.stdout)
    t.equal(bundled.stderr, plain.stderr)
  }
})

t.test('agent follows a log, names the culprit, and stops', async t => {
  const node = makeNode(folder)
  const running = startAgent(node, {}, program)
  t.teardown(() => running.child.kill('SIGKILL'))
  await untilSaid(running, '"started"')
  const writer = startWriter(node, 100)
  await sleep(500)
  writer.stop()
  await untilRecord(node.records, /"event":"flow\.denied".*"name":"db-in"/)
  running.child.kill('SIGTERM')
  t.equal(await running.ended, 0, running.said())
})

t.test('quickstart finds its shop from where the bundle is installed', async t => {
  symlinkSync(join(root, 'deploy'), join(folder, 'deploy'))
  const child = spawn(process.execPath, [program, 'quickstart', '--recording'], { stdio: 'pipe' })
  t.teardown(() => child.kill('SIGKILL'))
  for await (const chunk of child.stdout) {
    t.match(String(chunk), /"event":"flow\./)
    break
  }
})

async function untilRecord(records: string, wanted: RegExp): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50))
    if (wanted.test(segmentsIn(records))) return
  throw new Error(`no record like ${wanted}: ${segmentsIn(records).slice(0, 2000)}`)
}

function segmentsIn(records: string): string {
  const { stdout } = run('query', '--records', records, '--output', 'json')
  return stdout
}
