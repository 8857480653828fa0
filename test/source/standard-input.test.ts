import { PassThrough } from 'node:stream'
import t from 'tap'
import { openStandardInput } from '../../agent/source/standard-input.ts'
import { gather, until } from './gather-receiver.ts'

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

t.test('bytes become lines, and the end of the input is the end of the stream', async t => {
  const { receiver, lines, streams, troubles } = gather()
  const source = openStandardInput({ receiver, format: 'ulogd', input: chunks('one\ntw', 'o\nthree') })
  await source.ended
  t.same(lines, ['0 one', '4 two', '8 three'])
  t.equal(streams[1], `end ${streams[0]}`)
  t.same(troubles, [])
  t.same([source.format, source.name, source.position()], ['ulogd', 'standard input', undefined])
  await source[Symbol.asyncDispose]()
})

t.test('two inputs are two streams', async t => {
  const { receiver, streams } = gather()
  for (let count = 0; count < 2; count++)
    await openStandardInput({ receiver, format: 'ulogd', input: chunks('x\n') }).ended
  t.equal(new Set(streams).size, 4)
})

t.test('while nobody can take a line nothing is read', async t => {
  const gathered = gather()
  gathered.isFull = true
  const input = new PassThrough()
  const source = openStandardInput({ receiver: gathered.receiver, format: 'ulogd', input })
  input.write('one\n')
  await new Promise(resolve => setTimeout(resolve, 30))
  t.same(gathered.lines, [])
  gathered.isFull = false
  await until(() => gathered.lines.length === 1)
  await source[Symbol.asyncDispose]()
})

t.test(
  'closing does not wait for an input that never ends, and keeps what was read of the last line',
  async t => {
    const { receiver, lines, streams } = gather()
    const input = new PassThrough()
    const source = openStandardInput({ receiver, format: 'ulogd', input })
    input.write('one\nhalf')
    await until(() => lines.length === 1)
    await source[Symbol.asyncDispose]()
    t.same(lines, ['0 one', '4 half'])
    t.equal(streams.length, 2)
  },
)

t.test('an input that breaks is said, and what came before counts', async t => {
  const { receiver, lines, troubles } = gather()
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('one\n')
    throw new Error('EIO: i/o error')
  }
  const source = openStandardInput({ receiver, format: 'ulogd', input: broken() })
  await source.ended
  t.same(lines, ['0 one'])
  t.same(troubles, ['Cannot read standard input: EIO: i/o error'])
})
