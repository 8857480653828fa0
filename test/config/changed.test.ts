import t from 'tap'
import { type Setting, settings } from '../../agent/config/settings.ts'
import { type Config, changedKeys, contentHash, LIVE_KEYS, readConfig } from '../../agent/config.ts'

function configOf(yaml: string): Config {
  const reading = readConfig(yaml)
  if ('problems' in reading) throw new Error(reading.problems.join('\n'))
  return reading.config
}

t.test('changedKeys() says what applies at once, and what waits for a restart', async t => {
  const rows: [string, string, string[], string[]][] = [
    ['log: { level: info }', '# the default, said\n', [], []],
    ['', 'log: { level: debug }\nnode: n', ['log.level'], ['node']],
    [
      'records: { directory: /a }',
      'records: { directory: /b, allowed: full }',
      [],
      ['records.directory', 'records.allowed'],
    ],
    ['limits: { cpuCores: 1 }', '', [], ['limits.cpuCores']],
    ['http: off', 'http: { listen: ":1" }', [], ['http']],
    ['http: { listen: ":2" }', 'http: { listen: ":1" }', [], ['http.listen']],
    ['sources: [{ kernel: kmsg }]', 'sources: [{ kernel: journal }]', ['sources'], []],
    ['', 'prefixes: { A: denied }', ['prefixes'], []],
    [
      'state: { directory: /a }',
      'host: { procDirectory: /host/proc }',
      [],
      ['host.procDirectory', 'state.directory'],
    ],
  ]
  for (const [before, after, now, atRestart] of rows)
    t.same(changedKeys(configOf(before), configOf(after)), { now, atRestart }, after)
})

t.test('every key that applies at once is one', async t => {
  const paths = (all: readonly Setting[]): string[] =>
    all.flatMap(each => [each.path, ...paths(each.members)])
  for (const key of LIVE_KEYS) t.ok(paths(settings()).includes(key), key)
})

t.test('contentHash() is 12 hexadecimal digits of the text', async t => {
  t.equal(contentHash(''), 'e3b0c44298fc')
})
