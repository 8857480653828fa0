// What else happens to an agent on a node: a full disk, a directory that may not be written, a log that is deleted or not a file, being
// stopped for a while, being told to end in the middle of the work. Long stops: `STOP_SECONDS=60 node test/faults/other.test.ts`.

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { countRecords, sorted } from './counted.ts'
import {
  makeNode,
  type Running,
  startAgent,
  startWriter,
  type TestNode,
  untilRead,
  untilSaid,
  type Writer,
} from './node.ts'

const stopSeconds = Number(process.env.STOP_SECONDS ?? 5)
const isRoot = process.getuid?.() === 0
const needsRoot = isRoot ? false : 'SKIPPED: needs root, to mount a small disk'
if (!isRoot && process.env.CULPRIT_REQUIRE_SANDBOX === '1') t.fail(String(needsRoot))

t.setTimeout(0)

/** Before the directory is removed. */
function unmount(path: string): void {
  execFileSync('umount', ['--lazy', path], { stdio: 'ignore' })
}

/** Started and reading. */
async function started(node: TestNode): Promise<Running> {
  const agent = startAgent(node)
  await untilSaid(agent, '"started"')
  return agent
}

/** Lets it read to the end, ends it, and compares. */
async function settle(t: Test, node: TestNode, agent: Running, writer: Writer): Promise<void> {
  writer.stop()
  await untilRead(node)
  agent.child.kill('SIGTERM')
  t.equal(await agent.ended, 0, 'it ends well')
  const { byClient } = await countRecords(node.records)
  t.same(sorted(byClient), sorted(writer.written), 'every line is in the records, once')
}

t.test('told to end under load it ends within five seconds, and the next one goes on', async t => {
  const node = makeNode(t.testdir())
  const writer = startWriter(node, 50_000)
  const first = await started(node)
  await sleep(2000)
  const asked = Date.now()
  first.child.kill('SIGTERM')
  t.equal(await first.ended, 0)
  t.ok(Date.now() - asked < 5000, 'within five seconds')
  await settle(t, node, await started(node), writer)
})

t.test(`stopped for ${stopSeconds} s it goes on where it was`, async t => {
  const node = makeNode(t.testdir())
  const writer = startWriter(node, 10_000)
  const agent = await started(node)
  await sleep(1000)
  agent.child.kill('SIGSTOP')
  await sleep(stopSeconds * 1000)
  agent.child.kill('SIGCONT')
  await sleep(1000)
  await settle(t, node, agent, writer)
})

t.test('a log that is deleted under the writer is read to its end, and the next one is found', async t => {
  const node = makeNode(t.testdir())
  const writer = startWriter(node, 10_000)
  const agent = await started(node)
  await sleep(1000)
  unlinkSync(node.log)
  await sleep(1000)
  writer.reopen()
  await sleep(1000)
  await settle(t, node, agent, writer)
})

t.test(
  'a full disk stops nothing: records wait, and are written when there is room',
  { skip: needsRoot },
  async t => {
    const node = makeNode(t.testdir())
    mkdirSync(node.records)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', node.records])
    using _disk = { [Symbol.dispose]: () => unmount(node.records) }
    const writer = startWriter(node, 5000)
    const agent = await started(node)
    await untilSaid(agent, '"journal_not_written"')
    await sleep(2000)
    t.equal(agent.child.exitCode, null, 'it lives')
    execFileSync('mount', ['-o', 'remount,size=64m', node.records])
    await sleep(1000)
    await settle(t, node, agent, writer)
  },
)

t.test('where records cannot be kept it says so and watches on', { skip: needsRoot }, async t => {
  const node = makeNode(t.testdir())
  mkdirSync(node.records)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', node.records])
  using _disk = { [Symbol.dispose]: () => unmount(node.records) }
  const agent = await started(node)
  await untilSaid(agent, '"records_not_written"')
  await untilSaid(agent, '"journal_not_written"')
  t.match(agent.said(), /Cannot write records to \\"[^"]*records\\": .*read-only/i)
  agent.child.kill('SIGTERM')
  t.equal(await agent.ended, 0)
})

t.test('a directory where the log should be is said, and the log is read once it is there', async t => {
  const node = makeNode(t.testdir())
  mkdirSync(node.log)
  const agent = await started(node)
  await untilSaid(agent, '"source_trouble"')
  t.match(agent.said(), /Cannot (read|follow) \\"[^"]*kern\.log\\": it is not a regular file/)
  rmSync(node.log, { recursive: true })
  const writer = startWriter(node, 1000)
  await sleep(1500)
  await settle(t, node, agent, writer)
  t.match(agent.said(), '"source_recovered"')
})

t.test('a wrong configuration is refused with everything that is wrong', async t => {
  const node = makeNode(t.testdir(), 'recrods: {}\n')
  const agent = startAgent(node)
  t.equal(await agent.ended, 2)
  t.match(agent.said(), /recrods: unknown key, did you mean records/)
})

t.test('a directory of manifests that is broken is said, and taken when it is well', async t => {
  const node = makeNode(t.testdir())
  const broken = join(node.dir, 'manifests/broken.yaml')
  writeFileSync(broken, 'kind: [')
  const agent = await started(node)
  await untilSaid(agent, '"manifests_refused"')
  unlinkSync(broken)
  await untilSaid(agent, '"manifests_read"')
  agent.child.kill('SIGTERM')
  t.equal(await agent.ended, 0)
})

t.test('a second agent on the same directories does not start while the first one lives', async t => {
  const node = makeNode(t.testdir())
  const first = await started(node)
  const second = startAgent(node)
  t.equal(await second.ended, 1)
  t.match(second.said(), /Cannot use "[^"]*records": another agent that lives has it; give each its own/)
  first.child.kill('SIGKILL')
  await first.ended
  const third = await started(node)
  third.child.kill('SIGTERM')
  t.equal(await third.ended, 0)
})

t.test('records that are removed while it runs are missed, said, and kept anew', async t => {
  const node = makeNode(t.testdir())
  const agent = await started(node)
  await sleep(1500)
  rmSync(node.records, { recursive: true })
  const writer = startWriter(node, 1000)
  await untilSaid(agent, '"records_not_written"')
  await untilSaid(agent, '"records_writing_again"')
  await sleep(1500)
  await settle(t, node, agent, writer)
})
