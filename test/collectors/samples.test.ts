// The collected lines of real systems, read where they lie: what each one is, as the study's notes on their sources say.

import { existsSync } from 'node:fs'
import t from 'tap'
import { createConnections } from '../../agent/verdict/connections.ts'
import { readCalicoHit } from '../../collectors/calico-policy.ts'
import { Outcome } from '../../collectors/collector.ts'
import { Cause, type Flow, Verdict, verdictNames } from '../../collectors/flow.ts'
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

t.test('every ulogd sample is a packet, whose label or prefix is its verdict', { skip: absent }, async t => {
  const rows = outcomesOf('ulogd', 'formats/samples/ulogd.log')
  t.strictSame(counts(rows), { denied: 1, none: 8 })
  t.equal(rows[0]!.text, 'denied', 'boolean_label')
  t.equal(rows[0]!.flow.time, 1_658_754_118_947_620)
})

t.test('every VPC sample is a flow, but for the two rows without data', { skip: absent }, async t => {
  const rows = outcomesOf('vpc-flow', 'formats/samples/vpc-flow.log')
  t.strictSame(counts(rows), { allowed: 3, denied: 2, note: 1, loss: 1 })
})

t.test('every Weave sample is a denial, but for the one that was cut', { skip: absent }, async t => {
  const rows = outcomesOf('weave-npc', 'formats/samples/weave-npc.log')
  t.strictSame(counts(rows), { denied: 13, malformed: 1 })
  t.equal(rows[13]!.text, 'malformed', 'its time is a placeholder, and a quote is missing')
})

t.test(
  'of the two packets that kube-network-policies was at, one has a verdict',
  { skip: absent },
  async t => {
    const rows = outcomesOf('kube-network-policies', 'formats/samples/kube-network-policies.log')
    t.strictSame(counts(rows), { note: 11, denied: 1 })
    t.equal(rows[11]!.flow.dport, 6443)
  },
)

t.test('the oracle of the test bed says of each packet what came of it', { skip: absent }, async t => {
  const verdicts = (path: string): Record<string, number> => {
    const { allowed = 0, denied = 0, malformed = 0 } = counts(outcomesOf('kube-network-policies', path))
    return { allowed, denied, malformed }
  }
  t.strictSame(verdicts('testbed/samples/knp-0.8.0-json.log'), { allowed: 5, denied: 12, malformed: 0 })
  t.strictSame(verdicts('testbed/samples/knp-0.8.0-text-tiers.log'), { allowed: 3, denied: 8, malformed: 0 })
})

t.test(
  'ulogd wrote the same packets of the test bed twice, as text and as JSON',
  { skip: absent },
  async t => {
    for (const name of ['kube-router-2.1.0-ulogd', 'nft-nflog-ulogd']) {
      const text = outcomesOf('ulogd', `testbed/samples/${name}-logemu.log`)
      const json = outcomesOf('ulogd', `testbed/samples/${name}-json.log`)
      t.equal(text.length, json.length, name)
      for (const [i, { text: verdict, flow }] of text.entries()) {
        const { sport, dport, proto, icmpType, tcpFlags, bytes, address } = json[i]!.flow
        t.equal(verdict, json[i]!.text, `${name} ${i + 1}`)
        t.match(flow, { sport, dport, proto, icmpType, tcpFlags, bytes, address }, `${name} ${i + 1}`)
      }
      t.equal(
        json.reduce((sum, { flow }) => sum + flow.lost, 0),
        0,
        name,
      )
    }
  },
)

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

t.test('the audit logs and flow records of CNIs are what their sources say', { skip: absent }, async t => {
  const expected: readonly (readonly [string, Record<string, number>, readonly number[]])[] = [
    // Format, outcomes, and the lines that are malformed.
    ['antrea-np', { allowed: 12, denied: 10, rejected: 4 }, []],
    ['antrea-flow', { denied: 2 }, []],
    // Line 10 is two lines in one, as the published page has it.
    ['ovn-acl', { denied: 12, allowed: 15, none: 2, malformed: 1 }, [10]],
    ['kube-ovn-acl', { denied: 9, allowed: 1 }, []],
    ['aws-npa', { denied: 9, allowed: 7, note: 1 }, []],
    ['gke-policy-action', { allowed: 6, denied: 3 }, []],
    ['calico-felix-denied', { denied: 4 }, []],
    ['calico-flows', { denied: 1, allowed: 2 }, []],
    ['calico-whisker', { denied: 2, allowed: 1 }, []],
  ]
  for (const [format, outcomes, malformed] of expected) {
    const rows = outcomesOf(format, `formats/samples/${format}.log`)
    t.match(counts(rows), outcomes, format)
    t.equal(
      Object.values(outcomes).reduce((sum, n) => sum + n),
      rows.length,
      format,
    )
    for (const line of malformed) t.equal(rows[line - 1]!.text, 'malformed', `${format} line ${line}`)
  }
})

t.test(
  'the flows of Calico name the policy that decided, and hide addresses where it says so',
  { skip: absent },
  async t => {
    const [denied, hidden, old] = outcomesOf('calico-flows', 'formats/samples/calico-flows.log').map(
      row => row.flow,
    )
    t.match(denied, { names: undefined, dport: 5050, packets: 5, window: 300, cause: Cause.otherPolicy })
    t.strictSame(denied!.reported?.policies, [
      'CalicoNetworkPolicy/hipstershop/app-hipstershop.checkoutservice',
    ])
    t.match(hidden, { names: { source: { prefix: 'frontend-755cdc7957-' } }, window: 322, packets: 2418 })
    t.match(old, { names: undefined, dport: -1, reported: { policies: [] } })
    const whisker = outcomesOf('calico-whisker', 'formats/samples/calico-whisker.log').map(row => row.flow)
    t.strictSame(
      whisker.map(flow => flow.reported?.policies),
      [['CalicoNetworkPolicy/storefront/web-guard'], ['payments/ledger-api-isolation'], []],
    )
    t.strictSame(
      whisker.map(flow => [flow.cause, flow.count, flow.window]),
      [
        [Cause.otherPolicy, 8, 15],
        [Cause.none, 30, 15],
        [Cause.none, 1, 15],
      ],
    )
  },
)

t.test('every policy string of Calico is read', { skip: absent }, async t => {
  const texts = fileLines(shared('formats/samples/calico-policy-strings.log')).map(line =>
    Buffer.from(line).toString().trim(),
  )
  const hits = texts.map(text => readCalicoHit(text))
  t.equal(hits.filter(hit => hit !== undefined).length, 15)
  t.equal(hits.filter(hit => hit!.policy.isStaged).length, 6, 'staged ones')
  t.equal(hits.filter(hit => hit!.policy.kind === 'Profile').length, 3)
})

t.test('no format takes the samples of another one for its own', { skip: absent }, async t => {
  const files = [
    'antrea-np',
    'antrea-flow',
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
