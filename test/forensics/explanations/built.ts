// Situations that no log of today's formats can bring about in so small a cluster: records as they would be, explained.

import type { Judged } from '../../../agent/forensics/explanation.ts'
import type { FixEntry, Why } from '../../../agent/forensics/record.ts'
import type { Unsure } from '../../../agent/timeline/index.ts'

export interface Built {
  readonly title: string
  readonly record: Judged
}

const why: Why = {
  reason: 'no-rule-matched',
  certainty: 'certain',
  agreement: 'agrees',
  policies: [{ ns: 'data', name: 'pg-ingress', gen: 4, role: 'isolates' }],
  nearest: {
    policy: 'data/pg-ingress',
    rule: 'ingress[0]',
    failed: 'from[0].podSelector',
    want: 'db-client=true',
    have: 'db-client absent',
  },
}

const denied = (over: Partial<Why>): Judged => ({
  ts: '2026-11-22T14:48:46.123Z',
  verdict: 'denied',
  dir: 'ingress',
  src: { ip: '10.244.1.11', kind: 'pod', ns: 'shop', pod: 'cart-6c9f7d4b8-x2v9k', wl: 'Deployment/cart' },
  dst: { ip: '10.244.1.20', port: 5432, kind: 'pod', ns: 'data', pod: 'pg-0', wl: 'StatefulSet/pg' },
  proto: 'tcp',
  why: { ...why, ...over },
  n: 1,
})

const doubtful = (title: string, reason: Unsure): Built => ({
  title,
  record: denied({
    certainty: 'candidates',
    unsure: [reason],
    policies: [{ ns: 'data', name: 'pg-ingress', gen: 4, role: 'candidate' }],
  }),
})

const label = (kind: 'pod' | 'namespace', target: string, key: string, value: string): FixEntry => ({
  kind,
  target,
  patch: [{ op: 'add', path: `/metadata/labels/${key}`, value }],
  opens: { pods: 1, namespaces: ['shop'], ports: '5432/TCP' },
})

export const built: readonly Built[] = [
  {
    title: 'The smallest edit is a label on the pod',
    record: denied({ fix: label('pod', 'shop/cart-6c9f7d4b8-x2v9k', 'db-client', 'true') }),
  },
  {
    title: 'The smallest edit is a label on the namespace',
    record: denied({
      nearest: {
        ...why.nearest!,
        failed: 'from[0].namespaceSelector',
        want: 'tier=front',
        have: 'tier absent',
      },
      fix: label('namespace', 'shop', 'tier', 'front'),
    }),
  },
  {
    title: 'Many policies',
    record: denied({
      policies: ['a', 'b', 'c', 'd', 'pg-ingress'].map(name => ({ ns: 'data', name, role: 'isolates' })),
      more: 3,
    }),
  },
  doubtful('A pod that was just starting', 'pod-starting'),
  doubtful('A pod that was just ending', 'pod-terminating'),
  doubtful('The watch was interrupted', 'sync-gap'),
  doubtful('The clock is not known', 'clock-uncertain'),
  doubtful('The connection is older than what was watched', 'older-than-agent'),
  doubtful('The log counts connections without addresses', 'aggregated'),
]
