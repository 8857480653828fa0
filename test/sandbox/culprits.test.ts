// The whole of it: real packets, the kernel's own words about them, and the culprits that culprit names for them against those
// that were worked out by hand.

import t from 'tap'
import type { FlowRecord, ForensicRecord } from '../../agent/forensics/record.ts'
import { isFlowRecord } from '../../agent/forensics/record.ts'
import { pipelineOver } from '../pipeline-over.ts'
import { checkFlow } from './check-flow.ts'
import { type Collected, collectScenario, type Tried } from './collect.ts'
import { sandbox } from './sandbox.ts'

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
