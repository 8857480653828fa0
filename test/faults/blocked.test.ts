// Whoever reads standard output has stopped: logs wait on the disk, the agent says so, and goes on when it is read again.

import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { countRecords } from './counted.ts'
import { addressesOf, textOf } from './http.ts'
import { makeNode, untilSaid } from './node.ts'

const main = join(import.meta.dirname, '../../agent/culprit.mjs')
/** Each of a port of its own, so each is a record: more of them than may wait. */
const denials = 20_000

t.setTimeout(0)

function denial(port: number): string {
  const stamp = new Date().toISOString().replace('Z', '000+00:00')
  return `${stamp} w1 kernel: np-drop shop/db-in IN=a OUT=b SRC=10.0.1.1 DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=20000 DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0 \n`
}

t.test('standard output that nobody reads is said, and costs nothing but time', async t => {
  const node = makeNode(t.testdir())
  const http = `http: {listen: '127.0.0.1:0', probesListen: '127.0.0.1:0'}`
  const config = readFileSync(node.config, 'utf8')
    .replace('records: off', 'records: json')
    .replace('http: off', http)
  writeFileSync(node.config, config)
  const child = spawn(process.execPath, [main, 'agent', '--config', node.config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const ended = new Promise<number | NodeJS.Signals | null>(resolve => {
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  const agent = { child, said: () => said, ended }
  await untilSaid(agent, '"http_listening"')
  await sleep(200)
  const { probes } = addressesOf(agent)

  appendFileSync(node.log, Array.from({ length: denials }, (_, i) => denial(i + 1)).join(''))
  let readiness = ''
  for (const end = Date.now() + 30_000; Date.now() < end && !readiness.includes('wait'); await sleep(200))
    readiness = await textOf(`${probes}/readyz`)
  t.match(readiness, /^ready\nrecords wait to go out, and sources with them/)

  let lines = 0
  child.stdout.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines++
  })
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(200)) {
    readiness = await textOf(`${probes}/readyz`)
    if (lines > denials && !readiness.includes('records wait')) break
  }
  t.notMatch(readiness, /records wait/, 'all is well again')
  child.kill('SIGTERM')
  t.equal(await ended, 0)
  t.ok(lines > denials, 'all of them, and what the agent says of itself')
  t.notMatch(said, /records_discarded/)
  const { byClient } = await countRecords(node.records)
  t.strictSame([...byClient], [['c0', denials]])
})
