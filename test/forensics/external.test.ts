// A record that does without external addresses has them nowhere, in no spelling; and what else it says stays as it is.

import t from 'tap'
import { createExternal } from '../../agent/forensics/external.ts'
import type { FlowRecord, ForensicRecord } from '../../agent/forensics/record.ts'

const omit = createExternal({ how: 'omit', ipv4: 24, ipv6: 48 })
const prefix = createExternal({ how: 'prefix', ipv4: 24, ipv6: 48 })

function record(ip: string, fields: Partial<FlowRecord> = {}): FlowRecord {
  return {
    v: 1,
    id: '01KDE7F3Q8ZK6V2M9T4R5S6W7X',
    event: 'flow.denied',
    verdict: 'denied',
    src: { ip, kind: 'external' },
    dst: { ip: '10.0.0.2', port: 80, kind: 'pod', ns: 'shop', pod: 'db', wl: 'Pod/db' },
    proto: 'tcp',
    n: 1,
    evidence: { source: 'netfilter-log', file: '/var/log/kern.log', offset: 7 },
    ...fields,
  }
}

const why = (ip: string, cidr: string): FlowRecord['why'] => ({
  reason: 'no-rule-matched',
  certainty: 'certain',
  agreement: 'agrees',
  nearest: {
    policy: 'shop/db-in',
    rule: 'ingress[0]',
    failed: 'from[0].ipBlock',
    want: '198.51.100.0/24',
    have: ip,
    also: [{ failed: 'from[1].ipBlock', want: '192.0.2.0/24', have: ip }],
  },
  fix: {
    kind: 'policy',
    target: 'shop/db-in',
    patch: [{ op: 'add', path: '/spec/ingress/0/from/-', value: { ipBlock: { cidr } } }],
    opens: { pods: 0, namespaces: [], ports: 'all', addresses: cidr },
  },
})

const V4 = '203.0.113.9'
const V6 = '2001:db8:1:2::9'

const table: readonly { readonly name: string; readonly record: FlowRecord; readonly hidden: RegExp }[] = [
  {
    name: 'IPv4 in the ends, the nearest rule and the edit',
    record: record(V4, { why: why(V4, `${V4}/32`) }),
    hidden: /203\.0\.113\.9/,
  },
  {
    name: 'IPv6 there',
    record: record(V6, { why: why(V6, `${V6}/128`) }),
    hidden: /2001:db8:1:2:/,
  },
  {
    name: 'in translations, with and without a port',
    record: record(V4, { nat: { src: '203.0.113.77:4711', dst: '[2001:db8:1:2::7]:443' } }),
    hidden: /203\.0\.113\.9|203\.0\.113\.77|2001:db8:1:2:/,
  },
  {
    name: "in the CNI's own words, at the end of a sentence and behind a colon",
    record: record(V4, {
      reported: { by: 'x', as: `denied ${V4}. from:${V4}:80 [${V4}] ip=${V4}, ::ffff:${V4}` },
    }),
    hidden: /203\.0\.113\.9/,
  },
  {
    name: 'IPv6 in another spelling',
    record: record(V6, {
      reported: {
        by: 'x',
        as: '2001:0db8:0001:0002:0000:0000:0000:0009 SRC:2001:DB8:1:2::9, [2001:db8:1:2:0::9]:80',
      },
    }),
    hidden: /2001:0?db8:0*1:0*2:/i,
  },
  {
    name: 'of the destination of an allowed flow',
    record: {
      ...record('10.0.0.3'),
      src: { ip: '10.0.0.3', kind: 'pod' },
      dst: { ip: V4, port: 443, kind: 'external' },
      egress: why(V4, `${V4}/32`),
    },
    hidden: /203\.0\.113\.9/,
  },
]

for (const { name, record, hidden } of table)
  t.test(`hidden: ${name}`, async t => {
    for (const [how, change] of [
      ['omit', omit],
      ['prefix', prefix],
    ] as const) {
      const text = JSON.stringify(change(record))
      t.notMatch(text, hidden, `${how}: ${text}`)
      t.match(JSON.stringify(record), hidden, 'the record itself stays as it is')
    }
  })

t.test('what is shown instead: nothing, a word, or the beginning with its length', async t => {
  const given = record(V4, { why: why(V4, `${V4}/32`), nat: { src: `${V4}:4711` } })
  const omitted = omit(given) as FlowRecord
  t.strictSame(omitted.src, { kind: 'external' })
  t.equal(omitted.why?.nearest?.have, 'external')
  t.equal(omitted.why?.nearest?.want, '198.51.100.0/24', "the policy's own words stay")
  t.strictSame(omitted.dst, given.dst)
  t.equal(omitted.nat?.src, 'external:4711')
  const shortened = prefix(given) as FlowRecord
  t.strictSame(shortened.src, { ip: '203.0.113.0/24', kind: 'external' })
  t.equal(shortened.why?.fix?.kind === 'policy' && shortened.why.fix.opens?.addresses, '203.0.113.0/24')
  t.equal((prefix(record(V6)) as FlowRecord).src.ip, '2001:db8:1::/48')
})

t.test('an address that contains another, and what only looks like one, stay', async t => {
  const as = '1203.0.113.9 203.0.113.90 203.0.113.9.1 10:00:01 ab:cd:ef:01:02:03 v1.2.3.4-rc'
  t.equal((omit(record(V4, { reported: { by: 'x', as } })) as FlowRecord).reported?.as, as)
  const longer = { ...record('2001:db8::1'), dst: { ip: '2001:db8::1:2', kind: 'pod' as const } }
  t.equal((omit(longer) as FlowRecord).dst.ip, '2001:db8::1:2')
})

t.test('records without an external end are the same objects', async t => {
  const inside = { ...record('10.0.0.3'), src: { ip: '10.0.0.3', kind: 'pod' as const } }
  const followUp: ForensicRecord = { v: 1, id: 'A', event: 'flow.denied', of: 'B', n: 2 }
  for (const each of [inside, followUp]) t.equal(omit(each), each)
})

t.test('leaks and overblocks lose their external ends too', async t => {
  const leak = {
    v: 1,
    id: 'A',
    event: 'verdict.leak',
    src: { ip: V4, kind: 'external' },
    dst: { ip: '10.0.0.2', kind: 'pod' },
    n: 1,
    why: { ...why(V4, `${V4}/32`), dir: 'ingress' },
  } as ForensicRecord
  t.notMatch(JSON.stringify(prefix(leak)), /203\.0\.113\.9/)
})
