// `culprit why` from records at rest and from an agent: the same answers as from the logs that the records come from.

import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { readWorld } from '../../agent/cluster/index.ts'
import { createScanLimit } from '../../agent/command/scan-limit.ts'
import { serveWhyOf } from '../../agent/command/serve-why.ts'
import { compile, type Epoch } from '../../agent/policy/index.ts'
import { createTimeline, type Service } from '../../agent/timeline/index.ts'
import { ask } from '../server/talk.ts'
import { logs, rest, serveRest, shop, shopLines, shopTimeline } from './query-shop.ts'
import { run } from './run.ts'

const lines = await shopLines()
const folder = t.testdir({})
const dir = join(folder, 'records')
await rest(dir, lines)
/** With the timeline that an agent writes beside its segments. */
const whole = join(folder, 'whole')
await rest(whole, lines)
mkdirSync(join(whole, 'timeline'))
const world = await readWorld(shop)
writeFileSync(join(whole, 'timeline/changes.jsonl'), shopTimeline())

const limit = createScanLimit(2)
const services = world.objects.flatMap(each => (each.kind === 'Service' ? [each.object as Service] : []))
const answering = (manifests: string | undefined) =>
  serveWhyOf({
    directory: dir,
    timeline: createTimeline<Epoch>(world, { compile: state => compile(state, { profile: 'upstream' }) }),
    services: () => services,
    manifests,
    node: undefined,
    hasUnsupported: false,
    limit,
    now: () => Date.parse('2026-11-24T19:09:00Z'),
  })
const server = await serveRest(dir, { why: answering(shop) })
t.teardown(() => server[Symbol.asyncDispose]())
const agent = `http://${server.addresses.main}`

const why = (...args: string[]) => run(['why', ...args])
const plain = (text: string) => text.replaceAll(/\s+/g, ' ')
/** Without the place of a rule, what to do next, and what the policies say today. */
const answerOf = (text: string) =>
  plain(text.split('\n\n').slice(0, 2).join(' '))
    .replaceAll(/ \([\w.-]+:\d+\)/g, '')
    .replace(/ That was then: .*$/, '')

const pairs: readonly (readonly string[])[] = [
  ['shop/cart', 'data/pg'],
  ['payments/gateway', 'payments/ledger', '--at', '2026-11-24T19:07:40Z'],
  ['payments/gateway', 'payments/ledger'],
  ['2001:db8:77::44', 'shop/Deployment/web', '--protocol', 'TCP'],
]

for (const pair of pairs)
  t.test(`${pair.join(' ')}: records say what the logs say`, async t => {
    const fromLogs = answerOf((await why(...pair, '--world', shop, ...logs)).stdout)
    t.match(fromLogs, /^(DENIED|ALLOWED) /)
    for (const place of [
      ['--records', dir, '--world', shop],
      ['--records', dir],
      ['--agent', agent],
    ]) {
      const { code, stdout, stderr } = await why(...pair, ...place)
      t.equal(code, 0, stderr)
      t.equal(answerOf(stdout), fromLogs, place.join(' '))
    }
  })

t.test('the answer ends with the command that shows the records, and that command finds them', async t => {
  const { stdout } = await why('shop/cart', 'data/pg', '--port', '5432', '--records', dir)
  const command = stdout.trimEnd().split('\n').at(-1)!.trim()
  t.equal(command, `culprit query --records ${dir} --from shop/cart --to data/pg --port 5432`)
  const found = await run([...command.split(' ').slice(1), '--output', 'json', '--verdict', 'denied'])
  t.ok(found.stdout.includes('"verdict":"denied"'))
  const far = await why('shop/cart', 'data/pg', '--agent', agent)
  t.match(far.stdout, new RegExp(`culprit query --agent ${agent} --from shop/cart --to data/pg\n$`))
})

t.test('the answer as JSON has the record, how long it went on, and the text', async t => {
  for (const place of [
    ['--records', dir],
    ['--agent', agent],
  ]) {
    const { stdout } = await why('shop/cart', 'data/pg', ...place, '--output', 'json')
    t.match(JSON.parse(stdout), {
      verdict: 'denied',
      basis: 'record',
      run: { n: 11, since: '2026-11-24T19:07:22.215759Z' },
      ts: '2026-11-24T19:08:23.405195Z',
      of: lines.map(line => JSON.parse(line)).find(({ src }) => src?.wl === 'Deployment/cart')?.id,
      text: /^Dropped without an answer 11 times/,
    })
    t.notOk('explanation' in JSON.parse(stdout))
  }
})

t.test('where there is no record the policies answer, and it says so', async t => {
  const question = ['shop/web', 'data/redis', '--port', '6379']
  for (const place of [
    ['--records', dir, '--world', shop],
    ['--agent', agent],
  ]) {
    const text = plain((await why(...question, ...place)).stdout)
    t.match(
      text,
      /^DENIED .* No record is about these two .*, so this is computed, not observed: /,
      place.join(' '),
    )
    t.match(text, /policies.yaml:\d+ /, 'with the line that decides')
  }
  t.match(await why(...question, '--records', dir), {
    code: 1,
    stderr:
      /no record in ".*" is about shop\/web and data\/redis; --world PATH computes it from the policies/,
  })
})

t.test('a record of what has been allowed since says that it is of its time', async t => {
  const denied = lines.filter(line => !line.includes('"event":"flow.allowed"') && !line.includes('"of"'))
  const old = join(t.testdir({}), 'records')
  await rest(old, denied)
  const { stdout } = await why('payments/gateway', 'payments/ledger', '--records', old, '--world', shop)
  t.match(plain(stdout), /^DENIED .* That was then: by the policies as they stand now, it is allowed\./)
})

t.test('the timeline beside the records is their world', async t => {
  const { stdout } = await why(
    'payments/gateway',
    'payments/ledger',
    '--at',
    '2026-11-24T19:07:40Z',
    '--records',
    whole,
  )
  t.match(stdout, /timeline\/changes\.jsonl:2 {2}\(payments\/ledger-ingress/)
})

t.test('a timeline that cannot be read keeps nobody from the records', async t => {
  const broken = join(t.testdir({}), 'records')
  await rest(broken, lines)
  mkdirSync(join(broken, 'timeline'))
  writeFileSync(join(broken, 'timeline/a.jsonl'), 'no\nnonsense\n')
  const { code, stdout, stderr } = await why('shop/cart', 'data/pg', '--records', broken)
  t.equal(code, 0)
  t.match(stdout, /^DENIED/)
  t.match(stderr, /; the answer comes from the records alone\n/)
})

t.test('a name that no record has is met with those that come near', async t => {
  t.match(await why('shop/crat', 'data/pg', '--records', dir), {
    code: 1,
    stderr: /no record in .* is about shop\/crat and data\/pg, did you mean shop\/cart/,
  })
  t.match(await why('shop/crat', 'data/pg', '--agent', agent), {
    code: 2,
    stderr: /Cannot find FROM "shop\/crat": .*did you mean shop\/cart/,
  })
})

const wrong: readonly [readonly string[], RegExp][] = [
  [['cart', 'data/pg', '--records', dir], /Cannot read FROM "cart": write ns\/pod/],
  [['shop/cart', 'data/pg', '--records', dir, ...logs], /Cannot use --records with --log/],
  [
    ['shop/cart', 'data/pg', '--records', dir, '--agent', agent],
    /Cannot use --agent with --records, --world or --log/,
  ],
  [['shop/cart', 'data/pg', '--records', dir, '--port', '0'], /Cannot use --port "0"/],
  [['shop/cart', 'data/pg', '--records', join(dir, 'none')], /there is no such file or directory/],
  [['shop/cart', 'data/pg', '--agent', agent, '--port', '0'], /Cannot use --port "0"/],
  [['shop/cart', 'data/pg', '--agent', agent, '--at', 'noon'], /Cannot use --at "noon"/],
  [['shop/cart', 'data/pg', '--agent', agent, '--node', 'n'], /Cannot use --node with --agent/],
  [['cart', 'data/pg', '--agent', agent], /Cannot read FROM "cart"/],
]
for (const [args, stderr] of wrong)
  t.test(`why ${args.join(' ').replaceAll(dir, 'DIR').replaceAll(agent, 'URL')} is a wrong call`, async t => {
    t.match(await why(...args), { code: 2, stderr, stdout: '' })
  })

t.test('the route refuses what the command refuses, with the same sentence', async t => {
  const at = (query: string) => ask(server.addresses.main, `/api/v1/why?${query}`)
  t.match(await at('from=shop/cart'), { status: 400, body: /Cannot answer without from and to/ })
  t.match(await at('from=shop/cart&to=data/pg&port=0'), { status: 400, body: /Cannot use --port "0"/ })
  t.match(await at('from=shop/cart&to=data/pg&prot=TCP'), {
    status: 400,
    body: /"prot": it can be port, protocol|protocol/,
  })
  t.match(await at('from=shop/cart&to=data/pg'), {
    status: 200,
    headers: { 'content-type': 'application/json' },
  })
})

t.test('an agent whose manifests cannot be read now answers without quoting them', async t => {
  const parameters = new URLSearchParams({ from: 'shop/cart', to: 'data/pg' })
  for (const manifests of [join(folder, 'gone'), undefined]) {
    const answer = await answering(manifests)(parameters, new AbortController().signal)
    t.match(answer, { verdict: 'denied', text: /^Dropped/ })
    t.notOk('quotes' in JSON.parse(JSON.stringify(answer)))
  }
})

t.test('whoever answers, nothing of it acts on a terminal', async t => {
  const evil = createServer((_request, response) => {
    const bad = 'x\x1b[2J\u202e'
    const explanation = {
      word: bad,
      connection: bad,
      sentences: [bad],
      quotes: [],
      proposals: [{ text: bad, command: bad }],
    }
    response.end(JSON.stringify({ explanation }))
  })
  await new Promise<void>(resolve => evil.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`
  const { code, stdout } = await why('a/b', 'c/d', '--agent', url)
  t.equal(code, 0)
  t.notOk(stdout.includes('\x1b') || stdout.includes('\u202e'))
  evil.close()
})
