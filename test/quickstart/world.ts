// A cluster small enough to read: two pods, one Service, an outside range.

import { type Shop, shopOf } from '../../agent/quickstart/shop.ts'

function pod(ns: string, name: string, last: number, ports: readonly object[] = []): object {
  return {
    kind: 'Pod',
    metadata: { namespace: ns, name, labels: { app: name.split('-')[0] } },
    spec: { containers: [{ ports }] },
    status: { podIPs: [{ ip: `10.244.1.${last}` }, { ip: `fd00:10:244:1::${last}` }] },
  }
}

export function policy(ns: string, name: string, spec: object): object {
  return {
    kind: 'NetworkPolicy',
    apiVersion: 'networking.k8s.io/v1',
    metadata: { namespace: ns, name },
    spec,
  }
}

export function world(...policies: object[]): Shop {
  return shopOf([
    {
      kind: 'Node',
      metadata: { name: 'worker-1' },
      status: {
        addresses: [
          { type: 'InternalIP', address: '192.168.77.1' },
          { type: 'InternalIP', address: 'fd00:77::1' },
        ],
      },
    },
    { kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'storefront' } } },
    {
      kind: 'Namespace',
      metadata: { name: 'data', annotations: { 'quickstart.culprit/deny-with': 'reject' } },
    },
    pod('shop', 'cart-1', 12),
    pod('data', 'pg-0', 21, [
      { name: 'postgres', containerPort: 5432, protocol: 'TCP' },
      { name: 'stats', containerPort: 8125, protocol: 'UDP' },
    ]),
    {
      kind: 'Service',
      metadata: { namespace: 'data', name: 'pg' },
      spec: {
        selector: { app: 'pg' },
        clusterIPs: ['10.96.0.21', 'fd00:10:96::21'],
        ports: [{ port: 432, targetPort: 'postgres', protocol: 'TCP' }],
      },
    },
    ...policies,
  ])
}
