import fc from 'fast-check'
import t from 'tap'
import type {
  AccusationRecord,
  EnforcementRecord,
  FlowRecord,
  ForensicRecord,
} from '../../agent/forensics/record.ts'
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

t.test('shortForm() of a denial says which edit made it, as the design has it', async t => {
  const changed = {
    policy: 'data/pg-ingress',
    at: '2026-11-22T14:41:02.000Z',
    ago_s: 464,
    by: 'argocd-controller',
  }
  const note = (more: object) =>
    shortForm({ ...denied, why: { ...why, changed: { ...changed, ...more } } })
      .split('  ')
      .at(-1)
  t.equal(note({ gen: [3, 4] }), '(edited 8m ago by argocd-controller)')
  t.equal(note({ gen: [0, 1], ago_s: 12 }), '(created 12s ago by argocd-controller)')
  t.equal(note({ deleted: true, ago_s: 7300, by: undefined }), '(deleted 2h ago)')
  t.equal(note({ ago_s: 0 }), '(edited just before by argocd-controller)')
  t.equal(
    note({ policy: undefined, object: 'pod shop/cart', with: [{ ...changed }] }),
    '(relabelled 8m ago by argocd-controller, with 1 more)',
  )
})

const leak: AccusationRecord = {
  v: 1,
  id: 'Y',
  ts: '2026-11-22T14:48:46.123Z',
  event: 'verdict.leak',
  src: denied.src,
  dst: denied.dst,
  port: 5432,
  proto: 'tcp',
  since: '2026-11-22T14:47:02.000Z',
  n: 12,
  of: denied.id,
  why: { dir: 'ingress', ...why, agreement: 'contradicts' },
}

const enforced: EnforcementRecord = {
  v: 1,
  id: 'Z',
  ts: '2026-11-22T14:41:02.512Z',
  event: 'policy.enforced',
  node: 'worker-3',
  policy: 'data/pg-ingress',
  gen: 4,
  at: '2026-11-22T14:41:02.100Z',
  delay_s: [0.201, 0.512],
  leaked: 3,
  blocked: 1,
  evidence: 'last old 14:41:02.301, first new 14:41:02.512, 7 flows',
}

t.test('shortForm() says what went otherwise than the policies say', async t => {
  const connection = 'shop/cart-6c9f7d4b8-x2v9k -> data/pg-0:5432 tcp  ingress'
  const reason = 'data/pg-ingress: no rule matched; nearest ingress[0].from[0] wants app=api, has app=cart'
  t.equal(
    shortForm(leak),
    `14:48:46 LEAK  ${connection}  12 packets let through since 14:47:02 although the policies deny it: ${reason}`,
  )
  const blocked: AccusationRecord = {
    ...leak,
    event: 'verdict.overblock',
    n: 1,
    since: leak.ts,
    why: { dir: 'ingress', reason: 'not-isolated', certainty: 'certain', agreement: 'contradicts' },
  }
  t.equal(
    shortForm(blocked),
    `14:48:46 OVERBLOCK  ${connection}  1 packet blocked although the policies allow it: no policy selects the pod in this direction`,
  )
  t.equal(createShortForm()(leak), shortForm(leak), 'an accusation is no follow-up')
})

t.test('shortForm() says how long a change took to be enforced', async t => {
  t.equal(
    shortForm(enforced),
    '14:41:02 ENFORCED  data/pg-ingress: change of 14:41:02 enforced on worker-3 after 0.201 to 0.512 s, ' +
      '3 let through and 1 blocked by the old state meanwhile  (last old 14:41:02.301, first new 14:41:02.512, 7 flows)',
  )
  const { policy: _, node: __, delay_s: ___, gen: ____, ...rest } = enforced
  t.match(
    shortForm({ ...rest, object: 'pod shop/cart', delay_s: [0, 2], leaked: 0, blocked: 0 }),
    /ENFORCED {2}pod shop\/cart: labels of 14:41:02 enforced within 2 s {2}\(/,
  )
  t.match(
    shortForm({
      ...rest,
      event: 'policy.unenforced',
      policy: 'data/pg-ingress',
      pending_s: 12,
      deleted: true,
    }),
    /UNENFORCED {2}data\/pg-ingress: deletion of 14:41:02 not enforced 12 s after it was made, 3 let through/,
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
        changed: { policy: text, at: '', ago_s: 1, by: text },
      },
      reported: { by: text, policies: [text], as: text },
    })
    const more = [
      shortForm({
        ...leak,
        src: { ...leak.src, ns: text },
        why: { ...leak.why, policies: [{ name: text, role: 'isolates' }] },
      }),
      shortForm({ ...enforced, policy: text, node: text, evidence: text }),
    ]
    return [line, ...more].every(each => /^[ -~…]*$/.test(each))
  })
  t.doesNotThrow(() => fc.assert(property))
  t.match(shortForm({ v: 1, id: 'X', event: 'evidence.gap', source: '\x1b[2J', cause: '\n' }), /^[ -~]*$/)
})
