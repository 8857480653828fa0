import t from 'tap'
import { Outcome } from '../../collectors/collector.ts'
import { vpcFlow } from '../../collectors/vpc-flow.ts'
import { describe, options, outcomeNames, readOne } from './flows.ts'

const values: Record<string, string> = {
  version: '5',
  'account-id': '210987654321',
  'interface-id': 'eni-0a1b2c3d',
  srcaddr: '10.0.12.7',
  dstaddr: '10.0.44.9',
  srcport: '41538',
  dstport: '5432',
  protocol: '6',
  packets: '3',
  bytes: '180',
  start: '1795541609',
  end: '1795541669',
  action: 'REJECT',
  'log-status': 'OK',
  'tcp-flags': '2',
  'az-id': 'euc1-az2',
}
const names = Object.keys(values)

const read = (header: readonly string[], changed: Record<string, string> = {}) => {
  const collector = vpcFlow.create(options)
  readOne(collector, header.join(' '))
  const row = header.map(name => changed[name] ?? values[name]).join(' ')
  const { outcome, flow, bytes } = readOne(collector, row)
  return outcome === Outcome.flow ? describe(flow, bytes) : outcomeNames[outcome]
}

t.test("the order of the fields is the header's", async t => {
  const expected = read(names)
  t.match(expected, { source: '10.0.12.7 41538', destination: '10.0.44.9 5432', count: 3, window: 60 })
  for (let shift = 1; shift < names.length; shift++)
    t.strictSame(read([...names.slice(shift), ...names.slice(0, shift)]), expected, names[shift]!)
  t.strictSame(read([...names].reverse()), expected)
})

t.test('a field that is out of range makes the row malformed, never another number', async t => {
  for (const [name, value] of [
    ['srcport', '65536'],
    ['protocol', '256'],
    ['packets', '3x'],
    ['start', '99999999999'],
    ['end', '-1'],
    ['srcaddr', '10.0.12'],
    ['action', 'ACCEP'],
    ['log-status', 'O'],
    ['tcp-flags', '512'],
  ] as const)
    t.equal(read(names, { [name]: value }), 'malformed', name)
})

t.test('a last field that the end of the input may have cut is none', async t => {
  const collector = vpcFlow.create(options)
  readOne(collector, 'srcaddr dstaddr dstport srcport')
  const row = (end: number) =>
    readOne(collector, Buffer.from([...Buffer.from('10.0.0.1 10.0.0.2 80 415'), end])).outcome
  t.equal(row(0), Outcome.malformed)
  t.equal(row(10), Outcome.flow)
})

t.test("the packet's own addresses come before those of what it goes through", async t => {
  const header = [...names, 'pkt-srcaddr', 'pkt-dstaddr']
  t.match(read(header, { 'pkt-srcaddr': '10.0.12.99', 'pkt-dstaddr': '-' }), {
    source: '10.0.12.99 41538',
    destination: '10.0.44.9 5432',
  })
})
