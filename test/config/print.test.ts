import fc from 'fast-check'
import t from 'tap'
import { type Config, DEFAULTS, printConfig, readConfig } from '../../agent/config.ts'

function reread(config: Config): unknown {
  const reading = readConfig(printConfig(config))
  return 'config' in reading ? reading.config : reading.problems
}

t.test('every setting is printed with its meaning, its value and where it comes from', async t => {
  const reading = readConfig('records: { directory: /r }\nsources: [{ kernel: kmsg }]\n', {
    environment: { CULPRIT_LOG_LEVEL: 'debug' },
    hostName: 'worker-3',
  })
  const text = 'config' in reading ? printConfig(reading.config, reading.origins) : ''
  for (const line of [
    "node: worker-3  # the host's name",
    '# manifests:  # not set',
    'profile: auto  # default',
    'sources:  # file\n  - kernel: kmsg\n    begin: start\n',
    'prefixes: {}  # default',
    'records:\n  # The directory in which records are kept',
    '  directory: /r  # file',
    '  segmentMebibytes: 16  # default',
    'limits:\n  # The',
    '  level: debug  # environment CULPRIT_LOG_LEVEL',
  ])
    t.ok(text.includes(`\n${line}`), line)
  t.ok(
    text.split('\n').every(line => line.length <= 130),
    'for a terminal',
  )
})

t.test('what is printed reads back as the same', async t => {
  t.strictSame(reread(DEFAULTS), DEFAULTS)
  // What YAML could take for something else.
  const word = fc.oneof(
    fc.constantFrom(
      'off',
      'null',
      '1',
      'a: b',
      '# x',
      ' x ',
      '"',
      '- a',
      'x\ny',
      "it's",
      '*',
      '0x1',
      '~',
      'ünï',
    ),
    fc.string({ minLength: 1 }),
  )
  const verdict = fc.constantFrom('allowed', 'denied', 'none')
  const prefixes = fc.dictionary(word, verdict, { maxKeys: 3, noNullPrototype: true })
  const anything = fc.record(
    {
      node: word,
      manifests: word,
      prefixes,
      records: fc.record(
        { directory: word, heldMebibytes: fc.integer({ min: 1, max: 1024 }) },
        { requiredKeys: [] },
      ),
      state: fc.record({ directory: word }, { requiredKeys: [] }),
      limits: fc.record({ cpuCores: fc.constantFrom(0.5, 2, 0.01) }, { requiredKeys: [] }),
      http: fc.constantFrom('off', { listen: '[::]:0' }, {}),
      sources: fc.oneof(
        fc.constant('auto'),
        fc.array(
          fc.oneof(
            fc.record({ kernel: fc.constant('kmsg'), prefixes }),
            fc.record({
              format: fc.constant('hubble'),
              files: fc.array(word, { minLength: 1, maxLength: 2 }),
            }),
          ),
          { minLength: 1, maxLength: 2 },
        ),
      ),
    },
    { requiredKeys: [] },
  )
  let read = 0
  fc.assert(
    fc.property(anything, value => {
      const reading = readConfig(JSON.stringify(value))
      if ('problems' in reading) return
      read++
      t.strictSame(reread(reading.config), reading.config)
    }),
    { numRuns: 300 },
  )
  t.ok(read > 100, 'most of them are right')
})
