import t from 'tap'
import { type Collector, Outcome } from '../../collectors/collector.ts'
import { conntrack } from '../../collectors/conntrack.ts'
import { createFlow, type Flow, Span, Verdict } from '../../collectors/flow.ts'
import { hubble } from '../../collectors/hubble.ts'
import { kubeNetworkPolicies } from '../../collectors/kube-network-policies.ts'
import { netfilterLog } from '../../collectors/netfilter-log.ts'
import { ulogd } from '../../collectors/ulogd.ts'
import { weaveNpc } from '../../collectors/weave-npc.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { fileLines, options, readAll, readOne } from './flows.ts'

const stamp = '2026-11-24T17:33:05.140418123Z'
const entry =
  '    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 id=8'
const time = Date.parse('2026-11-24T17:33:05.140Z') * 1000 + 418

t.test('a CRI prefix is taken off, and gives its time to a line that has none', async t => {
  const collector = createUnwrapper(conntrack, options)
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
  const collector = createUnwrapper(conntrack, options)
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
  const collector = createUnwrapper(conntrack, options)
  const piece = 'x'.repeat(16 * 1024)
  for (let i = 0; i < 80; i++) readOne(collector, `${stamp} stdout P ${piece}`)
  t.equal(readOne(collector, `${stamp} stdout F ${entry}`).outcome, Outcome.malformed)
  t.equal(collector.lost, 1)
  t.equal(readOne(collector, `${stamp} stdout F ${entry}`).outcome, Outcome.flow)
})

t.test('journald JSON is taken off, with escapes or as bytes, in any order of members', async t => {
  const collector = createUnwrapper(conntrack, options)
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
  const collector = createUnwrapper(netfilterLog, options)
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
      readAll(createUnwrapper(format, options), lines),
      readAll(format.create(options), lines),
      file,
    )
    const wrapped = lines.map(line => Buffer.concat([Buffer.from(`${stamp} stdout F `), line]))
    const outcomes = (collector: Collector, of: Uint8Array[]): Outcome[] =>
      of.map(line => readOne(collector, line).outcome)
    t.strictSame(
      outcomes(createUnwrapper(format, options), wrapped),
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
  const collector = createUnwrapper({ create: () => inner }, options)
  const flow = createFlow()
  const line = `${stamp} stdout F {"MESSAGE":"x"}`
  for (let length = 0; length <= line.length; length++) {
    const bytes = Buffer.from(`${line.slice(0, length)}\n`)
    collector.read(bytes, 0, bytes.length - 1, flow)
  }
  t.equal(seen, flow)
})

const docker = (log: string, stream = 'stdout'): string => JSON.stringify({ log, stream, time: stamp })

t.test("Docker's json-file is taken off, with escapes and in pieces", async t => {
  const collector = createUnwrapper(conntrack, options)
  for (const line of [
    docker(`${entry}\n`),
    docker(`\t${entry}\n`).replace('\\t', '\\u0020'),
    docker(`${entry}\n`).replace('","time"', '", "attrs":{"a":"b"}, "time"'),
  ]) {
    const { outcome, flow } = readOne(collector, line)
    t.equal(outcome, Outcome.flow, line.slice(0, 40))
    t.equal(flow.time, time)
    t.equal(flow.dport, 53)
  }
  t.equal(readOne(collector, docker(entry.slice(0, 40))).outcome, Outcome.note, 'a piece')
  t.equal(readOne(collector, docker(`hello\\\n`, 'stderr')).outcome, Outcome.foreign, 'the other stream')
  t.equal(readOne(collector, docker(`${entry.slice(40)}\n`)).outcome, Outcome.flow, 'its end')
  t.equal(readOne(collector, docker('ends in a backslash and an n: \\n')).outcome, Outcome.note, 'no newline')
  t.equal(readOne(collector, docker('\n')).outcome, Outcome.foreign)
  t.equal(readOne(collector, docker(`${entry}\n`).slice(0, -2)).outcome, Outcome.malformed, 'cut')
  const { bytes } = readOne(collector, docker(`${entry}\n`))
  t.equal(Buffer.from(bytes).toString(), `${docker(`${entry}\n`)}\n`, 'the line is as it was')
})

t.test('a syslog header before a line of any format is taken off', async t => {
  const rows: [string, number][] = [
    ['Nov 24 17:33:05 worker-3 ct[812]: ', Date.parse('2026-11-24T17:33:05Z') * 1000],
    ['<14>Nov 24 17:33:05 worker-3 ct: ', Date.parse('2026-11-24T17:33:05Z') * 1000],
    ['2026-11-24T18:33:05.140418+01:00 worker-3 ct[812]: ', time],
    ['<14>1 2026-11-24T17:33:05.140418Z worker-3 ct 812 - - ', time],
    ['<14>1 2026-11-24T17:33:05.140418Z worker-3 ct 812 ID47 [a@1 b="c"][d@1 e="f"] ', time],
  ]
  for (const [header, expected] of rows) {
    const collector = createUnwrapper(conntrack, options)
    const { outcome, flow } = readOne(collector, header + entry)
    t.equal(outcome, Outcome.flow, header)
    t.equal(flow.time, expected, header)
    const json =
      '{"flow":{"time":"2026-11-24T17:00:00Z","verdict":"FORWARDED","IP":{"source":"10.0.0.1","destination":"10.0.0.2"},"l4":{"UDP":{"source_port":5,"destination_port":53}}}}'
    const own = readOne(createUnwrapper(hubble, options), header + json)
    t.equal(own.outcome, Outcome.flow, header)
    t.equal(own.flow.time, Date.parse('2026-11-24T17:00:00Z') * 1000, 'its own time stays')
  }
  t.equal(
    readOne(createUnwrapper(conntrack, options), `Nov 24 17:33:05 worker-3 hello`).outcome,
    Outcome.foreign,
  )
})

t.test('headers by which formats are told apart stay on', async t => {
  const packet =
    'IN=a OUT=b MAC= SRC=10.0.0.1 DST=10.0.0.2 LEN=52 TOS=00 PREC=0x00 TTL=53 ID=3 PROTO=UDP SPT=1 DPT=53 LEN=32 MARK=0'
  const line = `Nov 24 17:33:05 worker-3 DROP: ${packet}`
  t.equal(readOne(createUnwrapper(netfilterLog, options), line).outcome, Outcome.foreign)
  t.equal(readOne(createUnwrapper(ulogd, options), line).outcome, Outcome.flow)
})

t.test(
  "a wrapper's stamp wins over one without a zone, which keeps its minutes and seconds where it is as fine",
  async t => {
    // The machine is taken to be in another zone than the container, and in another year.
    const elsewhere = { ...options, year: 2019, zone: (wall: number) => wall - 5.5 * 3_600_000_000 }
    const blocked = (at: string): string =>
      `WARN: ${at} TCP connection from 10.32.0.3:33702 to 10.40.0.1:80 blocked by Weave NPC.`
    const rows: [string, string][] = [
      // Written 418 us after it was stamped, one hour and two hours west of UTC, and in a zone of half hours.
      ['2026/11/24 17:33:05.140000', '2026-11-24T17:33:05.140000'],
      ['2026/11/24 16:33:05.140000', '2026-11-24T17:33:05.140000'],
      ['2026/11/24 23:03:05.140000', '2026-11-24T17:33:05.140000'],
      ['2026/11/24 17:32:59.000001', '2026-11-24T17:32:59.000001'],
      // More than a minute apart, whatever the zone; and coarser than the wrapper's.
      ['2026/11/24 17:29:05.140000', '2026-11-24T17:33:05.140418'],
      ['2026/11/24 17:33:04', '2026-11-24T17:33:05.140418'],
    ]
    for (const [own, expected] of rows) {
      for (const line of [`${stamp} stderr F ${blocked(own)}`, docker(`${blocked(own)}\n`, 'stderr')]) {
        const collector = createUnwrapper(weaveNpc, elsewhere)
        const { flow } = readOne(collector, line)
        const at =
          new Date(flow.time / 1000).toISOString().slice(0, -1) + String(flow.time % 1000).padStart(3, '0')
        t.equal(at, expected, own)
        t.equal(flow.precision, 1)
        t.equal(collector.zoned, 0, 'nothing was assumed')
      }
    }
    const bare = createUnwrapper(weaveNpc, elsewhere)
    t.equal(readOne(bare, blocked('2026/11/24 17:33:05.140000')).flow.time, time - 418 - 5.5 * 3_600_000_000)
    t.equal(bare.zoned, 1, 'without a wrapper it depends on the zone')
    const exact = createUnwrapper(weaveNpc, elsewhere)
    const logrus = `time="2026-11-24T17:00:00Z" level=warning msg="${blocked('').slice(7)}"`
    t.equal(
      readOne(exact, `${stamp} stderr F ${logrus}`).flow.time,
      Date.parse('2026-11-24T17:00:00Z') * 1000,
    )
  },
)

t.test("records of several lines are timed by the wrapper's zone and year too", async t => {
  const collector = createUnwrapper(kubeNetworkPolicies, { ...options, year: 2019 })
  const lines = [
    'I1124 18:33:05.139000   15831 controller.go:567] "Evaluating packet" srcPod="a/b" dstPod="c/d" packet=<',
    '\t[2] 10.244.7.19:34810 10.244.3.5:5432 TCP',
    ' >',
    'I1124 18:33:05.140300   15831 controller.go:493] "Finished syncing packet" id=2 duration="270µs" verdict="drop"',
  ]
  const reads = lines.map(line => readOne(collector, `${stamp} stderr F ${line}`))
  t.equal(reads.at(-1)!.outcome, Outcome.flow)
  t.equal(reads.at(-1)!.flow.time, Date.parse('2026-11-24T17:33:05.139Z') * 1000, "the packet's own moment")
})
