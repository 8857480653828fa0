// The collected lines of real systems, read where they lie: what each one is, as the study's notes on their sources say.

import { existsSync } from 'node:fs'
import t from 'tap'
import { createConnections } from '../../agent/verdict/connections.ts'
import { Outcome } from '../../collectors/collector.ts'
import { type Flow, Verdict, verdictNames } from '../../collectors/flow.ts'
import { formatByName, formats } from '../../collectors/index.ts'
import { fileLines, options, outcomeNames, readOne, shared } from './flows.ts'

const absent = existsSync(shared('formats/samples'))
  ? false
  : 'the study material (../shared) is not beside this checkout'

function outcomesOf(format: string, path: string): { text: string; flow: Flow }[] {
  const collector = formatByName(format)!.create(options)
  return fileLines(shared(path)).map(line => {
    const { outcome, flow } = readOne(collector, line)
    return { text: outcome === Outcome.flow ? verdictNames[flow.verdict] : outcomeNames[outcome], flow }
  })
}

const counts = (rows: readonly { text: string }[]): Record<string, number> => {
  const result: Record<string, number> = {}
  for (const { text } of rows) result[text] = (result[text] ?? 0) + 1
  return result
}

t.test(
  'every conntrack sample is an entry, but for the trailer, the redacted and the cut line',
  { skip: absent },
  async t => {
    const rows = outcomesOf('conntrack', 'formats/samples/conntrack.log')
    t.strictSame(counts(rows), { none: 58, note: 1, malformed: 2 })
    t.equal(rows[42]!.text, 'note', 'the trailer of the tool')
    t.equal(rows[48]!.text, 'malformed', 'an address that is x.x.x.x')
    t.equal(rows[60]!.text, 'malformed', 'a line without its reply tuple')
  },
)

t.test(
  'every kernel LOG sample is a flow, with the verdict that its prefix has',
  { skip: absent },
  async t => {
    const rows = outcomesOf('netfilter-log', 'formats/samples/netfilter-log.log')
    const ufw = [14, 17, 19, 23, 32, 33, 34, 36]
    for (const [i, { text }] of rows.entries()) {
      const line = i + 1
      const expected =
        line === 9 || line === 10 || ufw.includes(line) ? 'denied' : line === 35 ? 'rejected' : 'none'
      t.equal(text, expected, `line ${line}`)
    }
    t.equal(rows.length, 36)
  },
)

t.test('every Hubble sample is a flow, but for the two L7 records', { skip: absent }, async t => {
  const rows = outcomesOf('hubble', 'formats/samples/hubble.log')
  t.strictSame(counts(rows), { denied: 4, audited: 5, allowed: 9, note: 2 })
  t.equal(rows[3]!.flow.reported?.policies[0], 'CiliumNetworkPolicy/net-lab/deny-tg-to-echo')
})

t.test('the lines of the test bed are read whole', { skip: absent }, async t => {
  for (const name of ['nft-log-dmesg.log', 'nft-log-kern-iso.log', 'nft-log-kern.log', 'nft-log-kmsg.log']) {
    const seen = Object.keys(counts(outcomesOf('netfilter-log', `testbed/samples/${name}`)))
    t.ok(
      seen.every(text => text === 'denied' || text === 'rejected'),
      `${name}: ${seen}`,
    )
  }
  for (const name of ['nft-conntrack-events.log', 'conntrack-events-knp.log'])
    t.strictSame(Object.keys(counts(outcomesOf('conntrack', `testbed/samples/${name}`))), ['none'], name)
})

t.test('the connections of the test bed were all answered', { skip: absent }, async t => {
  const verdicts: Verdict[] = []
  const connections = createConnections({ decide: 'end', emit: flow => verdicts.push(flow.verdict) })
  const collector = formatByName('conntrack')!.create(options)
  for (const line of fileLines(shared('testbed/samples/nft-conntrack-events.log'))) {
    const { flow } = readOne(collector, line)
    if (connections.observe(flow)) verdicts.push(flow.verdict)
  }
  connections.drain(flow => verdicts.push(flow.verdict))
  t.ok(verdicts.length > 0)
  t.ok(verdicts.every(verdict => verdict === Verdict.allowed))
})

t.test('no format takes the samples of another one for its own', { skip: absent }, async t => {
  const files = [
    'antrea-np',
    'aws-npa',
    'calico-flows',
    'calico-whisker',
    'calico-felix-denied',
    'conntrack',
    'gke-policy-action',
  ]
  files.push(
    'hubble',
    'kube-network-policies',
    'kube-ovn-acl',
    'netfilter-log',
    'ovn-acl',
    'ulogd',
    'vpc-flow',
    'weave-npc',
  )
  for (const file of files) {
    const lines = fileLines(shared(`formats/samples/${file}.log`))
    for (const format of formats) {
      if (format.name === file) continue
      const collector = format.create(options)
      for (const [i, line] of lines.entries()) {
        const { outcome } = readOne(collector, line)
        if (outcome !== Outcome.foreign)
          t.fail(`${format.name}: ${outcomeNames[outcome]}, ${file} line ${i + 1}`)
      }
    }
  }
})
