// What the agent says over HTTP, to a real client on a real port.

import t from 'tap'
import { RequestError } from '../../agent/server/request-error.ts'
import { openServer } from '../../agent/server/server.ts'
import { ask, quietRoutes, serve } from './talk.ts'

t.test('each route answers on its own port, and only there', async t => {
  const { server, errors } = await serve()
  const { main, probes } = server.addresses
  t.match(await ask(probes, '/healthz'), { status: 200, body: 'ok\n' })
  t.match(await ask(probes, '/readyz'), { status: 200, body: 'ready\n' })
  t.match(await ask(main, '/metrics'), {
    status: 200,
    body: 'culprit_up 1\n',
    headers: { 'content-type': 'text/plain; version=0.0.4' },
  })
  t.match(await ask(main, '/api/v1/records?verdict=denied'), {
    status: 200,
    body: '{"v":1}\n',
    headers: { 'content-type': 'application/jsonl' },
    trailers: { 'culprit-notes': '["a note, with an \\u00fc"]' },
  })
  t.match(await ask(main, '/api/v1/why?from=a/b'), { status: 200, body: '{"word":"DENIED"}\n' })
  t.match(await ask(main, '/healthz'), {
    status: 404,
    body: 'Cannot find "/healthz": on this port there is /metrics, /api/v1/records, /api/v1/why\n',
  })
  t.match(await ask(probes, '/metrics'), { status: 404, body: /on this port there is \/healthz, \/readyz/ })
  t.match(await ask(main, '/toString'), { status: 404 })
  t.match(await ask(probes, '/healthz', { method: 'HEAD' }), { status: 200, body: '' })
  t.match(await ask(main, '/api/v1/records', { method: 'HEAD' }), { status: 200, body: '' })
  t.same(errors, [])
  await server[Symbol.asyncDispose]()
})

t.test('an agent that is not ready says 503 and each reason on a line', async t => {
  const lines = ['conntrack: the program is missing', 'shedding: level 2']
  const { server } = await serve({ readiness: () => ({ ready: false, lines }) })
  t.match(await ask(server.addresses.probes, '/readyz'), {
    status: 503,
    body: 'not ready\nconntrack: the program is missing\nshedding: level 2\n',
  })
  t.match(await ask(server.addresses.probes, '/healthz'), { status: 200 })
  await server[Symbol.asyncDispose]()
})

t.test('methods that write are refused, and so are bodies', async t => {
  const { server } = await serve()
  const { main } = server.addresses
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    t.match(await ask(main, '/metrics', { method, body: method === 'OPTIONS' ? '' : 'x' }), {
      status: 405,
      headers: { allow: 'GET, HEAD' },
    })
  for (const headers of [
    { 'content-length': '2' },
    { 'transfer-encoding': 'chunked' },
    { 'content-length': '2', expect: '100-continue' },
  ])
    t.match(await ask(main, '/metrics', { headers, body: '{}' }), {
      status: 413,
      body: /Cannot take a request body/,
    })
  t.match(await ask(main, '/metrics'), { status: 200 })
  await server[Symbol.asyncDispose]()
})

t.test('what a route cannot do comes as its own sentence, what it should have done as 500', async t => {
  const { server, errors } = await serve({
    records: async () => {
      throw new RequestError(503, 'Cannot search now: 2 searches run already', { retryAfter: 5 })
    },
    why: async () => {
      throw new RequestError(400, 'Cannot use --port "0": it is a number from 1 to 65535')
    },
    metrics: async () => {
      throw new Error('out of paper')
    },
  })
  const { main } = server.addresses
  t.match(await ask(main, '/api/v1/records'), {
    status: 503,
    headers: { 'retry-after': '5' },
    body: /2 searches/,
  })
  t.match(await ask(main, '/api/v1/why'), {
    status: 400,
    body: 'Cannot use --port "0": it is a number from 1 to 65535\n',
  })
  t.match(await ask(main, '/metrics'), { status: 500, body: 'Cannot answer: out of paper\n' })
  t.same(errors, ['Cannot answer /metrics: out of paper'])
  await server[Symbol.asyncDispose]()
})

t.test('an answer that fails midway is cut, so that nobody takes it for whole', async t => {
  const { server, errors } = await serve({
    records: async (_parameters, stream) => {
      stream.start()
      await stream.write('{"v":1}\n')
      throw new Error('the disk is gone')
    },
  })
  await t.rejects(ask(server.addresses.main, '/api/v1/records'), { code: 'ECONNRESET' })
  t.same(errors, ['Cannot answer /api/v1/records: the disk is gone'])
  await server[Symbol.asyncDispose]()
})

t.test('an agent that keeps no records says so', async t => {
  const { server } = await serve({ records: undefined, why: undefined })
  for (const path of ['/api/v1/records', '/api/v1/why'])
    t.match(await ask(server.addresses.main, path), {
      status: 404,
      body: /keeps no records \(records.directory/,
    })
  await server[Symbol.asyncDispose]()
})

t.test('metrics are made once for all who ask meanwhile', async t => {
  let made = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const { server } = await serve({
    metrics: async () => {
      made++
      await promise
      return { contentType: 'text/plain', body: 'x 1\n' }
    },
  })
  const answers = Array.from({ length: 20 }, () => ask(server.addresses.main, '/metrics'))
  // All twenty are connected before the first is answered.
  while (server.connections < 20) await new Promise(setImmediate)
  resolve()
  for (const { body } of await Promise.all(answers)) t.equal(body, 'x 1\n')
  t.ok(made < 20, `made ${made} times`)
  await server[Symbol.asyncDispose]()
})

t.test('addresses that cannot be listened on are named, with their setting', async t => {
  const { server } = await serve()
  const open = (listen: string, probesListen = '127.0.0.1:0') =>
    openServer({ listen, probesListen, routes: quietRoutes, onError: () => {} })
  await t.rejects(open('9464'), {
    message: 'Cannot listen on "9464": it is an address and a port, such as 0.0.0.0:9464 (http.listen)',
  })
  const taken = server.addresses.main
  await t.rejects(open(taken), {
    message: `Cannot listen on "${taken}": another process, or another setting of this one, uses this port (http.listen)`,
  })
  await t.rejects(open('127.0.0.1:0', taken), { message: /uses this port \(http.probesListen\)/ })
  await server[Symbol.asyncDispose]()
})
