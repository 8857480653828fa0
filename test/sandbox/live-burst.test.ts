// A burst that nobody can keep up with: the kernel's log is overrun while the agent stands still, and ulogd's socket while ulogd does.
// Every dropped packet is in a record, or said to be lost; nftables' own counters are the truth.

import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { ForensicRecord, GapRecord } from '../../agent/forensics/record.ts'
import { openAgentProcess, queryRecords } from './agent-process.ts'
import { packetsOf } from './count-packets.ts'
import { flood } from './flood.ts'
import { newestKernelRecord } from './kernel-records.ts'
import { type LiveNode, openLiveNode } from './live-node.ts'
import { sandbox } from './sandbox.ts'
import { whyNoUlogd } from './ulogd.ts'

const skip = sandbox.skip || (whyNoUlogd() ?? false)

/** So small that some hundred packets fill it. */
const bufferBytes = 64 << 10
/** The ring of the kernel's log holds some 600 lines where it is smallest, some 20,000 where it is 4 MiB. */
const burst = 60_000
const port = 9999

t.test(
  'what a burst lost is said, and the counts add up with those of the rules',
  { ...sandbox, skip },
  async t => {
    await using live = await openLiveNode({ dir: t.testdir(), bufferBytes })
    await using agent = await openAgentProcess(live.node.plan.namespace, live.config)
    const { namespace } = live.node.host('ops/probe')
    const recordsBefore = newestKernelRecord()
    await overrunKernelLog(live, agent.child, namespace)
    await agent.until('what the kernel overwrote', records => lostIn(gapsOf(records, 'netfilter-log')) > 0)
    await overrunUlogd(live, namespace)
    await agent.until('what ulogd lost', records => lostIn(gapsOf(records, 'ulogd')) > 0)
    t.equal(await agent.stop(), 0, 'it ends in order')
    const kernelRecords = newestKernelRecord() - recordsBefore

    const records = await queryRecords(live.records)
    const counters = await live.node.counters()
    const figures = (source: string, chain: string) => {
      const gaps = gapsOf(records, source)
      const told = packetsOf(records).get(chain)!
      const found = { told, lost: lostIn(gaps), dropped: counters.get(chain)!, gaps: gaps.length }
      t.comment(`${source}: ${JSON.stringify(found)}`)
      return { ...found, causes: new Set(gaps.map(({ cause }) => cause)) }
    }

    const kernel = figures('netfilter-log', 'front.api.in')
    t.same(
      [...kernel.causes],
      [
        'the kernel overwrote records before they were read (records of any kind, so at most as many packets)',
      ],
    )
    t.ok(kernel.told > 0 && kernel.told < kernel.dropped, 'the log was overrun')
    t.ok(kernel.told + kernel.lost >= kernel.dropped, 'each dropped packet is told or said to be lost')
    t.ok(kernel.told + kernel.lost <= kernelRecords, 'no more is said to be lost than the log was given')

    const ulogd = figures('ulogd', 'json.cache.in')
    t.same([...ulogd.causes], ['lost by its producer'])
    t.ok(ulogd.told > 0 && ulogd.lost > 0, 'its socket was overrun')
    t.equal(ulogd.told + ulogd.lost, ulogd.dropped, 'each dropped packet is told or said to be lost, once')
  },
)

/** The agent stands still for a while in the middle of it. */
async function overrunKernelLog(
  { node, net }: LiveNode,
  agent: ChildProcess,
  namespace: string,
): Promise<void> {
  agent.kill('SIGSTOP')
  const all = flood(namespace, burst, [net.pod(12)[0], port])
  while ((await node.counters()).get('front.api.in') === 0) await sleep(5)
  await sleep(200)
  agent.kill('SIGCONT')
  await all
}

/** What was lost is told by the number of what comes next. */
async function overrunUlogd({ ulogd, net }: LiveNode, namespace: string): Promise<void> {
  const to = [net.pod(19)[0], port] as const
  ulogd.child.kill('SIGSTOP')
  await flood(namespace, 5_000, to)
  ulogd.child.kill('SIGCONT')
  for (let i = 0; i < 5; i++) {
    await sleep(200)
    await flood(namespace, 1, to)
  }
}

function gapsOf(records: readonly ForensicRecord[], source: string): GapRecord[] {
  return records.filter(
    (record): record is GapRecord =>
      record.event === 'evidence.gap' && (record as GapRecord).source === source,
  )
}

function lostIn(gaps: readonly GapRecord[]): number {
  return gaps.reduce((sum, { lost = 0 }) => sum + lost, 0)
}
