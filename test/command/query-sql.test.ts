// `query --sql` with the real DuckDB, over segments, compressed files of several frames and a segment that is being written.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { rest, shopLines } from './query-shop.ts'
import { run } from './run.ts'

const lines = await shopLines()
const flows = lines.filter(line => line.includes('"event":"flow.')).map(line => JSON.parse(line))
const packets = flows.reduce((sum, { n }) => sum + n, 0)
const dir = join(t.testdir({}), 'records')
await rest(dir, lines)

const isThere = await import('@duckdb/node-api').then(
  () => true,
  () => false,
)
const options = { skip: isThere ? false : 'the optional @duckdb/node-api is not installed' }

async function sql(text: string, where = dir, ...more: string[]) {
  const { code, stdout, stderr } = await run(['query', '--records', where, '--sql', text, ...more])
  return { code, stderr, rows: stdout.split('\n').filter(Boolean), stdout }
}

const values = async (text: string, where?: string) =>
  (await sql(text, where)).rows.map(row => JSON.parse(row))

t.test('the views hold what the files hold', options, async t => {
  t.same(await values(`SELECT count(*) n FROM records WHERE event LIKE 'flow.%'`), [{ n: flows.length }])
  t.same(await values('SELECT sum(n) n FROM flows'), [{ n: packets }])
  t.same(
    await values(
      `SELECT sum(n) n FROM flows WHERE src.ns = 'shop' AND src.wl = 'Deployment/cart' AND verdict = 'denied'`,
    ),
    await values(`SELECT sum(n) n FROM flows WHERE src.pod LIKE 'cart-%' AND event = 'flow.denied'`),
    'repeats say of what they are some',
  )
  t.same(
    await values(`SELECT why.policies[1].name p, min(ts) t, any_value(evidence.source) e FROM records
      WHERE why.reason = 'no-rule-matched' AND dst.ns = 'data' AND dst.port = 5432 AND why.policies[1].name LIKE 'pg%' GROUP BY ALL ORDER BY 1 LIMIT 1`),
    [{ p: 'pg-ingress', t: '2026-11-24T19:07:22.215759Z', e: 'netfilter-log' }],
  )
  t.same(await values('SELECT count(why.changed) > 0 c, count(nat.dst) > 0 n, count(lost) l FROM records'), [
    { c: true, n: true, l: 0 },
  ])
})

t.test('nested values come as they were written, and numbers as numbers', options, async t => {
  const denied = flows.find(({ why }) => why?.fix !== undefined)
  const [row] = await values(
    `SELECT ts, why.fix fix, why.policies policies, evidence FROM records WHERE id = '${denied.id}'`,
  )
  t.equal(row.ts, denied.ts)
  t.same(row.fix, denied.why.fix)
  t.match(row.policies, denied.why.policies)
  t.match(row.evidence, denied.evidence)
})

t.test('every form', options, async t => {
  const text = `SELECT verdict, sum(n) AS n FROM flows WHERE verdict = 'denied' GROUP BY ALL`
  const n = flows.filter(({ event }) => event === 'flow.denied').reduce((sum, each) => sum + each.n, 0)
  t.equal((await sql(text, dir, '--output', 'csv')).stdout, `verdict,n\ndenied,${n}\n`)
  t.equal(
    (await sql(text, dir, '--output', 'table')).stdout.replaceAll(/ +/g, ' '),
    `VERDICT N\ndenied ${n}\n`,
  )
  t.equal((await sql(text)).stdout, `{"verdict":"denied","n":${n}}\n`)
})

t.test('compressed files of several frames, and names with a quote, are read whole', options, async t => {
  const where = t.testdir({})
  const half = lines.length >> 1
  const frame = (some: readonly string[]) => zstdCompressSync(`${some.join('\n')}\n`)
  writeFileSync(
    join(where, "it's.jsonl.zst"),
    Buffer.concat([frame(lines.slice(0, half)), frame(lines.slice(half))]),
  )
  t.same(await values('SELECT sum(n) n FROM flows', where), [{ n: packets }])
})

t.test(
  'a line that is being written is left out and said; one that is broken elsewhere is an error',
  options,
  async t => {
    const where = t.testdir({ 'records.v1.000000000001.jsonl': `${lines.join('\n')}\n{"v":1,"id":"01K` })
    const torn = await sql('SELECT sum(n) n FROM flows', where)
    t.match(torn, {
      code: 0,
      rows: [`{"n":${packets}}`],
      stderr: /1 line of the newest segment left out: not whole/,
    })
    const broken = t.testdir({ 'a.jsonl': `${lines[0]}\nnot json\n${lines[1]}\n` })
    t.match(await sql('SELECT * FROM records', broken), {
      code: 2,
      stderr: /Cannot use --sql: .*Malformed JSON.*a\.jsonl/s,
    })
  },
)

t.test('no record yet is no row', options, async t => {
  const where = t.testdir({ 'records.v1.000000000001.jsonl': '' })
  t.same(await values('SELECT count(*) n, max(why.reason) r FROM flows', where), [{ n: 0, r: null }])
})

const file = join(dir, 'records.v1.000000000001.jsonl.zst')
const refused: readonly [string, RegExp][] = [
  ['SELEC 1', /Cannot use --sql: Parser Error: syntax error at or near "SELEC"/],
  ['SELECT nothing FROM records', /Cannot use --sql: Binder Error: .*"nothing" not found/s],
  ['', /Cannot use --sql: it is empty/],
  ['SELECT 1; SELECT 2', /Cannot use --sql: it is one SELECT, and this is 2 statements/],
  [`COPY records TO '${file}' (USE_TMP_FILE false)`, /records are only read, with SELECT; this is COPY/],
  ['CREATE TABLE x AS SELECT 1', /records are only read, with SELECT; this is CREATE/],
  ['SET enable_external_access = true', /records are only read, with SELECT; this is SET/],
  ["SELECT * FROM read_text('/etc/passwd')", /Permission Error: Cannot access file/],
  [`SELECT * FROM read_csv('${import.meta.filename}')`, /Permission Error: Cannot access file/],
  ["SELECT * FROM glob('/etc/*')", /Permission Error/],
]
for (const [text, message] of refused)
  t.test(`it refuses ${text || 'nothing'}`, options, async t => {
    const before = readFileSync(file)
    const { code, stderr, stdout } = await sql(text)
    t.equal(code, 2)
    t.match(stderr, message)
    t.notMatch(stderr, /\n {4}at /, 'without a stack')
    t.equal(stdout, '')
    t.ok(before.equals(readFileSync(file)))
  })

for (const [option, value] of [
  ['--since', '1h'],
  ['--group-by', 'pod'],
  ['--verdict', 'denied'],
] as const)
  t.test(`${option} stands in the SQL instead`, async t => {
    t.match(await sql('SELECT 1', dir, option, value), {
      code: 2,
      stderr: new RegExp(`Cannot use ${option} with --sql: say it in the SQL`),
    })
  })
