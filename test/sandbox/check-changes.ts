// What the records have to say of a policy that was edited while packets flowed, and of an address that went over to another pod.

import type { Test as Tap } from 'tap'
import type { EnforcementRecord, FlowRecord, ForensicRecord } from '../../agent/forensics/record.ts'
import { isFlowRecord } from '../../agent/forensics/record.ts'
import type { Moment } from './live-changes.ts'
import type { LiveNode } from './live-node.ts'
import { editors } from './policy-edit.ts'

/** An edit of a policy, and the rules that followed. */
export interface Made {
  readonly written: Moment
  readonly enforced: Moment
  readonly generation: number
}

export const isChange = (record: ForensicRecord, generation: number): boolean =>
  record.event === 'policy.changed' &&
  'gen' in record &&
  String(record.gen) === `${generation - 1},${generation}`

type Test = Pick<Tap, 'ok' | 'equal' | 'match' | 'same' | 'comment'>

export function checkClosed(
  t: Test,
  flows: readonly FlowRecord[],
  records: readonly ForensicRecord[],
  made: Made,
): void {
  const what = ['ingress[0].ports[1] feed/UDP removed']
  const changed = { policy: 'front/api-in', by: editors.close, gen: [1, 2], what }
  t.match(
    records.find(record => isChange(record, 2)),
    { ...changed, op: 'changed' },
  )
  const lagging = flows.find(({ ingress }) => ingress?.agreement === 'lagging')
  t.match(
    lagging?.ingress,
    { certainty: 'certain', policies: [{ name: 'api-in', gen: 1, rule: 'ingress[0]' }] },
    'what was still let through was let through by the policy as it was',
  )
  const denied = flows.find(({ verdict, why }) => verdict === 'denied' && why?.agreement === 'agrees')
  t.match(
    { dir: denied?.dir, ...denied?.why },
    {
      dir: 'ingress',
      certainty: 'certain',
      policies: [{ name: 'api-in', gen: 2, role: 'isolates' }],
      changed,
    },
    'what was dropped is blamed on the edit',
  )
  checkEnforced(t, records, made, 'leaked')
}

export function checkOpened(
  t: Test,
  flows: readonly FlowRecord[],
  records: readonly ForensicRecord[],
  made: Made,
): void {
  const what = ['ingress[0].ports[1] feed/UDP added']
  t.match(
    records.find(record => isChange(record, 3)),
    { policy: 'front/api-in', by: editors.open, op: 'changed', gen: [2, 3], what },
  )
  const lagging = flows.find(({ why }) => why?.agreement === 'lagging')
  t.match(
    lagging?.why,
    { certainty: 'certain', policies: [{ name: 'api-in', gen: 2, role: 'isolates' }] },
    'what was still dropped was dropped by the policy as it was',
  )
  const allowed = flows.find(({ ingress }) => ingress?.policies?.some(({ gen }) => gen === 3))
  t.match(allowed?.ingress, { certainty: 'certain', agreement: 'agrees' })
  checkEnforced(t, records, made, 'blocked')
}

/** The bounds hold the true delay: it is that from some moment of the writing to some moment of the loading. */
function checkEnforced(
  t: Test,
  records: readonly ForensicRecord[],
  { written, enforced, generation }: Made,
  count: 'leaked' | 'blocked',
): void {
  const found = records.find(
    (record): record is EnforcementRecord =>
      record.event === 'policy.enforced' && 'gen' in record && record.gen === generation,
  )
  if (!t.ok(found, 'the delay of the data plane was measured')) return
  const [least, most] = found!.delay_s!
  t.comment(`written ${written}, enforced ${enforced}: ${least} to ${most} s, ${count} ${found![count]}`)
  t.ok(least <= (enforced[1] - written[0]) / 1000, 'the delay is not said to be longer than it was')
  t.ok(most! >= (enforced[0] - written[1]) / 1000, 'nor shorter')
  t.ok(found![count]! > 0, count)
}

export function checkReuse(
  t: Test,
  { net }: LiveNode,
  records: readonly ForensicRecord[],
  [from, to]: Moment,
): void {
  t.comment(`the address went over within ${to - from} ms`)
  const flows = records
    .filter(isFlowRecord)
    .filter(({ src, dst }) => src.ip === net.pod(40)[0] && dst.ip === net.pod(42)[0])
  const [before, after] = [true, false].map(isBefore =>
    flows.filter(({ ts }) => Date.parse(ts!) < from === isBefore),
  )
  t.match(before, [
    { verdict: 'allowed', src: { ns: 'front', pod: 'early' }, ingress: { certainty: 'certain' } },
  ])
  t.match(after, [
    {
      verdict: 'denied',
      src: { ns: 'ops', pod: 'late' },
      why: {
        certainty: 'certain',
        agreement: 'agrees',
        policies: [{ ns: 'ops', name: 'store-in' }],
        nearest: { failed: 'from[0].namespaceSelector', have: 'kubernetes.io/metadata.name=ops' },
      },
    },
  ])
  t.equal(after?.length, 1, 'nobody else is named')
}
