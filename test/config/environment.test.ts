import t from 'tap'
import { type Setting, settings } from '../../agent/config/settings.ts'
import { type Environment, mistakenVariables, readConfig, variables } from '../../agent/config.ts'

t.test('the environment stands above the file, and the file above the default', async t => {
  const environment: Environment = {
    NODE_NAME: 'worker-1',
    CULPRIT_RECORDS_BUDGET_MEBIBYTES: ' 512 ',
    CULPRIT_LOG_LEVEL: '',
    CULPRIT_LIMITS_CPU_CORES: '0.5',
    CULPRIT_HTTP_LISTEN: ':80',
    HOME: '/root',
  }
  const text =
    'node: worker-2\nrecords: { budgetMebibytes: 64, segmentMinutes: 5 }\nlog: { level: warn }\nhttp: off\n'
  const reading = readConfig(text, { environment, hostName: 'host' })
  t.match(reading, {
    config: {
      node: 'worker-1',
      records: { budgetMebibytes: 512, segmentMinutes: 5, heldMebibytes: 8 },
      log: { level: 'warn' },
      limits: { cpuCores: 0.5 },
      http: { listen: ':80', probesListen: '0.0.0.0:9465' },
    },
  })
  t.same(Object.fromEntries('origins' in reading ? reading.origins : []), {
    node: 'environment NODE_NAME',
    records: 'file',
    'records.budgetMebibytes': 'environment CULPRIT_RECORDS_BUDGET_MEBIBYTES',
    'records.segmentMinutes': 'file',
    log: 'file',
    'log.level': 'file',
    http: 'file',
    'limits.cpuCores': 'environment CULPRIT_LIMITS_CPU_CORES',
    'http.listen': 'environment CULPRIT_HTTP_LISTEN',
  })
})

t.test('the node is called by CULPRIT_NODE, NODE_NAME, the file, and its host, in this order', async t => {
  const rows: [string, Environment, string][] = [
    ['node: f', { NODE_NAME: 'n', CULPRIT_NODE: 'c' }, 'c'],
    ['node: f', { NODE_NAME: 'n' }, 'n'],
    ['node: f', {}, 'f'],
    ['', {}, 'h'],
  ]
  for (const [text, environment, node] of rows)
    t.match(readConfig(text, { environment, hostName: 'h' }), { config: { node } })
})

t.test('a bad override names its variable, and what is wrong in the file is said beside it', async t => {
  const environment = {
    CULPRIT_HISTORY_MINUTES: 'long',
    CULPRIT_HTTP: 'on',
    CULPRIT_RECORDS_BUDGET_MEBIBYTES: '2',
  }
  t.same(readConfig('histroy: 1', { environment }), {
    problems: [
      'CULPRIT_HISTORY_MINUTES=long (history.minutes): it is a whole number of minutes from 1 to 1440',
      'CULPRIT_HTTP=on (http): Invalid input: expected "off"',
      'histroy: unknown key, did you mean history',
    ],
  })
  t.match(readConfig('', { environment: { CULPRIT_RECORDS_BUDGET_MEBIBYTES: '2' } }), {
    problems: [/^CULPRIT_RECORDS_BUDGET_MEBIBYTES=2 \(records\.budgetMebibytes\): 2 MiB hold no segment/],
  })
})

t.test('a variable that was probably meant to be ours is told; those of a Service are not', async t => {
  t.same(
    mistakenVariables({
      CULPRIT_LOGLEVEL: 'debug',
      CULPRIT_SERVICE_HOST: '10.0.0.1',
      CULPRIT_PORT_9464_TCP_ADDR: '10.0.0.1',
      CULPRIT_HTTP_PORT: 'tcp://10.0.0.1:9464',
      CULPRIT_LOG_LEVEL: 'debug',
      OTHER: 'x',
    }),
    ["CULPRIT_LOGLEVEL is no variable of culprit's and is ignored, did you mean CULPRIT_LOG_LEVEL"],
  )
})

t.test('every variable sets something that there is', async t => {
  const paths = (all: readonly Setting[]): string[] =>
    all.flatMap(each => [each.path, ...paths(each.members)])
  for (const { variable, path } of variables) t.ok(paths(settings()).includes(path.join('.')), variable)
})
