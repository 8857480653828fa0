// `culprit replay` as its user calls it, in this process: arguments in, standard output and error out.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import type { FlowRecord } from '../../agent/forensics/record.ts'
import { run } from './run.ts'

const shop = join(import.meta.dirname, '../../deploy/quickstart')
const kernel = join(shop, 'recording/kernel.log')
const conntrack = join(shop, 'recording/conntrack.log')
const manifests = join(shop, 'shop')
const golden = join(import.meta.dirname, '../fixtures/replay')

const recorded = [
  'replay',
  '--world',
  shop,
  '--log',
  `netfilter-log,zone=UTC,year=2026:${kernel}`,
  '--log',
  `conntrack,zone=UTC,year=2026:${conntrack}`,
]

t.test('replay of the recording is what a person has read and found right', async t => {
  for (const [name, options] of [
    ['lines.txt', ['--output', 'lines', '--allowed', 'full']],
    ['records.jsonl', ['--allowed', 'full', '--node', 'worker-1']],
  ] as const) {
    const { code, stdout } = await run([...recorded, ...options])
    t.equal(code, 0)
    const text = stdout.replaceAll(shop, 'SHOP')
    const file = join(golden, name)
    // To accept a change that you have read: UPDATE_GOLDEN=1 npm test
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text)
    t.equal(text, readFileSync(file, 'utf8'), name)
  }
})

t.test('replay prints the same bytes twice, in the order of time', async t => {
  const first = await run([...recorded, '--fold', 'off'])
  const second = await run([...recorded, '--fold', 'off'])
  t.equal(first.stdout, second.stdout)
  const times = records(first.stdout).map(record => record.ts!)
  t.same(times, times.toSorted())
  const ids = records(first.stdout).map(record => record.id)
  t.equal(new Set(ids).size, ids.length, 'no id twice')
})

t.test('denied records are at most 900 bytes at the median, without the edit and the change', async t => {
  // As the agent writes them, which reads the kernel's log itself: without the name of a file.
  const { stdout } = await run(
    [
      'replay',
      '--world',
      shop,
      '--node',
      'worker-1',
      '--fold',
      'off',
      '--log',
      'netfilter-log,zone=UTC,year=2026:-',
    ],
    [readFileSync(kernel)],
  )
  const sizes = records(stdout)
    .filter(record => record.event === 'flow.denied')
    .map(record =>
      Buffer.byteLength(JSON.stringify(record, (key, value) => (isExtra(key) ? undefined : value))),
    )
    .sort((a, b) => a - b)
  t.ok(sizes.length > 50)
  t.ok(sizes[sizes.length >> 1]! <= 900, `median ${sizes[sizes.length >> 1]}`)
})

function isExtra(key: string): boolean {
  return key === 'fix' || key === 'changed'
}

t.test('replay reads gzip and zstd as they are, and says where a file ends early', async t => {
  const text = readFileSync(kernel)
  const dir = t.testdir({
    'a.gz': gzipSync(text),
    b: zstdCompressSync(text),
    frames: Buffer.concat([text.subarray(0, 5000), text.subarray(5000)].map(part => zstdCompressSync(part))),
    'cut.gz': gzipSync(text).subarray(0, 2000),
  })
  const plain = await run([
    'replay',
    '--world',
    manifests,
    '--log',
    `netfilter-log:${kernel}`,
    '--stats',
    'json',
  ])
  const figures = ({ stderr }: { stderr: string }) => {
    const { lines, flows, denied, records } = JSON.parse(stderr)
    return { lines, flows, denied, records }
  }
  for (const name of ['a.gz', 'b', 'frames']) {
    const same = await run([
      'replay',
      '--world',
      manifests,
      '--log',
      `netfilter-log:${join(dir, name)}`,
      '--stats',
      'json',
    ])
    t.same(figures(same), figures(plain), name)
  }
  const cut = await run(['replay', '--world', manifests, '--log', `netfilter-log:${join(dir, 'cut.gz')}`])
  t.equal(cut.code, 0)
  t.match(cut.stdout, /"event":"evidence.gap".*"cause":"the file ends early: unexpected end of file"/)
})

t.test(
  'replay reads standard input, and a stream has the same ids however it is cut into chunks',
  async t => {
    const text = readFileSync(kernel)
    const args = [
      'replay',
      '--world',
      manifests,
      '--log',
      'netfilter-log,zone=UTC,year=2026:-',
      '--fold',
      'off',
    ]
    const whole = await run(args, [text])
    const pieces = await run(
      args,
      Array.from({ length: Math.ceil(text.length / 100) }, (_, i) => text.subarray(i * 100, i * 100 + 100)),
    )
    t.ok(records(whole.stdout).length > 10)
    t.equal(pieces.stdout, whole.stdout)
    t.notOk(records(whole.stdout)[0]!.evidence.file, 'standard input has no name')
  },
)

t.test('replay sums up for a person what it did, what it assumed and what may be wrong', async t => {
  const { stderr } = await run(recorded.slice(0, 5))
  t.match(stderr, /^culprit: \d+ lines, \d+ flows: \d+ denied, \d+ rejected, 0 allowed; \d+ records$/m)
  const other = await run(['replay', '--world', manifests, '--log', `hubble:${kernel}`])
  t.match(
    other.stderr,
    /^culprit: \d+ lines of another format, and none of hubble: is that what the log is\?$/m,
  )
  t.notMatch(other.stderr, /assumed/, 'a format whose stamps say all assumes nothing')
  const classic = readFileSync(kernel, 'utf8').replaceAll(/^2026-11-24T([\d:]{8})\S+/gm, 'Nov 24 $1')
  const bare = await run(['replay', '--world', manifests, '--log', 'netfilter-log:-'], [Buffer.from(classic)])
  t.match(
    bare.stderr,
    /^culprit: netfilter-log:-: .* assumed zone UTC and the year 2026 from the file's date$/m,
  )
  t.notMatch((await run([...recorded.slice(0, 3), '--log', `netfilter-log:${kernel}`])).stderr, /assumed/)
})

t.test('a log whose format is told from its content gives the same records, and says what it is', async t => {
  const args = ['replay', '--world', shop, '--fold', 'off', '--allowed', 'full', '--log']
  const named = await run([...args, `netfilter-log:${kernel}`, '--log', `conntrack:${conntrack}`])
  const told = await run([...args, `auto:${kernel}`, '--log', `auto:${conntrack}`])
  t.equal(told.stdout, named.stdout)
  t.match(
    told.stderr,
    /^culprit: auto:.*kernel.log: netfilter-log 102 lines; 100 % of 102 lines recognised$/m,
  )
  const both = Buffer.concat([readFileSync(conntrack), Buffer.from('hello\n'), readFileSync(kernel)])
  const mixed = await run([...args, 'auto:-'], [both])
  const essence = (text: string) =>
    records(text)
      .filter(record => record.event.startsWith('flow.'))
      .map(({ id, evidence, ...record }) => JSON.stringify({ ...record, source: evidence.source }))
      .sort()
  t.same(essence(mixed.stdout), essence(named.stdout), 'two formats in one stream')
  t.match(mixed.stderr, /conntrack \d+ lines, netfilter-log 102 lines; 99 % of \d+ lines recognised/)
})

t.test('a log that is of no format is an error that shows its first line', async t => {
  const { code, stderr } = await run(
    ['replay', '--world', manifests, '--log', 'auto:-'],
    [Buffer.from('hello\nworld\n')],
  )
  t.equal(code, 2)
  t.match(stderr, /Cannot tell the format of standard input: .* it begins with "hello" \(--log auto:-\)/)
})

t.test('a mapping in the configuration makes a log of somebody else a log like any other', async t => {
  const folder = t.testdir({
    'culprit.yaml': `custom:
  lines: json
  time: { field: at, format: rfc3339 }
  verdict: { field: action, words: { DROP: denied } }
  source: { address: from.ip }
  destination: { address: to.ip, port: to.port }
  protocol: { always: tcp }
  reply: { always: false }
`,
  })
  const line =
    '{"at":"2026-11-24T19:07:22.215Z","action":"DROP","from":{"ip":"10.244.1.12"},"to":{"ip":"10.244.1.21","port":5432}}\n'
  const config = ['--config', join(folder, 'culprit.yaml')]
  const outputs = ['custom:-', 'auto:-'].map(log =>
    run(['replay', '--world', shop, ...config, '--log', log], [Buffer.from(line)]),
  )
  const [custom, auto] = await Promise.all(outputs)
  const [record] = records(custom!.stdout).filter(each => each.event === 'flow.denied')
  t.match(record, {
    evidence: { source: 'custom' },
    why: { certainty: 'certain', policies: [{ name: 'pg-ingress' }] },
  })
  t.equal(auto!.stdout, custom!.stdout, 'the same id too')
  const without = await run(['replay', '--world', shop, '--log', 'custom:-'], [])
  t.equal(without.code, 2)
  t.match(without.stderr, /there is no mapping, give --config FILE with "custom:" in it/)
})

t.test('replay with --node judges only the pods of that node', async t => {
  const { stdout } = await run([...recorded, '--node', 'worker-1', '--fold', 'off'])
  const flows = records(stdout).filter(record => record.event.startsWith('flow.'))
  t.ok(flows.length > 100 && flows.every(record => record.node === 'worker-1'))
})

t.test('replay names what is wrong with its call, and what would be right', async t => {
  const dir = t.testdir({
    empty: '',
    binary: Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 32)),
    'w.yaml': 'kind: Pod\napiVersion: v1\nmetadata: {}\n',
  })
  const rows: [string[], RegExp][] = [
    [['--log', `netfilter-log:${kernel}`], /required option '--world <path>' not specified/],
    [['--world', manifests], /required option '--log <format:file...>' not specified/],
    [['--world', join(dir, 'none'), '--log', `netfilter-log:${kernel}`], /Cannot read .*none/],
    [
      ['--world', join(dir, 'w.yaml'), '--log', `netfilter-log:${kernel}`],
      /w\.yaml": document 1, line \d+: Pod has no metadata\.name/,
    ],
    [
      ['--world', manifests, '--log', `netfilter:${kernel}`],
      /"netfilter" is no format, did you mean netfilter-log/,
    ],
    [
      ['--world', manifests, '--log', `netfilter-log:${join(dir, 'nope')}`],
      /Cannot read ".*nope": there is no such file \(--log netfilter-log:/,
    ],
    [['--world', manifests, '--log', `netfilter-log:${join(dir, 'empty')}`], /it is empty/],
    [['--world', manifests, '--log', `netfilter-log:${join(dir, 'binary')}`], /it is binary, not a text log/],
    [
      ['--world', manifests, '--log', `netfilter-log:${kernel}`, '--log', `netfilter-log:${kernel}`],
      /Cannot read ".*kernel.log" twice/,
    ],
    [
      ['--world', manifests, '--log', 'conntrack:-', '--log', 'hubble:-'],
      /Cannot read standard input twice: name it in one --log only/,
    ],
    [['--world', manifests, '--log', 'conntrack:-'], /Cannot read standard input: it is empty/],
    [['--world', manifests, '--log', `netfilter-log:${dir}`], /it is a directory, name the log file in it/],
    [
      ['--world', manifests, '--log', `netfilter-log:${kernel}`, '--node', 'worker-9'],
      /the world has no such node, it can be worker-1/,
    ],
    [
      ['--world', manifests, '--log', `netfilter-log:${kernel}`, '--profile', 'calic'],
      /Allowed choices are upstream, calico/,
    ],
    [
      ['--world', manifests, '--log', `netfilter-log:${kernel}`, '--nod', 'x'],
      /unknown option '--nod'\n\(Did you mean --node\?\)/,
    ],
  ]
  for (const [args, message] of rows) {
    const { code, stderr, stdout } = await run(['replay', ...args])
    t.equal(code, 2, `${args.join(' ')}: exit code`)
    t.match(stderr, message)
    t.equal(stdout, '')
  }
})

function records(text: string): FlowRecord[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}
