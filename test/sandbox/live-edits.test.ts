// The cluster changes while packets flow: a policy is edited and enforced later, which the records have to tell apart and to blame on the
// edit; and an address goes over to another pod within a second.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { FlowRecord, ForensicRecord } from '../../agent/forensics/record.ts'
import { isFlowRecord } from '../../agent/forensics/record.ts'
import { shopOf } from '../../agent/quickstart/shop.ts'
import { type AgentProcess, openAgentProcess, queryRecords } from './agent-process.ts'
import { giveAddress } from './give-address.ts'
import { type LiveNode, openLiveNode } from './live-node.ts'
import { type Addresses, type KubernetesObject, pod } from './live-world.ts'
import { rulesFor } from './log-paths.ts'
import { editedPolicy } from './policy-edit.ts'
import { sandbox } from './sandbox.ts'
import { knockOn, openStream } from './stream.ts'
import { whyNoUlogd } from './ulogd.ts'

const skip = sandbox.skip || (whyNoUlogd() ?? false)

/** Packets that flow by each state of the rules, so that it shows. */
const whileMs = 800

// What the first one is allowed to do, the one that gets its address is not.
const earlyPod = (net: Addresses) => pod('front', 'early', [net.pod(40)[0]], [], { app: 'web' })
const latePod = (net: Addresses, number = 40) => pod('ops', 'late', [net.pod(number)[0]])

t.test('the agent follows what changes while packets flow', { ...sandbox, skip }, async t => {
  await using live = await openLiveNode({
    dir: t.testdir(),
    extra: net => [earlyPod(net)],
    later: net => [latePod(net, 41)],
  })
  await using agent = await openAgentProcess(live.node.plan.namespace, live.config)
  await live.untilCertain()
  const stream = openStream(live.node, { from: 'front/web', to: 'front/api', port: 5353, protocol: 'udp' })
  await sleep(whileMs)
  const edits = [await makeEdit(live, agent, 'close'), await makeEdit(live, agent, 'open')]
  await stream.stop()
  const reusedMs = await reuseAddress(live)
  const knock = { from: 'ops/late', to: 'front/api', port: 8080, protocol: 'tcp' } as const
  await agent.until('who has the address now', records => records.some(isOf('late')))
  t.equal(await agent.stop(), 0, 'it ends in order')
  const records = await queryRecords(live.records)
  console.error(reusedMs, edits, knock, records.length)
})
