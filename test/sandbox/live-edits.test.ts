// The cluster changes while packets flow: a policy is edited and enforced later, which the records have to tell apart and to blame on the
// edit; and an address goes over to another pod within a second, which must not be taken for the first.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { FlowRecord, ForensicRecord, PolicyChangedRecord } from '../../agent/forensics/record.ts'
import { isFlowRecord } from '../../agent/forensics/record.ts'
import { type AgentProcess, openAgentProcess, queryRecords } from './agent-process.ts'
import { checkClosed, checkOpened, checkReuse, isChange, type Made } from './check-changes.ts'
import { packetsOf } from './count-packets.ts'
import { createChanges, type LiveChanges, type Moment } from './live-changes.ts'
import { type LiveNode, openLiveNode } from './live-node.ts'
import { type Addresses, pod, policy } from './live-world.ts'
import { type Edit, editedPolicy } from './policy-edit.ts'
import { sandbox } from './sandbox.ts'
import { knockOn, openStream } from './stream.ts'
import { whyNoUlogd } from './ulogd.ts'

const skip = sandbox.skip || (whyNoUlogd() ?? false)

/** For packets to flow by each state of the rules. */
const whileMs = 800
/** Longer than the enforcement lag: the state before an edit is no possible explanation any more. */
const lagMs = 5_500

// What the first pod may do, the one that gets its address may not.
const early = (net: Addresses) => pod('front', 'early', [net.pod(40)[0]], [], { app: 'web' })
const late = (net: Addresses, number = 40) => pod('ops', 'late', [net.pod(number)[0]])
const store = (net: Addresses) => pod('ops', 'store', [net.pod(42)[0]], [['http', 8080, 'TCP']])
const storePolicy = policy('ops', 'store-in', {
  podSelector: { matchLabels: { app: 'store' } },
  policyTypes: ['Ingress'],
  ingress: [
    {
      from: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'front' } },
          podSelector: { matchLabels: { app: 'web' } },
        },
      ],
    },
  ],
})

t.test('the agent follows what changes while packets flow', { ...sandbox, skip }, async t => {
  await using live = await openLiveNode({
    dir: t.testdir(),
    extra: net => [early(net), store(net), storePolicy],
    later: net => [late(net, 41)],
  })
  await using agent = await openAgentProcess(live.node.plan.namespace, live.config)
  await live.untilCertain()
  const stage = { live, agent, changes: createChanges(live) }
  await using stream = openStream(live.node, {
    from: 'front/web',
    to: 'front/api',
    port: 5353,
    protocol: 'udp',
  })
  await sleep(whileMs)
  const closed = await makeEdit(stage, 'close', 2)
  const [reuse] = await Promise.all([reuseAddress(stage), sleep(lagMs)])
  const opened = await makeEdit(stage, 'open', 3)
  await sleep(lagMs)
  await enforceAtOnce(stage, 'close', 4)
  await stream.stop()
  t.equal(await agent.stop(), 0, 'it ends in order')
  const records = await queryRecords(live.records)

  await t.test('a policy that is closed', async t => checkClosed(t, streamOf(records, live), records, closed))
  await t.test('a policy that is opened again', async t =>
    checkOpened(t, streamOf(records, live), records, opened),
  )
  await t.test('an address that goes over', async t => checkReuse(t, live, records, reuse))
  await t.test('the whole', async t => {
    const wrong = records.filter(isFlowRecord).filter(flow => sidesOf(flow).includes('contradicts'))
    t.same(wrong, [], 'nothing goes against the policies: what had not been read of yet was waited for')
    const accusations = records.filter(({ event }) => /^verdict|unenforced$/.test(event))
    t.same(accusations, [], 'nobody is accused of what was only late')
    const counters = await live.node.counters()
    for (const chain of ['front.api.in', 'ops.store.in'])
      t.equal(packetsOf(records).get(chain), counters.get(chain), `${chain}: all dropped packets are counted`)
  })
})

const isFrom = (pod: string) => (record: ForensicRecord) =>
  isFlowRecord(record) && `${record.src.ns}/${record.src.pod}` === pod

const sidesOf = ({ why, egress, ingress }: FlowRecord) => [why, egress, ingress].map(side => side?.agreement)

interface Stage {
  readonly live: LiveNode
  readonly agent: AgentProcess
  readonly changes: LiveChanges
}

/** The rules follow when the agent has known of the edit for a while, so that it sees packets go by the old ones. */
async function makeEdit({ live, agent, changes }: Stage, edit: Edit, generation: number): Promise<Made> {
  const original = live.objects.find(({ metadata }) => metadata.name === 'api-in')!
  const written = changes.write(editedPolicy(original, edit, generation))
  await agent.until(`the edit ${generation}`, records => records.some(record => isChange(record, generation)))
  await sleep(whileMs)
  const enforced = await changes.enforce()
  await sleep(whileMs)
  return { written, enforced, generation }
}

/** The first packets by the new rules come before the agent can have read of the edit. */
async function enforceAtOnce({ live, agent, changes }: Stage, edit: Edit, generation: number): Promise<void> {
  const original = live.objects.find(({ metadata }) => metadata.name === 'api-in')!
  changes.write(editedPolicy(original, edit, generation))
  await changes.enforce()
  await agent.until(`the edit ${generation}`, records => records.some(record => isChange(record, generation)))
  await sleep(whileMs)
}

async function reuseAddress({ live, agent, changes }: Stage): Promise<Moment> {
  const { node, net } = live
  const knock = { to: 'ops/store', port: 8080, protocol: 'tcp' } as const
  await knockOn(node, { ...knock, from: 'front/early' })
  // Until it is told it may be the next one's: here the agent has looked at the manifests since.
  await agent.until('the first pod', records => records.some(isFrom('front/early')))
  const reuse = await changes.replacePod(early(net), late(net))
  // Before the agent can have read of it.
  const first = knockOn(node, { ...knock, from: 'ops/late' })
  // Written behind the pod: when the agent tells of this one, it has read of both.
  changes.write(policy('ops', 'nobody-in', { podSelector: { matchLabels: { app: 'nobody' } } }))
  await agent.until('that it has read of the new pod', records => records.some(isOf('ops/nobody-in')))
  await first
  for (let i = 0; i < 2; i++) await knockOn(node, { ...knock, from: 'ops/late' })
  return reuse
}

const isOf =
  (key: string) =>
  (record: ForensicRecord): boolean =>
    record.event === 'policy.changed' && (record as PolicyChangedRecord).policy === key

/** What was recorded of the stream, but for repeats. */
function streamOf(records: readonly ForensicRecord[], { net }: LiveNode): FlowRecord[] {
  return records
    .filter(isFlowRecord)
    .filter(({ src, dst }) => src.ip === net.pod(11)[0] && dst.ip === net.pod(12)[0] && dst.port === 5353)
}
