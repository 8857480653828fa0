// `culprit agent` as a process: what it tells, keeps and answers, over restarts and edits.

import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { countRecords } from '../faults/counted.ts'
import { makeNode, type Running, startAgent, type TestNode, untilSaid } from '../faults/node.ts'
import { run } from './run.ts'

t.setTimeout(0)
// They mostly wait.
t.jobs = 3

interface FlowLine {
  readonly id: string
  readonly event: string
  readonly dir?: string
  readonly src: { readonly kind: string; readonly pod?: string }
  readonly why: {
    readonly reason: string
    readonly certainty: string
    readonly policies?: { name: string; gen: number }[]
  }
}

function denial(client: number, at = Date.now()): string {
  const stamp = new Date(at).toISOString().replace('Z', '000+00:00')
  return `${stamp} w1 kernel: np-drop shop/db-in IN=a OUT=b MAC=0a:34:c0:40:36:fc:52:03:c9:96:60:0b:08:00 SRC=10.0.1.${client} DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=${20000 + client} DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0 \n`
}

async function started(t: Test, node: TestNode): Promise<Running> {
  const agent = startAgent(node)
  t.teardown(() => agent.child.kill('SIGKILL'))
  await untilSaid(agent, '"event":"started"')
  return agent
}

async function ended(agent: Running): Promise<unknown> {
  agent.child.kill('SIGTERM')
  return agent.ended
}

async function recordsOf(node: TestNode, event: string): Promise<FlowLine[]> {
  const { stdout } = await run(['query', '--records', node.records, '--event', event, '--output', 'json'])
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await isSo()); await sleep(50))
    if (Date.now() > end) throw new Error(`not within 20 s: ${what}`)
}

t.test('a denial is told with its culprit, kept, and told again by replay of what the agent saw', async t => {
  const node = makeNode(t.testdir())
  const agent = await started(t, node)
  appendFileSync(node.log, denial(1))
  await until('a record', async () => (await recordsOf(node, 'flow.denied')).length === 1)
  t.equal(await ended(agent), 0)
  const [live] = await recordsOf(node, 'flow.denied')
  t.match(live, {
    dir: 'ingress',
    src: { kind: 'pod', pod: 'c0' },
    why: { reason: 'no-rule-matched', certainty: 'certain', policies: [{ name: 'db-in', gen: 1 }] },
  })
  const { stdout } = await run([
    'replay',
    ...['--world', join(node.records, 'timeline'), '--node', 'w1', '--log', `netfilter-log:${node.log}`],
  ])
  const [replayed] = stdout.split('\n').map(line => JSON.parse(line || '{}'))
  t.match(replayed, { id: live!.id, why: live!.why })
  const events = await recordsOf(node, 'agent.*')
  t.strictSame(
    events.map(({ event }) => event),
    ['agent.started', 'agent.stopped'],
  )
  t.equal((await run(['verify', node.records])).code, 0)
  for (const name of readdirSync(node.records, { recursive: true, encoding: 'utf8' })) {
    const { mode } = statSync(join(node.records, name))
    t.equal(mode & 0o077, 0, `${name} is the agent's alone`)
  }
})

t.test('a restart goes on where it stood: what was counted is not counted again', async t => {
  const node = makeNode(t.testdir())
  appendFileSync(node.log, denial(1) + denial(2))
  for (const [i, signal] of (['SIGTERM', 'SIGKILL', 'SIGTERM'] as const).entries()) {
    const agent = await started(t, node)
    appendFileSync(node.log, denial(1))
    await sleep(1300)
    agent.child.kill(signal)
    t.equal(await agent.ended, signal === 'SIGTERM' ? 0 : signal)
    if (i === 0) t.match((await countRecords(node.records)).byClient.get('c0'), 2)
  }
  const { byClient, repeated } = await countRecords(node.records)
  t.strictSame([...byClient].sort(), [
    ['c0', 4],
    ['c1', 1],
  ])
  t.equal(repeated, 0)
})

t.test('an edit of a policy is a change that is told, and the next packet is judged by it', async t => {
  const node = makeNode(t.testdir())
  const agent = await started(t, node)
  const file = join(node.dir, 'manifests/cluster.json')
  const list = JSON.parse(readFileSync(file, 'utf8'))
  const policy = list.items.find((each: { kind: string }) => each.kind === 'NetworkPolicy')
  policy.spec.ingress = [{ from: [{ podSelector: { matchLabels: { app: 'c1' } } }] }]
  policy.metadata.generation = 2
  writeFileSync(`${file}.new`, JSON.stringify(list))
  renameSync(`${file}.new`, file)
  await until('policy.changed', async () => (await recordsOf(node, 'policy.changed')).length === 1)
  t.match(await recordsOf(node, 'policy.changed'), [
    { policy: 'shop/db-in', op: 'changed', gen: [1, 2], what: ['ingress[0] added'] },
  ])
  await sleep(5500)
  appendFileSync(node.log, denial(1))
  await until('a denial', async () => (await recordsOf(node, 'flow.denied')).length === 1)
  t.match(await recordsOf(node, 'flow.denied'), [
    { why: { certainty: 'certain', policies: [{ name: 'db-in', gen: 2 }], nearest: { have: 'app=c0' } } },
  ])
  t.equal(await ended(agent), 0)
})

t.test('without a word about the cluster no answer is certain, and nobody is external', async t => {
  const node = makeNode(t.testdir())
  writeFileSync(node.config, readFileSync(node.config, 'utf8').replace(/^manifests:.*\n/m, ''))
  const agent = await started(t, node)
  appendFileSync(node.log, denial(1))
  await until('a record', async () => (await recordsOf(node, 'flow.denied')).length === 1)
  t.match(await recordsOf(node, 'flow.denied'), [
    { src: { kind: 'unknown' }, why: { reason: 'unknown', certainty: 'unknown' } },
  ])
  t.equal(await ended(agent), 0)
})

t.test('the configuration is followed: another log is read, a bad edit changes nothing', async t => {
  const node = makeNode(t.testdir())
  const agent = await started(t, node)
  const text = readFileSync(node.config, 'utf8')
  writeFileSync(node.config, text.replace('sources:', 'surces:'))
  await untilSaid(agent, 'surces: unknown key, did you mean sources')
  const other = join(node.dir, 'log/other.log')
  writeFileSync(
    node.config,
    text.replace('sources: [', `sources: [{format: netfilter-log, file: ${other}}, `),
  )
  await untilSaid(agent, '"event":"config_reloaded"')
  appendFileSync(node.log, denial(1))
  writeFileSync(other, denial(2))
  await until('both', async () => (await recordsOf(node, 'flow.denied')).length === 2)
  t.equal(await ended(agent), 0)
})

t.test('what was not observed while no agent ran is said, where nothing can be read again', async t => {
  const node = makeNode(t.testdir())
  const text = readFileSync(node.config, 'utf8')
  writeFileSync(
    node.config,
    text.replace(/^sources:.*$/m, 'sources: [{format: conntrack, standardInput: true}]'),
  )
  for (let i = 0; i < 2; i++) {
    const agent = await started(t, node)
    await sleep(300)
    t.equal(await ended(agent), 0)
  }
  t.match(await recordsOf(node, 'evidence.gap'), [
    { source: 'conntrack', cause: 'not observed: the agent was not reading it', from: String, to: String },
  ])
})

t.test('--print-config is a configuration, and changes nothing on the disk', async t => {
  const node = makeNode(t.testdir())
  const { code, stdout } = await run(['agent', '--config', node.config, '--print-config'])
  t.equal(code, 0)
  mkdirSync(join(node.dir, 'printed'))
  writeFileSync(join(node.dir, 'printed/c.yaml'), stdout)
  const again = await run(['agent', '--config', join(node.dir, 'printed/c.yaml'), '--print-config'])
  const values = (text: string) => text.replace(/ {2}# .*$/gm, '')
  t.equal(values(again.stdout), values(stdout))
  t.notOk(readdirSync(node.dir).includes('records'))
})

t.test('health, readiness, metrics, records and answers over HTTP', async t => {
  const node = makeNode(t.testdir())
  writeFileSync(
    node.config,
    readFileSync(node.config, 'utf8').replace(
      'http: off',
      'http: {listen: "127.0.0.1:0", probesListen: "127.0.0.1:0"}',
    ),
  )
  const agent = startAgent(node)
  t.teardown(() => agent.child.kill('SIGKILL'))
  await until('both', () => agent.said().split('"event":"http_listening"').length === 3)
  const [main, probes] = [...agent.said().matchAll(/"address":"([^"]+)"/g)].map(match => `http://${match[1]}`)
  appendFileSync(node.log, denial(1))
  await until('a record', async () => (await recordsOf(node, 'flow.denied')).length === 1)
  const get = async (url: string) => (await fetch(url)).text()
  t.match(await get(`${probes}/healthz`), 'ok')
  t.equal((await fetch(`${probes}/readyz`)).status, 200)
  const metrics = await get(`${main}/metrics`)
  t.match(
    metrics,
    /culprit_drops_total\{policy_kind="NetworkPolicy",policy_namespace="shop",policy="db-in",direction="ingress",reason="no-rule-matched",attribution="certain"\} 1/,
  )
  t.match(metrics, 'culprit_policies{policy_kind="NetworkPolicy",state="selected_here"} 1')
  t.match(metrics, 'culprit_attribution_seconds_count 1')
  const asked = await run(['query', '--agent', main!, '--event', 'flow.denied', '--output', 'json'])
  t.strictSame(JSON.parse(asked.stdout), (await recordsOf(node, 'flow.denied'))[0])
  const why = await run(['why', 'shop/c0', 'shop/db', '--port', '80', '--agent', main!])
  t.match(why.stdout, /DENIED/)
  t.match(why.stdout, /shop\/db-in/)
  t.equal(await ended(agent), 0)
})

t.test(
  'a node that no pod runs on, and no word about the cluster, are said with what would help',
  async t => {
    const node = makeNode(t.testdir())
    const text = readFileSync(node.config, 'utf8')
    writeFileSync(node.config, text.replace('node: w1', 'node: w2'))
    const stranger = await started(t, node)
    t.match(stranger.said(), 'No pod of the manifests runs on node \\"w2\\"')
    t.match(stranger.said(), 'they name w1; set node (NODE_NAME)')
    t.equal(await ended(stranger), 0)
    writeFileSync(node.config, text.replace(/^manifests:.*\n/m, ''))
    const blind = await started(t, node)
    t.match(blind.said(), 'Nothing is known of the cluster, so no culprit can be named: set manifests')
    t.equal(await ended(blind), 0)
  },
)

t.test(
  'what is wrong with policies and with an edit of the configuration stands in what it says',
  async t => {
    const node = makeNode(t.testdir())
    const file = join(node.dir, 'manifests/cluster.json')
    const list = JSON.parse(readFileSync(file, 'utf8'))
    const policy = list.items.find((each: { kind: string }) => each.kind === 'NetworkPolicy')
    policy.spec.policyTypes = ['Ingres']
    writeFileSync(file, JSON.stringify(list))
    const invalid = await started(t, node)
    t.match(
      invalid.said(),
      /Left out, so answers they could have touched are not certain: shop\/db-in \(.*Ingres/,
    )
    t.equal(await ended(invalid), 0)
    policy.kind = 'NetworkPolcy'
    writeFileSync(file, JSON.stringify(list))
    const misspelt = await started(t, node)
    await untilSaid(misspelt, '"manifests_refused"')
    t.match(misspelt.said(), 'is of kind NetworkPolcy, which networking.k8s.io does not have')
    t.equal(await ended(misspelt), 0)
  },
)

t.test('a LOG prefix that nobody has given a meaning is said once, with the setting that would', async t => {
  const node = makeNode(t.testdir())
  const agent = await started(t, node)
  appendFileSync(node.log, (denial(1) + denial(2)).replaceAll('np-drop shop/db-in', 'NEWFW'))
  await untilSaid(agent, 'LOG prefix \\"NEWFW\\" of')
  t.match(agent.said(), 'set prefixes: { \\"NEWFW\\": denied }')
  const lines = agent
    .said()
    .split('\n')
    .filter(line => line.includes('NEWFW'))
  t.equal(lines.length, 1, 'once')
  t.equal(await ended(agent), 0)
})
