// What metrics are counted from: a follow-up says again what its first record said.

import t from 'tap'
import type { FlowRecord, ForensicRecord } from '../agent/forensics/record.ts'
import { createFacts } from '../agent/record-facts.ts'

const first: FlowRecord = {
  v: 1,
  id: 'A',
  event: 'flow.denied',
  verdict: 'denied',
  dir: 'ingress',
  src: { kind: 'pod', ns: 'shop', pod: 'cart' },
  dst: { kind: 'pod', ns: 'data', pod: 'pg-0', port: 5432 },
  why: {
    reason: 'no-rule-matched',
    certainty: 'certain',
    agreement: 'agrees',
    policies: [{ ns: 'data', name: 'pg-ingress', role: 'isolates' }],
  },
  n: 1,
  bytes: 60,
  evidence: { source: 'netfilter-log', offset: 0 },
}
const followUp: ForensicRecord = { v: 1, id: 'B', event: 'flow.denied', of: 'A', n: 7 }

t.test('of a flow, and of its repeats', async t => {
  const factsOf = createFacts()
  const expected = {
    event: 'flow.denied',
    verdict: 'denied',
    dir: 'ingress',
    reason: 'no-rule-matched',
    certainty: 'certain',
    agreement: 'agrees',
    policies: first.why?.policies,
    srcNs: 'shop',
    dstNs: 'data',
  }
  t.strictSame(factsOf(first), { ...expected, id: 'A', n: 1, bytes: 60 })
  t.strictSame(factsOf(followUp), { ...expected, of: 'A', id: 'B', n: 7, bytes: undefined })
})

t.test('repeats of a flow before a restart are counted by their verdict alone', async t => {
  t.strictSame(createFacts()(followUp), {
    event: 'flow.denied',
    verdict: 'denied',
    of: 'A',
    id: 'B',
    n: 7,
    bytes: undefined,
  })
})

t.test('of an allowed flow, by the sides that were judged', async t => {
  const { why, ...rest } = first
  const allowed = {
    ...rest,
    event: 'flow.allowed',
    verdict: 'allowed',
    egress: why,
    ingress: why,
  } as FlowRecord
  t.match(createFacts()(allowed), { reason: 'no-rule-matched', policies: { length: 2 } })
})

t.test('every other record is its own facts', async t => {
  const change: ForensicRecord = {
    v: 1,
    id: 'C',
    event: 'policy.changed',
    op: 'created',
    policy: 'data/pg-ingress',
  }
  t.equal(createFacts()(change), change)
})
