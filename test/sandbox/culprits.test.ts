// The whole of it: real packets, the kernel's own words about them, and the culprits that culprit names for them against those
// that were worked out by hand.

import t from 'tap'
import type { FlowRecord, ForensicRecord, Why } from '../../agent/forensics/record.ts'
import { isFlowRecord } from '../../agent/forensics/record.ts'
import type { Expectation, Way } from '../../agent/quickstart/scenario.ts'
import { pipelineOver } from '../pipeline-over.ts'
import { type Collected, collectScenario, type Tried } from './collect.ts'
import { sandbox } from './sandbox.ts'

type Test = Pick<typeof t, 'ok' | 'equal' | 'same'>

t.test('culprit names the expected culprits for real packets', sandbox, async t => {
  const run = await collectScenario()
  const records = await recordsOf(run)
  const flows = records.filter(isFlowRecord)
  for (const tried of run.tried) {
    const { about, expect } = tried.attempt
    const found = flows.filter(flow => isOf(flow, tried) && flow.verdict === expect.verdict)
    if (!t.ok(found.length > 0, `${about}: there is a record`)) continue
    checkFlow(t, about, found, expect)
  }
  t.same(
    records.filter(record => record.event === 'evidence.gap'),
    [],
    'nothing was lost',
  )
  t.same(
    flows
      .filter(flow => flow.why?.agreement === 'contradicts' || flow.ingress?.agreement === 'contradicts')
      .map(flow => flow.id),
    [],
    'the data plane, a second opinion, never contradicts the policies',
  )
})

async function recordsOf(run: Collected): Promise<ForensicRecord[]> {
  return pipelineOver({
    events: run.timeline,
    node: run.shop.node.name,
    bootTime: run.bootTime,
    // Folding would count the pod's IPv6 attempt to its IPv4 one: one workload.
    fold: false,
    logs: { 'netfilter-log': run.kernelLines, conntrack: run.conntrackLines },
  })
}

function isOf({ src, dst, proto }: FlowRecord, { attempt, source, destination, port }: Tried): boolean {
  return src.ip === source && dst.ip === destination && dst.port === port && proto === attempt.protocol
}

function checkFlow(t: Test, about: string, found: readonly FlowRecord[], expect: Expectation): void {
  if (expect.verdict === 'allowed') {
    const [flow] = found
    if (expect.egress) checkWay(t, `${about}: egress`, flow!.egress, expect.egress)
    if (expect.ingress) checkWay(t, `${about}: ingress`, flow!.ingress, expect.ingress)
    return
  }
  const whys = found.map(flow => flow.why!)
  t.ok(
    found.some(
      flow => flow.dir === expect.dir && namesOf(flow.why).join() === [...expect.policies].sort().join(),
    ),
    `${about}: ${expect.dir} by ${expect.policies.join(', ')}, not ${whys.map(why => namesOf(why).join()).join(' / ')}`,
  )
  if (expect.nearest)
    t.ok(
      found.some(flow => isMiss(flow.why, expect.nearest!)),
      `${about}: nearest ${JSON.stringify(whys[0]?.nearest)}`,
    )
}

function checkWay(t: Test, about: string, why: Why | undefined, expect: Way): void {
  t.equal(why?.reason, expect.reason, `${about}: reason`)
  const rules = (why?.policies ?? []).map(policy => `${policy.ns}/${policy.name} ${policy.rule}`)
  if (expect.by) t.same(rules, expect.by, `${about}: rules`)
}

function namesOf(why: Why | undefined): string[] {
  return (why?.policies ?? []).map(policy => `${policy.ns}/${policy.name}`).sort()
}

function isMiss(why: Why | undefined, expected: object): boolean {
  const nearest = why?.nearest as Record<string, unknown> | undefined
  return nearest !== undefined && Object.entries(expected).every(([key, value]) => nearest[key] === value)
}
