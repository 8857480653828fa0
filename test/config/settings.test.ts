// What an operator may set, besides a mapping: bounds, defaults, and what only the whole of it shows.

import t from 'tap'
import { settings } from '../../agent/config/settings.ts'
import {
  type Config,
  parseListen,
  prefixesOf,
  readConfig,
  recordsDirectory,
  stateDirectory,
} from '../../agent/config.ts'

function problemsOf(value: unknown): readonly string[] {
  const reading = readConfig(JSON.stringify(value))
  return 'problems' in reading ? reading.problems : []
}

function configOf(value: unknown): Config {
  const reading = readConfig(JSON.stringify(value))
  if ('problems' in reading) throw new Error(reading.problems.join('\n'))
  return reading.config
}

t.test('a value that is out of bounds is told what would be right', async t => {
  const rows: [unknown, string][] = [
    [{ node: '' }, 'node: it is empty'],
    [
      { records: { segmentMebibytes: 0 } },
      'records.segmentMebibytes: it is a whole number of MiB from 1 to 1024',
    ],
    [
      { records: { segmentMinutes: 1.5 } },
      'records.segmentMinutes: it is a whole number of minutes from 1 to 10080',
    ],
    [
      { records: { checkpointSeconds: '60' } },
      'records.checkpointSeconds: it is a whole number of seconds from 1 to 3600',
    ],
    [
      { records: { externalPrefix: { ipv4: 33 } } },
      'records.externalPrefix.ipv4: it is a whole number of bits from 0 to 32',
    ],
    [{ records: { allowed: 'all' } }, 'records.allowed: it can be count, full'],
    [{ history: { minutes: 0 } }, 'history.minutes: it is a whole number of minutes from 1 to 1440'],
    [{ limits: { cpuCores: 0 } }, 'limits.cpuCores: it is a number of cores from 0.01 to 1024'],
    [
      { limits: { memoryMebibytes: 8 } },
      'limits.memoryMebibytes: it is a whole number of MiB from 32 to 1048576',
    ],
    [
      { http: { listen: '9464' } },
      'http.listen: it is no address to listen on, as in 0.0.0.0:9464 or [::]:9464',
    ],
    [{ log: { level: 'trace' } }, 'log.level: it can be debug, info, warn, error'],
    [
      { profile: 'weave' },
      'profile: it can be auto, upstream, calico, cilium, kube-router, kube-network-policies, antrea, ovn-kubernetes, aws',
    ],
    [
      { prefixes: { X: 'drop' } },
      'prefixes.X: Invalid option: expected one of "allowed"|"denied"|"rejected"|"audited"|"none"',
    ],
    [{ sources: [] }, 'sources: it lists no source: name one, or say auto'],
    [{ records: 'off' }, 'records: Invalid input: expected object, received string'],
  ]
  for (const [value, problem] of rows) t.same(problemsOf(value), [problem], problem)
})

t.test('an unknown key is told the nearest known, wherever it stands', async t => {
  const rows: [unknown, string][] = [
    [{ sorces: 'auto' }, 'sorces: unknown key, did you mean sources'],
    [{ records: { dir: '/r' } }, 'records.dir: unknown key, did you mean directory'],
    [
      { records: { externalPrefix: { ipv5: 1 } } },
      'records.externalPrefix.ipv5: unknown key, did you mean ipv4 or ipv6',
    ],
    [{ http: { port: 1 } }, 'http.port: unknown key, it can be listen, probesListen'],
    [
      { sources: [{ format: 'hubble', fils: ['/h'] }] },
      'sources.0.fils: unknown key, did you mean file or files',
    ],
    [{ sources: [{ kernel: 'kmsg', beginn: 'end' }] }, 'sources.0.beginn: unknown key, did you mean begin'],
  ]
  for (const [value, problem] of rows) t.same(problemsOf(value), [problem], problem)
})

t.test('a source is files, the kernel, conntrack or standard input', async t => {
  const { sources } = configOf({
    sources: [
      { format: 'hubble', files: ['/var/run/cilium/hubble/*.log'] },
      {
        format: 'netfilter-log',
        file: '/var/log/kern.log',
        begin: 'rotated',
        zone: 'Europe/Berlin',
        year: 2026,
        prefixes: { 'X ': 'denied' },
      },
      { kernel: 'kmsg' },
      { conntrack: 'events' },
      { format: 'auto', standardInput: true },
    ],
  })
  t.match(sources, [{ begin: 'start' }, { begin: 'rotated' }, { kernel: 'kmsg', begin: 'start' }, {}, {}])
})

t.test('a source that cannot be read as it stands says what is missing', async t => {
  const rows: [unknown, string][] = [
    [{ format: 'huble', file: '/h' }, 'sources.0.format: "huble" is no format, did you mean hubble'],
    [
      { format: 'hubble' },
      'sources.0: it names no file: give file: PATH, files: [PATHS], or standardInput: true',
    ],
    [
      { format: 'hubble', file: '/a', files: ['/b'] },
      'sources.0: file and files are one setting: give one of them',
    ],
    [{ format: 'hubble', files: [] }, 'sources.0.files: it names no file'],
    [
      { format: 'hubble', file: '/var/log/**/x' },
      'sources.0.file: "**" is not understood: * stands for any part of one name, so name each directory',
    ],
    [
      { format: 'hubble', file: '/a', zone: 'Berlin' },
      'sources.0.zone: it is no zone, it can be UTC, +02:00 or a name such as Europe/Berlin',
    ],
    [{ format: 'hubble', file: '/a', year: 26 }, 'sources.0.year: it is a year from 1970 on'],
    [{ format: 'hubble', file: '/a', begin: 'head' }, 'sources.0.begin: it can be start, end, rotated'],
    [
      { format: 'custom', file: '/a' },
      'sources.0.format: there is no mapping: say in custom: what its fields are',
    ],
    [{ kernel: 'dmesg' }, 'sources.0.kernel: it can be kmsg, journal'],
    [{ conntrack: 'table' }, 'sources.0.conntrack: it can be events'],
    [{}, 'sources.0.format: missing'],
    ['kmsg', 'sources.0: Invalid input: expected object, received string'],
  ]
  for (const [source, problem] of rows) t.same(problemsOf({ sources: [source] }), [problem], problem)
})

t.test('what would be read twice, and what contradicts itself, is refused', async t => {
  const file = { format: 'hubble', file: '/h' }
  const rows: [unknown, string][] = [
    [
      { sources: [file, { format: 'auto', files: ['/x', '/h'] }] },
      'sources.1: "/h" is read by sources.0 already',
    ],
    [
      { sources: [{ kernel: 'kmsg' }, { kernel: 'journal' }] },
      "sources.1: the kernel's log is read by sources.0 already",
    ],
    [
      { sources: [{ conntrack: 'events' }, file, { conntrack: 'events' }] },
      'sources.2: conntrack is read by sources.0 already',
    ],
    [
      { records: { budgetMebibytes: 8 } },
      'records.budgetMebibytes: 8 MiB hold no segment of 16 MiB (records.segmentMebibytes): give more, or smaller segments',
    ],
    [
      { http: { listen: ':1', probesListen: ':1' } },
      'http.probesListen: it is the same address as http.listen',
    ],
  ]
  for (const [value, problem] of rows) t.same(problemsOf(value), [problem], problem)
  t.same(problemsOf({ http: { listen: ':0', probesListen: ':0' } }), [], 'two free ports are not one')
})

t.test('records are kept unless somebody says off, and state beside them', async t => {
  const rows: [unknown, string | undefined, string | undefined][] = [
    [{}, '/var/lib/culprit/records', '/var/lib/culprit/records/state'],
    [{ records: { directory: 'off' } }, undefined, undefined],
    [{ records: { directory: '/r' } }, '/r', '/r/state'],
    [{ records: { directory: '/r' }, state: { directory: '/s' } }, '/r', '/s'],
    [{ records: { directory: '/r' }, state: { directory: 'off' } }, '/r', undefined],
    [{ records: { directory: 'off' }, state: { directory: '/s' } }, undefined, '/s'],
  ]
  for (const [value, records, state] of rows) {
    const config = configOf(value)
    t.same([recordsDirectory(config), stateDirectory(config)], [records, state])
  }
})

t.test("a source's own prefixes come before those of all", async t => {
  const config = configOf({
    prefixes: { 'DROP ': 'denied', A: 'allowed' },
    sources: [{ kernel: 'kmsg', prefixes: { A: 'audited' } }],
  })
  t.same(prefixesOf(config, config.sources[0] as never), [
    { prefix: 'A', verdict: 'audited' },
    { prefix: 'DROP', verdict: 'denied' },
  ])
  t.same(
    prefixesOf(config).map(({ prefix }) => prefix),
    ['DROP', 'A'],
  )
})

t.test('parseListen() reads a host and a port, and nothing else', async t => {
  t.same(parseListen('0.0.0.0:9464'), { host: '0.0.0.0', port: 9464 })
  t.same(parseListen('[::1]:0'), { host: '::1', port: 0 })
  t.same(parseListen(':80'), { host: '', port: 80 })
  for (const text of ['', '80', '::1:80', 'a:70000', 'http://a:80', 'a:b', '[zz]:1'])
    t.equal(parseListen(text), undefined, text)
})

t.test('what YAML itself forbids is said, and an anchor that multiplies does no harm', async t => {
  t.match(readConfig('log: {}\nlog: {}'), { problems: [/unique/] })
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[i]}`)}]`).join('\n')}\n`
  t.match(readConfig(bomb), { problems: [/alias/i] })
})

t.test('every setting says what it means', async t => {
  const walk = (all: ReturnType<typeof settings>): void => {
    for (const each of all) {
      t.match(each.description, /^.{10,}\.$/, each.path)
      walk(each.members)
    }
  }
  walk(settings())
})
