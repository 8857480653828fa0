// What happens in the shop: who calls whom, and which policy is responsible for what comes of it. The quickstart's traffic, the
// sandbox test and the recording all run this list, and the expectations double as its documentation: they were worked out by
// hand from the manifests, not taken from culprit.

import type { Outsider } from './plan.ts'

/** Hosts outside the cluster. The acquirer answers on an old address and on the one it has moved to. */
export const outsiders: readonly Outsider[] = [
  { alias: 'customer', ips: ['192.0.2.44', '2001:db8:77::44'], ports: [] },
  { alias: 'office', ips: ['198.51.100.7'], ports: [] },
  { alias: 'acquirer', ips: ['203.0.113.10', '203.0.113.66'], ports: [443] },
]

/** Policies as `ns/name`, rules and terms in the words of culprit's records. */
export interface Miss {
  readonly policy: string
  readonly rule: string
  readonly failed: string
  readonly want?: string
  readonly have?: string
}

export interface Way {
  readonly reason: 'rule-matched' | 'not-isolated' | 'exempt-node'
  /** `ns/name rule`, for `rule-matched`. */
  readonly by?: readonly string[]
}

export type Expectation =
  | { readonly verdict: 'allowed'; readonly egress?: Way; readonly ingress?: Way }
  | {
      readonly verdict: 'denied' | 'rejected'
      readonly dir: 'egress' | 'ingress'
      /** Every policy that isolates this direction; none has a rule that matches. */
      readonly policies: readonly string[]
      readonly nearest?: Miss
      /** Set where the edit of edit.ts is what made the difference. */
      readonly changed?: { readonly policy: string; readonly by: string }
    }

export interface Attempt {
  /** What a person would say about it. */
  readonly about: string
  /** `ns/app` of a pod, an outsider's alias, or `node` for the node itself. */
  readonly from: string
  readonly to: string
  /** What the client addresses where that is not the first IPv4 address of `to`: a Service, or another address. */
  readonly address?: string
  /** Absent for ICMP. */
  readonly port?: number
  /** The port at the pod, where a Service translates it. */
  readonly targetPort?: number
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  /** `usual`: only while the edited policy is as the manifests have it. `edited`: only while it is edited. */
  readonly when?: 'usual' | 'edited'
  readonly expect: Expectation
}

const open: Way = { reason: 'not-isolated' }
const by = (...rules: string[]): Way => ({ reason: 'rule-matched', by: rules })

export const scenario: readonly Attempt[] = [
  {
    about: 'the cart cannot reach its database: the policy says crat',
    from: 'shop/cart',
    to: 'data/pg',
    port: 5432,
    protocol: 'tcp',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['data/pg-ingress'],
      nearest: {
        policy: 'data/pg-ingress',
        rule: 'ingress[0]',
        failed: 'from[0].podSelector',
        want: 'app=crat',
        have: 'app=cart',
      },
    },
  },
  {
    about: 'the payment gateway cannot resolve names: default deny without DNS',
    from: 'payments/gateway',
    to: 'kube-system/coredns',
    address: '10.96.0.10',
    port: 53,
    protocol: 'udp',
    expect: {
      verdict: 'denied',
      dir: 'egress',
      policies: ['payments/default-deny', 'payments/gateway-egress'],
      nearest: { policy: 'payments/gateway-egress', rule: 'egress[0]', failed: 'to[0].ipBlock' },
    },
  },
  {
    about: 'checkout calls the gateway through its Service: the policy names the port of the Service',
    from: 'shop/checkout',
    to: 'payments/gateway',
    address: '10.96.0.31',
    port: 443,
    targetPort: 8443,
    protocol: 'tcp',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['payments/gateway-ingress'],
      nearest: {
        policy: 'payments/gateway-ingress',
        rule: 'ingress[0]',
        failed: 'ports[0]',
        want: '443/TCP',
        have: '8443/TCP',
      },
    },
  },
  {
    about: 'the gateway books into the ledger',
    from: 'payments/gateway',
    to: 'payments/ledger',
    port: 9090,
    protocol: 'tcp',
    when: 'usual',
    expect: {
      verdict: 'allowed',
      egress: by('payments/gateway-egress egress[1]'),
      ingress: by('payments/ledger-ingress ingress[0]'),
    },
  },
  {
    about: 'the gateway is cut off from the ledger by an edit made for a gateway-v2',
    from: 'payments/gateway',
    to: 'payments/ledger',
    port: 9090,
    protocol: 'tcp',
    when: 'edited',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['payments/ledger-ingress'],
      nearest: {
        policy: 'payments/ledger-ingress',
        rule: 'ingress[0]',
        failed: 'from[0].podSelector',
        want: 'app=gateway-v2',
        have: 'app=gateway',
      },
      changed: { policy: 'payments/ledger-ingress', by: 'kubectl-edit' },
    },
  },
  {
    about: 'a customer sees the shop',
    from: 'customer',
    to: 'shop/web',
    port: 8080,
    protocol: 'tcp',
    expect: { verdict: 'allowed', ingress: by('shop/web-ingress ingress[0]') },
  },
  {
    about: 'the office does not: it lives in the range of the except',
    from: 'office',
    to: 'shop/web',
    port: 8080,
    protocol: 'tcp',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['shop/metrics-from-monitoring', 'shop/web-ingress'],
      nearest: { policy: 'shop/web-ingress', rule: 'ingress[0]', failed: 'from[0].ipBlock.except' },
    },
  },
  {
    about: 'Prometheus cannot scrape the cart: no namespace has the label name=monitoring',
    from: 'monitoring/prometheus',
    to: 'shop/cart',
    port: 9102,
    protocol: 'tcp',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['shop/internal-services', 'shop/metrics-from-monitoring'],
      nearest: {
        policy: 'shop/metrics-from-monitoring',
        rule: 'ingress[0]',
        failed: 'from[0].namespaceSelector',
        want: 'name=monitoring',
        have: 'name absent',
      },
    },
  },
  {
    about: 'the web page calls the cart',
    from: 'shop/web',
    to: 'shop/cart',
    port: 8080,
    protocol: 'tcp',
    expect: { verdict: 'allowed', egress: open, ingress: by('shop/internal-services ingress[0]') },
  },
  {
    about: 'the cart cannot reach Redis: the policy has the port of Redis with TLS',
    from: 'shop/cart',
    to: 'data/redis',
    port: 6379,
    protocol: 'tcp',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['data/redis-ingress'],
      nearest: {
        policy: 'data/redis-ingress',
        rule: 'ingress[0]',
        failed: 'ports[0]',
        want: '6380/TCP',
        have: '6379/TCP',
      },
    },
  },
  {
    about: 'the web page asks Grafana for a panel and is reset: a podSelector alone means the own namespace',
    from: 'shop/web',
    to: 'monitoring/grafana',
    port: 3000,
    protocol: 'tcp',
    expect: {
      verdict: 'rejected',
      dir: 'ingress',
      policies: ['monitoring/grafana-ingress'],
      nearest: {
        policy: 'monitoring/grafana-ingress',
        rule: 'ingress[0]',
        failed: 'from[0].namespaceSelector',
        want: 'namespace monitoring',
        have: 'namespace shop',
      },
    },
  },
  {
    about: 'the gateway reaches the old address of the acquirer',
    from: 'payments/gateway',
    to: 'acquirer',
    port: 443,
    protocol: 'tcp',
    expect: { verdict: 'allowed', egress: by('payments/gateway-egress egress[0]') },
  },
  {
    about: 'but not the address that the acquirer has moved to',
    from: 'payments/gateway',
    to: 'acquirer',
    address: '203.0.113.66',
    port: 443,
    protocol: 'tcp',
    expect: {
      verdict: 'denied',
      dir: 'egress',
      policies: ['payments/default-deny', 'payments/gateway-egress'],
      nearest: { policy: 'payments/gateway-egress', rule: 'egress[0]', failed: 'to[0].ipBlock.except' },
    },
  },
  {
    about: 'checkout reaches the database through its Service',
    from: 'shop/checkout',
    to: 'data/pg',
    address: '10.96.0.21',
    port: 5432,
    targetPort: 5432,
    protocol: 'tcp',
    expect: { verdict: 'allowed', egress: open, ingress: by('data/pg-ingress ingress[1]') },
  },
  {
    about: 'and over IPv6',
    from: 'shop/checkout',
    to: 'data/pg',
    address: 'fd00:10:244:1::21',
    port: 5432,
    protocol: 'tcp',
    expect: { verdict: 'allowed', egress: open, ingress: by('data/pg-ingress ingress[1]') },
  },
  {
    about: 'the cart is denied over IPv6 as well',
    from: 'shop/cart',
    to: 'data/pg',
    address: 'fd00:10:244:1::21',
    port: 5432,
    protocol: 'tcp',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['data/pg-ingress'],
      nearest: {
        policy: 'data/pg-ingress',
        rule: 'ingress[0]',
        failed: 'from[0].podSelector',
        want: 'app=crat',
        have: 'app=cart',
      },
    },
  },
  {
    about: 'a customer with IPv6 sees nothing: 0.0.0.0/0 holds no IPv6 address',
    from: 'customer',
    to: 'shop/web',
    address: 'fd00:10:244:1::11',
    port: 8080,
    protocol: 'tcp',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['shop/metrics-from-monitoring', 'shop/web-ingress'],
      nearest: { policy: 'shop/web-ingress', rule: 'ingress[0]', failed: 'from[0].ipBlock' },
    },
  },
  {
    about: 'the catalog resolves names',
    from: 'shop/catalog',
    to: 'kube-system/coredns',
    address: '10.96.0.10',
    port: 53,
    targetPort: 53,
    protocol: 'udp',
    expect: { verdict: 'allowed', egress: open, ingress: by('kube-system/dns ingress[0]') },
  },
  {
    about: 'but does not read the metrics of the DNS server',
    from: 'shop/catalog',
    to: 'kube-system/coredns',
    port: 9153,
    protocol: 'tcp',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['kube-system/dns'],
      nearest: {
        policy: 'kube-system/dns',
        rule: 'ingress[0]',
        failed: 'ports[1]',
        want: '53/TCP',
        have: '9153/TCP',
      },
    },
  },
  {
    about: 'the nightly backup reads the database',
    from: 'data/backup',
    to: 'data/pg',
    port: 5432,
    protocol: 'tcp',
    expect: { verdict: 'allowed', egress: open, ingress: by('data/pg-ingress ingress[1]') },
  },
  {
    about: 'the ledger may open nothing at all, and the database would not let it in either',
    from: 'payments/ledger',
    to: 'data/pg',
    port: 5432,
    protocol: 'tcp',
    expect: { verdict: 'denied', dir: 'egress', policies: ['payments/default-deny'] },
  },
  {
    about: 'Prometheus scrapes the ledger through a named port',
    from: 'monitoring/prometheus',
    to: 'payments/ledger',
    port: 9102,
    protocol: 'tcp',
    expect: { verdict: 'allowed', egress: open, ingress: by('payments/ledger-ingress ingress[1]') },
  },
  {
    about: 'a ping is no TCP: a rule with ports does not let it in',
    from: 'shop/cart',
    to: 'data/redis',
    protocol: 'icmp',
    expect: {
      verdict: 'denied',
      dir: 'ingress',
      policies: ['data/redis-ingress'],
      nearest: {
        policy: 'data/redis-ingress',
        rule: 'ingress[0]',
        failed: 'ports[0]',
        want: '6380/TCP',
        have: 'ICMP',
      },
    },
  },
  {
    about: 'checkout reaches the acquirer: no policy isolates its egress',
    from: 'shop/checkout',
    to: 'acquirer',
    port: 443,
    protocol: 'tcp',
    expect: { verdict: 'allowed', egress: open },
  },
  {
    about: 'the kubelet probes the cart: traffic of the own node is always allowed',
    from: 'node',
    to: 'shop/cart',
    port: 8080,
    protocol: 'tcp',
    expect: { verdict: 'allowed', ingress: { reason: 'exempt-node' } },
  },
]
