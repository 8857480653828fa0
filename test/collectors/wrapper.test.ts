import t from 'tap'
import { type Collector, Outcome } from '../../collectors/collector.ts'
import { conntrack } from '../../collectors/conntrack.ts'
import { createFlow, type Flow, Span, Verdict } from '../../collectors/flow.ts'
import { hubble } from '../../collectors/hubble.ts'
import { netfilterLog } from '../../collectors/netfilter-log.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { fileLines, options, readAll, readOne } from './flows.ts'

const stamp = '2026-11-24T17:33:05.140418123Z'
const entry =
  '    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 id=8'
const time = Date.parse('2026-11-24T17:33:05.140Z') * 1000 + 418

t.test('a CRI prefix is taken off, and gives its time to a line that has none', async t => {
  const collector = createUnwrapper(conntrack.create(options))
  const { outcome, flow } = readOne(collector, `${stamp} stdout F ${entry}`)
  t.equal(outcome, Outcome.flow)
  t.equal(flow.time, time)
  t.equal(
    readOne(collector, `2026-11-24T18:33:05.140418123+01:00 stderr F ${entry}`).flow.time,
    time,
    'an offset',
  )
  const own = readOne(collector, `${stamp} stdout F [1795541609.664935]\t${entry}`)
  t.equal(own.flow.time, 1795541609664935, 'its own time stays')
  t.equal(readOne(collector, `${stamp} stdout F `).outcome, Outcome.foreign, 'an empty line')
  t.equal(readOne(collector, `${stamp} stdout F`).outcome, Outcome.foreign)
  t.equal(
    readOne(collector, `${stamp} stdin F ${entry}`).outcome,
    Outcome.malformed,
    'no stream of that name',
  )
})

t.test('partial lines are put together, each stream for itself', async t => {
  const collector = createUnwrapper(conntrack.create(options))
  const parts = [entry.slice(0, 30), entry.slice(30, 90), entry.slice(90)]
  const other = entry.replaceAll('10.0.0.1', '10.0.0.7')
  t.equal(readOne(collector, `${stamp} stdout P ${parts[0]}`).outcome, Outcome.note)
  t.equal(readOne(collector, `${stamp} stderr P ${other.slice(0, 50)}`).outcome, Outcome.note)
  t.equal(readOne(collector, `${stamp} stdout P ${parts[1]}`).outcome, Outcome.note)
  t.equal(readOne(collector, `${stamp} stderr F ${other.slice(50)}`).flow.address[3], 0x0a000007)
  const { outcome, flow } = readOne(collector, `${stamp} stdout F ${parts[2]}`)
  t.equal(outcome, Outcome.flow)
  t.equal(flow.address[3], 0x0a000001)
  t.equal(
    readOne(collector, `${stamp} stdout F ${entry}`).outcome,
    Outcome.flow,
    'the next line starts afresh',
  )
})

t.test('a partial line without end is given up, and counted', async t => {
  const collector = createUnwrapper(conntrack.create(options))
  const piece = 'x'.repeat(16 * 1024)
  for (let i = 0; i < 80; i++) readOne(collector, `${stamp} stdout P ${piece}`)
  t.equal(readOne(collector, `${stamp} stdout F ${entry}`).outcome, Outcome.malformed)
  t.equal(collector.lost, 1)
  t.equal(readOne(collector, `${stamp} stdout F ${entry}`).outcome, Outcome.flow)
})

t.test('journald JSON is taken off, with escapes or as bytes, in any order of members', async t => {
  const collector = createUnwrapper(conntrack.create(options))
  const journal = (message: unknown): string =>
    JSON.stringify({
      __CURSOR: 's=1',
      MESSAGE: message,
      PRIORITY: '6',
      __REALTIME_TIMESTAMP: '1795541609664935',
      _HOSTNAME: 'n',
    })
  for (const line of [
    journal(entry),
    journal([...Buffer.from(entry)]),
    journal(`\t${entry}`).replace('\\t', '\\u0020'),
    journal(entry).replace('{', '{ ').replace('"MESSAGE":', '"MESSAGE" : '),
  ]) {
    const { outcome, flow } = readOne(collector, line)
    t.equal(outcome, Outcome.flow, line.slice(0, 80))
    t.equal(flow.time, 1795541609664935)
    t.equal(flow.dport, 53)
  }
  t.equal(readOne(collector, journal('hello')).outcome, Outcome.foreign)
  t.equal(readOne(collector, journal(entry).slice(0, -3)).outcome, Outcome.malformed, 'cut')
})

t.test("a kernel message in journald JSON has the kernel's own time", async t => {
  const collector = createUnwrapper(netfilterLog.create(options))
  const message =
    'np-drop x IN=a OUT=b MAC= SRC=10.0.0.1 DST=10.0.0.2 LEN=52 TOS=0x00 PREC=0x00 TTL=53 ID=3 PROTO=UDP SPT=1 DPT=53 LEN=32 '
  const line = `{"__REALTIME_TIMESTAMP":"1795541609664935","MESSAGE":"${message}","__MONOTONIC_TIMESTAMP":"5000700","_SOURCE_MONOTONIC_TIMESTAMP":"5000100"}`
  const { outcome, flow, bytes } = readOne(collector, line)
  t.equal(outcome, Outcome.flow)
  t.equal(flow.time, 1795541609664335)
  t.equal(flow.verdict, Verdict.denied)
  t.equal(
    Buffer.from(bytes.subarray(flow.spans[Span.prefix], flow.spans[Span.prefix + 1])).toString(),
    'np-drop x',
  )
  t.equal(Buffer.from(bytes).toString(), `${line}\n`, 'the line is as it was')
})

t.test('lines that are not wrapped are read as they are', async t => {
  for (const [format, file] of [
    [conntrack, 'conntrack/events'],
    [netfilterLog, 'netfilter-log/kernel'],
    [hubble, 'hubble/events'],
  ] as const) {
    const lines = fileLines(new URL(`../fixtures/${file}.log`, import.meta.url)).filter(
      line => !Buffer.from(line).includes('__REALTIME'),
    )
    t.strictSame(
      readAll(createUnwrapper(format.create(options)), lines),
      readAll(format.create(options), lines),
      file,
    )
    const wrapped = lines.map(line => Buffer.concat([Buffer.from(`${stamp} stdout F `), line]))
    const outcomes = (collector: Collector, of: Uint8Array[]): Outcome[] =>
      of.map(line => readOne(collector, line).outcome)
    t.strictSame(
      outcomes(createUnwrapper(format.create(options)), wrapped),
      outcomes(format.create(options), lines),
      `${file} in CRI`,
    )
  }
})

t.test("whatever the bytes, nothing is thrown and the flow is the inner collector's", async t => {
  let seen: Flow | undefined
  const inner: Collector = {
    read(_bytes, start, end, flow) {
      if (start > end) throw new Error('backwards')
      seen = flow
      return Outcome.foreign
    },
  }
  const collector = createUnwrapper(inner)
  const flow = createFlow()
  const line = `${stamp} stdout F {"MESSAGE":"x"}`
  for (let length = 0; length <= line.length; length++) {
    const bytes = Buffer.from(`${line.slice(0, length)}\n`)
    collector.read(bytes, 0, bytes.length - 1, flow)
  }
  t.equal(seen, flow)
})
