// Everything that is not a plain denial by a NetworkPolicy: allowed, changed, doubtful, contradicting, somebody else's.

import { admin, connection, drop, hubble, podObject, policy } from './cluster.ts'
import { event, type Situation, version } from './situation.ts'

const pgFrom = (app: string) =>
  `podSelector:
  matchLabels:
    app: pg
policyTypes: [Ingress]
ingress:
  - from:
      - namespaceSelector: {}
        podSelector:
          matchLabels:
            app: ${app}`

const cartEgress = `podSelector:
  matchLabels:
    app: cart
policyTypes: [Egress]
egress:
  - to:
      - namespaceSelector: {}`

const drops = (...times: string[]) => ({ 'netfilter-log': times.map(time => drop(time, 'cart', 'pg', 5432)) })
const pg = ['shop/cart', 'data/pg'] as const

const namespace = (name: string, labels: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
})

/** A NetworkPolicy as Cilium names it. */
const cilium = (namespace: string, name: string) => ({
  name,
  namespace,
  labels: [
    'k8s:io.cilium.k8s.policy.derived-from=NetworkPolicy',
    `k8s:io.cilium.k8s.policy.name=${name}`,
    `k8s:io.cilium.k8s.policy.namespace=${namespace}`,
  ],
  revision: '4',
  kind: 'NetworkPolicy',
})

export const other: readonly Situation[] = [
  {
    title: 'Allowed: which rules admitted it',
    manifests: policy('data/pg-ingress', pgFrom('cart')) + policy('shop/cart-egress', cartEgress),
    logs: { conntrack: connection('14:48:46', 'cart', 'pg', 5432, { called: ['10.96.0.20', 5432] }) },
    ask: pg,
  },
  {
    title: 'Allowed: no policy selects either of them',
    logs: { conntrack: connection('14:48:46', 'cart', 'pg', 5432) },
    ask: pg,
  },
  {
    title: 'Allowed: the node of the pod itself',
    manifests: policy('data/deny-all', 'podSelector: {}\npolicyTypes: [Ingress]'),
    logs: { conntrack: connection('14:48:46', 'node', 'pg', 5432) },
    ask: ['10.0.0.11', 'data/pg'],
  },
  {
    title: 'Allowed: a pod that reaches itself through its Service',
    manifests: policy('data/deny-all', 'podSelector: {}\npolicyTypes: [Ingress, Egress]'),
    logs: { conntrack: connection('14:48:46', 'pg', 'pg', 5432, { called: ['10.96.0.20', 5432] }) },
    ask: ['data/pg-0', 'data/pg-0'],
  },
  {
    title: 'Source NAT: the server sees the node',
    manifests: policy('data/pg-ingress', pgFrom('cart')),
    logs: {
      conntrack: connection('14:48:46', 'cart2', 'pg', 5432, {
        called: ['10.96.0.20', 5432],
        seen: '10.0.0.12',
        isAnswered: false,
      }),
    },
    ask: pg,
  },
  {
    title: 'An edit that removed a peer',
    events: [
      event('14:00:00', 'ADDED', policy('data/pg-ingress', pgFrom('cart'), version(3, 'helm', '13:00:00'))),
      event(
        '14:41:02.120',
        'MODIFIED',
        policy('data/pg-ingress', pgFrom('api'), version(4, 'argocd-controller', '14:41:02')),
      ),
    ],
    logs: {
      conntrack: connection('14:38:10', 'cart', 'pg', 5432),
      ...drops('14:48:46'),
    },
    ask: pg,
  },
  {
    title: 'A policy that was created',
    events: [
      event('14:00:00', 'ADDED', policy('shop/cart-egress', cartEgress, ', uid: uid-9')),
      event(
        '14:41:02.120',
        'ADDED',
        policy(
          'data/deny-all',
          'podSelector: {}\npolicyTypes: [Ingress]',
          version(1, 'kubectl-client-side-apply', '14:41:02'),
        ),
      ),
    ],
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'A policy that was deleted',
    manifests: policy('data/deny-all', 'podSelector: {}\npolicyTypes: [Ingress]'),
    events: [
      event('14:00:00', 'ADDED', policy('data/pg-ingress', pgFrom('cart'), version(1, 'helm', '13:00:00'))),
      event(
        '14:41:02.120',
        'DELETED',
        policy('data/pg-ingress', pgFrom('cart'), version(1, 'helm', '13:00:00')),
      ),
    ],
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'A label that was changed on the pod',
    manifests: policy('data/redis-ingress', pgFrom('cart').replace('app: pg', 'app: redis')),
    events: [
      event(
        '14:00:00',
        'ADDED',
        podObject('shop', 'api-1', 'worker-1', '10.244.1.77', 'StatefulSet', { app: 'cart' }),
      ),
      event(
        '14:41:02.120',
        'MODIFIED',
        podObject('shop', 'api-1', 'worker-1', '10.244.1.77', 'StatefulSet', { app: 'kart' }),
      ),
    ],
    logs: { 'netfilter-log': [drop('14:48:46', '10.244.1.77', 'redis', 6379)] },
    ask: ['shop/api-1', 'data/redis-0'],
  },
  {
    title: 'A label that was taken from the namespace',
    manifests: policy(
      'data/redis-ingress',
      `podSelector:
  matchLabels:
    app: redis
ingress:
  - from:
      - namespaceSelector:
          matchLabels:
            tier: front`,
    ),
    events: [
      event('14:00:00', 'ADDED', namespace('front', { tier: 'front' })),
      event('14:41:02.120', 'MODIFIED', namespace('front', {})),
      event(
        '14:00:00',
        'ADDED',
        podObject('front', 'page-0', 'worker-1', '10.244.1.78', 'StatefulSet', { app: 'page' }),
      ),
    ],
    logs: { 'netfilter-log': [drop('14:48:46', '10.244.1.78', 'redis', 6379)] },
    ask: ['front/page-0', 'data/redis-0'],
  },
  {
    title: 'Two changes that both deny it',
    events: [
      event('14:00:00', 'ADDED', policy('shop/cart-egress', cartEgress, ', uid: uid-9')),
      event(
        '14:31:00',
        'ADDED',
        policy('data/deny-all', 'podSelector: {}\npolicyTypes: [Ingress]', ', uid: uid-2, generation: 1'),
      ),
      event('14:41:02', 'ADDED', policy('data/pg-ingress', pgFrom('api'), version(1, 'helm', '14:41:02'))),
    ],
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'Just after a change: the node had not followed yet',
    events: [
      event('14:00:00', 'ADDED', policy('data/pg-ingress', pgFrom('api'), version(3, 'helm', '13:00:00'))),
      event(
        '14:48:45.200',
        'MODIFIED',
        policy('data/pg-ingress', pgFrom('cart'), version(4, 'argocd-controller', '14:48:45')),
      ),
    ],
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'Just after a change: old and new policies both deny it',
    events: [
      event('14:00:00', 'ADDED', policy('data/pg-ingress', pgFrom('api'), version(3, 'helm', '13:00:00'))),
      event(
        '14:48:45.200',
        'MODIFIED',
        policy('data/pg-ingress', pgFrom('web'), version(4, 'argocd-controller', '14:48:45')),
      ),
    ],
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'Denied although the policies allow it',
    manifests: policy('data/pg-ingress', pgFrom('cart')),
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'Allowed although the policies deny it',
    manifests: policy('data/pg-ingress', pgFrom('api')),
    logs: { conntrack: connection('14:48:46', 'cart', 'pg', 5432) },
    ask: pg,
  },
  {
    title: 'A connection that is older than its policies',
    manifests: policy('data/pg-ingress', pgFrom('api')),
    logs: {
      hubble: [
        hubble('14:48:46', 'pg', 'cart', 41000, {
          verdict: 'FORWARDED',
          is_reply: true,
          event_type: { type: 4 },
          l4: { TCP: { source_port: 5432, destination_port: 41000, flags: { ACK: true } } },
        }),
      ],
    },
    ask: pg,
  },
  {
    title: 'A policy of another kind, as the CNI says',
    manifests: policy('data/pg-ingress', pgFrom('cart')),
    logs: {
      hubble: [
        hubble('14:48:46', 'cart', 'pg', 5432, {
          verdict: 'DROPPED',
          traffic_direction: 'EGRESS',
          drop_reason_desc: 'POLICY_DENY',
          egress_denied_by: [{ name: 'no-databases', namespace: 'shop', kind: 'CiliumNetworkPolicy' }],
        }),
      ],
    },
    ask: pg,
  },
  {
    title: 'Not the doing of a policy, as the CNI says',
    logs: {
      hubble: [
        hubble('14:48:46', 'cart', 'pg', 5432, {
          verdict: 'DROPPED',
          event_type: { type: 1, sub_type: 155 },
          drop_reason_desc: 'CT_MAP_INSERTION_FAILED',
        }),
      ],
    },
    ask: pg,
  },
  {
    title: 'The CNI names the same policy',
    manifests: policy('data/pg-ingress', pgFrom('cart')),
    logs: {
      hubble: [
        hubble('14:48:46', 'cart', 'pg', 5432, {
          verdict: 'FORWARDED',
          traffic_direction: 'INGRESS',
          is_reply: false,
          ingress_allowed_by: [cilium('data', 'pg-ingress')],
        }),
      ],
    },
    ask: pg,
  },
  {
    title: 'The CNI names another policy',
    manifests: policy('data/pg-ingress', pgFrom('cart')),
    logs: {
      hubble: [
        hubble('14:48:46', 'cart', 'pg', 5432, {
          verdict: 'FORWARDED',
          traffic_direction: 'INGRESS',
          is_reply: false,
          ingress_allowed_by: [cilium('data', 'pg-all')],
        }),
      ],
    },
    ask: pg,
  },
  {
    title: 'An address that went from one pod to another, and a clock of whole seconds',
    manifests: policy('data/pg-ingress', pgFrom('web')),
    events: [
      event(
        '14:00:00',
        'ADDED',
        podObject('shop', 'old-0', 'worker-1', '10.244.1.77', 'StatefulSet', { app: 'api' }),
      ),
      event(
        '14:48:46.200',
        'DELETED',
        podObject('shop', 'old-0', 'worker-1', '10.244.1.77', 'StatefulSet', { app: 'api' }),
      ),
      event(
        '14:48:46.600',
        'ADDED',
        podObject('shop', 'new-0', 'worker-1', '10.244.1.77', 'StatefulSet', { app: 'job' }),
      ),
    ],
    logs: {
      'netfilter-log,zone=UTC,year=2026': [
        drop('14:48:46', '10.244.1.77', 'pg', 5432).replace(/^\S+/, 'Nov 22 14:48:46'),
      ],
    },
    ask: ['10.244.1.77', 'data/pg'],
  },
  {
    title: 'An address of a pod network that no known pod has',
    manifests: policy('data/pg-ingress', pgFrom('api')),
    logs: { 'netfilter-log': [drop('14:48:46', '10.244.1.200', 'pg', 5432)] },
    ask: ['10.244.1.200', 'data/pg'],
  },
  {
    title: 'Before anything is known of the cluster',
    events: [
      event('15:30:00', 'ADDED', policy('data/pg-ingress', pgFrom('api'), version(3, 'helm', '13:00:00'))),
    ],
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'An invalid policy was left out',
    manifests:
      policy('data/pg-ingress', pgFrom('api')) +
      policy(
        'data/pg-broken',
        `podSelector: {}\ningress:\n  - from:\n      - podSelector: { matchLabels: { app: -cart- } }`,
      ),
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'Policies of other kinds are in force',
    manifests: `${policy('data/pg-ingress', pgFrom('api'))}---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { namespace: data, name: extra }
spec: {}
`,
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'An admin policy denies it before any NetworkPolicy is asked',
    manifests:
      policy('data/pg-ingress', pgFrom('cart')) +
      admin(
        'AdminNetworkPolicy',
        'no-databases',
        'priority: 10\nsubject: { namespaces: { matchLabels: { kubernetes.io/metadata.name: data } } }\ningress:\n  - action: Pass\n    from: [{ namespaces: { matchLabels: { kubernetes.io/metadata.name: monitoring } } }]\n  - action: Deny\n    from: [{ namespaces: {} }]',
      ),
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'An admin policy passes, and a NetworkPolicy denies',
    manifests:
      policy('data/pg-ingress', pgFrom('api')) +
      admin(
        'AdminNetworkPolicy',
        'shop-may-ask',
        'priority: 10\nsubject: { namespaces: {} }\ningress:\n  - action: Pass\n    from: [{ namespaces: { matchLabels: { kubernetes.io/metadata.name: shop } } }]',
      ),
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'The baseline denies what no NetworkPolicy speaks of',
    manifests: admin(
      'BaselineAdminNetworkPolicy',
      'default',
      'subject: { namespaces: {} }\ningress:\n  - action: Deny\n    from: [{ namespaces: {} }]',
    ),
    logs: drops('14:48:46'),
    ask: pg,
  },
  {
    title: 'Two strangers',
    logs: { 'netfilter-log': [drop('14:48:46', '203.0.113.9', '198.51.100.7', 443)] },
    ask: ['203.0.113.9', '198.51.100.7'],
  },
]
