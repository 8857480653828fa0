import t from 'tap'
import { Outcome, type PrefixVerdict } from '../../collectors/collector.ts'
import { Cause, Verdict, verdictNames } from '../../collectors/flow.ts'
import { meaningOf } from '../../collectors/log-prefix.ts'
import { netfilterLog } from '../../collectors/netfilter-log.ts'
import { options, outcomeNames, readOne } from './flows.ts'

const packet =
  'IN=veth1 OUT=veth2 MAC= SRC=10.244.2.17 DST=10.244.5.9 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=3 DF PROTO=TCP SPT=5 DPT=6 WINDOW=64240 RES=0x00 SYN URGP=0 '

t.test('a prefix means what known programs write, and nothing else', async t => {
  const rows: [string, string, Cause][] = [
    ['np-drop shop/cart-out', 'denied', Cause.none],
    ['np-reject shop/cart-out', 'rejected', Cause.none],
    ['calico-drop:', 'denied', Cause.none],
    ['calico-drop LOGandDROP:', 'denied', Cause.none],
    ['calico-drop LOGandACCEPT:', 'none', Cause.none],
    ['calico-packet:', 'none', Cause.none],
    ['[UFW BLOCK]', 'denied', Cause.notPolicy],
    ['[UFW ALLOW]', 'none', Cause.none],
    ['FINAL_REJECT:', 'rejected', Cause.notPolicy],
    ['STATE_INVALID_DROP:', 'denied', Cause.notPolicy],
    ['filter_IN_public_REJECT:', 'rejected', Cause.notPolicy],
    ['filter_FWD_dmz_DROP:', 'denied', Cause.notPolicy],
    ['filter_IN_public_ACCEPT:', 'none', Cause.none],
    ['DROP INPUT:', 'none', Cause.none],
    ['nft-dropped:', 'none', Cause.none],
    ['', 'none', Cause.none],
  ]
  for (const [prefix, verdict, cause] of rows) {
    const meaning = meaningOf(prefix, [])
    t.strictSame([verdictNames[meaning.verdict], meaning.cause], [verdict, cause], prefix)
  }
})

t.test('what the operator says about a prefix comes first, in the order it was said', async t => {
  const prefixes: PrefixVerdict[] = [
    { prefix: 'knp.default.', verdict: 'denied' },
    { prefix: '[UFW BLOCK] ', verdict: 'none' },
    { prefix: 'DENY_', verdict: 'rejected' },
  ]
  const collector = netfilterLog.create({ ...options, prefixes })
  const verdictOf = (prefix: string): Verdict =>
    readOne(collector, `[ 1.000001] ${prefix}${packet}`).flow.verdict
  t.equal(verdictOf('  knp.default.pg-ingress|D '), Verdict.denied)
  t.equal(verdictOf('[UFW BLOCK] '), Verdict.none)
  t.equal(verdictOf('DENY_b6de7d0c-'), Verdict.rejected, 'glued to IN=')
  t.equal(verdictOf('calico-drop: '), Verdict.denied, 'the others keep their meaning')
})

t.test('the last prefixes are remembered without mixing them up', async t => {
  const collector = netfilterLog.create(options)
  for (let i = 0; i < 400; i++) {
    const isDrop = (i * 7) % 5 < 2
    const { outcome, flow } = readOne(
      collector,
      `[ 1.000001] ${isDrop ? 'np-drop' : 'np-peek'} pod-${i % 23} ${packet}`,
    )
    t.equal(outcome, Outcome.flow)
    t.equal(flow.verdict, isDrop ? Verdict.denied : Verdict.none)
  }
})

t.test(
  'an uptime becomes a time when the kernel start is known, and only where there is no wall clock',
  async t => {
    const collector = netfilterLog.create({ ...options, bootTime: 1_798_750_000_000_000 })
    const timeOf = (head: string): number => readOne(collector, `${head}np-drop ${packet}`).flow.time
    t.equal(timeOf('[ 4100.000100] '), 1_798_754_100_000_100)
    t.equal(timeOf('[ 4100.000100][   T17] '), 1_798_754_100_000_100, 'printk.caller')
    t.equal(timeOf('4,17,4100000100,-;'), 1_798_754_100_000_100)
    t.equal(timeOf('<4>[ 4100.000100] '), 1_798_754_100_000_100)
    t.equal(
      timeOf('2027-01-01T00:00:02Z worker-3 kernel: [ 4100.000100] '),
      Date.parse('2027-01-01T00:00:02Z') * 1000,
    )
    t.ok(Number.isNaN(timeOf('[Fri Jan  1 00:00:17 2027] ')), 'dmesg -T is not trusted')
    t.ok(Number.isNaN(timeOf('2027-01-01T00:00:02,140418+00:00 ')), 'nor is dmesg --time-format iso')
    t.ok(Number.isNaN(timeOf('')), 'a bare message')
  },
)

t.test('a live source corrects when the kernel started, from one line to the next', async t => {
  const clock = { bootTime: 1_798_750_000_000_000 }
  const collector = netfilterLog.create({ ...options, bootTime: clock })
  for (const head of ['4,17,4100000100,-;', '[ 4100.000100] ']) {
    const timeOf = (): number => readOne(collector, `${head}np-drop ${packet}`).flow.time
    const before = timeOf()
    clock.bootTime += 250
    t.equal(timeOf(), before + 250, head)
  }
})

t.test('journalctl -o short-full, short-unix and short-monotonic are read', async t => {
  const collector = netfilterLog.create(options)
  for (const head of [
    'Fri 2027-01-01 00:00:17 UTC worker-3 kernel: ',
    '1798761617.000000 worker-3 kernel: ',
  ]) {
    const { flow } = readOne(collector, `${head}np-drop ${packet}`)
    t.equal(flow.time, Date.parse('2027-01-01T00:00:17Z') * 1000, head)
    t.equal(flow.verdict, Verdict.denied)
  }
  t.ok(
    Number.isNaN(
      readOne(collector, `Fri 2027-01-01 00:00:17 CET worker-3 kernel: np-drop ${packet}`).flow.time,
    ),
    'a zone in letters',
  )
  t.equal(
    readOne(collector, `[ 4100.000100] worker-3 kernel: np-drop ${packet}`).flow.verdict,
    Verdict.denied,
  )
})

t.test('a line that is cut is malformed where a number may be incomplete', async t => {
  const collector = netfilterLog.create(options)
  const head = 'IN=a OUT=b MAC= SRC=10.0.0.1 DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=3 '
  const v6 = 'IN=a OUT=b MAC= SRC=fd00::1 DST=fd00::2 LEN=60 TC=0 HOPLIMIT=64 FLOWLBL=0 '
  for (const tail of [
    'PROTO=TCP SPT=1 DPT=2',
    'PROTO=TCP SPT=1 DPT=2 WINDOW=1 RES=0x00 SYN',
    'PROTO=UDP SPT=1 DPT=53',
    'PROTO=TC',
    'PROTO=',
    'PROTO=ICMP TYPE=3 CODE=1',
    'PROTO=ICMP TYPE=8 CODE=0',
    'PROTO=6 ',
    'PROTO=300 ',
  ])
    t.equal(outcomeNames[readOne(collector, head + tail).outcome], 'malformed', tail)
  t.equal(readOne(collector, `${v6}PROTO=ICMP`).outcome, Outcome.malformed, 'what is left of ICMPv6')
  for (const tail of [
    'PROTO=132',
    'PROTO=TCP INCOMPLETE [4 bytes]',
    'PROTO=ESP SPI=0x1',
    'PROTO=ICMP TYPE=9 CODE=0',
    'PROTO=ICMP INCOMPLETE [0 bytes]',
  ])
    t.equal(outcomeNames[readOne(collector, head + tail).outcome], 'flow', tail)
  t.equal(readOne(collector, `${head}PROTO=132 `).outcome, Outcome.flow)
  t.equal(
    readOne(collector, `${head}PROTO=13`).outcome,
    Outcome.malformed,
    'this source keeps the last blank',
  )
})

t.test(
  'an envelope of a message that is no packet is foreign, a cut one with a packet is malformed',
  async t => {
    const collector = netfilterLog.create(options)
    const rows: [string, string][] = [
      ['{"MESSAGE":"eth0: link up","__REALTIME_TIMESTAMP":"1798761607000000"}', 'foreign'],
      ['{"oob.prefix":"np-drop","oob.in":"a","src_ip":"10.0.0.1"}', 'foreign'],
      [`{"message":"np-drop ${packet}","x":{"y":[1,"}"]}}`, 'flow'],
      [`{"message":"np-drop ${packet}","x":{"y":`, 'malformed'],
      [`{"MESSAGE":[${[...Buffer.from(`np-drop ${packet}`)].join(',')}]}`, 'flow'],
      ['{"MESSAGE":[1,2,300]}', 'foreign'],
      ['{"MESSAGE":null,"A":1}', 'foreign'],
    ]
    for (const [line, outcome] of rows)
      t.equal(outcomeNames[readOne(collector, line).outcome], outcome, line.slice(0, 60))
  },
)
