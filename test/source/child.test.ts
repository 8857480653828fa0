import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type ChildOptions, keepRunning } from '../../agent/source/child.ts'
import { runLines } from '../../agent/source/child-run.ts'
import { later } from '../../agent/source/later.ts'
import { until } from './gather-receiver.ts'
import { standIn } from './stand-in.ts'

interface Run {
  readonly said: string[]
  readonly words: string[]
  readonly ends: string[]
  readonly waits: number[]
  readonly child: AsyncDisposable
}

/** Waiting for a restart takes no time; how long it would have been is written down. The patience of closing is what it is. */
function keep(command: string[], options: Partial<ChildOptions> = {}): Run {
  const run = { said: [] as string[], words: [] as string[], ends: [] as string[], waits: [] as number[] }
  let isClosed = false
  const isClosing = () => isClosed
  const kept = keepRunning({
    command: () => command,
    isFull: () => false,
    now: Date.now,
    later(what, ms) {
      if (ms < 500 || isClosing()) return later(what, ms)
      run.waits.push(ms)
      return later(what, 1)
    },
    begin: () => ({
      bytes: chunk => void run.said.push(chunk.toString()),
      words: text => void run.words.push(text),
      ended: why => void run.ends.push(why),
    }),
    ...options,
  })
  const child = {
    [Symbol.asyncDispose]() {
      isClosed = true
      return kept[Symbol.asyncDispose]()
    },
  }
  return Object.assign(run, { child })
}

t.test('a program that ends is started again, ever more seldom, to once a minute', async t => {
  const { waits, said, child } = keep(['sh', '-c', 'echo hello'])
  await until(() => waits.length >= 9)
  await child[Symbol.asyncDispose]()
  t.same(waits.slice(0, 9), [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000])
  t.ok(said.length >= 9)
})

t.test('after a minute of health the next restart is soon again', async t => {
  let nowMs = 0
  let run: Run | undefined
  run = keep(['true'], { now: () => (nowMs += run?.waits.length === 4 ? 60_000 : 1) })
  const { waits, child } = run
  await until(() => waits.length >= 6)
  await child[Symbol.asyncDispose]()
  t.same(waits.slice(0, 6), [500, 1000, 2000, 4000, 500, 1000])
})

t.test('why it ended is said, with what would help', async t => {
  const table: [command: string[], why: RegExp][] = [
    [['/nowhere/conntrack'], /^it is not installed here; install conntrack-tools \(Debian and Ubuntu/],
    [['/nowhere/journalctl'], /^it is not installed here; it comes with systemd/],
    [['/nowhere/x'], /^it is not installed here; install x$/],
    [['sh', '-c', 'exit 3'], /^it ended with exit code 3$/],
    [['sh', '-c', 'kill -9 $$'], /^it was ended by SIGKILL$/],
    [['sh', '-c', 'echo one >&2; echo "two " >&2; exit 1'], /^one two$/],
    [
      ['sh', '-c', 'echo "sorry, you must be root or get CAP_NET_ADMIN capability to do this" >&2; exit 1'],
      /do this; it needs CAP_NET_ADMIN$/,
    ],
    [[t.testdir()], /^".*" may not be executed by this user$/],
  ]
  for (const [command, why] of table) {
    const { ends, child } = keep(command)
    await until(() => ends.length > 0)
    await child[Symbol.asyncDispose]()
    t.match(ends[0], why, command.join(' '))
  }
})

t.test('while nobody can take more its words wait in the pipe, none is lost', async t => {
  const folder = t.testdir()
  const command = standIn(
    folder,
    'busy',
    `for (let i = 0; i < 20000; i++) process.stdout.write('line ' + i + ' '.repeat(90) + '\\n')
     process.stdout.write('', () => { log('written'); forever() })`,
  )
  let isFull = false
  let bytes = 0
  const { child } = keep(command, {
    isFull: () => isFull,
    begin: () => ({
      bytes(chunk) {
        bytes += chunk.length
        isFull ||= bytes < 1000_000
      },
      ended() {},
    }),
  })
  await until(() => bytes > 0)
  const before = bytes
  for (let turns = 0; turns < 20; turns++) await new Promise(resolve => setTimeout(resolve, 5))
  t.equal(bytes, before, 'nothing is read')
  t.notOk(existsSync(join(folder, 'log')), 'and the program waits')
  isFull = false
  while (bytes < 1000_000) {
    isFull = false
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await until(() => existsSync(join(folder, 'log')))
  await child[Symbol.asyncDispose]()
  const expected = Array.from({ length: 20000 }, (_, i) => `line ${i}`.length + 91).reduce((a, b) => a + b)
  t.equal(bytes, expected)
})

t.test('a program that ends while nobody can take more is read to its end', async t => {
  const { said, ends, child } = keep(['sh', '-c', 'echo last words; exit 1'], { isFull: () => true })
  await until(() => ends.length > 0)
  await child[Symbol.asyncDispose]()
  t.equal(said[0], 'last words\n')
})

t.test('closing ends it, waits until it is gone, and does not start it again', async t => {
  const folder = t.testdir()
  const command = standIn(
    folder,
    'polite',
    `process.on('SIGTERM', () => { process.stdout.write('bye\\n', () => { log('gone'); process.exit(0) }) })
     process.stdout.write('hello\\n')
     forever()`,
  )
  const { said, waits, ends, child } = keep(command)
  await until(() => said.length > 0)
  await child[Symbol.asyncDispose]()
  t.equal(readFileSync(join(folder, 'log'), 'utf8'), 'gone\n')
  t.equal(said.join(''), 'hello\nbye\n')
  t.equal(ends.length, 1)
  t.same(waits, [], 'no restart')
})

t.test('a program that does not want to end is made to', async t => {
  const command = standIn(
    t.testdir(),
    'stubborn',
    `process.on('SIGTERM', () => {}); console.log('hello'); forever()`,
  )
  const { said, ends, child } = keep(command)
  await until(() => said.length > 0)
  await child[Symbol.asyncDispose]()
  t.same(ends, ['it was ended by SIGKILL'])
})

t.test('runLines() hands on whole lines, and says what went wrong', async t => {
  const table: [command: string[], lines: string[], why: RegExp | undefined][] = [
    [['sh', '-c', 'echo one; echo two'], ['one', 'two'], undefined],
    [['sh', '-c', 'printf half'], ['half'], undefined],
    [['sh', '-c', 'echo "no such thing" >&2; exit 2'], [], /^no such thing$/],
    [['sh', '-c', 'exit 2'], [], /^it ended with exit code 2$/],
    [['sleep', '60'], [], /^it did not end within 0.2 s$/],
    [['/nowhere/conntrack'], [], /^it is not installed here/],
  ]
  for (const [command, expected, why] of table) {
    const lines: string[] = []
    const take = (bytes: Uint8Array, start: number, end: number): void =>
      void lines.push(Buffer.from(bytes.subarray(start, end)).toString())
    const said = await runLines(command, take, { timeoutMs: command[0] === 'sleep' ? 200 : 10_000 })
    t.same(lines, expected)
    if (why === undefined) t.equal(said, undefined)
    else t.match(said, why)
  }
})
