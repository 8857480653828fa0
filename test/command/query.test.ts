// `culprit query`: filters, groups and forms over the records of the recorded shop, folded, unfolded, plain and in segments.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { openSegments } from '../../agent/sink/segments.ts'
import { run } from './run.ts'

const shop = join(import.meta.dirname, '../../deploy/quickstart')
const logs = ['netfilter-log', 'conntrack'].flatMap(format => {
  const name = format === 'conntrack' ? 'conntrack.log' : 'kernel.log'
  return ['--log', `${format},zone=UTC,year=2026:${join(shop, 'recording', name)}`]
})
const replay = (...args: string[]) => run(['replay', '--world', shop, ...logs, '--allowed', 'full', ...args])

const folder = t.testdir({ plain: {}, off: {}, zst: {}, gz: {} })
const segments = join(folder, 'segments')
const folded = (await replay('--records', segments)).stdout
const unfolded = (await replay('--fold', 'off')).stdout
writeFileSync(join(folder, 'plain/records.jsonl'), folded)
writeFileSync(join(folder, 'off/records.jsonl'), unfolded)
const half = folded.indexOf('\n', folded.length / 2) + 1
// Two frames, as `cat a.zst b.zst` makes them.
writeFileSync(
  join(folder, 'zst/a.jsonl.zst'),
  Buffer.concat([zstdCompressSync(folded.slice(0, half)), zstdCompressSync(folded.slice(half))]),
)
writeFileSync(join(folder, 'gz/a.jsonl.gz'), gzipSync(folded))
// Small segments, so that indexes have something to rule out.
const small = await openSegments({ dir: join(folder, 'small'), maxBytes: 4000, now: () => 0, say: t.comment })
for (const line of folded.split('\n').filter(Boolean)) {
  small.line(line)
  await small.flush()
}
await small.finish()

interface Record {
  event: string
  of?: string
  n: number
}

async function find(where: string, ...args: string[]): Promise<Record[]> {
  const { code, stdout, stderr } = await run([
    'query',
    '--records',
    join(folder, where),
    '--output',
    'json',
    ...args,
  ])
  if (code !== 0) throw new Error(stderr)
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

const sum = (records: readonly Record[]) => records.reduce((n, record) => n + (record.n ?? 0), 0)

const filters: readonly string[][] = [
  ['--verdict', 'denied'],
  ['--verdict', 'denied,rejected'],
  ['--verdict', 'allowed', '--from', 'payments'],
  ['--from', 'shop/cart', '--verdict', 'denied'],
  ['--from', 'shop/Deployment/cart', '--event', 'flow.denied'],
  ['--to', 'data/pg', '--port', '5432', '--event', 'flow.*'],
  ['--from', '198.51.100.7', '--event', 'flow.*'],
  ['--from', '2001:db8:77::44', '--event', 'flow.*'],
  ['--policy', 'data/pg-ingress', '--event', 'flow.*'],
  ['--policy', 'data/*', '--event', 'flow.*'],
  ['--port', '53,9153', '--event', 'flow.*'],
  ['--from', 'nobody', '--event', 'flow.*'],
]

for (const filter of filters)
  t.test(`${filter.join(' ')} counts folded records exactly, wherever they lie`, async t => {
    const wanted = sum(await find('off', ...filter))
    t.equal(wanted > 0, filter[1] !== 'nobody', 'it finds something')
    for (const where of ['plain', 'segments', 'small', 'zst', 'gz'])
      t.equal(sum(await find(where, ...filter)), wanted, where)
  })

t.test('an address range over folded records says that repeats are counted by the first', async t => {
  const { stderr } = await run(['query', '--records', segments, '--to', '10.244.1.0/24', '--output', 'json'])
  t.match(stderr, /repeats are folded by workload: they are counted for the pods and addresses of the first/)
})

t.test('times bound what is found, and repeats of a record before --since are told by it', async t => {
  const since = '2026-11-24T19:07:40Z'
  const until = '2026-11-24T19:08:10Z'
  for (const where of ['plain', 'segments', 'small', 'zst']) {
    const found = await find(
      where,
      '--since',
      since,
      '--until',
      until,
      '--from',
      'shop/cart',
      '--verdict',
      'denied',
    )
    const lines = folded
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
    const firsts = new Map(lines.filter(line => line.src).map(line => [line.id, line]))
    const wanted = lines.filter(line => {
      const first = firsts.get(line.of) ?? line
      const isOurs = first.event === 'flow.denied' && first.src?.wl === 'Deployment/cart'
      return isOurs && (line.last ?? line.ts) >= since && line.ts <= until
    })
    t.ok(
      wanted.some(({ of }) => of !== undefined && firsts.get(of).ts < since),
      'the case is there',
    )
    t.same(
      found.map(({ event, of, n }) => [event, of, n]).sort(),
      wanted.map(({ event, of, n }) => [event, of, n]).sort(),
      where,
    )
  }
})

t.test('relative times count from now', async t => {
  t.equal(
    sum(await find('plain', '--since', '1h', '--event', 'flow.*')),
    181,
    'the recording lies after noon',
  )
  t.same(await find('plain', '--until', '2h', '--event', 'flow.*'), [])
})

t.test('a record that stands there twice counts once', async t => {
  const dir = t.testdir({ 'a.jsonl': folded, 'b.jsonl': folded })
  const { stdout, stderr } = await run(['query', '--records', dir, '--event', 'flow.*'])
  t.equal(
    sum(
      stdout
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line)),
    ),
    181,
  )
  t.match(stderr, /records there twice, counted once/)
})

t.test('what cannot be counted is said', async t => {
  const first = folded.split('\n').find(line => line.includes('"of"'))!
  const dir = t.testdir({ 'a.jsonl': `${first}\n{"at":"x"}\nnot json\n` })
  const { stdout, stderr } = await run(['query', '--records', dir])
  t.equal(stdout, '')
  t.match(stderr, /1 window of repeats left out: the first record, which says of what, is not here/)
  t.match(stderr, /1 line is no record/)
  t.match(stderr, /1 line could not be read/)
})

t.test('a name in a record cannot act on a terminal', async t => {
  const line = { v: 1, event: 'evidence.gap', source: 'x', cause: '\x1b[2Jgone\u202e' }
  const dir = t.testdir({ 'a.jsonl': `${JSON.stringify(line)}\n` })
  const { stdout } = await run(['query', '--records', dir, '--output', 'table'])
  t.match(stdout, /\\x1b\[2Jgone\\u\{202e\}/)
})

const goldens: readonly [string, readonly string[]][] = [
  ['table', ['--verdict', 'rejected,denied', '--to', 'data', '--output', 'table']],
  ['talkers', ['--group-by', 'from,to,port', '--verdict', 'denied', '--output', 'table']],
  ['policies', ['--group-by', 'policy', '--output', 'csv']],
  ['pods', ['--group-by', 'pod,verdict', '--output', 'json']],
]
for (const [name, args] of goldens)
  t.test(`the golden output: ${args.join(' ')}`, async t => {
    const { code, stdout, stderr } = await run(['query', '--records', segments, ...args])
    t.equal(code, 0)
    const file = join(import.meta.dirname, `../fixtures/query/${name}.txt`)
    const text = `${stdout}${stderr}`
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text)
    t.equal(text, readFileSync(file, 'utf8'))
  })

const wrong: readonly [readonly string[], RegExp][] = [
  [['--since', 'yesterday'], /Cannot use --since "yesterday": it is a time such as .* 2h or 7d/],
  [['--verdict', 'dropped'], /Cannot use --verdict "dropped": it can be/],
  [['--event', 'flow.denid'], /Cannot use --event "flow.denid": did you mean flow.denied/],
  [['--port', '0'], /Cannot use --port "0": it is a number from 1 to 65535/],
  [['--policy', 'pg'], /Cannot use --policy "pg": it is ns\/name/],
  [['--from', 'a/b/c/d'], /Cannot use --from "a\/b\/c\/d": it is ns, ns\/pod/],
  [['--group-by', 'pods'], /Cannot use --group-by "pods": did you mean pod/],
]
for (const [args, message] of wrong)
  t.test(`${args.join(' ')} is a wrong call`, async t => {
    t.match(await run(['query', '--records', segments, ...args]), { code: 2, stderr: message })
  })

t.test('replay does not write where records lie already', async t => {
  t.match(await replay('--records', segments), { code: 2, stderr: /it holds records already/ })
})
