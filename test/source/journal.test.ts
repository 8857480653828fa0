// No journald runs where these tests do: the lines are as `journalctl -o json` prints them, and a script plays the program.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type JournalOptions, openJournal } from '../../agent/source/journal.ts'
import { journalCursor, missedByJournald, parseCursor } from '../../agent/source/journal-line.ts'
import { createFlow } from '../../collectors/flow.ts'
import { netfilterLog } from '../../collectors/netfilter-log.ts'
import { gather, until } from './gather-receiver.ts'
import { standIn } from './stand-in.ts'

const [first, second] = ['bc9a121f811e48e5afb5b2d2f5357982', '0d2b8f0e6a4c4d0f9f3f8f5a1a2b3c4d']
const cursor = (sequence: number, series = first) =>
  `s=${series};i=${sequence.toString(16)};b=73a9cb791be24dec8d3db36b81c9ca52;m=a117fce7;t=65f0e8f5c58ca;x=b42c5100ebd0b853`
const message =
  'np-drop shop/cart-in IN=a OUT=b MAC= SRC=10.244.1.11 DST=10.244.1.12 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=41538 DPT=8080 WINDOW=64240 RES=0x00 SYN URGP=0 '
const entry = (sequence: number, series = first, more = `"MESSAGE":"${message}"`) =>
  `{"__CURSOR":"${cursor(sequence, series)}","__REALTIME_TIMESTAMP":"1795541585140418","_TRANSPORT":"kernel","PRIORITY":"4",${more}}`
const missed = (count: number) =>
  `"_TRANSPORT":"driver","MESSAGE":"Missed ${count} kernel messages","MESSAGE_ID":"e9bf28e6e834481bb6f48f548ad13606"`

const script = `
  log(args.join(' '))
  process.stdout.write(existsSync(folder + '/journal') ? readFileSync(folder + '/journal', 'utf8') : '')
  if (existsSync(folder + '/fall')) { process.stderr.write(readFileSync(folder + '/fall', 'utf8')); process.exitCode = 1 } else forever()
`

function open(folder: string, options: Partial<JournalOptions> = {}) {
  const gathered = gather()
  const source = openJournal({
    receiver: gathered.receiver,
    now: () => 1_795_541_600_123,
    command: standIn(folder, 'journalctl', script),
    firstRestartMs: 20,
    longestRestartMs: 50,
    ...options,
  })
  const calls = () =>
    existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8').trim().split('\n') : []
  return Object.assign(gathered, { source, calls })
}

const usual = '--follow --output=json --no-pager'
const matches = '_TRANSPORT=kernel + MESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606'

t.test('a cursor says which entry of which series it is', async t => {
  t.match(parseCursor(cursor(0x2f)), { series: first, sequence: 47, time: 0x65f0e8f5c58ca })
  t.equal(parseCursor('s=ab;i=3')?.time, undefined)
  for (const text of ['', 'x', 's=;i=3', 's=ab;i=', 's=ab;i=xyz', 's=ab;i=ffffffffffffffff'])
    t.equal(parseCursor(text), undefined, text)
  t.equal(journalCursor(Buffer.from(entry(7)))?.cursor, cursor(7))
  t.equal(journalCursor(Buffer.from('{ "MESSAGE" : "x", "__CURSOR" : "s=ab;i=9;b=c" }'))?.sequence, 9)
  for (const text of ['', '{}', '{"__CURSOR"', '{"__CURSOR":"', '{"__CURSOR":null}'])
    t.equal(journalCursor(Buffer.from(text)), undefined, text)
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 47 }), sequence => {
      const at = journalCursor(Buffer.from(entry(sequence)))
      return at?.sequence === sequence && at.cursor === cursor(sequence)
    }),
  )
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary-ascii' }),
      text => void journalCursor(Buffer.from(`"__CURSOR"${text}`)),
    ),
  )
})

t.test("journald's own word about what it missed is a number", async t => {
  t.equal(missedByJournald(Buffer.from(entry(1, first, missed(5400)))), 5400)
  t.equal(missedByJournald(Buffer.from(entry(1))), undefined)
  t.equal(missedByJournald(Buffer.from('{"MESSAGE":"Missed 5400 kernel messages"}')), undefined)
})

t.test('entries are handed on as they are, and the collector reads them', async t => {
  const folder = t.testdir({ journal: `${entry(3)}\n${entry(9)}\n` })
  const { source, lines, streams, gaps, troubles, calls } = open(folder)
  await until(() => lines.length === 2)
  t.same(lines, [`3 ${entry(3)}`, `9 ${entry(9)}`], 'the number in the series is the offset')
  t.same(streams, [first])
  t.same(calls(), [`${usual} --lines=0 ${matches}`])
  t.same(source.position(), { version: 1, cursor: cursor(9) })
  const flow = createFlow()
  const collector = netfilterLog.create({
    zone: wall => wall,
    year: 2026,
    prefixes: [],
    bootTime: Number.NaN,
  })
  const bytes = Buffer.from(`${entry(3)}\n`)
  t.equal(collector.read(bytes, 0, bytes.length - 1, flow), 1)
  t.equal(flow.dport, 8080)
  t.equal(flow.time, 1_795_541_585_140_418)
  await source[Symbol.asyncDispose]()
  t.same(gaps, [])
  t.same(troubles, [])
})

t.test('it goes on behind the last entry, after a fall of the program and of the agent', async t => {
  const folder = t.testdir({ journal: `${entry(3)}\n{"__CURSOR":"s=cut`, fall: 'it broke\n' })
  const run = open(folder)
  await until(() => run.calls().length >= 2)
  t.equal(run.calls()[1], `${usual} --after-cursor=${cursor(3)} --lines=all ${matches}`)
  await run.source[Symbol.asyncDispose]()
  t.same(run.gaps, [], 'nothing is missing')
  t.equal(run.troubles[0], 'Cannot follow "journalctl": it broke')
  writeFileSync(join(folder, 'journal'), '')
  writeFileSync(join(folder, 'log'), '')
  const next = open(folder, { from: JSON.parse(JSON.stringify(run.source.position())) })
  await until(() => next.calls()[0]?.startsWith('--') === true)
  t.equal(next.calls()[0], `${usual} --after-cursor=${cursor(3)} --lines=all ${matches}`)
  t.same(next.source.position(), run.source.position())
  await next.source[Symbol.asyncDispose]()
})

t.test('before the first entry nothing is passed over either', async t => {
  const folder = t.testdir({ fall: 'it broke\n' })
  const end = open(folder)
  await until(() => end.calls().length >= 2)
  await end.source[Symbol.asyncDispose]()
  t.same(end.calls().slice(0, 2), [
    `${usual} --lines=0 ${matches}`,
    `${usual} --since=@1795541600 --lines=all ${matches}`,
  ])
  writeFileSync(join(folder, 'log'), '')
  const start = open(folder, { begin: 'start' })
  await until(() => start.calls().length >= 2)
  await start.source[Symbol.asyncDispose]()
  t.same(start.calls().slice(0, 2), Array(2).fill(`${usual} --boot --lines=all ${matches}`))
})

t.test('what journald came too late for is a gap with its number', async t => {
  const { source, lines, gaps } = open(
    t.testdir({ journal: `${entry(3)}\n${entry(4, first, missed(5400))}\n${entry(5)}\n` }),
  )
  await until(() => lines.length === 2)
  await source[Symbol.asyncDispose]()
  t.match(gaps, [{ lost: 5400, cause: /^journald came too late for messages of the kernel/ }])
  t.equal(source.position() !== undefined, true)
})

t.test('a journal that was begun anew is a stream of its own, and what may be missing is said', async t => {
  const { source, lines, gaps, streams } = open(
    t.testdir({ journal: `${entry(1, second)}\n${entry(2, second)}\n` }),
    {
      from: { version: 1, cursor: cursor(500) },
    },
  )
  await until(() => lines.length === 2)
  await source[Symbol.asyncDispose]()
  t.same(gaps, [
    {
      cause: 'the journal was begun anew: what was in the old one after the last entry read is gone',
      from: 0x65f0e8f5c58ca,
    },
  ])
  t.same(streams, [second, `end ${second}`])
})

t.test('what is no position is refused, a missing program is said', async t => {
  for (const from of [{}, null, { version: 2, cursor: 'x' }])
    t.throws(() => open(t.testdir(), { from }), { name: 'ZodError' })
  const { source, troubles } = open(t.testdir(), { command: ['/nowhere/journalctl'] })
  await until(() => troubles.length > 0)
  await source[Symbol.asyncDispose]()
  t.match(troubles[0], /^Cannot follow "journalctl": it is not installed here; it comes with systemd/)
})
