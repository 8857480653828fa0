// `query --agent` against a real server over records at rest: what it prints is what `--records` prints.

import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { createScanLimit } from '../../agent/command/scan-limit.ts'
import { ask } from '../server/talk.ts'
import { rest, serveRest, shopLines, start, until } from './query-shop.ts'
import { run } from './run.ts'

const lines = await shopLines()
const dir = join(t.testdir({}), 'records')
await rest(dir, lines)
const server = await serveRest(dir)
t.teardown(() => server[Symbol.asyncDispose]())
const agent = `http://${server.addresses.main}`

const questions: readonly (readonly string[])[] = [
  [],
  ['--verdict', 'denied'],
  ['--verdict', 'denied,rejected', '--from', 'shop/cart', '--to', 'data'],
  ['--from', '198.51.100.7', '--port', '8080'],
  ['--policy', 'data/*', '--event', 'flow.*'],
  ['--since', '2026-11-24T19:07:40Z', '--until', '2026-11-24T19:08:10Z', '--from', 'shop/cart'],
  ['--since', '1h'],
  ['--event', 'policy.*'],
  ['--from', 'nobody'],
  ['--group-by', 'from,to,port', '--verdict', 'denied'],
  ['--group-by', 'pod'],
  ['--group-by', 'policy,verdict', '--until', '2026-11-24T19:07:40Z'],
]

for (const [i, question] of questions.entries())
  for (const form of i % 3 === 0 ? ['json', 'csv', 'table'] : [['json', 'csv', 'table'][i % 3]!])
    t.test(`${form} of ${question.join(' ') || 'everything'} is the same from afar`, async t => {
      const near = await run(['query', '--records', dir, '--output', form, ...question])
      const far = await run(['query', '--agent', agent, '--output', form, ...question])
      t.same(far, near)
      t.equal(far.code, 0)
    })

t.test('the parameters of the URL are refused in the words of the command', async t => {
  const wrong: readonly [string, RegExp][] = [
    ['since=yesterday', /^Cannot use --since "yesterday": it is a time such as .* 2h or 7d\n$/],
    ['verdict=dropped', /^Cannot use --verdict "dropped": it can be/],
    ['port=0', /^Cannot use --port "0"/],
    ['groupBy=pods', /^Cannot use --group-by "pods": did you mean pod/],
    ['verdit=denied', /^Cannot use parameter "verdit": it can be verdict\n$/],
    ['since=1h&since=2h', /^Cannot use since twice/],
    ['limit=0', /^Cannot use limit "0": it is the number of lines/],
    ['constructor=1', /^Cannot use parameter "constructor"/],
  ]
  for (const [query, message] of wrong)
    t.match(
      await ask(server.addresses.main, `/api/v1/records?${query}`),
      { status: 400, body: message },
      query,
    )
})

t.test('limit cuts, and says so', async t => {
  const { body, trailers } = await ask(server.addresses.main, '/api/v1/records?limit=3&event=flow.*')
  t.equal(body.split('\n').length, 4)
  t.match(JSON.parse(trailers['culprit-notes']!), ['cut at 3 lines: there may be more'])
  const groups = await ask(server.addresses.main, '/api/v1/records?limit=2&groupBy=verdict')
  t.equal(groups.body.split('\n').length, 3)
})

t.test('a repeat says of what it is one, where that is asked for', async t => {
  const { body } = await ask(
    server.addresses.main,
    '/api/v1/records?first=true&from=shop/cart&verdict=denied',
  )
  const repeats = body.split('\n').filter(line => line.includes('"of":"'))
  t.ok(repeats.length > 0)
  for (const repeat of repeats) t.match(JSON.parse(repeat), { first: { src: { wl: 'Deployment/cart' } } })
})

t.test('a third search at once is told to come again', async t => {
  const limit = createScanLimit(0)
  const busy = await serveRest(dir, { limit })
  const answer = await ask(busy.addresses.main, '/api/v1/records')
  t.match(answer, { status: 503, headers: { 'retry-after': '5' } })
  t.match(await run(['query', '--agent', `http://${busy.addresses.main}`]), {
    code: 1,
    stderr: /it answered 503: Cannot search now: 0 searches run already, try again in 5 s/,
  })
  await busy[Symbol.asyncDispose]()
})

t.test('the limit counts what runs, and what has failed no more', async t => {
  const limit = createScanLimit(1)
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = limit.run(() => promise)
  await t.rejects(
    limit.run(async () => {}),
    { message: /try again/ },
  )
  resolve()
  await first
  await t.rejects(
    limit.run(() => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  )
  await limit.run(async () => {})
})

t.test('what goes wrong on the way is a sentence', async t => {
  const closed = await serveRest(dir)
  const gone = `http://${closed.addresses.main}`
  await closed[Symbol.asyncDispose]()
  const html = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').writeHead(404).end('<html>\x1b[2J')
  })
  const json = createServer((_request, response) => void response.end('{"event":1}\n'))
  const cut = createServer((_request, response) => {
    response.write('{"v":1,"id":"x","event":"evidence.gap"}\n', () => response.destroy())
  })
  const urls = await Promise.all(
    [html, json, cut].map(async each => {
      await new Promise<void>(resolve => each.listen(0, '127.0.0.1', resolve))
      return `http://127.0.0.1:${(each.address() as AddressInfo).port}`
    }),
  )
  const wrong: readonly [readonly string[], number, RegExp][] = [
    [
      ['--agent', gone],
      1,
      /^culprit: Cannot query "http:\/\/127.0.0.1:\d+\/": connection refused; is the agent's port \d+ reachable\? kubectl port-forward /,
    ],
    [['--agent', urls[0]!], 1, /it answered 404, is it a culprit agent\n$/],
    [['--agent', urls[1]!, '--output', 'csv'], 1, /its answer is no record, is it a culprit agent/],
    [['--agent', urls[2]!], 1, /the answer was cut/],
    [
      ['--agent', '127.0.0.1:9464'],
      2,
      /Cannot use --agent "127.0.0.1:9464": it is the URL of an agent's port/,
    ],
    [['--agent', agent, '--port', '0'], 2, /Cannot use --port "0"/],
    [['--agent', agent, '--records', dir], 2, /Cannot use --records with --agent/],
    [[], 2, /Cannot search without a place: --records DIR .* --agent URL/],
    [['--agent', agent, '--sql', 'SELECT 1'], 2, /Cannot use --sql with --agent/],
    [['--agent', agent, '--follow', '--group-by', 'pod'], 2, /Cannot use --follow with --group-by/],
    [['--agent', agent, '--follow', '--until', '1h'], 2, /Cannot use --follow with --until/],
  ]
  for (const [args, code, stderr] of wrong)
    t.match(await run(['query', ...args]), { code, stderr, stdout: code === 2 ? '' : /^/ }, args.join(' '))
  for (const each of [html, json, cut]) each.close()
})

t.test('--follow from afar tells each record once, also after the agent was away', async t => {
  const dir = join(t.testdir({}), 'records')
  const half = lines.length >> 1
  await rest(dir, lines.slice(0, half))
  let server = await serveRest(dir)
  const port = server.addresses.main
  const following = start([
    'query',
    '--agent',
    `http://${port}`,
    '--follow',
    '--output',
    'json',
    '--event',
    'flow.*',
  ])
  const wanted = (some: readonly string[]) => some.filter(line => line.includes('"event":"flow.')).length
  await until(() => following.lines().length >= wanted(lines.slice(0, half)))
  await server[Symbol.asyncDispose]()
  await until(() => following.stderr().includes('trying again'))
  await rest(dir, lines.slice(half))
  server = await serveRest(dir, { listen: port })
  await until(() => following.lines().length >= wanted(lines))
  await until(() => following.stderr().includes('answers again'))
  following.interrupt()
  t.equal(await following.ended, 0)
  const ids = following.lines().map(line => JSON.parse(line).id)
  t.equal(new Set(ids).size, ids.length, 'none is told twice')
  t.notOk(
    following.lines().some(line => line.includes('"first":')),
    'records are as they were written',
  )
  t.match(following.stderr(), /connection refused.*; trying again\nculprit: it answers again\n/)
  await server[Symbol.asyncDispose]()
})

t.test('an agent without records yet answers, and names files of a later version', async t => {
  const empty = join(t.testdir({}), 'records')
  await rest(empty, [])
  writeFileSync(join(empty, 'records.v2.000000000001.jsonl'), '')
  const server = await serveRest(empty)
  const { body, trailers } = await ask(server.addresses.main, '/api/v1/records')
  t.equal(body, '')
  t.match(trailers['culprit-notes'], /is of a version that is not known here: it was not read/)
  await server[Symbol.asyncDispose]()
})
