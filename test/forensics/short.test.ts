import fc from 'fast-check'
import t from 'tap'
import type { FlowRecord, ForensicRecord } from '../../agent/forensics/record.ts'
import { createShortForm, shortForm } from '../../agent/forensics/short.ts'

const denied: FlowRecord = {
  v: 1,
  id: '01KDE7F3Q8ZK6V2M9T4R5S6W7X',
  ts: '2026-11-22T14:48:46.123Z',
  event: 'flow.denied',
  verdict: 'denied',
  dir: 'ingress',
  src: { ip: '10.244.7.19', kind: 'pod', ns: 'shop', pod: 'cart-6c9f7d4b8-x2v9k', wl: 'Deployment/cart' },
  dst: { ip: '10.244.3.5', port: 5432, kind: 'pod', ns: 'data', pod: 'pg-0', wl: 'StatefulSet/pg' },
  proto: 'tcp',
  why: {
    reason: 'no-rule-matched',
    certainty: 'certain',
    agreement: 'agrees',
    policies: [{ ns: 'data', name: 'pg-ingress', role: 'isolates' }],
    nearest: {
      policy: 'data/pg-ingress',
      rule: 'ingress[0]',
      failed: 'from[0].podSelector',
      want: 'app=api',
      have: 'app=cart',
    },
  },
  n: 1,
  evidence: { source: 'netfilter-log' },
}
const why = denied.why!

t.test('shortForm() is the line of the design', async t => {
  t.equal(
    shortForm(denied),
    '14:48:46 DENIED  shop/cart-6c9f7d4b8-x2v9k -> data/pg-0:5432 tcp  ingress  ' +
      'data/pg-ingress: no rule matched; nearest ingress[0].from[0] wants app=api, has app=cart',
  )
})

t.test('shortForm() says what else a person must know', async t => {
  const rows: [string, Partial<FlowRecord>, RegExp][] = [
    [
      'a port',
      {
        why: { ...why, nearest: { ...why.nearest!, failed: 'ports[1]', want: '5433/TCP', have: '5432/TCP' } },
      },
      /nearest ingress\[0\]\.ports\[1\] wants 5433\/TCP, has 5432\/TCP$/,
    ],
    [
      'several policies',
      {
        why: {
          ...why,
          policies: [
            { ns: 'data', name: 'a', role: 'isolates' },
            { ns: 'data', name: 'pg-ingress', role: 'isolates' },
          ],
          more: 2,
        },
      },
      /data\/a, data\/pg-ingress and 2 more: no rule matched; nearest data\/pg-ingress ingress\[0\]\.from\[0\] wants/,
    ],
    ['no time', { ts: undefined as never }, /^--:--:-- DENIED/],
    [
      'an external address',
      { src: { ip: '2001:db8::1', kind: 'external' } },
      /DENIED {2}2001:db8::1 -> data\/pg-0:5432/,
    ],
    [
      'an IPv6 responder',
      { dst: { ip: '2001:db8::1', port: 443, kind: 'external' } },
      /-> 2001:db8::1 port 443 tcp/,
    ],
    [
      'doubt',
      { why: { ...why, certainty: 'candidates', unsure: ['pod-starting'] } },
      /\(not certain: pod-starting\)$/,
    ],
    [
      'a contradiction',
      { why: { reason: 'not-isolated', certainty: 'certain', agreement: 'contradicts' } },
      /although the policies allow it: no policy selects the pod/,
    ],
    [
      'the other direction',
      { why: { ...why, other: { ...why, dir: 'egress' } } },
      /\(egress denies too: data\/pg-ingress: no rule matched/,
    ],
    [
      'a policy left out',
      { why: { ...why, certainty: 'candidates', unsure: ['policy-left-out'], leftOut: ['data/bad'] } },
      /left out as invalid: data\/bad\)$/,
    ],
    [
      'the CNI',
      { reported: { by: 'cilium', policies: ['data/pg-ingress'] } },
      /\(cilium says data\/pg-ingress\)$/,
    ],
  ]
  for (const [name, fields, line] of rows) t.match(shortForm({ ...denied, ...fields }), line, name)
})

t.test('createShortForm() tells a follow-up by its connection', async t => {
  const form = createShortForm()
  const followUp: ForensicRecord = {
    v: 1,
    id: 'X',
    ts: denied.ts!,
    event: 'flow.denied',
    of: denied.id,
    n: 7,
    last: '2026-11-22T14:48:55.000Z',
  }
  t.equal(form(followUp), `14:48:46 DENIED  of ${denied.id}  7 more until 14:48:55`)
  form(denied)
  t.equal(
    form(followUp),
    '14:48:46 DENIED  shop/cart-6c9f7d4b8-x2v9k -> data/pg-0:5432 tcp  7 more until 14:48:55',
  )
})

t.test('shortForm() of a gap says what is not known', async t => {
  const gap: ForensicRecord = {
    v: 1,
    id: 'X',
    event: 'evidence.gap',
    source: 'netfilter-log',
    cause: 'lines could not be read',
    lost: 3,
    from: '2026-11-22T14:48:46.123Z',
  }
  t.equal(
    shortForm(gap),
    '--:--:-- GAP  netfilter-log: 3 lines lost between 14:48:46 and --:--:--: lines could not be read',
  )
})

t.test('shortForm() lets no chosen byte through that a terminal acts on', async t => {
  const evil = fc.string({ unit: 'binary', maxLength: 40 })
  const property = fc.property(evil, text => {
    const line = shortForm({
      ...denied,
      src: { ...denied.src, ns: text, pod: text },
      dst: { ip: text, kind: 'external', port: 1 },
      proto: text,
      why: {
        ...why,
        policies: [{ ns: text, name: text, role: 'isolates' }],
        nearest: {
          policy: text,
          rule: 'ingress[0]',
          failed: 'from[0].podSelector',
          want: text,
          have: text,
          also: [{ failed: 'ports[0]', want: text, have: text }],
        },
        leftOut: [text],
        certainty: 'candidates',
      },
      reported: { by: text, policies: [text], as: text },
    })
    return /^[ -~…]*$/.test(line)
  })
  t.doesNotThrow(() => fc.assert(property))
  t.match(shortForm({ v: 1, id: 'X', event: 'evidence.gap', source: '\x1b[2J', cause: '\n' }), /^[ -~]*$/)
})
