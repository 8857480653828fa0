// What `culprit check --config` says a configuration comes to on this machine.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from './run.ts'

const pods =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n'

t.test('a configuration that is right comes to a line for each thing it does', async t => {
  const folder = t.testdir({ m: { 'pods.yaml': pods }, r: {}, logs: { 'a.log': '', 'b.log': '' } })
  const config = join(folder, 'c.yaml')
  writeFileSync(
    config,
    `
node: worker-3
manifests: ${folder}/m
records: { directory: ${folder}/r, externalAddresses: omit }
sources:
  - { format: hubble, files: ["${folder}/logs/*.log"] }
  - { format: antrea-np, file: "${folder}/none.log" }
  - { format: auto, standardInput: true }
http: off
`,
  )
  const { code, stdout, stderr } = await run(['check', '--config', config])
  t.equal(stderr, '')
  t.equal(code, 0)
  t.equal(
    stdout.replaceAll(folder, 'DIR'),
    `configuration "DIR/c.yaml": ok, and this is what it comes to
  node        worker-3
  manifests   "DIR/m": 1 Pod in 1 file; not used: 1 Secret
  source      hubble in DIR/logs/*.log: 2 files
  source      antrea-np in DIR/none.log: no file yet, it is read when it comes
  source      auto on standard input
  records     "DIR/r": at most 256 MiB, without external addresses
  state       "DIR/r/state": positions and counts are kept over a restart, the directory will be made
  http        off
`,
  )
})

t.test('what stands in the way is said, and the exit code tells', async t => {
  const folder = t.testdir({ m: { 'p.yaml': 'kind: [' }, file: '', 'd.yaml': 'records: { directory: off }' })
  const rows: [string, RegExp][] = [
    [`manifests: ${folder}/m`, / {2}manifests {3}Cannot read ".*p\.yaml": document 1, line 1: /],
    [
      `manifests: ${folder}/none`,
      / {2}manifests {3}Cannot read ".*none": there is no such file or directory\n/,
    ],
    [
      `records: { directory: ${folder}/file/r }`,
      / {2}records {5}Cannot write to ".*file\/r": ".*file" is no directory\n/,
    ],
    [
      `host: { logDirectory: ${folder}/none }`,
      / {2}sources {5}Cannot look for logs in ".*none": there is no such directory \(host\.logDirectory\)\n/,
    ],
  ]
  for (const [text, line] of rows) {
    writeFileSync(join(folder, 'c.yaml'), text)
    const { code, stdout } = await run(['check', '--config', join(folder, 'c.yaml')])
    t.equal(code, 1, text)
    t.match(stdout, line)
  }
  const { code, stdout } = await run(['check', '--config', join(folder, 'd.yaml')])
  t.equal(code, 0)
  t.match(
    stdout,
    / {2}manifests {3}none: .*\n {2}sources {5}auto: \d+ sources? found on this host\n[\s\S]* {2}records {5}not kept: records\.directory is off\n/,
  )
})
