import t from 'tap'
import { type Config, DEFAULTS, readConfig } from '../agent/config.ts'

const mapping = {
  lines: 'json',
  verdict: { always: 'denied' },
  source: { address: 'src' },
  destination: { address: 'dst' },
}
const problemsOf = (value: unknown): readonly string[] => {
  const reading = readConfig(typeof value === 'string' ? value : JSON.stringify(value))
  return 'problems' in reading ? reading.problems : []
}
const withCustom = (change: object): object => ({ custom: { ...mapping, ...change } })

t.test('a configuration is YAML, and an empty one sets nothing', async t => {
  for (const text of ['', '# nothing\n', '{}', 'records:\n  # directory: /r\ncustom:\n'])
    t.strictSame(readConfig(text), { config: DEFAULTS, origins: new Map() })
  const { config } = readConfig(`custom:
  lines: pairs
  verdict: { field: act, words: { DROP: denied }, otherwise: allowed }
  source: { address: src, port: spt }
  destination: { address: dst }
  reply: { field: reply }
  time: { field: ts, format: "%Y-%m-%d %H:%M:%S" }
`) as { config: Config }
  t.match(config.custom, { reply: { words: { true: true, '0': false } }, source: { port: 'spt' } })
})

t.test('all problems are said at once, with their paths, and unknown keys with a suggestion', async t => {
  t.same(
    problemsOf({
      custm: {},
      custom: {
        lines: 'jsn',
        verdict: { field: 'a', word: {} },
        source: { adress: 'src' },
        destination: 'dst',
        time: { field: 't', format: '%Q' },
        protocol: { always: 'nonsense' },
      },
    }),
    [
      'custom.lines: Invalid option: expected one of "json"|"pairs"|"csv"',
      'custom.time.format: "%Q" is no part of a stamp, it can be %Y %m %d %e %H %I %M %S %f %b %p %z %%',
      'custom.verdict.words: missing',
      'custom.verdict.word: unknown key, did you mean words',
      'custom.source.address: missing',
      'custom.source.adress: unknown key, did you mean address',
      'custom.destination: Invalid input: expected object, received string',
      'custom.protocol.always: no name and no number of a protocol',
      'custm: unknown key, did you mean custom',
    ],
  )
})

t.test('what only the whole mapping shows is checked too', async t => {
  const rows: [object, string][] = [
    [
      { source: { address: 'a..b' } },
      'custom.source.address: "a..b" is no path, as in a.b, hits[0].name or ["a.b"]',
    ],
    [{ only: { 'a[': 'x' } }, 'custom.only.a[: "a[" is no path, as in a.b, hits[0].name or ["a.b"]'],
    [{ columns: ['src', 'dst'] }, 'custom.columns: only lines: csv has it'],
    [{ separator: ';' }, 'custom.separator: only lines: csv has it'],
    [
      { lines: 'csv', columns: ['srcip', 'dst'], source: { address: 'src' } },
      'custom.source.address: "src" is no column, did you mean srcip',
    ],
    [{ separator: ';;', lines: 'csv' }, 'custom.separator: one character'],
    [
      { verdict: { field: 'a', words: { x: 'dropped' } } },
      'custom.verdict.words.x: Invalid option: expected one of "allowed"|"denied"|"rejected"|"audited"|"none"',
    ],
  ]
  for (const [change, problem] of rows) t.same(problemsOf(withCustom(change)), [problem], problem)
  t.same(problemsOf(withCustom({ source: { address: 'a["b.c"][0].d' } })), [])
})

t.test('what is no YAML, and no mapping of keys, is said', async t => {
  t.match(problemsOf('a: [')[0], /at line 1, column/)
  t.match(problemsOf('[1]')[0], /^the configuration: Invalid input: expected object/)
  t.match(problemsOf('custom: 1')[0], /^custom: Invalid input: expected object/)
})
