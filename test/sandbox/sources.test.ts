// The kernel's own sources against the real kernel: every packet that a rule drops is a line of `/dev/kmsg` or counted as lost, and
// `conntrack -E` tells every new connection and none that was there before.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { execPath, kill } from 'node:process'
import t from 'tap'
import { logSwitch } from '../../agent/quickstart/machine.ts'
import { randomId } from '../../agent/quickstart/node.ts'
import { mustRun, run } from '../../agent/quickstart/run.ts'
import { openConntrackEvents } from '../../agent/source/conntrack-events.ts'
import { openKmsg } from '../../agent/source/kmsg.ts'
import { createKernelClock } from '../../agent/source/kmsg-clock.ts'
import { processesNamed } from '../../agent/source/netlink.ts'
import { createFlow } from '../../collectors/flow.ts'
import { netfilterLog } from '../../collectors/netfilter-log.ts'
import { type Gathered, gather, until } from '../source/gather-receiver.ts'
import { sandbox } from './sandbox.ts'

const table = 'inet culprit_sources'

/** A network namespace with a rule that uses conntrack and one that logs and drops; everything in it is gone at the end. */
async function openNamespace(tap: Pick<typeof t, 'teardown'>): Promise<{ name: string; prefix: string }> {
  const id = randomId()
  const name = `culprit-${id}-sources`
  const prefix = `drop-${id} `
  await mustRun('ip', ['netns', 'add', name])
  tap.teardown(async () => {
    for (const pid of await processesIn(name)) await run('kill', ['-9', String(pid)])
    await mustRun('ip', ['netns', 'del', name])
  })
  await mustRun('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
  const rules = `
    add table ${table}
    add counter ${table} dropped
    add chain ${table} input { type filter hook input priority 0; policy accept; }
    add rule ${table} input ct state established accept
    add rule ${table} input udp dport 9999 counter name dropped log prefix "${prefix}" drop
  `
  await mustRun('ip', ['netns', 'exec', name, 'nft', '-f', '-'], { input: rules })
  return { name, prefix }
}

async function processesIn(namespace: string): Promise<number[]> {
  const { stdout } = await run('ip', ['netns', 'pids', namespace])
  return stdout.split('\n').flatMap(line => (line === '' ? [] : [Number(line)]))
}

/** Lets the log of namespaces speak, and puts the switch back. */
function allowLogs(tap: Pick<typeof t, 'teardown'>): void {
  const before = readFileSync(logSwitch, 'utf8')
  writeFileSync(logSwitch, '1')
  tap.teardown(() => writeFileSync(logSwitch, before))
}

/** The arguments of `ip` that run a Node script in a namespace. */
const nodeIn = (namespace: string, script: string, ...args: string[]): string[] => [
  ...['netns', 'exec', namespace, execPath, '-e', script],
  ...args,
]

/** Sends so many datagrams, each to the port or each to the next one. */
const sender = `
const [count, port, step] = process.argv.slice(1).map(Number)
const socket = require('node:dgram').createSocket('udp4')
let sent = 0
let done = 0
const send = () => { if (sent < count) socket.send('x', port + step * sent++, '127.0.0.1', next) }
const next = () => { if (++done === count) socket.close(); else send() }
for (let i = 0; i < 50; i++) send()
`

/** Sends datagrams as fast as it can; the number that the rule has dropped when it is done. */
async function flood(namespace: string, count: number): Promise<number> {
  await mustRun('ip', nodeIn(namespace, sender, String(count), '9999', '0'), { timeoutMs: 30_000 })
  const listing = ['netns', 'exec', namespace, 'nft', '-j', 'list', 'counters']
  const { nftables } = JSON.parse(await mustRun('ip', listing)) as {
    nftables: { counter?: { packets: number } }[]
  }
  return nftables.find(({ counter }) => counter !== undefined)!.counter!.packets
}

const ours = ({ lines }: Gathered, prefix: string): string[] =>
  lines.filter(line => line.includes(`;${prefix}`))
const lostIn = ({ gaps }: Gathered): number => gaps.reduce((sum, { lost = 0 }) => sum + lost, 0)

t.test('each dropped packet is a line of /dev/kmsg at its time, or counted as lost', sandbox, async t => {
  allowLogs(t)
  const { name, prefix } = await openNamespace(t)
  const gathered = gather()
  const clock = createKernelClock()
  const source = openKmsg({ receiver: gathered.receiver, clock, now: Date.now, begin: 'end' })
  const startedMs = Date.now()
  t.equal(await flood(name, 100), 100)
  await until(() => ours(gathered, prefix).length + lostIn(gathered) >= 100)
  const collector = netfilterLog.create({ zone: wall => wall, year: 2026, prefixes: [], bootTime: clock })
  const flow = createFlow()
  for (const line of ours(gathered, prefix)) {
    const bytes = Buffer.from(`${line.slice(line.indexOf(' ') + 1)}\n`, 'latin1')
    t.equal(collector.read(bytes, 0, bytes.length - 1, flow), 1)
    const ms = flow.time / 1000
    if (!(ms > startedMs - 20 && ms < Date.now() + 20)) t.fail(`${ms} is not between ${startedMs} and now`)
  }

  await t.test('a burst that nobody takes overruns the ring, and is counted', async t => {
    gathered.isFull = true
    const dropped = await flood(name, 20_000)
    t.equal(dropped, 20_100)
    gathered.isFull = false
    await until(() => ours(gathered, prefix).length + lostIn(gathered) >= dropped)
    t.comment(`${ours(gathered, prefix).length} lines, ${lostIn(gathered)} records lost, ${dropped} dropped`)
    t.ok(lostIn(gathered) > 0)
    t.ok(ours(gathered, prefix).length + lostIn(gathered) <= dropped + 200, 'records of other kinds are few')
  })

  await t.test('the next start goes on behind the position and counts what it missed', async t => {
    await source[Symbol.asyncDispose]()
    const before = await flood(name, 10)
    const next = gather()
    const second = openKmsg({
      receiver: next.receiver,
      clock: createKernelClock(),
      now: Date.now,
      from: JSON.parse(JSON.stringify(source.position())),
    })
    await until(() => ours(next, prefix).length >= 10)
    t.equal(ours(next, prefix).length, 10)
    t.same(next.gaps, [])
    await second[Symbol.asyncDispose]()
    const missed = (await flood(name, 5000)) - before
    const last = gather()
    const third = openKmsg({
      receiver: last.receiver,
      clock: createKernelClock(),
      now: Date.now,
      from: JSON.parse(JSON.stringify(second.position())),
    })
    await until(() => ours(last, prefix).length + lostIn(last) >= missed)
    await third[Symbol.asyncDispose]()
    t.ok(ours(last, prefix).length + lostIn(last) < missed + 200)
    t.ok(lostIn(last) > 0)
  })
})

/** A server that keeps its connections, once it listens. */
async function serve(namespace: string, port: number): Promise<ChildProcess> {
  const script = `require('node:net').createServer(() => {}).listen(${port}, '127.0.0.1', () => console.log('ready'))`
  const child = spawn('ip', nodeIn(namespace, script), { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return child
}

/** A connection that is open, and says what is written to it. */
async function connect(namespace: string, port: number): Promise<ChildProcess> {
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; echo open; while read -r word; do echo "$word" >&3; done`
  const child = spawn('ip', ['netns', 'exec', namespace, 'bash', '-c', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout!, 'data')
  return child
}

const idOf = (line: string): string => / id=(\d+)$/.exec(line)![1]!
const news = ({ lines }: Gathered): string[] => lines.filter(line => line.includes('[NEW]'))

t.test('conntrack -E tells every new connection, and none that was there before', sandbox, async t => {
  const { name } = await openNamespace(t)
  const server = await serve(name, 7001)
  const old = await connect(name, 7001)
  const command = ['ip', 'netns', 'exec', name, 'conntrack']
  const list = () =>
    execFileSync('ip', [...command.slice(1), '-L', '-o', 'extended,id'], { stdio: 'pipe' }).toString()
  t.match(list(), /ESTABLISHED/, 'the old connection is there')
  const gathered = gather()
  const startedMs = performance.now()
  await using _source = openConntrackEvents({ receiver: gathered.receiver, now: Date.now, command })
  await until(() => gathered.streams.length > 0)
  t.comment(`ready after ${Math.round(performance.now() - startedMs)} ms`)
  for (let count = 0; count < 20; count++) (await connect(name, 7001)).kill('SIGKILL')
  await until(() => news(gathered).length === 20)
  old.stdin!.end('bye\n')
  await once(old, 'exit')
  await until(() => !list().includes('ESTABLISHED'))
  // What it says comes after what it said about the end of the old one.
  ;(await connect(name, 7001)).kill('SIGKILL')
  await until(() => news(gathered).length === 21)
  const fresh = new Set(news(gathered).map(idOf))
  t.same(
    gathered.lines.filter(line => !fresh.has(idOf(line))),
    [],
    'the end of the old connection is not news',
  )

  await t.test('killed, it is started again, and what happened meanwhile is a gap', async t => {
    const inside = await processesIn(name)
    for (const pid of processesNamed(['conntrack'])) if (inside.includes(pid)) kill(pid, 'SIGKILL')
    await until(() => gathered.streams.length === 3)
    t.match(gathered.gaps, [{ cause: 'conntrack was not running: it was ended by SIGKILL' }])
    t.same(gathered.troubles, ['Cannot follow "conntrack -E": it was ended by SIGKILL', undefined])
    const again = await connect(name, 7001)
    await until(() => news(gathered).length === 22)
    again.kill('SIGKILL')
  })
  server.kill('SIGKILL')
})

t.test('events that do not fit the buffer are counted exactly', sandbox, async t => {
  const { name } = await openNamespace(t)
  const gathered = gather()
  const source = openConntrackEvents({
    receiver: gathered.receiver,
    now: Date.now,
    command: ['ip', 'netns', 'exec', name, 'conntrack'],
    bufferBytes: 4096,
  })
  await until(() => gathered.streams.length > 0)
  gathered.isFull = true
  await mustRun('ip', nodeIn(name, sender, '6000', '20000', '1'), { timeoutMs: 30_000 })
  gathered.isFull = false
  const all = () => news(gathered).length + lostIn(gathered)
  await until(() => all() >= 6000, 20_000)
  await source[Symbol.asyncDispose]()
  t.comment(`${news(gathered).length} read, ${lostIn(gathered)} lost`)
  t.ok(lostIn(gathered) > 0)
  t.equal(all(), 6000)
})
