// `culprit why` as its user calls it: names, times, exit codes, what is taken for granted and what is not.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cluster, connection, drop, podObject, policy } from '../forensics/explanations/cluster.ts'
import { event, version } from '../forensics/explanations/situation.ts'
import { plainNode } from '../plain-node.ts'
import { run } from './run.ts'

const root = join(import.meta.dirname, '../..')
const shop = join(root, 'deploy/quickstart')
const kernel = `netfilter-log:${join(shop, 'recording/kernel.log')}`

function culprit(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(plainNode[0], [...plainNode.slice(1), join(root, 'agent/culprit.mjs'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
}

const spec = (app: string) => `podSelector: { matchLabels: { app: pg } }
ingress:
  - from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: ${app} } } }]`

const logs = [
  drop('14:41:05', 'cart', 'pg', 5432),
  drop('14:44:10', 'web', 'pg', 5432),
  drop('14:48:46', 'cart2', 'pg', 5432),
]

t.test('the real program answers in plain text, without colours where nobody looks, and with 0', async t => {
  const { status, stdout, stderr } = culprit(
    ['why', 'shop/cart', 'data/pg-0', '--world', shop, '--log', kernel],
    {
      FORCE_COLOR: '1',
    },
  )
  t.equal(status, 0)
  t.equal(stderr, '')
  t.match(
    stdout,
    /^DENIED {2}shop\/cart-6c9f7d4b8-x2v9k -> data\/pg-0:5432 tcp\n\nDropped without an answer 11 times since /,
  )
  t.match(stdout, /policies\.yaml:109 .*\n {4}podSelector: \{ matchLabels: \{ app: crat \} \}\n/)
  t.notOk(stdout.includes('\x1b'))
})

t.test(
  'on a terminal it has colours, and none where NO_COLOR is set',
  { skip: !hasScript() && 'no script(1)' },
  async t => {
    const command = `${plainNode.join(' ')} ${join(root, 'agent/culprit.mjs')} why shop/cart data/pg-0 --world ${join(shop, 'shop')}`
    const on = (env: Record<string, string>) =>
      execFileSync('script', ['-qec', command, '/dev/null'], {
        encoding: 'utf8',
        env: { ...process.env, TERM: 'xterm', ...env },
      })
    t.ok(on({ NO_COLOR: '' }).includes('\x1b[31mDENIED'))
    t.notOk(on({ NO_COLOR: '1' }).includes('\x1b['))
  },
)

function hasScript(): boolean {
  return spawnSync('script', ['--version']).status === 0
}

t.test(
  'it says where the logs were not understood, and where the world ends before the time asked for',
  async t => {
    const ask = ['why', 'payments/gateway', 'payments/ledger', '--port', '9090', '--world', shop]
    const plain = async (...more: string[]) => (await run([...ask, ...more])).stdout.replaceAll('\n', ' ')
    t.match(
      await plain('--log', kernel.replace('netfilter-log', 'hubble')),
      /No line of the logs could be read as a/,
    )
    t.match(
      await plain('--at', '2027-01-01T00:00:00Z'),
      /\(the world knows of nothing later than 2026-11-24T19:08:20/,
    )
    t.notMatch(await plain('--at', '2026-11-24T19:08:00Z'), /nothing later/)
  },
)

t.test('a call that is wrong ends with 2 and says what would be right', async t => {
  const world = ['--world', join(shop, 'shop')]
  const rows: [string[], RegExp][] = [
    [['shop/crat', 'data/pg', ...world], /Cannot find FROM "shop\/crat": .*; did you mean shop\/cart/],
    [['shop/cart', 'date/pg-0', ...world], /Cannot find TO "date\/pg-0": .*did you mean data\/pg-0/],
    [['nowhere/at-all', 'data/pg', ...world], /it has no namespace "nowhere", but data, kube-system, /],
    [['data/something-else', 'data/pg', ...world], /namespace data has data\/backup-29401260, .*data\/pg/],
    [['cart', 'data/pg', ...world], /Cannot read FROM "cart": did you mean shop\/cart/],
    [
      ['10.0.0.999', 'data/pg', ...world],
      /Cannot read FROM "10\.0\.0\.999": write ns\/pod, .* or an address/,
    ],
    [
      ['shop/Cron/cart', 'data/pg', ...world],
      /no pod of the world belongs to a "Cron", it can be Pod, Service, /,
    ],
    [['shop/StatefulSet/cart', 'data/pg', ...world], /the world has no StatefulSet of that name/],
    [
      ['shop/cart', 'data/pg', '--port', '70000', ...world],
      /Cannot use --port "70000": it is a number from 1 to 65535/,
    ],
    [['shop/cart', 'data/pg', '--port', '1', '--protocol', 'icmp', ...world], /ICMP has no ports/],
    [
      ['shop/cart', 'data/pg', '--protocol', 'TPC', ...world],
      /Cannot use --protocol "TPC": it can be ICMP, /,
    ],
    [['shop/cart', 'data/pg', '--at', 'noon', ...world], /Cannot use --at "noon": it is a time such as /],
    [['shop/cart', '203.0.113.9', ...world], /Cannot answer without --port: 203\.0\.113\.9 declares none/],
    [['shop/cart', 'data/pg', '--node', 'x', ...world], /Cannot use --node "x"/],
    [['shop/cart', 'data/pg', ...world, '--log', 'netfilter-log:/nowhere'], /nowhere/],
    [
      ['shop/cart', 'data/pg'],
      /Cannot answer without a place: --records DIR is a directory of records, --agent URL an agent, --world/,
    ],
    [['shop/cart', ...world], /missing required argument 'to'/],
    [['shop/cart', 'data/pg', ...world, '--output', 'lines'], /Allowed choices are text, json/],
  ]
  for (const [args, message] of rows) {
    const { code, stdout, stderr } = await run(['why', ...args])
    t.equal(code, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, message)
  }
})

t.test('a question that has no answer ends with 1', async t => {
  const world = t.testdir({
    'cluster.yaml': cluster,
    't.jsonl': `${event('14:00:00', 'ADDED', podObject('shop', 'old-0', 'worker-1', '10.244.1.77', 'StatefulSet', { app: 'old' }))}\n${event('14:10:00', 'DELETED', podObject('shop', 'old-0', 'worker-1', '10.244.1.77', 'StatefulSet', { app: 'old' }))}\n`,
    'services.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: { namespace: data, name: bare }\nspec: { clusterIP: 10.96.0.99, ports: [{ port: 80 }] }\n',
  })
  const rows: [string[], RegExp][] = [
    [
      ['shop/old-0', 'data/pg', '--port', '5432'],
      /Cannot answer: pod shop\/old-0 \(FROM\) was not running at that time/,
    ],
    [
      ['shop/cart', 'shop/old', '--port', '80'],
      /Cannot answer: no pod of shop\/old \(TO\) was running at that time/,
    ],
    [['shop/cart', 'data/bare'], /Service data\/bare has no selector/],
    [['shop/cart', '2001:db8::1', '--port', '80'], /have no address of the same family/],
  ]
  for (const [args, message] of rows) {
    const { code, stderr } = await run(['why', ...args, '--world', world])
    t.equal(code, 1, args.join(' '))
    t.match(stderr, message)
  }
  const { code } = await run([
    'why',
    'shop/old-0',
    'data/pg',
    '--port',
    '5432',
    '--world',
    world,
    '--at',
    '2026-11-22T14:05:00Z',
  ])
  t.equal(code, 0, 'when it was running')
})

t.test(
  'it takes the latest record at or before --at, of any pod of the workload, and counts those before it',
  async t => {
    const dir = t.testdir({
      world: { 'c.yaml': cluster, 'p.yaml': policy('data/pg-ingress', spec('api')) },
      'k.log': logs.join('\n'),
    })
    const args = [
      'why',
      'shop/cart',
      'data/pg',
      '--world',
      join(dir, 'world'),
      '--log',
      `netfilter-log:${join(dir, 'k.log')}`,
      '--output',
      'json',
    ]
    const latest = JSON.parse((await run(args)).stdout)
    t.match(latest, {
      basis: 'record',
      ts: /14:48:46/,
      src: { pod: 'cart-6c9f7d4b8-q8w4z' },
      run: { n: 2, since: /14:41:05/ },
    })
    t.match(latest, {
      id: /^[0-9A-Z]{26}$/,
      event: 'flow.denied',
      evidence: { source: 'netfilter-log' },
      text: /app=api/,
    })
    const earlier = JSON.parse((await run([...args, '--at', '2026-11-22T14:44:00Z'])).stdout)
    t.match(earlier, { ts: /14:41:05/, run: { n: 1 } })
    const none = JSON.parse((await run([...args, '--at', '2026-11-22T14:00:00Z', '--port', '5432'])).stdout)
    t.match(none, { basis: 'policies', verdict: 'denied', asOf: /14:00:00/, pairs: { asked: 2 } })
    t.notOk('id' in none || 'evidence' in none, 'what no line tells has no id')
    const other = JSON.parse((await run([...args, '--port', '9187'])).stdout)
    t.match(other, { basis: 'policies', dst: { port: 9187 } }, 'another port is another question')
  },
)

t.test('it says what was before, and which other ports there were', async t => {
  const dir = t.testdir({
    world: {
      'c.yaml': cluster,
      'p.yaml': policy('data/pg-ingress', `${spec('cart')}\n    ports: [{ port: 9187 }]`),
    },
    'k.log': drop('14:48:46', 'cart', 'pg', 5432),
    'c.log': connection('14:30:00', 'cart', 'pg', 9187).join('\n'),
  })
  const { stdout } = await run([
    'why',
    'shop/cart',
    'data/pg',
    '--world',
    join(dir, 'world'),
    '--log',
    `netfilter-log:${join(dir, 'k.log')}`,
    '--log',
    `conntrack:${join(dir, 'c.log')}`,
  ])
  t.match(
    stdout.replaceAll('\n', ' '),
    /The logs also have other ports of these two: 9187\/TCP \(allowed\)\./,
  )
})

t.test('a Service is its pods and its ports; so is its address', async t => {
  const dir = t.testdir({
    world: {
      'c.yaml': cluster,
      'p.yaml': policy('shop/web-ingress', 'podSelector: { matchLabels: { app: web } }'),
    },
    'k.log': drop('14:48:46', 'cart', 'web', 8080),
  })
  const world = join(dir, 'world')
  const ask = async (...args: string[]) =>
    JSON.parse((await run(['why', ...args, '--world', world, '--output', 'json'])).stdout)
  const wanted = {
    verdict: 'denied',
    dst: { pod: 'web-5d9f7c6b8-kx2vp', port: 8080, svc: 'shop/web' },
    nat: { dst: '10.96.0.10:80' },
  }
  t.match(await ask('shop/cart', 'shop/Service/web'), wanted)
  t.match(await ask('shop/cart', 'shop/web', '--port', '80'), wanted, 'only the Service has this port')
  t.match(await ask('shop/cart', '10.96.0.10', '--port', '80'), wanted)
  const direct = await ask('shop/cart', 'shop/web', '--port', '8080')
  t.notOk('nat' in direct)
  const { code, stderr } = await run([
    'why',
    'shop/cart',
    'shop/Service/web',
    '--port',
    '81',
    '--world',
    world,
  ])
  t.equal(code, 2)
  t.match(stderr, /Service shop\/web has no port 81\/TCP that leads to a pod; it has 80\/TCP/)
  const seen = await ask(
    'shop/cart',
    'shop/Service/web',
    '--port',
    '80',
    '--log',
    `netfilter-log:${join(dir, 'k.log')}`,
  )
  t.match(seen, { basis: 'record', dst: { port: 8080 } }, 'a dropped packet shows only the pod')
})

t.test('what a workload declares stands in for what the call leaves open, and that is said', async t => {
  const world = t.testdir({ 'c.yaml': cluster })
  const dns = await run(['why', 'shop/cart', 'kube-system/coredns', '--world', world])
  t.match(dns.stdout, /kube-system\/coredns-7db6d8ff4-5tqzl:53 udp/)
  t.match(
    dns.stdout.replaceAll('\n', ' '),
    /Port 53\/UDP was taken, the only one that kube-system\/coredns declares\./,
  )
  const pg = await run(['why', 'shop/cart', 'data/pg-0', '--world', world])
  t.equal(pg.code, 2)
  t.match(pg.stderr, /Cannot answer without --port: data\/pg-0 declares 5432\/TCP, 9187\/TCP/)
})

t.test('a line is quoted only where it is the policy that decided', async t => {
  const edited = (app: string, generation: number, time: string) =>
    policy('data/pg-ingress', spec(app), version(generation, 'helm', time))
  const dir = t.testdir({
    'k.log': logs.join('\n'),
    world: {
      'c.yaml': cluster,
      // The file on disk was edited since: the timeline has the policies that were in force.
      'p.yaml': edited('web', 5, '15:00:00'),
      't.jsonl': [
        event('14:00:00', 'ADDED', edited('api', 3, '13:00:00')),
        event('14:45:00', 'MODIFIED', edited('job', 4, '14:45:00')),
      ].join('\n'),
    },
  })
  const world = join(dir, 'world')
  const ask = async (at: string) => {
    const args = ['why', 'shop/cart', 'data/pg', '--world', world, '--output', 'json', '--at', at]
    return JSON.parse((await run([...args, '--log', `netfilter-log:${join(dir, 'k.log')}`])).stdout).quotes
  }
  t.match(await ask('2026-11-22T14:43:00Z'), [{ file: /t\.jsonl$/, line: 1, lines: [/./, /./, /app: api/] }])
  t.match(await ask('2026-11-22T14:50:00Z'), [{ file: /t\.jsonl$/, line: 2, lines: [/./, /./, /app: job/] }])
})

t.test('the commands that it offers can be copied as they are', async t => {
  const dir = join(t.testdir({}), "it's a world")
  cpSync(join(shop, 'shop'), dir, { recursive: true })
  const { stdout } = await run(['why', 'shop/cart', 'data/pg-0', '--world', dir, '--log', kernel])
  const offered = stdout.split('\n').find(line => line.startsWith('  culprit replay'))!
  const words = execFileSync(
    'sh',
    ['-c', `culprit() { for word; do printf '%s\\0' "$word"; done; }; ${offered}`],
    {
      encoding: 'utf8',
    },
  )
  t.same(words.split('\0').slice(0, 3), ['replay', '--world', dir])
  t.equal((await run(words.split('\0').slice(0, -1))).code, 0)
})

t.test('half a log is no answer: interrupted, it says so and ends with 1', async t => {
  const log = 'netfilter-log,zone=UTC,year=2026:-'
  const program = spawn(plainNode[0], [
    ...plainNode.slice(1),
    join(root, 'agent/culprit.mjs'),
    ...['why', 'shop/cart', 'data/pg-0', '--world', shop, '--log', log],
  ])
  let [stdout, stderr] = ['', '']
  program.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  program.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  // Much more than a pipe holds: when it is out, the program reads. Nobody ends its standard input.
  const lines = readFileSync(join(shop, 'recording/kernel.log'))
  program.stdin.write(Buffer.concat(Array.from({ length: 20 }, () => lines)), () => program.kill('SIGTERM'))
  const [code] = await once(program, 'close')
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /interrupted before the logs were read/)
})

t.test('its help says that an edit is to be read first, and what the exit codes are', async t => {
  const { code, stdout } = await run(['why', '--help'])
  t.equal(code, 0)
  t.match(stdout, /is to be read first/)
  t.match(stdout, /Exit codes: 0 answered, 1 could not, 2 the call is wrong\./)
})

t.test('what the README shows is what it prints', async t => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, call, shown] = /```\nnpx culprit (why .*)\n```\n```\n([^`]*)```/.exec(readme)!
  const { stdout } = await run(call!.split(' ').map(word => word.replace('deploy/quickstart', shop)))
  t.equal(stdout.replaceAll(shop, 'deploy/quickstart'), shown)
})

t.test(
  'just after a change the policy that decided is quoted, and none where two of them look the same',
  async t => {
    const dir = t.testdir({})
    const quotesOf = async (name: string, meta: (generation: number) => string) => {
      const edited = (app: string, generation: number) =>
        policy('data/pg-ingress', spec(app), meta(generation))
      const events = [
        event('14:00:00', 'ADDED', edited('api', 3)),
        event('14:48:45.200', 'MODIFIED', edited('cart', 4)),
      ]
      const world = join(dir, name)
      mkdirSync(world)
      writeFileSync(join(world, 'c.yaml'), cluster)
      writeFileSync(join(world, 't.jsonl'), events.join('\n'))
      writeFileSync(join(dir, 'k.log'), drop('14:48:46', 'cart', 'pg', 5432))
      const args = ['why', 'shop/cart', 'data/pg', '--world', world, '--output', 'json']
      const { stdout } = await run([...args, '--log', `netfilter-log:${join(dir, 'k.log')}`])
      const { why, quotes } = JSON.parse(stdout)
      t.equal(why.agreement, 'lagging')
      return quotes
    }
    const known = await quotesOf('known', generation => version(generation, 'helm', '13:00:00'))
    t.match(known, [{ line: 1, lines: [/./, /./, /app: api/] }])
    t.equal(await quotesOf('bare', () => ''), undefined)
  },
)

t.test('a run of the same answer ends where another one came between', async t => {
  const dir = t.testdir({
    world: {
      'c.yaml': cluster,
      't.jsonl': [
        event('14:00:00', 'ADDED', policy('data/pg-ingress', spec('api'), version(3, 'helm', '13:00:00'))),
        event(
          '14:30:00',
          'MODIFIED',
          policy('data/pg-ingress', spec('cart'), version(4, 'helm', '14:30:00')),
        ),
        event('14:40:00', 'MODIFIED', policy('data/pg-ingress', spec('api'), version(5, 'helm', '14:40:00'))),
      ].join('\n'),
    },
    'k.log': [
      drop('14:20:00', 'cart', 'pg', 5432),
      drop('14:45:00', 'cart', 'pg', 5432),
      drop('14:46:00', 'cart', 'pg', 5432),
    ].join('\n'),
    'c.log': connection('14:35:00', 'cart', 'pg', 5432).join('\n'),
  })
  const log = (format: string, file: string) => ['--log', `${format}:${join(dir, file)}`]
  const args = [
    'why',
    'shop/cart',
    'data/pg',
    '--world',
    join(dir, 'world'),
    ...log('netfilter-log', 'k.log'),
  ]
  const { stdout } = await run([...args, ...log('conntrack', 'c.log'), '--output', 'json'])
  t.match(JSON.parse(stdout).run, { n: 2, since: /14:45:00/, before: { verdict: 'allowed', ts: /14:35:00/ } })
})
