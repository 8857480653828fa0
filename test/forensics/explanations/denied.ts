// Denials by NetworkPolicies, as they really happen.

import { connection, drop, hubble, policy } from './cluster.ts'
import type { Situation } from './situation.ts'

const onlyFrom = (app: string, port = 5432) =>
  `podSelector:
  matchLabels:
    app: pg
policyTypes: [Ingress]
ingress:
  - from:
      - namespaceSelector:
          matchLabels:
            kubernetes.io/metadata.name: shop
        podSelector:
          matchLabels:
            app: ${app}
    ports:
      - protocol: TCP
        port: ${port}`

export const denied: readonly Situation[] = [
  {
    title: 'A label that is spelt wrong',
    manifests: policy('data/pg-ingress', onlyFrom('crat')),
    logs: {
      'netfilter-log': [
        drop('14:41:05', 'cart', 'pg', 5432),
        drop('14:44:10', 'cart', 'pg', 5432),
        drop('14:48:46', 'cart2', 'pg', 5432),
      ],
    },
    ask: ['shop/cart', 'data/pg-0', '--port', '5432'],
  },
  {
    title: 'A peer without a namespace means the own namespace',
    manifests: policy(
      'data/pg-ingress',
      `podSelector: {}
policyTypes: [Ingress]
ingress:
  - from:
      - podSelector:
          matchLabels:
            app: cart`,
    ),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'pg', 5432)] },
    ask: ['shop/cart-6c9f7d4b8-x2v9k', 'data/pg-0'],
  },
  {
    title: 'A namespace label that no namespace has',
    manifests: policy(
      'shop/metrics',
      `podSelector: {}
policyTypes: [Ingress]
ingress:
  - from:
      - namespaceSelector:
          matchLabels:
            name: monitoring`,
    ),
    logs: { 'netfilter-log': [drop('14:48:46', 'prometheus', 'cart', 8080)] },
    ask: ['monitoring/prometheus-0', 'shop/cart'],
  },
  {
    title: 'The wrong port',
    manifests: policy('data/pg-ingress', onlyFrom('cart', 5433)),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'pg', 5432)] },
    ask: ['shop/cart', 'data/pg'],
  },
  {
    title: 'Egress without DNS',
    manifests: policy(
      'shop/cart-egress',
      `podSelector:
  matchLabels:
    app: cart
policyTypes: [Egress]
egress:
  - to:
      - namespaceSelector: {}
    ports:
      - protocol: TCP
        port: 53`,
    ),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'coredns', 53, { proto: 'UDP' })] },
    ask: ['shop/cart', 'kube-system/coredns', '--protocol', 'UDP'],
  },
  {
    title: 'Deny all: a policy without rules',
    manifests: policy('data/deny-all', 'podSelector: {}\npolicyTypes: [Ingress]'),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'pg', 5432)] },
    ask: ['shop/cart', 'data/pg-0'],
  },
  {
    title: 'Both directions deny',
    manifests:
      policy('shop/deny-egress', 'podSelector: {}\npolicyTypes: [Egress]') +
      policy('data/pg-ingress', onlyFrom('api')),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'pg', 5432)] },
    ask: ['shop/cart', 'data/pg-0'],
  },
  {
    title: 'Several policies, and none of them matches',
    manifests:
      policy('data/deny-all', 'podSelector: {}\npolicyTypes: [Ingress]') +
      policy('data/pg-ingress', onlyFrom('api')) +
      policy('data/pg-metrics', onlyFrom('cart', 9187)),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'pg', 5432)] },
    ask: ['shop/cart', 'data/pg-0'],
  },
  {
    title: 'An address that an ipBlock leaves out',
    manifests: policy(
      'shop/web-ingress',
      `podSelector:
  matchLabels:
    app: web
ingress:
  - from:
      - ipBlock:
          cidr: 0.0.0.0/0
          except: [198.51.100.0/24]`,
    ),
    logs: { 'netfilter-log': [drop('14:48:46', '198.51.100.7', 'web', 8080)] },
    ask: ['198.51.100.7', 'shop/web'],
  },
  {
    title: 'A client outside the cluster that no rule can select',
    manifests: policy(
      'shop/web-ingress',
      `podSelector:
  matchLabels:
    app: web
ingress:
  - from:
      - namespaceSelector: {}`,
    ),
    logs: { 'netfilter-log': [drop('14:48:46', '203.0.113.9', 'web', 8080)] },
    ask: ['203.0.113.9', 'shop/web'],
  },
  {
    title: 'A destination outside the cluster',
    manifests: policy(
      'shop/cart-egress',
      `podSelector:
  matchLabels:
    app: cart
policyTypes: [Egress]
egress:
  - to:
      - ipBlock:
          cidr: 203.0.113.0/28
    ports:
      - port: 443`,
    ),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', '203.0.113.99', 443)] },
    ask: ['shop/cart', '203.0.113.99', '--port', '443'],
  },
  {
    title: 'A pod that is meant by its address',
    manifests: policy(
      'shop/cart-egress',
      `podSelector:
  matchLabels:
    app: cart
policyTypes: [Egress]
egress:
  - to:
      - ipBlock: { cidr: 10.96.0.20/32 }`,
    ),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'pg', 5432)] },
    ask: ['shop/cart', 'data/pg'],
  },
  {
    title: 'A named port that means another number',
    manifests: policy(
      'shop/cart-ingress',
      `podSelector:
  matchLabels:
    app: cart
ingress:
  - ports:
      - port: http`,
    ),
    logs: { 'netfilter-log': [drop('14:48:46', 'web', 'cart', 9102)] },
    ask: ['shop/web', 'shop/cart', '--port', '9102'],
  },
  {
    title: 'Ping, where rules name ports',
    manifests: policy('data/pg-ingress', onlyFrom('cart')),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'pg', 0, { proto: 'ICMP' })] },
    ask: ['shop/cart', 'data/pg', '--protocol', 'ICMP'],
  },
  {
    title: 'Through a Service',
    manifests: policy(
      'shop/web-ingress',
      `podSelector:
  matchLabels:
    app: web
ingress:
  - from:
      - podSelector: {}
    ports:
      - port: 80`,
    ),
    ask: ['shop/cart', 'shop/web', '--port', '80'],
  },
  {
    title: 'Rejected',
    manifests: policy('data/pg-ingress', onlyFrom('crat')),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'pg', 5432, { word: 'np-reject' })] },
    ask: ['shop/cart', 'data/pg'],
  },
  {
    title: 'Audit mode: logged and let through',
    manifests: policy('data/pg-ingress', onlyFrom('crat')),
    logs: {
      hubble: [
        hubble('14:48:46', 'cart', 'pg', 5432, {
          verdict: 'AUDIT',
          traffic_direction: 'INGRESS',
          is_reply: false,
        }),
      ],
    },
    ask: ['shop/cart', 'data/pg'],
  },
  {
    title: 'No reply, and the policies say why',
    manifests: policy('data/pg-ingress', onlyFrom('crat')),
    logs: { conntrack: connection('14:48:46', 'cart', 'pg', 5432, { isAnswered: false }) },
    ask: ['shop/cart', 'data/pg'],
  },
  {
    title: 'No reply, and the policies allow it',
    manifests: policy('data/pg-ingress', onlyFrom('cart')),
    logs: { conntrack: connection('14:48:46', 'cart', 'pg', 5432, { isAnswered: false }) },
    ask: ['shop/cart', 'data/pg'],
  },
  {
    title: 'No line in the log: computed',
    manifests: policy('data/pg-ingress', onlyFrom('api')),
    logs: { 'netfilter-log': [drop('14:48:46', 'cart', 'redis', 6379)] },
    ask: ['shop/cart', 'data/pg', '--port', '5432'],
  },
  {
    title: 'Not every pod of the workload gets the same answer',
    manifests:
      policy(
        'shop/cart-2-egress',
        `podSelector:
  matchLabels:
    app: cart
    canary: "true"
policyTypes: [Egress]`,
      ).replace(/$/, '') +
      policy('data/pg-ingress', onlyFrom('cart')) +
      `---
apiVersion: v1
kind: Pod
metadata:
  namespace: shop
  name: cart-6c9f7d4b8-zz9pq
  uid: uid-canary
  labels: { app: cart, canary: "true", pod-template-hash: 6c9f7d4b8 }
  ownerReferences: [{ kind: ReplicaSet, name: cart-6c9f7d4b8, controller: true }]
spec: { nodeName: worker-1, containers: [] }
status: { phase: Running, hostIP: 10.0.0.11, podIP: 10.244.1.99, podIPs: [{ ip: 10.244.1.99 }] }
`,
    ask: ['shop/cart', 'data/pg', '--port', '5432'],
  },
]
