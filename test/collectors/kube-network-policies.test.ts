import t from 'tap'
import { Outcome } from '../../collectors/collector.ts'
import { verdictNames } from '../../collectors/flow.ts'
import { kubeNetworkPolicies } from '../../collectors/kube-network-policies.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { options, readOne } from './flows.ts'

const head = 'I1231 23:59:59.999999       1 controller.go:567] '
const evaluating = (id: number, port = 5432): string[] => [
  `${head}"Evaluating packet" srcPod="shop/cart" dstPod="data/pg-0" packet=<`,
  `\t[${id}] 10.244.7.19:34810 10.244.3.5:${port} TCP`,
  ' >',
]
const finished = (id: number, verdict = 'drop'): string =>
  `${head}"Finished syncing packet" id=${id} duration="1ms" verdict="${verdict}"`

function read(lines: readonly string[], wrap: (line: string) => string = line => line): string[] {
  const collector = createUnwrapper(kubeNetworkPolicies, options)
  return lines.map(line => {
    const { outcome, flow } = readOne(collector, wrap(line))
    return outcome === Outcome.flow
      ? `${verdictNames[flow.verdict]} ${flow.dport}`
      : Object.entries(Outcome).find(([, value]) => value === outcome)![0]
  })
}

t.test('a packet is told once, when its verdict comes', async t => {
  t.strictSame(read([...evaluating(1), finished(1), finished(1)]), [
    'note',
    'note',
    'note',
    'denied 5432',
    'note',
  ])
})

t.test(
  'packets that are open together keep to their ids, and an id that comes again is another packet',
  async t => {
    const lines = [
      ...evaluating(1, 80),
      ...evaluating(2, 81),
      finished(2),
      finished(1, 'accept'),
      ...evaluating(1, 82),
      finished(1),
    ]
    t.strictSame(
      read(lines).filter(text => text !== 'note'),
      ['denied 81', 'allowed 80', 'denied 82'],
    )
  },
)

t.test('lines of a packet keep together in the log of a container', async t => {
  const cri = (line: string): string => `2026-12-31T23:59:59.999999999Z stderr F ${line}`
  t.strictSame(read([...evaluating(1), finished(1)], cri).at(-1), 'denied 5432')
})

t.test('a record that breaks off inside a packet does not swallow the next one', async t => {
  const lines = [evaluating(1)[0]!, ...evaluating(2), finished(2)]
  t.equal(read(lines).at(-1), 'denied 5432')
  const within = [...evaluating(3).slice(0, 2), ...evaluating(4), finished(3), finished(4)]
  t.strictSame(read(within).slice(-2), ['denied 5432', 'denied 5432'])
})

t.test('the year rises where December is followed by January', async t => {
  const collector = kubeNetworkPolicies.create({ ...options, year: 2026 })
  const times = [
    ...evaluating(1),
    finished(1),
    ...evaluating(2).map(line => line.replace('I1231 23:59:59', 'I0101 00:00:00')),
    finished(2),
  ]
    .map(line => readOne(collector, line))
    .filter(({ outcome }) => outcome === Outcome.flow)
    .map(({ flow }) => new Date(flow.time / 1000).toISOString())
  t.strictSame(times, ['2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.999Z'])
})

t.test('an id that the end of the input has cut is none', async t => {
  const collector = kubeNetworkPolicies.create(options)
  for (const line of evaluating(1)) readOne(collector, line)
  const cut = Buffer.from(`${head}"Packet denied by ingress policy" id=1\0`)
  t.equal(readOne(collector, cut).outcome, Outcome.malformed)
  const whole = Buffer.from(`${head}"Packet denied by ingress policy" id=1\n`)
  t.equal(readOne(collector, whole).outcome, Outcome.flow)
})

t.test('what is remembered of packets without a verdict is bounded', async t => {
  const collector = kubeNetworkPolicies.create(options)
  for (let id = 1; id <= 3000; id++) for (const line of evaluating(id)) readOne(collector, line)
  t.equal(readOne(collector, finished(1)).outcome, Outcome.malformed, 'forgotten')
  t.equal(readOne(collector, finished(3000)).outcome, Outcome.flow)
})
