import t from 'tap'
import { type ClusterInput, readWorld, WorldError } from '../../agent/cluster/index.ts'
import { formatTime } from '../../agent/timeline/index.ts'

type Files = Readonly<Record<string, string | Buffer>>

async function problems(path: string): Promise<string[]> {
  try {
    await readWorld(path)
  } catch (error) {
    if (error instanceof WorldError) return error.message.split('\n')
    throw error
  }
  return []
}

const names = (input: ClusterInput) => input.objects.map(each => `${each.kind} ${each.name}`)

const pods = `# the shop's pods
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop}
status: {podIP: 10.244.1.5}
---
# nothing here
---
apiVersion: v1
kind: Pod
metadata:
  name: pg-0
  namespace: data
spec:
  nodeName: w2
status:
  podIP: 10.244.1.6
`

t.test('a directory is read whole, with its subdirectories, in the order of its names', async t => {
  const files = {
    'pods.yaml': pods,
    policies: {
      'p.yml':
        'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\n',
    },
    'nodes.json': JSON.stringify({
      kind: 'NodeList',
      apiVersion: 'v1',
      items: [{ metadata: { name: 'w1' } }],
    }),
    'list.yaml':
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n- {apiVersion: v1, kind: Secret, metadata: {name: x}}\n',
    'README.md': 'not a manifest',
    '.git': { 'x.yaml': 'nonsense: [' },
  }
  const input = await readWorld(t.testdir(files))
  t.strictSame(
    names(input),
    ['Namespace shop', 'Node w1', 'Pod shop/cart', 'Pod data/pg-0', 'Policy shop/p'].sort(
      (a, b) => order(a) - order(b),
    ),
  )
  t.strictSame([...input.ignored], [['Secret', 1]])
  t.strictSame(input.nodeNames, ['w1', 'w2'])
  t.strictSame(input.events, [])
})

/** list.yaml, nodes.json, pods.yaml, policies/p.yml */
function order(name: string): number {
  return ['Namespace', 'Node', 'Pod shop/cart', 'Pod data/pg-0', 'Policy'].findIndex(each =>
    name.startsWith(each),
  )
}

t.test('a single file, YAML or JSON, also several JSON values one after the other', async t => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }
  const dir = t.testdir({
    'a.yaml': `\uFEFF---\r\n${pods.replaceAll('\n', '\r\n')}`,
    'b.json': JSON.stringify(pod, null, 2),
    'c.json': `${JSON.stringify(pod, null, 2)}\n${JSON.stringify({ ...pod, metadata: { name: 'b "}{' } })}`,
    'd.json': JSON.stringify([pod]),
  })
  t.strictSame(names(await readWorld(`${dir}/a.yaml`)), ['Pod shop/cart', 'Pod data/pg-0'])
  t.strictSame(names(await readWorld(`${dir}/b.json`)), ['Pod default/a'])
  t.strictSame(names(await readWorld(`${dir}/c.json`)), ['Pod default/a', 'Pod default/b "}{'])
  t.strictSame(names(await readWorld(`${dir}/d.json`)), ['Pod default/a'])
})

t.test('every path that is no world has its own sentence', async t => {
  const dir = t.testdir({
    empty: {},
    other: { 'notes.txt': 'x' },
    'notes.txt': 'x',
    'binary.yaml': Buffer.from([0x50, 0x4b, 0, 1]),
    'latin.yaml': Buffer.from([0x61, 0xe9, 0x61]),
    'nothing.yaml': '# only a comment\n---\n',
    'empty.json': '',
    'empty.jsonl': '',
  } satisfies Record<string, Files | Files[string]>)
  const cases: [string, string][] = [
    ['gone', 'no such file or directory; a world is a file or a directory of Kubernetes manifests'],
    ['empty', 'the directory is empty; a world is *.yaml, *.yml, *.json, *.jsonl'],
    ['other', 'the directory has no file of a known kind; a world is *.yaml, *.yml, *.json, *.jsonl'],
    ['notes.txt', 'its name does not end in .yaml, .yml, .json, .jsonl'],
    ['binary.yaml', 'it is binary (a NUL byte at offset 2); manifests are UTF-8 text'],
    ['latin.yaml', 'it is not UTF-8 text'],
    ['nothing.yaml', 'it holds no Kubernetes object'],
    ['empty.json', 'it holds no Kubernetes object'],
    ['empty.jsonl', 'it holds no Kubernetes object'],
  ]
  for (const [name, text] of cases)
    t.strictSame(await problems(`${dir}/${name}`), [`Cannot read "${dir}/${name}": ${text}`], name)
})

t.test('a problem has its file, document and line, and all are told at once', async t => {
  const dir = t.testdir({
    'a.yaml': pods.replace('  name: pg-0\n', '').replace('10.244.1.5', '10.244.1.500'),
    'b.yaml':
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\nkind: Pod\n  bad: indent\n---\nreplicas: 3\n',
    'c.json': JSON.stringify(
      {
        kind: 'PodList',
        apiVersion: 'v1',
        items: [{ metadata: { name: 'x' } }, { metadata: { labels: { a: 'b' } } }],
      },
      null,
      1,
    ),
    'd.json': '{\n "kind": "Pod",\n oops\n}',
    'e.jsonl':
      '{"at":"2026-11-22T14:41:02Z","type":"ADDED","object":{"kind":"Pod","metadata":{}}}\n{"type":"ADDED"}\nnonsense\n{"at":"2026-11-22T14:41:02Z","type":"PATCHED"}\n',
  })
  const found = (await problems(dir)).map(line => line.replaceAll(`${dir}/`, ''))
  const indented = found.find(line => line.includes('b.yaml": document 2'))
  t.match(indented, /^Cannot read "b.yaml": document 2, line 5: Nested mappings are not allowed/)
  t.strictSame(
    found.filter(line => !line.includes('b.yaml": document 2')),
    [
      'Cannot read "a.yaml": document 1, line 5: Pod shop/cart: status.podIP "10.244.1.500" is not an IP address',
      'Cannot read "a.yaml": document 3, line 12: Pod has no metadata.name',
      'Cannot read "b.yaml": document 3, line 8: has no kind; every Kubernetes object names its apiVersion and kind',
      'Cannot read "c.json": document 1, line 11: Pod has no metadata.name',
      'Cannot read "d.json": document 1, line 3: it is no JSON: Expected double-quoted property name',
      'Cannot read "e.jsonl": line 1: Pod has no metadata.name',
      'Cannot read "e.jsonl": line 2: "at" is undefined; it is the RFC 3339 time of the event (2026-11-22T14:41:02.120Z)',
      'Cannot read "e.jsonl": line 3: it is no JSON',
      'Cannot read "e.jsonl": line 4: "type" is "PATCHED"; it is one of ADDED, MODIFIED, DELETED, RELIST, BOOKMARK',
    ],
  )
})

t.test('at most twenty problems are shown', async t => {
  const dir = t.testdir({ 'a.yaml': 'kind: Pod\n---\n'.repeat(23) })
  const found = await problems(dir)
  t.equal(found.length, 21)
  t.equal(found.at(-1), 'and 3 more problems')
})

t.test('the same object twice is one, two different ones of one name are a problem', async t => {
  const one = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {a: b}}\n'
  t.strictSame(names(await readWorld(t.testdir({ 'a.yaml': one, 'b.yaml': one }))), ['Namespace shop'])
  const dir = t.testdir({ 'a.yaml': one, 'b.yaml': `---\n---\n${one.replace('a: b', 'a: c')}` })
  t.strictSame(
    (await problems(dir)).map(line => line.replaceAll(`${dir}/`, '')),
    [
      'Cannot read "b.yaml": document 2, line 3: Namespace shop is defined differently in "a.yaml", document 1, line 1',
    ],
  )
})

t.test('timelines give events in the order of their times', async t => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', uid: 'u' } }
  const line = (at: string, type: string, more: object = { object: pod }) =>
    JSON.stringify({ at, type, ...more })
  const dir = t.testdir({
    'a.jsonl': [
      line('2026-11-22T14:41:02.120456Z', 'ADDED'),
      line('2026-11-22T14:43:00Z', 'RELIST', { kind: 'Pod', lastProof: '2026-11-22T14:42:59.5Z' }),
      line('2026-11-22T14:43:00Z', 'ADDED'),
      line('2026-11-22T14:43:01Z', 'BOOKMARK', {
        object: { kind: 'Pod', metadata: { resourceVersion: '7' } },
      }),
      line('2026-11-22T14:43:01Z', 'ADDED', { object: { kind: 'Secret', apiVersion: 'v1' } }),
      '{"at":"2026-11-22T14:4',
    ].join('\n'),
    'b.jsonl': `${line('2026-11-22T15:42:00+01:00', 'DELETED')}\n\n`,
  })
  const { events, ignored, notes } = await readWorld(dir)
  t.strictSame(
    events.map(each => `${formatTime(each.at)} ${each.type}`),
    [
      '2026-11-22T14:41:02.120456Z ADDED',
      '2026-11-22T14:42:00.000Z DELETED',
      '2026-11-22T14:43:00.000Z RELIST',
      '2026-11-22T14:43:00.000Z ADDED',
    ],
  )
  t.match(events[2], { api: 'Pod' })
  t.equal(formatTime((events[2] as { lastProof: number }).lastProof), '2026-11-22T14:42:59.500Z')
  t.strictSame(Object.fromEntries(ignored), { 'BOOKMARK event': 1, Secret: 1 })
  t.strictSame(notes, [`The last line of "${dir}/a.jsonl" is cut and was left out`])
})
