// Compares records of one attempt with what a person worked out from the manifests.

import type { Test } from 'tap'
import type { FlowRecord, Why } from '../../agent/forensics/record.ts'
import type { Expectation, Way } from '../../agent/quickstart/scenario.ts'

export type Checks = Pick<Test, 'ok' | 'equal' | 'same'>

/** `found`: all records of the attempt with the expected verdict, at least one. */
export function checkFlow(t: Checks, about: string, found: readonly FlowRecord[], expect: Expectation): void {
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

function checkWay(t: Checks, about: string, why: Why | undefined, expect: Way): void {
  t.equal(why?.reason, expect.reason, `${about}: reason`)
  const rules = (why?.policies ?? []).map(policy => `${policy.ns}/${policy.name} ${policy.rule}`)
  if (expect.by) t.same(rules, expect.by, `${about}: rules`)
}

/** The culprits, as `ns/name`, sorted. */
export function namesOf(why: Why | undefined): string[] {
  return (why?.policies ?? []).map(policy => `${policy.ns}/${policy.name}`).sort()
}

function isMiss(why: Why | undefined, expected: object): boolean {
  const nearest = why?.nearest as Record<string, unknown> | undefined
  return nearest !== undefined && Object.entries(expected).every(([key, value]) => nearest[key] === value)
}
