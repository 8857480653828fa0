import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { locatePolicy } from '../../agent/cluster/index.ts'
import type { PolicyObject } from '../../agent/policy/objects.ts'

const spec = {
  podSelector: { matchLabels: { app: 'pg' } },
  ingress: [
    { from: [{ podSelector: { matchLabels: { app: 'api' } } }] },
    {
      from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'cart' } } }],
      ports: [{ port: 5432 }],
    },
  ],
}

const policy = (over: Partial<PolicyObject['metadata']> = {}, changed: unknown = spec): PolicyObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'pg-ingress', namespace: 'data', ...over },
  spec: changed,
})

const text = `# first
apiVersion: v1
kind: Namespace
metadata:
  name: data
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: pg-ingress
  namespace: data
spec:
  podSelector:
    matchLabels: { app: pg }
  ingress:
    - from:
        - podSelector:
            matchLabels: { app: api }
    - from:
        # everybody's carts
        - namespaceSelector: {}
          podSelector:
            matchLabels:
              app: cart
      ports:
        - port: 5432
`

t.test(
  'locatePolicy() finds the line of any part of a manifest, and quotes it as it stands there',
  async t => {
    const world = t.testdir({ 'a.yaml': text })
    const rows: [(string | number)[], number, string[]][] = [
      [
        ['spec', 'ingress', 1, 'from', 0, 'podSelector'],
        22,
        ['podSelector:', '  matchLabels:', '    app: cart'],
      ],
      [['spec', 'ingress', 1, 'ports', 0], 26, ['- port: 5432']],
      [['spec', 'ingress', 0, 'from', 0], 17, ['- podSelector:', '    matchLabels: { app: api }']],
      [['spec', 'podSelector', 'matchLabels'], 14, ['matchLabels: { app: pg }']],
      // What is not there is represented by what holds it.
      [
        ['spec', 'ingress', 0, 'from', 0, 'namespaceSelector'],
        17,
        ['- podSelector:', '    matchLabels: { app: api }'],
      ],
    ]
    for (const [path, line, lines] of rows)
      t.same(
        await locatePolicy(world, policy(), path),
        { file: join(world, 'a.yaml'), line, lines, isRendered: false },
        path.join('.'),
      )
  },
)

t.test('locatePolicy() reads Lists, JSON and one-line JSON', async t => {
  const list = { apiVersion: 'v1', kind: 'List', items: [{ kind: 'ConfigMap', apiVersion: 'v1' }, policy()] }
  const path = ['spec', 'ingress', 1, 'ports', 0]
  const pretty = t.testdir({ 'a.json': JSON.stringify(list, null, 2) })
  const found = await locatePolicy(pretty, policy(), path)
  t.same(found?.lines, ['{', '  "port": 5432', '}'])
  t.equal(JSON.stringify(list, null, 2).split('\n')[found!.line], '                "port": 5432')
  const flat = t.testdir({ 'a.json': JSON.stringify(list) })
  t.match(await locatePolicy(flat, policy(), path), { line: 1, lines: ['- port: 5432'], isRendered: true })
  const yaml = t.testdir({ 'a.yaml': `kind: List\napiVersion: v1\nitems:\n- ${JSON.stringify(policy())}\n` })
  t.match(await locatePolicy(yaml, policy(), ['spec', 'podSelector']), {
    line: 4,
    lines: ['podSelector:', '  matchLabels:', '    app: pg'],
    isRendered: true,
  })
})

t.test('locatePolicy() finds the event of a timeline, the last that brought this very object', async t => {
  const event = (object: object) => JSON.stringify({ at: '2026-11-22T14:41:02Z', type: 'MODIFIED', object })
  const older = policy({ uid: 'u', generation: 3 }, { ...spec, ingress: [] })
  const newer = policy({ uid: 'u', generation: 4 })
  const world = t.testdir({ 't.jsonl': [event(older), event(newer), event(older).slice(0, 90)].join('\n') })
  const path = ['spec', 'ingress', 1, 'ports', 0]
  t.match(await locatePolicy(world, newer, path), { line: 2, lines: ['- port: 5432'], isRendered: true })
  t.match(await locatePolicy(world, older, ['spec', 'ingress']), { line: 1, lines: ['ingress: []'] })
  const both = t.testdir({ 't.jsonl': event(newer), 'z.yaml': text })
  t.match(await locatePolicy(both, newer, path), { file: join(both, 'z.yaml') }, 'a manifest reads better')
})

t.test('locatePolicy() quotes nothing that is not the object that was judged', async t => {
  const world = t.testdir({ 'a.yaml': text, 'b.json': '{', 'c.txt': text })
  const other: PolicyObject = parse(text.split('---\n')[1]!.replace('app: cart', 'app: kart'))
  t.equal(await locatePolicy(world, other, ['spec']), undefined, 'other words')
  t.equal(await locatePolicy(world, policy({ name: 'pg' }), ['spec']), undefined, 'another name')
  t.equal(await locatePolicy(world, policy({ namespace: 'shop' }), ['spec']), undefined, 'another namespace')
  const told = t.testdir({ 'a.json': JSON.stringify(policy({ uid: 'a', generation: 2 })) })
  t.equal(await locatePolicy(told, policy({ uid: 'b' }), ['spec']), undefined, 'another uid')
  t.equal(
    await locatePolicy(told, policy({ uid: 'a', generation: 3 }), ['spec']),
    undefined,
    'another generation',
  )
  t.ok(await locatePolicy(told, policy({ uid: 'a', generation: 2 }), ['spec']))
})

t.test('locatePolicy() shortens what is long', async t => {
  const many = {
    podSelector: {},
    ingress: [{ ports: Array.from({ length: 30 }, (_, i) => ({ port: i + 1 })) }],
  }
  const world = t.testdir({ 'a.json': JSON.stringify(policy({}, many), null, 1) })
  const found = await locatePolicy(world, policy({}, many), ['spec', 'ingress', 0])
  t.equal(found?.lines.length, 8)
  t.equal(found?.lines.at(-1), '...')
})
