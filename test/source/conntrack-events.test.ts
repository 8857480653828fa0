// `conntrack` is played by a script, so that it can fail as the real one does; the real one is test/sandbox/sources.test.ts'.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kill } from 'node:process'
import t from 'tap'
import { type ConntrackOptions, openConntrackEvents } from '../../agent/source/conntrack-events.ts'
import type { NetlinkSocket } from '../../agent/source/netlink.ts'
import { gather, until } from './gather-receiver.ts'
import { standIn } from './stand-in.ts'

const tuple = 'src=10.244.1.11 dst=10.244.1.12 sport=41538 dport=8080'
const back = 'src=10.244.1.12 dst=10.244.1.11 sport=8080 dport=41538'
const event = (kind: string, id: number) =>
  `[1795541609.664935]\t ${kind} ipv4     2 tcp      6 60 ${tuple} ${back} id=${id}`

/** Says what is in the files `events` and `listing`, notes how it was called, and falls as `fall` says. */
const script = `
  // A test may remove the file at any moment.
  const say = name => { try { return readFileSync(folder + '/' + name, 'utf8') } catch { return '' } }
  log(args.join(' '))
  if (args[0] === '-C') console.log(say('count').trim() || '5')
  else if (args[0] === '-L') { if (args[2] === 'ipv4') process.stdout.write(say('listing')) }
  else {
    writeFileSync(folder + '/pid', String(process.pid))
    process.stdout.write(say('events'))
    process.stderr.write(say('warnings'))
    const fall = say('fall').trim()
    if (fall !== '') { process.stderr.write(fall); process.exitCode = 1 } else forever()
  }
`

function open(folder: string, options: Partial<ConntrackOptions> = {}) {
  const gathered = gather()
  const sockets: NetlinkSocket[] = [{ protocol: 12, groups: 7, waiting: 0, drops: 0, inode: 1 }]
  const startedMs = Date.now()
  const source = openConntrackEvents({
    receiver: gathered.receiver,
    // The events of the script happened ten seconds ago.
    now: () => 1_795_541_620_000 + Date.now() - startedMs,
    command: standIn(folder, 'conntrack', script),
    firstRestartMs: 20,
    longestRestartMs: 50,
    readSockets: () => sockets,
    ...options,
  })
  const calls = () =>
    existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8').trim().split('\n') : []
  return Object.assign(gathered, { source, sockets, calls })
}

const openStreams = (streams: readonly string[]): number =>
  streams.filter(name => !name.startsWith('end ')).length

t.test('it listens first, then lists what is there, then reads the events', async t => {
  const folder = t.testdir({
    listing: `${event('', 1)}\n${event('', 2)}\n`,
    events: [
      event('[UPDATE]', 1),
      event('[NEW]', 3),
      event('[UPDATE]', 3),
      event('[DESTROY]', 1),
      event('[NEW]', 2),
    ]
      .map(line => `${line}\n`)
      .join(''),
  })
  const { source, lines, gaps, troubles, streams, calls } = open(folder)
  await until(() => lines.length === 3)
  // On a busy machine the listing may write itself down before the program that was started first.
  t.same(calls().toSorted(), [
    '-E -o timestamp,extended,id -b 16777216',
    '-L -f ipv4 -o extended,id',
    '-L -f ipv6 -o extended,id',
  ])
  t.same(
    lines.map(line => line.slice(line.indexOf(' ') + 1)),
    [event('[NEW]', 3), event('[UPDATE]', 3), event('[NEW]', 2)],
    'what happens to connections that were answered before is neither recorded nor lost',
  )
  const offsets = lines.map(line => Number.parseInt(line, 10))
  t.same(
    [...offsets].sort((a, b) => a - b),
    offsets,
  )
  t.equal(new Set(offsets).size, 3)
  t.equal(source.position(), undefined)
  t.equal(source.format, 'conntrack')
  await source[Symbol.asyncDispose]()
  t.same(gaps, [])
  t.same(troubles, [])
  t.equal(streams.length, 2)
  t.equal(streams[1], `end ${streams[0]}`)
})

t.test(
  'when it dies that is a gap from its last event to the next start, and known connections stay known',
  async t => {
    const folder = t.testdir({
      listing: `${event('', 1)}\n`,
      events: `${event('[NEW]', 1)}\n${event('[UPDATE]', 2)}\n`,
    })
    const { source, lines, gaps, troubles, streams } = open(folder, { readSockets: () => [] })
    await until(() => lines.length === 2)
    writeFileSync(join(folder, 'listing'), `${event('', 1)}\n${event('', 2)}\n`)
    writeFileSync(
      join(folder, 'events'),
      `${event('[UPDATE]', 1)}\n${event('[UPDATE]', 2)}\n${event('[NEW]', 3)}\n`,
    )
    kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGKILL')
    await until(() => lines.length === 3)
    t.match(lines[2], /\[NEW\].* id=3$/, 'nothing is counted anew')
    t.match(gaps, [
      { cause: 'conntrack was not running: it was ended by SIGKILL', from: 1_795_541_609_664_935 },
    ])
    t.equal(gaps[0]!.lost, undefined)
    t.ok(gaps[0]!.to! > 1_795_541_620_000_000)
    t.same(troubles, ['Cannot follow "conntrack -E": it was ended by SIGKILL', undefined])
    t.equal(openStreams(streams), 2, 'a stream of its own')
    await source[Symbol.asyncDispose]()
    t.equal(gaps.length, 1, JSON.stringify(gaps))
  },
)

t.test('what would help is said once, and there is no gap where nothing was ever seen', async t => {
  const denied =
    'conntrack v1.4.7 (conntrack-tools): Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this'
  const folder = t.testdir({ fall: `${denied}\n` })
  const { source, gaps, troubles, calls, streams } = open(folder)
  await until(() => calls().filter(call => call.startsWith('-E')).length >= 3)
  t.same(troubles, [`Cannot follow "conntrack -E": ${denied}; it needs CAP_NET_ADMIN`])
  rmSync(join(folder, 'fall'))
  await until(() => troubles.length === 2)
  t.equal(troubles[1], undefined)
  t.equal(openStreams(streams), 1)
  await source[Symbol.asyncDispose]()
  t.same(gaps, [])
})

t.test('a missing program is said', async t => {
  const { source, troubles } = open(t.testdir(), { command: ['/nowhere/conntrack'] })
  await until(() => troubles.length > 0)
  await source[Symbol.asyncDispose]()
  t.same(troubles, [
    'Cannot follow "conntrack -E": it is not installed here; install conntrack-tools (Debian and Ubuntu call the package conntrack)',
  ])
})

t.test('a listing that fails is said, and events are read all the same', async t => {
  const folder = t.testdir({ events: `${event('[NEW]', 3)}\n` })
  const failing = standIn(
    folder,
    'failing',
    `if (args[0] === '-L') { console.error('no such thing'); process.exitCode = 1 }
     else { process.stdout.write(readFileSync(folder + '/events', 'utf8')); forever() }`,
  )
  const { source, troubles, lines } = open(folder, { command: failing })
  await until(() => lines.length === 1)
  t.same(troubles, ['Cannot list the connections that were there before: no such thing'])
  await source[Symbol.asyncDispose]()
})

t.test('what did not fit the buffer is a gap, with the number where it can be known', async t => {
  const warnings = 'WARNING: We have hit ENOBUFS! We are losing events.\n'
  const cause = 'the buffer of conntrack was full, so the kernel dropped events'
  for (const isSeen of [true, false]) {
    const folder = t.testdir({ warnings: warnings + warnings, events: `${event('[NEW]', 1)}\n` })
    const sockets: NetlinkSocket[] = [{ protocol: 12, groups: 7, waiting: 9, drops: 416, inode: 1 }]
    const { source, gaps } = open(folder, { readSockets: () => (isSeen ? sockets : []) })
    await until(() => gaps.length > 0)
    await source[Symbol.asyncDispose]()
    t.same(gaps, [{ cause, lost: isSeen ? 416 : undefined }], 'one gap for a burst of warnings')
  }
})

t.test('what it warned of just before closing is counted once, with its number', async t => {
  const folder = t.testdir({ warnings: 'WARNING: We have hit ENOBUFS! We are losing events.\n' })
  let isGone = false
  let isWarned = false
  const sockets: NetlinkSocket[] = [{ protocol: 12, groups: 7, waiting: 9, drops: 416, inode: 1 }]
  const { source, gaps, streams } = open(folder, {
    readSockets: () => (isGone ? [] : sockets),
    later(run, ms) {
      if (ms === 100) isWarned = true
      const timer = setTimeout(run, ms === 100 ? 60_000 : ms)
      return () => clearTimeout(timer)
    },
  })
  await until(() => isWarned && streams.length > 0)
  const closing = source[Symbol.asyncDispose]()
  isGone = true
  await closing
  t.match(gaps, [{ lost: 416 }])
  t.equal(gaps.length, 1)
})

t.test('what does not fit while the connections are still listed is told when that is done', async t => {
  const folder = t.testdir({})
  const slow = script.replace(
    '{ if (args[2]',
    "{ while (!existsSync(folder + '/go')) await sleep(5); if (args[2]",
  )
  let looks = 0
  const { source, gaps, streams, sockets } = open(folder, {
    command: standIn(folder, 'conntrack', slow),
    later(run, ms) {
      if (ms === 5000) looks++
      const timer = setTimeout(run, ms === 5000 ? 5 : ms)
      return () => clearTimeout(timer)
    },
  })
  sockets[0] = { ...sockets[0]!, drops: 7 }
  const before = looks
  await until(() => looks > before + 3)
  t.same(streams, [])
  writeFileSync(join(folder, 'go'), '')
  await until(() => gaps.length > 0)
  await source[Symbol.asyncDispose]()
  t.match(gaps, [{ lost: 7 }])
  t.equal(gaps.length, 1)
})

t.test('drops that no warning told of are found, the last at closing', async t => {
  const { source, gaps, sockets, streams } = open(t.testdir())
  await until(() => streams.length > 0)
  sockets[0] = { ...sockets[0]!, drops: 7 }
  await source[Symbol.asyncDispose]()
  t.match(gaps, [{ lost: 7 }])
})

t.test('while nobody can take a line nothing is read', async t => {
  const folder = t.testdir({ events: `${event('[NEW]', 1)}\n` })
  const gathered = open(folder)
  gathered.isFull = true
  await until(() => gathered.streams.length > 0)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(gathered.lines, [])
  gathered.isFull = false
  await until(() => gathered.lines.length === 1)
  await gathered.source[Symbol.asyncDispose]()
  t.pass()
})

t.test('a long silence is looked into: is anything tracked, and may the kernel speak?', async t => {
  const silent = 'conntrack tracks no connection in this network namespace: it begins when a rule uses it'
  const table: [settings: Record<string, string>, said: RegExp | undefined][] = [
    [{ count: '0', events: '2' }, new RegExp(`^${silent}`)],
    [{ count: '17', events: '0' }, /set net.netfilter.nf_conntrack_events=1$/],
    [{ count: '17', events: '2' }, undefined],
  ]
  for (const [settings, said] of table) {
    const folder = t.testdir({ count: settings.count! })
    const proc = join(folder, 'proc')
    mkdirSync(join(proc, 'sys/net/netfilter'), { recursive: true })
    writeFileSync(join(proc, 'sys/net/netfilter/nf_conntrack_events'), `${settings.events}\n`)
    let looks = 0
    const { source, troubles, calls } = open(folder, {
      proc,
      silentAfterMs: 0,
      later(run, ms) {
        const timer = setTimeout(run, ms === 5000 ? 20 : ms)
        looks += ms === 5000 ? 1 : 0
        return () => clearTimeout(timer)
      },
    })
    await until(() => (said === undefined ? calls().includes('-C') && looks > 10 : troubles.length > 0))
    await source[Symbol.asyncDispose]()
    if (said === undefined) t.same(troubles, [])
    else t.match(troubles, [said])
  }
})
