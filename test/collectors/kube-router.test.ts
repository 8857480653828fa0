import t from 'tap'
import type { PrefixVerdict } from '../../collectors/collector.ts'
import { verdictNames } from '../../collectors/flow.ts'
import { ulogd } from '../../collectors/ulogd.ts'
import { options, readOne } from './flows.ts'

const packet = (prefix: string, port = 41002, second = 3): string =>
  `Nov 24 21:14:0${second} worker-3 ${prefix} IN=cni0 OUT=cni0 MAC= SRC=10.42.0.9 DST=10.42.0.10 LEN=60 TOS=00 PREC=0x00 TTL=63 ID=4712 DF PROTO=TCP SPT=${port} DPT=5432 SEQ=1 ACK=0 WINDOW=64240 SYN URGP=0 MARK=0 `

function read(lines: readonly string[], prefixes: PrefixVerdict[] = []): [string, readonly string[]][] {
  const collector = ulogd.create({ ...options, prefixes })
  return lines.map(line => {
    const { flow } = readOne(collector, line)
    return [verdictNames[flow.verdict], flow.reported?.policies ?? []]
  })
}

const named = 'DROP by policy data/pg-ingress'

t.test('a packet without a prefix says nothing, unless a policy of k3s has named it just before', async t => {
  const rows: [string, string[], [string, string[]][]][] = [
    ['kube-router alone', [packet('')], [['none', []]]],
    [
      'a policy that did not admit it, alone: another one may have',
      [packet(named)],
      [['none', ['data/pg-ingress']]],
    ],
    [
      'both',
      [packet(named), packet('')],
      [
        ['none', ['data/pg-ingress']],
        ['rejected', ['data/pg-ingress']],
      ],
    ],
    [
      'two policies',
      [packet(named), packet('DROP by policy data/a'), packet('')],
      [
        ['none', ['data/pg-ingress']],
        ['none', ['data/a']],
        ['rejected', ['data/a', 'data/pg-ingress']],
      ],
    ],
    [
      'another packet',
      [packet(named), packet('', 41003)],
      [
        ['none', ['data/pg-ingress']],
        ['none', []],
      ],
    ],
    [
      'the same tuple much later',
      [packet(named), packet('', 41002, 8)],
      [
        ['none', ['data/pg-ingress']],
        ['none', []],
      ],
    ],
    [
      'once only',
      [packet(named), packet(''), packet('')],
      [
        ['none', ['data/pg-ingress']],
        ['rejected', ['data/pg-ingress']],
        ['none', []],
      ],
    ],
  ]
  for (const [name, lines, expected] of rows) t.strictSame(read(lines), expected, name)
})

t.test('an operator can say what no prefix means', async t => {
  t.strictSame(read([packet(''), packet('np-drop x'), packet('x')], [{ prefix: '', verdict: 'rejected' }]), [
    ['rejected', []],
    ['denied', []],
    ['none', []],
  ])
})

t.test('a name that k3s may have cut is not given as one', async t => {
  const whole = `data/${'a'.repeat(41)}`
  const cut = `data/${'a'.repeat(42)}`
  t.strictSame(read([packet(`DROP by policy ${whole}`), packet(`DROP by policy ${cut}`, 1)]), [
    ['none', [whole]],
    ['none', []],
  ])
})
