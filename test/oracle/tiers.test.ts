// What the hand-checked cases cannot show of the admin tiers: open choices, exemptions, unknown names, what is left out.

import t from 'tap'
import type { Pod, PolicyObject, World } from '../../agent/policy/objects.ts'
import { writeGrounds } from './differential.ts'
import type { Probe } from './ends.ts'
import { ask } from './oracle.ts'

const all = { namespaces: {} }
const toB: Probe = { from: 'x/a', to: 'x/b', port: 80 }
const out: Probe = { from: 'x/a', to: '203.0.113.10', port: 443 }
const fromNode: Probe = { from: '192.168.0.11', to: 'x/a', port: 80 }

function pod(name: string, ip: string): Pod {
  return {
    uid: name,
    ns: 'x',
    name,
    labels: {},
    ips: [ip],
    hostIPs: [],
    node: 'n',
    hostNetwork: false,
    phase: 'Running',
    terminating: false,
    ports: [],
    workload: `Pod/${name}`,
  }
}

function worldWith(policies: readonly PolicyObject[]): World {
  return {
    namespaces: [{ name: 'x', labels: {} }],
    pods: [pod('a', '10.0.0.1'), pod('b', '10.0.0.2')],
    nodes: [{ name: 'n', labels: { zone: 'a' }, addresses: ['192.168.0.11'], podCIDRs: ['10.0.0.0/24'] }],
    policies,
  }
}

function admin(name: string, priority: number, rules: object): PolicyObject {
  const spec = { priority, subject: all, ...rules }
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'AdminNetworkPolicy',
    metadata: { name },
    spec,
  }
}

const egress = (action: string, peer: object = all) => ({ egress: [{ action, to: [peer] }] })
const ingress = (action: string, peer: object = all) => ({ ingress: [{ action, from: [peer] }] })

const rows: readonly {
  readonly name: string
  readonly policies: readonly PolicyObject[]
  readonly probe: Probe
  readonly verdict: 'allowed' | 'denied'
  readonly grounds: readonly string[]
  readonly isCertain: boolean
  readonly leftOut?: readonly string[]
}[] = [
  {
    name: 'A4: equal priorities go by name, and another order that says otherwise is noticed',
    policies: [admin('b', 5, egress('Allow')), admin('a', 5, egress('Deny'))],
    probe: toB,
    verdict: 'denied',
    grounds: ['egress? denies AdminNetworkPolicy/a#0', 'ingress '],
    isCertain: false,
  },
  {
    name: 'A4: equal priorities of which one matches leave nothing open',
    policies: [
      admin('b', 5, egress('Allow')),
      admin('a', 5, egress('Deny', { networks: ['203.0.113.0/24'] })),
    ],
    probe: toB,
    verdict: 'allowed',
    grounds: ['egress admits AdminNetworkPolicy/b#0', 'ingress '],
    isCertain: true,
  },
  {
    name: 'A4: three of equal priority are tried in every order',
    policies: [admin('a', 5, egress('Deny')), admin('b', 5, egress('Deny')), admin('c', 5, egress('Pass'))],
    probe: toB,
    verdict: 'denied',
    grounds: ['egress? denies AdminNetworkPolicy/a#0', 'ingress '],
    isCertain: false,
  },
  {
    name: 'A6: what passed stays a witness',
    policies: [admin('p', 1, egress('Pass')), admin('q', 2, egress('Deny'))],
    probe: toB,
    verdict: 'allowed',
    grounds: ['egress passes AdminNetworkPolicy/p#0', 'ingress '],
    isCertain: true,
  },
  {
    name: 'A9: nobody knows the name of the address',
    policies: [
      admin('p', 1, egress('Allow', { domainNames: ['example.org'] })),
      admin('q', 2, egress('Deny', { networks: ['0.0.0.0/0'] })),
    ],
    probe: out,
    verdict: 'denied',
    grounds: ['egress denies AdminNetworkPolicy/q#0'],
    isCertain: false,
  },
  {
    name: 'S50: a pod is not kept from itself',
    policies: [admin('p', 1, { ...egress('Deny'), ...ingress('Deny') })],
    probe: { from: 'x/a', to: 'x/a', port: 80 },
    verdict: 'allowed',
    grounds: ['egress denies AdminNetworkPolicy/p#0', 'ingress denies AdminNetworkPolicy/p#0'],
    isCertain: true,
  },
  {
    name: 'C12: no peer of an ingress rule is a node',
    policies: [admin('p', 1, ingress('Deny'))],
    probe: fromNode,
    verdict: 'allowed',
    grounds: ['ingress '],
    isCertain: true,
  },
  {
    name: 'A9: a node is a peer of egress by its labels',
    policies: [admin('p', 1, egress('Deny', { nodes: { matchLabels: { zone: 'a' } } }))],
    probe: { from: 'x/a', to: '192.168.0.11', port: 10250 },
    verdict: 'denied',
    grounds: ['egress denies AdminNetworkPolicy/p#0'],
    isCertain: true,
  },
  {
    name: 'A14: the shape of an older version fails closed',
    policies: [admin('p', 1, ingress('Pass', { namespaces: { sameLabels: ['team'] } }))],
    probe: toB,
    verdict: 'denied',
    grounds: ['egress ', 'ingress denies AdminNetworkPolicy/p#0'],
    isCertain: true,
  },
  {
    name: 'A refused policy is left out of the directions that it has rules for',
    policies: [admin('p', 1001, egress('Deny'))],
    probe: toB,
    verdict: 'allowed',
    grounds: ['egress ', 'ingress '],
    isCertain: false,
    leftOut: ['AdminNetworkPolicy/p'],
  },
]

for (const { name, policies, probe, leftOut = [], ...wanted } of rows)
  t.test(name, t => {
    const answer = ask(worldWith(policies), probe)!
    const { verdict, isCertain } = answer
    t.strictSame({ verdict, isCertain, grounds: answer.grounds.map(writeGrounds) }, wanted)
    t.strictSame(answer.leftOut, leftOut)
    t.end()
  })
