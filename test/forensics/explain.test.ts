// What no log can bring about here, and what must hold of every text; whole texts are in explanations.test.ts.

import fc from 'fast-check'
import t from 'tap'
import { explain } from '../../agent/forensics/explain.ts'
import { layout } from '../../agent/forensics/explain-layout.ts'
import type { Judged, Told } from '../../agent/forensics/explanation.ts'
import type { ChangedEntry, FixEntry, Why } from '../../agent/forensics/record.ts'
import { doubtWords, duration } from '../../agent/forensics/words.ts'
import { unsureReasons } from '../../agent/timeline/index.ts'

const why: Why = {
  reason: 'no-rule-matched',
  certainty: 'certain',
  agreement: 'agrees',
  policies: [{ ns: 'data', name: 'pg-ingress', role: 'isolates' }],
}

const denied: Judged = {
  ts: '2026-11-22T14:48:46.123Z',
  verdict: 'denied',
  dir: 'ingress',
  src: { ip: '10.244.7.19', kind: 'pod', ns: 'shop', pod: 'cart-0', wl: 'StatefulSet/cart' },
  dst: { ip: '10.244.3.5', port: 5432, kind: 'pod', ns: 'data', pod: 'pg-0', wl: 'StatefulSet/pg' },
  proto: 'tcp',
  why,
  n: 1,
}

const told: Told = {
  basis: 'record',
  quotes: [],
  notes: [],
  more: { text: 'More:', command: 'culprit replay' },
}

const text = (over: Partial<Why>, record: Partial<Judged> = {}): string =>
  explain({ ...denied, ...record, why: { ...why, ...over } }, told).sentences.join(' ')

const changed: ChangedEntry = {
  policy: 'data/pg-ingress',
  at: '2026-11-22T14:41:02Z',
  ago_s: 464,
  gen: [3, 4],
  by: 'argocd-controller',
  what: ['ingress[0].from[1] removed'],
}

t.test('explain() says which change did it, by whom and how long before', async t => {
  const rows: [string, ChangedEntry, RegExp][] = [
    [
      'edited',
      changed,
      /Before 2026-11-22 14:41:02 UTC the policies allowed it\. Then, 7 min 44 s before this, argocd-controller changed data\/pg-ingress \(ingress\[0\]\.from\[1\] removed\)\./,
    ],
    ['created', { ...changed, gen: [0, 1] }, /argocd-controller created data\/pg-ingress\./],
    [
      'deleted, by whom nobody can know',
      { ...changed, deleted: true, by: undefined },
      /before this, somebody deleted data\/pg-ingress\./,
    ],
    [
      'labels',
      { at: changed.at, ago_s: 2, object: 'pod shop/cart-0', what: ['label app: cart -> kart'] },
      /2 s before this, somebody changed the labels of pod shop\/cart-0 \(label app: cart -> kart\)\./,
    ],
    [
      'several together',
      { ...changed, with: [{ ...changed, policy: 'data/b', at: '2026-11-22T14:31:00Z', by: undefined }] },
      /Before 2026-11-22 14:31:00 UTC the policies allowed it\. Each of these changes since then would have to be undone: at 14:31:00 somebody changed data\/b \(.*\) and at 14:41:02 argocd-controller changed data\/pg-ingress/,
    ],
  ]
  for (const [name, entry, wanted] of rows) t.match(text({ changed: entry }), wanted, name)
})

const proposals = (fix: FixEntry, record: Partial<Judged> = {}): string =>
  explain({ ...denied, ...record, why: { ...why, fix } }, told)
    .proposals.map(proposal => proposal.text)
    .join('\n')

const peer = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
  podSelector: { matchLabels: { app: 'cart' } },
}

t.test('explain() puts an edit into words, with what else it opens', async t => {
  const opens = { pods: 1, namespaces: ['shop'], ports: '5432/TCP' }
  const add = (path: string, value: unknown, more: object = {}): FixEntry => ({
    kind: 'policy',
    target: 'data/pg-ingress',
    patch: [{ op: 'add', path, value }],
    opens: { ...opens, ...more },
  })
  const rows: [FixEntry, string][] = [
    [
      add('/spec/ingress/0/from/-', peer, { pods: 3 }),
      'In data/pg-ingress, add to ingress[0].from: pods with app=cart of namespace shop. It lets in 3 pods of namespace shop, on 5432/TCP.',
    ],
    [
      add('/spec/ingress/0/ports/-', { protocol: 'TCP', port: 5432 }),
      'In data/pg-ingress, add to ingress[0].ports: port 5432/TCP. It lets in shop/cart-0 alone, on 5432/TCP.',
    ],
    [
      add('/spec/ingress/-', { from: [peer], ports: [{ protocol: 'TCP', port: 5432 }] }),
      'In data/pg-ingress, add to ingress: a rule from pods with app=cart of namespace shop, on port 5432/TCP. It lets in shop/cart-0 alone, on 5432/TCP.',
    ],
    [
      add('/spec/ingress', [{ from: [{ ipBlock: { cidr: '203.0.113.7/32' } }] }], {
        pods: 0,
        namespaces: [],
        addresses: '203.0.113.7/32',
        ports: 'all',
        subjects: 4,
      }),
      'In data/pg-ingress, add ingress: a rule from 203.0.113.7/32, on every port. It lets in the address 203.0.113.7 alone, on every port, not only to data/pg-0 but to 4 pods.',
    ],
    [
      {
        kind: 'pod',
        target: 'shop/cart-0',
        patch: [{ op: 'add', path: '/metadata/labels/team~1name', value: 'x' }],
        opens,
      },
      'Give pod shop/cart-0 the label team/name=x. It lets in shop/cart-0 alone, on 5432/TCP. A new pod comes without that label: it belongs into the template that pods are made from.',
    ],
    [
      {
        kind: 'namespace',
        target: 'shop',
        patch: [{ op: 'add', path: '/metadata/labels', value: { name: 'shop' } }],
        opens: { ...opens, pods: 12, namespaces: ['a', 'shop'] },
      },
      'Give namespace shop the label name=shop. It lets in 12 pods of namespaces a and shop, on 5432/TCP.',
    ],
    [
      {
        kind: 'policy',
        target: 'AdminNetworkPolicy/edge',
        patch: [
          {
            op: 'add',
            path: '/spec/ingress/0',
            value: {
              action: 'Allow',
              from: [{ pods: peer }],
              ports: [{ portNumber: { protocol: 'TCP', port: 80 } }],
            },
          },
        ],
        opens,
      },
      'In AdminNetworkPolicy/edge, add ingress[0]: a rule (Allow) from pods with app=cart of namespace shop, on port 80/TCP. It lets in shop/cart-0 alone, on 5432/TCP.',
    ],
    [
      {
        kind: 'policy',
        target: 'ClusterNetworkPolicy/edge',
        patch: [
          {
            op: 'add',
            path: '/spec/egress/1',
            value: {
              action: 'Accept',
              to: [{ networks: ['203.0.113.4/32'] }],
              protocols: [{ tcp: { destinationPort: { number: 85 } } }],
            },
          },
        ],
        opens,
      },
      'In ClusterNetworkPolicy/edge, add egress[1]: a rule (Accept) to 203.0.113.4/32, on port 85/TCP. It lets in shop/cart-0 alone, on 5432/TCP.',
    ],
    [
      add('/spec/ingress/-', { from: [{ podSelector: {} }], ports: [{ protocol: 'TCP', port: 80 }] }),
      'In data/pg-ingress, add to ingress: a rule from every pod of the same namespace, on port 80/TCP. It lets in shop/cart-0 alone, on 5432/TCP.',
    ],
    [
      { kind: 'none', because: 'nobody knows which pod the client was' },
      'No single edit of a policy or a label would have let it through: nobody knows which pod the client was.',
    ],
  ]
  for (const [fix, wanted] of rows) t.equal(proposals(fix), wanted)
})

t.test('explain() says of admin tiers who is asked when', async t => {
  const deny = (kind: string): Partial<Why> => ({
    reason: 'explicit-deny',
    policies: [
      { kind, name: 'edge', role: 'denies', rule: 'ingress[0]' },
      { kind: 'AdminNetworkPolicy', name: 'early', role: 'passes', rule: 'ingress[2]' },
    ],
  })
  const admin = text(deny('AdminNetworkPolicy'))
  t.match(
    admin,
    /ingress\[0\] of AdminNetworkPolicy\/edge denies it\. It is asked before every NetworkPolicy/,
  )
  t.match(
    admin,
    /ingress\[2\] of AdminNetworkPolicy\/early passed it on to the policies that are asked next\./,
  )
  t.match(text(deny('BaselineAdminNetworkPolicy')), /It is asked last/)
  t.match(text(deny('ClusterNetworkPolicy')), /ClusterNetworkPolicy\/edge denies it\. (?!It is asked)/)
})

t.test('explain() gives every doubt a sentence that says what would settle it', async t => {
  for (const reason of unsureReasons) {
    const said = text({ certainty: 'candidates', unsure: [reason] })
    t.match(said, /A candidate, not certain: .* Why that is not certain: /)
    t.ok(
      said.includes(doubtWords[reason].because.slice(1)) && said.includes(doubtWords[reason].surer),
      reason,
    )
  }
  t.match(
    text({ reason: 'unknown', certainty: 'unknown', unsure: ['too-old'] }),
    /There is no answer to give: /,
  )
})

t.test('explain() never tells anybody to apply an edit, and a proposal is called one', async t => {
  const fix: FixEntry = {
    kind: 'policy',
    target: 'data/pg-ingress',
    patch: [{ op: 'add', path: '/spec/ingress/0/from/-', value: peer }],
    opens: { pods: 3, namespaces: ['shop'], ports: '5432/TCP' },
  }
  const page = layout(explain({ ...denied, why: { ...why, fix } }, told), { width: 90, isColoured: false })
  t.match(page, /A proposal, to be read and understood first\./)
  t.match(page, /--dry-run=server/)
  t.notMatch(page, /\b(apply|run) (it|this)\b/i)
})

t.test('layout() keeps to the width but for commands, and colours only where it is told to', async t => {
  const explanation = explain(denied, told)
  for (const width of [40, 80, 93, 300]) {
    const limit = Math.min(100, Math.max(80, width))
    const lines = layout(explanation, { width, isColoured: false }).split('\n')
    t.ok(
      lines.every(line => line.length <= limit),
      `${width}`,
    )
  }
  t.notOk(layout(explanation, { width: 90, isColoured: false }).includes('\x1b'))
  t.ok(layout(explanation, { width: 90, isColoured: true }).startsWith('\x1b[31mDENIED\x1b[0m'))
})

t.test('no text lets a chosen byte through that a terminal acts on', async t => {
  const evil = fc.string({ unit: 'binary', maxLength: 40 })
  const property = fc.property(
    evil,
    fc.constantFrom('denied', 'allowed', 'rejected', 'audited', 'unanswered'),
    (name, verdict) => {
      const one: Why = {
        ...why,
        policies: [{ ns: name, name, role: 'isolates', rule: name }],
        nearest: {
          policy: name,
          rule: name,
          failed: 'from[0].podSelector',
          want: name,
          have: name,
          also: [{ failed: name, want: name, have: name }],
        },
        fix: {
          kind: 'policy',
          target: name,
          patch: [
            {
              op: 'add',
              path: `/spec/ingress/${name}`,
              value: { podSelector: { matchLabels: { [name]: name } } },
            },
          ],
          opens: { pods: 2, namespaces: [name], ports: name, addresses: name },
        },
        changed: {
          policy: name,
          at: '2026-11-22T14:41:02Z',
          ago_s: 1,
          by: name,
          what: [name],
          with: [{ object: name, at: '2026-11-22T14:41:02Z', ago_s: 1 }],
        },
        certainty: 'candidates',
        leftOut: [name],
      }
      const record: Judged = {
        ...denied,
        verdict,
        src: { ip: name, kind: 'pod', ns: name, pod: name },
        dst: { ip: name, kind: 'external', port: 1, svc: name },
        nat: { src: name, dst: name },
        proto: name,
        ...(verdict === 'allowed' ? { egress: one, ingress: one, why: undefined } : { why: one }),
        reported: { by: name, verdict: name, policies: [name], as: name },
      }
      const quote = {
        policy: name,
        path: 'ingress[0]',
        file: name,
        line: 1,
        lines: [name],
        isRendered: false,
      }
      const page = layout(explain(record, { ...told, quotes: [quote], notes: [name] }), {
        width: 80,
        isColoured: false,
      })
      return /^[\x20-\x7e\n…]*$/.test(page)
    },
  )
  fc.assert(property, { numRuns: 300 })
  t.pass()
})

t.test('duration() reads as people say it', async t => {
  const rows: [number, string][] = [
    [0.2, 'less than a second'],
    [59.9, '59 s'],
    [60, '1 min'],
    [464, '7 min 44 s'],
    [3600, '1 h'],
    [11_100, '3 h 5 min'],
    [90_000, '1 day 1 h'],
    [360_000, '4 days 4 h'],
  ]
  for (const [seconds, wanted] of rows) t.equal(duration(seconds), wanted)
})
