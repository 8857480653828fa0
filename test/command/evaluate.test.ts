// `culprit evaluate` as its user calls it.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from './run.ts'

const manifests = join(import.meta.dirname, '../../deploy/quickstart/shop')
const cases = join(import.meta.dirname, '../../../shared/semantics/cases.json')
const chunk = (...lines: unknown[]) => [
  Buffer.from(lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')),
]
const answers = (text: string) =>
  text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

t.test('evaluate answers with verdict, witnesses and nearest miss', async t => {
  const probe = { id: 1, from: 'shop/cart-6c9f7d4b8-x2v9k', to: 'data/pg-0', port: 5432 }
  const { code, stdout, stderr } = await run(
    ['evaluate', '--world', manifests, '--probes', '-', '--stats', 'json'],
    chunk(probe),
  )
  t.equal(code, 0)
  t.same(answers(stdout), [
    {
      id: 1,
      verdict: 'denied',
      egress: 'allowed',
      ingress: 'denied',
      responsible: [
        { direction: 'egress', policies: [], reason: 'not-isolated' },
        { direction: 'ingress', policies: ['data/pg-ingress'], reason: 'no-rule-matched' },
      ],
      nearest: [
        {
          direction: 'ingress',
          policy: 'data/pg-ingress',
          rule: 'ingress[0]',
          failed: 'from[0].podSelector',
          want: 'app=crat',
          have: 'app=cart',
          also: [],
        },
      ],
    },
  ])
  t.same(Object.keys(JSON.parse(stderr)), [
    'probes',
    'seconds',
    'probesPerSecond',
    'compileSeconds',
    'rssBytes',
  ])
})

t.test('evaluate says what is wrong with a probe and answers the others', async t => {
  const good = { id: 'good', from: '::ffff:10.244.1.12', to: '10.244.1.21', port: 5432 }
  const { code, stdout } = await run(
    ['evaluate', '--world', manifests, '--probes', '-'],
    chunk(
      { id: 'a', from: '10.244.1.12', to: 'data/pg-0', port: '80' },
      { id: 'b', from: 'shop/x', to: 'data/pg-0', port: 80 },
      'null',
      '[1]',
      '{',
      { ...good, at: 'yesterday' },
      good,
    ),
  )
  t.equal(code, 1)
  const all = answers(stdout)
  t.same(
    all.map(({ id }) => id),
    ['a', 'b', undefined, undefined, undefined, 'good', 'good'],
  )
  for (const [i, error] of [
    /port: "80" is not a number/,
    /no pod "shop\/x"/,
    /an object, not null/,
    /an object, not /,
    /\(line 5\)$/,
    /at: "yesterday" is not a time/,
  ].entries())
    t.match(all[i].error, error)
  t.equal(all[6].verdict, 'denied')
})

t.test('evaluate with `at` asks about an earlier state', async t => {
  const recording = join(manifests, '..')
  const probe = { from: 'payments/gateway-6b5c8d7f9-q2w8d', to: 'payments/ledger-0', port: 9090 }
  const { stdout } = await run(['evaluate', '--world', recording, '--probes', '-'], chunk(probe))
  t.equal(answers(stdout)[0].verdict, 'allowed', 'the edit was taken back at the end')
  const lines = (await import('node:fs'))
    .readFileSync(join(recording, 'recording/timeline.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const asked = await run(
    ['evaluate', '--world', recording, '--probes', '-'],
    chunk({ ...probe, at: lines[1].at }),
  )
  t.equal(answers(asked.stdout)[0].verdict, 'denied', 'while it was edited')
})

t.test('evaluate --cases compares with what each case expects', async t => {
  const world = {
    namespaces: [{ name: 'x', labels: {} }],
    pods: [
      { ns: 'x', name: 'a', labels: {}, ip: '10.0.0.1' },
      { ns: 'x', name: 'b', labels: {}, ip: '10.0.0.2' },
    ],
    policies: [],
  }
  const dir = t.testdir({
    'cases.json': JSON.stringify([
      { id: 'right', ...world, probe: { from: 'x/a', to: 'x/b', port: 80 }, expect: { verdict: 'allowed' } },
      { id: 'wrong', ...world, probe: { from: 'x/a', to: 'x/b', port: 80 }, expect: { verdict: 'denied' } },
    ]),
  })
  const { code, stderr, stdout } = await run(['evaluate', '--cases', join(dir, 'cases.json')])
  t.equal(code, 1)
  t.match(stderr, /case "wrong" differs: verdict: expected "denied", answered "allowed"/)
  t.match(stderr, /^2 cases, 1 differ$/m)
  t.equal(answers(stdout).length, 2)
})

t.test(
  'evaluate agrees with all hand-checked cases',
  { skip: existsSync(cases) ? false : 'the study material is not beside this checkout' },
  async t => {
    const { code, stderr } = await run(['evaluate', '--cases', cases])
    t.equal(stderr, '239 cases, 0 differ\n')
    t.equal(code, 0)
  },
)

t.test('evaluate names what is wrong with its call', async t => {
  const dir = t.testdir({ 'c.json': '{}' })
  const rows: [string[], RegExp][] = [
    [[], /give --world PATH and --probes FILE, or --cases FILE/],
    [['--world', manifests], /give --world PATH and --probes FILE/],
    [['--cases', join(dir, 'c.json'), '--world', manifests], /Cannot use --cases with --world or --probes/],
    [['--cases', join(dir, 'c.json')], /it must be a JSON array of objects, a case each/],
    [['--cases', join(dir, 'none')], /there is no such file/],
    [['--world', manifests, '--probes', join(dir, 'none')], /there is no such file \(--probes\)/],
  ]
  for (const [args, message] of rows) {
    const { code, stderr } = await run(['evaluate', ...args])
    t.equal(code, 2)
    t.match(stderr, message)
  }
})

t.test(
  'evaluate --explain adds the smallest edit and the change that denied it, one per denied direction',
  async t => {
    const at = (time: string, type: string, app: string, generation: number) =>
      JSON.stringify({
        at: `2026-11-22T${time}Z`,
        type,
        object: {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { namespace: 'data', name: 'redis-ingress', uid: 'u', generation },
          spec: {
            podSelector: { matchLabels: { app: 'redis' } },
            ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app } } }] }],
          },
        },
      })
    const pod = (ns: string, name: string, ip: string) =>
      `---\napiVersion: v1\nkind: Pod\nmetadata: { namespace: ${ns}, name: ${name}, labels: { app: ${name} } }\nstatus: { phase: Running, podIP: ${ip}, podIPs: [{ ip: ${ip} }] }\n`
    const world = t.testdir({
      'pods.yaml': pod('shop', 'cart', '10.1.0.1') + pod('data', 'redis', '10.1.0.2'),
      't.jsonl': `${at('14:00:00', 'ADDED', 'cart', 3)}\n${at('14:41:02', 'MODIFIED', 'api', 4)}\n`,
    })
    const probe = { id: 1, from: 'shop/cart', to: 'data/redis', port: 6379 }
    const probes = [
      probe,
      { ...probe, id: 2, at: '2026-11-22T14:48:46Z' },
      { ...probe, id: 3, at: '2026-11-22T14:10:00Z' },
    ]
    const args = ['evaluate', '--world', world, '--probes', '-']
    const input = [Buffer.from(probes.map(each => `${JSON.stringify(each)}\n`).join(''))]
    const { stdout, code } = await run([...args, '--explain'], input)
    t.equal(code, 0)
    const [last, later, before] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    t.match(later, {
      verdict: 'denied',
      fix: [{ direction: 'ingress', kind: 'policy', target: 'data/redis-ingress', opens: { pods: 1 } }],
      changed: [{ direction: 'ingress', policy: 'data/redis-ingress', gen: [3, 4], ago_s: 464 }],
    })
    t.equal(last.changed[0].ago_s, 0, 'the last state began with it')
    t.notOk('fix' in before || 'changed' in before, 'allowed')
    const plain = await run(args, input)
    t.notOk(/"fix"|"changed"/.test(plain.stdout), 'only where it is asked for')
  },
)
