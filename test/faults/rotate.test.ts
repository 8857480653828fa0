// Every kind of rotation under load: each denied line is in the records, and counted once.
// CI rotates ten times; `ROTATIONS=100 node test/faults/rotate.test.ts` is the full run.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { countRecords, sorted } from './counted.ts'
import {
  makeNode,
  startAgent,
  startWriter,
  type TestNode,
  untilRead,
  untilSaid,
  type Writer,
} from './node.ts'

const rotations = Number(process.env.ROTATIONS ?? 10)
const rate = Number(process.env.RATE ?? 20_000)

t.setTimeout(0)

type Rotation = (node: TestNode, writer: Writer) => void | Promise<void>

/** `kern.log.1` becomes `kern.log.2`, and so on; the fourth goes. */
function shift(log: string): void {
  rmSync(`${log}.4`, { force: true })
  rmSync(`${log}.4.gz`, { force: true })
  for (const i of [3, 2, 1])
    for (const ending of ['', '.gz'])
      if (existsSync(`${log}.${i}${ending}`)) renameSync(`${log}.${i}${ending}`, `${log}.${i + 1}${ending}`)
}

const kinds: Readonly<Record<string, Rotation>> = {
  'renamed, and a new one made'({ log }, writer) {
    shift(log)
    writer.rotate(`${log}.1`)
  },
  async 'renamed, the writer goes on in the old one for a while'({ log }, writer) {
    shift(log)
    renameSync(log, `${log}.1`)
    await sleep(400)
    writer.reopen()
  },
  'copied and emptied'({ log }, writer) {
    shift(log)
    writer.copyAndTruncate(`${log}.1`)
  },
  async 'twice between two looks'({ log }, writer) {
    for (let i = 0; i < 2; i++) {
      shift(log)
      writer.rotate(`${log}.1`)
      await sleep(5)
    }
  },
  async 'renamed, the one before it compressed'({ log }, writer) {
    shift(log)
    writer.rotate(`${log}.1`)
    await sleep(1500)
    if (existsSync(`${log}.2`)) execFileSync('gzip', [`${log}.2`])
  },
}

t.test(`${rotations} rotations under ${rate} lines/s lose nothing and count nothing twice`, async t => {
  const node = makeNode(t.testdir())
  const writer = startWriter(node, rate)
  const agent = startAgent(node)
  await untilSaid(agent, '"started"')
  for (let i = 0; i < rotations; i++) {
    const [, rotate] = Object.entries(kinds)[i % Object.keys(kinds).length]!
    await sleep(300 + Math.random() * 700)
    await rotate(node, writer)
  }
  await sleep(500)
  writer.stop()
  await untilRead(node)
  agent.child.kill('SIGTERM')
  t.equal(await agent.ended, 0)
  const { byClient, repeated } = await countRecords(node.records)
  t.same(sorted(byClient), sorted(writer.written))
  t.equal(repeated, 0)
  t.comment(`${writer.total} lines; ${readdirSync(`${node.dir}/log`).join(' ')}`)
  t.comment(agent.said())
})
