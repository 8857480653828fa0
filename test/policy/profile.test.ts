import t from 'tap'
import { type Profile, profiles } from '../../agent/policy/index.ts'
import { ask, epochOf, node, plain, pod, policy, type Spec, tierPolicy, withPolicies } from './small-world.ts'

const world = {
  ...plain,
  nodes: [node('n1', ['192.168.0.11']), node('n2', ['192.168.0.12'])],
  pods: [
    pod('x/a', { app: 'api' }, { node: 'n1', ips: ['10.0.24.1', 'fd00::1'] }),
    pod('y/b', {}, { node: 'n2', hostIPs: [] }),
  ],
}
const from = (peer: unknown): Spec => ({ ingress: [{ from: [peer] }] })

/** In which profiles a probe is allowed, and in which the answer is only a candidate. */
function differing(spec: Spec, probe: string): { allowed: Profile[]; unsure: Profile[] } {
  const lines = profiles.map(profile => ({
    profile,
    line: ask(epochOf(withPolicies(world, policy('x/p', spec)), profile), probe),
  }))
  return {
    allowed: lines.filter(({ line }) => line.verdict === 'allowed').map(({ profile }) => profile),
    unsure: lines.filter(({ line }) => line.certainty !== undefined).map(({ profile }) => profile),
  }
}

const allBut = (...without: Profile[]) => profiles.filter(profile => !without.includes(profile))

t.test('profiles differ where their data planes do', async t => {
  const rows: [string, Spec, string, readonly Profile[], readonly Profile[]][] = [
    [
      'ipBlock and pods (S30)',
      from({ ipBlock: { cidr: '10.0.0.0/8' } }),
      'y/b -> x/a 80/TCP',
      allBut('cilium'),
      [],
    ],
    [
      'ipBlock and nodes (S31)',
      from({ ipBlock: { cidr: '192.168.0.0/16' } }),
      '192.168.0.12 -> x/a 80/TCP',
      allBut('cilium'),
      [],
    ],
    [
      'ipBlock and external',
      from({ ipBlock: { cidr: '0.0.0.0/0' } }),
      '203.0.113.9 -> x/a 80/TCP',
      profiles,
      [],
    ],
    ['::/0', from({ ipBlock: { cidr: '::/0' } }), 'fe80::1 -> x/a 80/TCP', allBut('kube-router'), []],
    ['::/0, global', from({ ipBlock: { cidr: '::/0' } }), '2001:db8::1 -> x/a 80/TCP', profiles, []],
    [
      'inert rules (S15)',
      { ingress: [{ ports: [{ port: 1 }] }], policyTypes: ['Egress'] },
      'y/b -> x/a 80/TCP',
      allBut('cilium'),
      [],
    ],
    [
      'nodes and namespaceSelector {}',
      from({ namespaceSelector: {} }),
      '192.168.0.12 -> x/a 80/TCP',
      ['ovn-kubernetes'],
      [],
    ],
    [
      'ICMP under deny (S46)',
      {},
      'y/b -> x/a ICMP',
      ['kube-router'],
      ['upstream', 'kube-router', 'antrea', 'ovn-kubernetes'],
    ],
    ['own node (S47)', {}, '192.168.0.11 -> x/a 80/TCP', profiles, ['kube-network-policies']],
  ]
  for (const [name, spec, probe, allowed, unsure] of rows)
    t.strictSame(differing(spec, probe), { allowed, unsure }, name)
})

t.test('a nearest miss under kube-router sees ::/0 as kube-router does', async t => {
  const epoch = epochOf(
    withPolicies(world, policy('x/p', from({ ipBlock: { cidr: '::/0' } }))),
    'kube-router',
  )
  t.match(ask(epoch, 'fe80::1 -> x/a 80/TCP').nearest, [
    { failed: 'from[0].ipBlock', want: '::/0', have: 'fe80::1' },
  ])
})

t.test('a tier that a data plane is not known to enforce decides nothing, and is named (C11)', async t => {
  const rule = { subject: { namespaces: {} }, tier: 'Admin', priority: 1 }
  const rows: [string, readonly Profile[]][] = [
    ['AdminNetworkPolicy/p', allBut('cilium', 'kube-router', 'aws')],
    ['BaselineAdminNetworkPolicy/default', allBut('cilium', 'kube-router', 'aws')],
    ['ClusterNetworkPolicy/p', ['upstream', 'calico', 'kube-network-policies']],
  ]
  for (const [name, enforcing] of rows) {
    const deny = tierPolicy(name, { ...rule, ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] })
    for (const profile of profiles) {
      const epoch = epochOf(withPolicies(world, deny), profile)
      const { ingress, leftOut, certainty } = ask(epoch, 'y/b -> x/a 80/TCP')
      const expected = enforcing.includes(profile)
        ? ['denied', undefined, undefined]
        : ['allowed', [name], 'candidates']
      t.strictSame([ingress, leftOut, certainty], expected, `${profile} ${name}`)
      const gone = epoch.with([{ kind: 'Policy', key: name }])
      t.strictSame(ask(gone, 'y/b -> x/a 80/TCP').leftOut, undefined, `${profile} without ${name}`)
    }
  }
})

t.test(
  'host-network pods and nodes are in no namespace for a tier, not even under ovn-kubernetes (A8)',
  async t => {
    const rules = { ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] }
    const guard = tierPolicy('AdminNetworkPolicy/p', { priority: 1, subject: { namespaces: {} }, ...rules })
    const epoch = epochOf(withPolicies(world, guard), 'ovn-kubernetes')
    t.equal(ask(epoch, '192.168.0.12 -> x/a 80/TCP').ingress, 'allowed')
    t.equal(ask(epoch, 'y/b -> x/a 80/TCP').ingress, 'denied')
  },
)
