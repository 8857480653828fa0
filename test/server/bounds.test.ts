// Clients that are slow, silent, huge or many: the server goes on answering others, and gives back what they took. Time-outs are short
// here and waited for by their effect.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { allOf, ask, dial, serve } from './talk.ts'

t.test('headers beyond the limit are refused with 431, and the connection ends', async t => {
  const { server } = await serve({}, { headerBytes: 4096 })
  const socket = await dial(server.addresses.main)
  const said = allOf(socket)
  socket.write(`GET /metrics HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(8000)}\r\n\r\n`)
  t.match(await said, /^HTTP\/1.1 431 /)
  t.match(await ask(server.addresses.main, '/metrics'), { status: 200 })
  await server[Symbol.asyncDispose]()
})

t.test('nonsense is refused with 400', async t => {
  const { server } = await serve()
  for (const text of ['hello\r\n\r\n', 'GET /metrics HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00']) {
    const socket = await dial(server.addresses.main)
    const said = allOf(socket)
    socket.write(text)
    t.match(await said, /^HTTP\/1.1 400 /, JSON.stringify(text))
  }
  const socket = await dial(server.addresses.main)
  const said = allOf(socket)
  socket.write('GET http://[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  t.match(await said, /^HTTP\/1.1 400 .*Cannot read the URL/s)
  await server[Symbol.asyncDispose]()
})

t.test('a request that never becomes whole is ended', async t => {
  const { server } = await serve({}, { headersTimeoutMs: 100, requestTimeoutMs: 200 })
  const half = await dial(server.addresses.main)
  const silent = await dial(server.addresses.main)
  const [said, nothing] = [allOf(half), allOf(silent)]
  half.write('GET /metrics HTTP/1.1\r\nhost: x\r\n')
  t.match(await ask(server.addresses.main, '/metrics'), { status: 200 })
  t.match(await said, /^HTTP\/1.1 408 /)
  // One that never said a word is ended as well.
  await nothing
  t.equal(server.connections, 0)
  await server[Symbol.asyncDispose]()
})

t.test('a client that sends its end while the answer is made gets it, or is let go', async t => {
  const { server } = await serve()
  const socket = await dial(server.addresses.main)
  const said = allOf(socket)
  socket.end('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n')
  t.match(await said, /culprit_up 1/)
  await server[Symbol.asyncDispose]()
})

t.test('of a thousand idle connections the oldest give way, and others are answered', async t => {
  const { server } = await serve({}, { connections: 50 })
  const sockets = await Promise.all(Array.from({ length: 1000 }, () => dial(server.addresses.main)))
  for (const socket of sockets) socket.on('error', () => {}).resume()
  const cut = () => sockets.filter(({ closed }) => closed).length
  for (let i = 0; i < 3; i++) t.match(await ask(server.addresses.main, '/metrics'), { status: 200 })
  t.match(await ask(server.addresses.probes, '/healthz'), { status: 200 })
  while (cut() < 950) await new Promise(setImmediate)
  t.ok(server.connections <= 50, `${server.connections} are open`)
  await server[Symbol.asyncDispose]()
  while (cut() < 1000) await new Promise(setImmediate)
  t.equal(server.connections, 0, 'closing gives back all of them')
})

t.test('a connection that is being answered does not give way to new ones', async t => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { server } = await serve(
    {
      metrics: async () => {
        await promise
        return { contentType: 'text/plain', body: 'patience 1\n' }
      },
    },
    { connections: 5 },
  )
  const answer = ask(server.addresses.main, '/metrics')
  while (server.connections < 1) await new Promise(setImmediate)
  const idle = await Promise.all(Array.from({ length: 50 }, () => dial(server.addresses.main)))
  for (const socket of idle) socket.on('error', () => {})
  await once(idle[0]!.resume(), 'close')
  resolve()
  t.match(await answer, { body: 'patience 1\n' })
  for (const socket of idle) socket.destroy()
  await server[Symbol.asyncDispose]()
})

const MIB = 1024 * 1024

t.test(
  'a client that reads nothing holds up its own answer only, costs little memory, and is cut',
  async t => {
    let written = 0
    const ended = Promise.withResolvers<void>()
    const { server, errors } = await serve(
      {
        records: async (_parameters, stream) => {
          stream.start()
          try {
            for (;;) {
              await stream.write('x'.repeat(MIB))
              written++
            }
          } finally {
            t.ok(stream.signal.aborted, 'the search is told to stop')
            ended.resolve()
          }
        },
      },
      { slowClientMs: 300 },
    )
    const slow = await dial(server.addresses.main)
    slow.on('error', () => {})
    slow.pause()
    slow.write('GET /api/v1/records HTTP/1.1\r\nhost: x\r\n\r\n')
    while (written === 0) await new Promise(setImmediate)
    t.match(await ask(server.addresses.main, '/metrics'), { status: 200 })
    await ended.promise
    t.ok(written < 20, `${written} MiB were written before it was cut: what the kernel holds, and no more`)
    t.same(errors, [], 'that is no fault of the server')
    slow.destroy()
    await server[Symbol.asyncDispose]()
  },
)

t.test('a long search that has nothing to say yet is not taken for a slow client', async t => {
  const { server } = await serve(
    {
      records: async (_parameters, stream) => {
        stream.start()
        await sleep(400)
        await stream.write('{"late":true}\n')
        return { notes: [] }
      },
    },
    { slowClientMs: 50 },
  )
  t.match(await ask(server.addresses.main, '/api/v1/records'), { status: 200, body: '{"late":true}\n' })
  await server[Symbol.asyncDispose]()
})

t.test('a client that goes away ends its search', async t => {
  const ended = Promise.withResolvers<void>()
  const { server, errors } = await serve({
    records: async (_parameters, stream) => {
      stream.start()
      await once(stream.signal, 'abort')
      ended.resolve()
      throw new Error('the client has gone')
    },
  })
  const socket = await dial(server.addresses.main)
  socket.write('GET /api/v1/records HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(socket, 'data')
  socket.destroy()
  await ended.promise
  t.same(errors, [])
  await server[Symbol.asyncDispose]()
})

t.test('closing lets answers end, cuts those that do not, and takes no more', async t => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { server } = await serve(
    {
      metrics: async () => {
        await promise
        return { contentType: 'text/plain', body: 'last 1\n' }
      },
      records: async (_parameters, stream) => {
        stream.start()
        await once(stream.signal, 'abort')
        throw new Error('closed')
      },
    },
    { closeMs: 200 },
  )
  const { main } = server.addresses
  const inTime = ask(main, '/metrics')
  const endless = ask(main, '/api/v1/records')
  const isCut = t.rejects(endless, { code: 'ECONNRESET' })
  while (server.connections < 2) await new Promise(setImmediate)
  // Both requests have arrived once a third, sent after them, is answered.
  await ask(main, '/nothing')
  const closing = server[Symbol.asyncDispose]()
  resolve()
  t.match(await inTime, { body: 'last 1\n' })
  await isCut
  await closing
  await t.rejects(ask(main, '/metrics'), { code: 'ECONNREFUSED' })
})
