// The real agent on real packets: what rules drop and what they let through, told by the kernel's log, by ulogd as text and as JSON, and
// by conntrack, ends in records that name the culprits that were worked out by hand, each told by the source that it came through.

import t from 'tap'
import type { FlowRecord, ForensicRecord, Why } from '../../agent/forensics/record.ts'
import { isFlowRecord } from '../../agent/forensics/record.ts'
import { attempt, isPossible } from '../../agent/quickstart/attempt.ts'
import { hasProgram } from '../../agent/quickstart/programs.ts'
import { openAgentProcess, queryRecords } from './agent-process.ts'
import { checkFlow, namesOf } from './check-flow.ts'
import { packetsOf } from './count-packets.ts'
import { type LiveNode, openLiveNode } from './live-node.ts'
import { type LiveAttempt, liveScenarios } from './live-scenarios.ts'
import type { LogPath } from './live-world.ts'
import { sandbox } from './sandbox.ts'
import { whyNoUlogd } from './ulogd.ts'

const evidenceOf: Readonly<Record<LogPath, RegExp>> = {
  kmsg: /^netfilter-log $/,
  logemu: /^ulogd .*syslogemu\.log$/,
  json: /^ulogd .*ulogd\.json$/,
}

const skip = sandbox.skip || (whyNoUlogd() ?? false)

t.test(
  'the agent names the culprits of real packets, whichever way it is told of them',
  { ...sandbox, skip },
  async t => {
    await using live = await openLiveNode({ dir: t.testdir() })
    await using agent = await openAgentProcess(live.node.plan.namespace, live.config)
    const attempts = liveScenarios(live.net).filter(what => isPossible(what, live.node, hasProgram('ping')))
    await live.untilCertain()
    await tryAll(live, attempts)
    await agent.until('every attempt', records => attempts.every(tried => isTold(records, live, tried)))
    t.equal(await agent.stop(), 0, 'it ends in order')
    const records = await queryRecords(live.records)
    for (const tried of attempts) checkAttempt(t, live, tried, records.filter(isFlowRecord))
    await checkCounts(t, live, records)
  },
)

const atOnce = 5

async function tryAll({ node }: LiveNode, attempts: readonly LiveAttempt[]): Promise<void> {
  const waiting = attempts.values()
  const tryInTurn = async () => {
    for (const what of waiting) await attempt(node, what)
  }
  await Promise.all(Array.from({ length: atOnce }, tryInTurn))
}

/** The attempt's records, by what is on the wire behind the node. */
function recordsOf(records: readonly FlowRecord[], live: LiveNode, what: LiveAttempt): FlowRecord[] {
  const isService = what.service !== undefined || what.address === live.net.service(21)
  const to = what.address !== undefined && !isService ? what.address : live.node.host(what.to).ips[0]!
  const from = live.node.host(what.from).ips.find(ip => ip.includes(':') === to.includes(':'))
  const proto = what.protocol === 'icmp' && to.includes(':') ? 'icmpv6' : what.protocol
  const port = what.targetPort ?? what.port
  return records.filter(
    ({ src, dst, proto: own, verdict }) =>
      src.ip === from &&
      dst.ip === to &&
      dst.port === port &&
      own === proto &&
      verdict === what.expect.verdict,
  )
}

function isTold(records: readonly ForensicRecord[], live: LiveNode, what: LiveAttempt): boolean {
  return recordsOf(records.filter(isFlowRecord), live, what).length > 0
}

type Test = Pick<typeof t, 'ok' | 'equal' | 'same' | 'match' | 'comment'>

function checkAttempt(t: Test, live: LiveNode, what: LiveAttempt, flows: readonly FlowRecord[]): void {
  const { about, expect } = what
  const found = recordsOf(flows, live, what)
  if (!t.equal(found.length, 1, `${about}: one record`)) return
  checkFlow(t, about, found, expect)
  const [flow] = found
  const sides = expect.verdict === 'allowed' ? [flow!.egress, flow!.ingress] : [flow!.why]
  for (const side of sides)
    if (side !== undefined)
      t.same(trustOf(side), trustIn(what), `${about}: how sure it is, and the rules agree`)
  const { source, file = '' } = flow!.evidence
  const wanted = what.path === undefined ? /^conntrack $/ : evidenceOf[what.path]
  t.match(`${source} ${file}`, wanted, `${about}: told by ${what.path ?? 'conntrack'}`)
  if (what.other !== undefined) t.same(namesOf(flow!.why?.other), what.other, `${about}: the other side`)
  if (what.service !== undefined) {
    t.equal(flow!.dst.svc, what.service, `${about}: the Service's name`)
    t.equal(flow!.nat?.dst, `${what.address}:${what.port}`, `${about}: the Service's address`)
  }
}

/** Whether a rule with or without ports is about ICMP is nowhere defined (rule S46). */
const trustIn = ({ protocol }: LiveAttempt): unknown[] =>
  protocol === 'icmp' ? ['candidates', 'agrees', ['undefined-choice']] : ['certain', 'agrees', undefined]

const trustOf = ({ certainty, agreement, unsure }: Why) => [certainty, agreement, unsure]

/** Every packet that a rule dropped is in a record, and none is there twice. */
async function checkCounts(t: Test, live: LiveNode, records: readonly ForensicRecord[]): Promise<void> {
  const told = packetsOf(records)
  for (const [chain, dropped] of await live.node.counters())
    if (chain !== 'invalid')
      t.equal(told.get(chain) ?? 0, dropped, `${chain}: all dropped packets are counted`)
  const lost = records.filter(record => record.event === 'evidence.gap' && record.source === 'ulogd')
  t.same(lost, [], 'ulogd lost nothing')
}
