// kill -9 at random moments under 50,000 lines a second: each denied line is in the records, and counted once.
// CI kills ten times; `KILLS=100 node test/faults/kill.test.ts` is the full run.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { countRecords, sorted } from './counted.ts'
import { makeNode, startAgent, startWriter, untilRead, untilSaid } from './node.ts'

const kills = Number(process.env.KILLS ?? 10)
const rate = Number(process.env.RATE ?? 50_000)

t.setTimeout(0)

t.test(`${kills} times kill -9 under ${rate} lines/s lose nothing and count nothing twice`, async t => {
  const node = makeNode(t.testdir())
  const writer = startWriter(node, rate)
  for (let i = 0; i < kills; i++) {
    const agent = startAgent(node)
    await untilSaid(agent, '"started"')
    await sleep(Math.random() * 2500)
    agent.child.kill('SIGKILL')
    t.equal(await agent.ended, 'SIGKILL')
  }
  writer.stop()
  const last = startAgent(node)
  await untilSaid(last, '"started"')
  await untilRead(node)
  last.child.kill('SIGTERM')
  t.equal(await last.ended, 0)
  const { byClient, repeated } = await countRecords(node.records)
  t.same(sorted(byClient), sorted(writer.written))
  t.comment(`${writer.total} lines, ${repeated} records stood twice`)
})
