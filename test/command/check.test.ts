// `culprit check` as its user calls it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { run } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'culprit-check-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const config = file(
  'culprit.yaml',
  `custom:
  lines: pairs
  time: { field: t, format: "%Y-%m-%d %H:%M:%S" }
  verdict: { field: act, words: { drop: denied, pass: none } }
  source: { address: src, port: spt }
  destination: { address: dst, port: dpt }
  protocol: proto
  reply: { always: false }
  reported: { policy: pol }
  interfaces: { in: if }
`,
)
const log = file(
  'fw.log',
  `started
t="2026-11-24 10:00:00" act=drop src=10.0.0.1 spt=40000 dst=fd00::2 dpt=5432 proto=tcp pol=data/pg
t="2026-11-24 10:00:01" act=pass src=10.0.0.1 dst=10.0.0.2 proto=icmp
t="2026-11-24 10:00:02" act=drop src=10.0.0.1 spt=4000000 dst=10.0.0.2 proto=tcp
`,
)
const ct =
  '    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5\n'

t.test('check says what each line of a log is, and shows the first flows', async t => {
  const { code, stdout, stderr } = await run(['check', '--config', config, '--format', `custom:${log}`])
  t.equal(code, 0)
  t.equal(stderr, '')
  t.equal(
    stdout.replaceAll(folder, 'FOLDER'),
    `configuration "FOLDER/culprit.yaml": ok, custom reads pairs lines
custom:FOLDER/fw.log: 4 lines
  flows      2  (1 denied, 1 none)
  foreign    1
    line 1: started
  malformed  1
    line 4: spt is no number up to 65535: "4000000": t="2026-11-24 10:00:02" act=drop src=10.0.0.1 spt=4000000 dst=10.0.0.2 proto=tcp
  time       2026-11-24T10:00:00.000Z to 2026-11-24T10:00:01.000Z
             where a stamp has none, assumed zone UTC
  mapped, but never found: if

the first 2 flows as the pipeline would see them:
  TIME                      VERDICT  FROM            TO              PROTO  DIRECTION  REPLY  N  REPORTED
  2026-11-24T10:00:00.000Z  denied   10.0.0.1:40000  [fd00::2]:5432  tcp    -          no     1  data/pg
  2026-11-24T10:00:01.000Z  none     10.0.0.1        10.0.0.2        icmp   -          no     1  -
`,
  )
})

t.test('check --format auto says what a log is, and how sure that is', async t => {
  const mixed = file('mixed.log', `hello\n${ct}${ct}${ct.slice(0, 70)}\n`)
  const { code, stdout } = await run(['check', '--format', `auto:${mixed}`])
  t.equal(code, 0)
  t.match(stdout, /^ {2}conntrack 3 lines \(1 malformed\); 75 % of 4 lines recognised$/m)
  t.match(stdout, /^ {2}time {7}none: no flow has a time$/m)
  const nothing = file('nothing.log', 'hello \u001b[31mworld\nhow are you\n')
  const other = await run(['check', '--format', `auto:${nothing}`])
  t.equal(other.code, 2)
  t.match(
    other.stderr,
    /Cannot tell the format of ".*nothing.log": no line .* begins with "hello .*world" \(--format auto:/,
  )
})

t.test('check fails where nothing could be read', async t => {
  const { code, stdout } = await run(['check', '--format', `hubble:${log}`])
  t.equal(code, 1)
  t.match(stdout, /flows {6}0\n {2}foreign {4}4\n {4}line 1: started/)
  const cut = await run(['check', '--format', 'hubble:-'], [Buffer.from('{"flow":{"verdict":"DROPPED"')])
  t.equal(cut.code, 1)
  t.match(cut.stdout, /line 1: it ends without a newline: \{"flow"/)
})

t.test('check names what is wrong with its call and the configuration', async t => {
  const wrong = file('wrong.yaml', 'custm: 1\ncustom:\n  lines: xml\n')
  const rows: [string[], RegExp][] = [
    [['check'], /Cannot check anything: name a configuration/],
    [['check', '--config', join(folder, 'absent')], /Cannot use --config ".*absent": there is no such file/],
    [
      ['check', '--config', wrong],
      /it is wrong in\n {2}custom\.lines: .*\n(?:.*\n)* {2}custm: unknown key, did you mean custom\n/,
    ],
    [
      ['check', '--format', `custom:${log}`],
      /Cannot read --format "custom:.*": there is no mapping, give --config/,
    ],
    [
      ['check', '--format', `huble:${log}`],
      /Cannot read --format "huble:.*": "huble" is no format, did you mean hubble/,
    ],
    [['check', '--format', `hubble:${folder}`], /it is a directory.*\(--format hubble:/],
  ]
  for (const [args, message] of rows) {
    const { code, stderr } = await run(args)
    t.equal(code, 2, args.join(' '))
    t.match(stderr, message)
  }
  const { stdout } = await run(['check', '--config', config])
  t.match(stdout, /^configuration ".*": ok, custom reads pairs lines\n/)
})
