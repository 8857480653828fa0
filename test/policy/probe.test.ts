import t from 'tap'
import { askProbe } from '../../agent/policy/index.ts'
import { epochOf, plain, pod, policy, withPolicies } from './small-world.ts'

const epoch = epochOf(withPolicies(plain, policy('x/p', { podSelector: {}, policyTypes: ['Egress'] })))

t.test('a probe that cannot be asked says what is wrong, with its id', async t => {
  const good = { id: 'i', from: 'x/a', to: 'y/b', port: 80 }
  const rows: [unknown, string][] = [
    [{ ...good, from: 'x/zz' }, 'from: no pod "x/zz" in this world'],
    [{ ...good, to: '10.0.0.256' }, 'to: "10.0.0.256" is neither "ns/pod" nor an IP address'],
    [{ ...good, to: undefined }, 'to: must be "ns/pod" or an IP address, not undefined'],
    [{ ...good, port: null }, 'port: missing, TCP needs one from 1 to 65535'],
    [{ ...good, port: 0 }, 'port: 0 is not a number from 1 to 65535'],
    [{ ...good, port: '80' }, 'port: "80" is not a number from 1 to 65535'],
    [{ ...good, port: 80, protocol: 'ICMP' }, 'port: ICMP has no ports, so it must be null, not 80'],
    [
      { ...good, protocol: 'HTTP' },
      'protocol: "HTTP" is not one of ICMP, IGMP, TCP, UDP, GRE, ESP, AH, ICMPv6, SCTP',
    ],
    [{ ...good, reply: 'yes' }, 'reply: must be true or false, not "yes"'],
  ]
  for (const [probe, error] of rows) t.strictSame(askProbe(epoch, probe), { id: 'i', error }, error)
  t.strictSame(askProbe(epoch, 7), { error: 'a probe must be an object, not 7' })
})

t.test('a reply is judged as the connection it belongs to (S54)', async t => {
  const reply = { from: 'x/a', to: 'y/b', port: 80, reply: true }
  t.match(askProbe(epoch, reply), { verdict: 'allowed', egress: 'allowed', ingress: 'allowed' })
  t.match(askProbe(epoch, { ...reply, reply: false }), { verdict: 'denied', egress: 'denied' })
})

t.test('protocols in any case, TCP when there is none, and ICMP without a port', async t => {
  t.match(askProbe(epoch, { from: 'y/b', to: 'z/c', port: 53, protocol: 'udp' }), { verdict: 'allowed' })
  t.match(askProbe(epoch, { from: 'y/b', to: 'z/c', port: null, protocol: 'icmpv6' }), { verdict: 'allowed' })
  const denied = askProbe(epoch, { id: 3, from: 'x/a', to: 'y/b', port: null, protocol: 'ICMP' })
  t.match(
    denied,
    { id: 3, verdict: 'denied', certainty: 'candidates' },
    'what deny-all does to ICMP is left open (S46)',
  )
})

t.test('an address that several live pods claim gives candidates, a Running pod first', async t => {
  const shared = { ips: ['10.7.7.7'] }
  const pods = [pod('y/q', { app: 'q' }, { ...shared, phase: 'Pending' }), pod('y/r', { app: 'r' }, shared)]
  const world = withPolicies(
    { ...plain, pods: [...plain.pods, ...pods] },
    policy('x/p', {
      ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'r' } } }] }],
    }),
  )
  const line = askProbe(epochOf(world), { from: '10.7.7.7', to: 'x/a', port: 80 })
  t.match(line, { verdict: 'allowed', certainty: 'candidates' })
})

t.test('an address of a pod network that no pod is known to have makes no answer sure', async t => {
  const nodes = [{ name: 'n', labels: {}, addresses: [], podCIDRs: ['10.9.0.0/16'] }]
  const choosy = policy('x/p', { ingress: [{ from: [{ podSelector: {} }] }] })
  const open = { ...plain, nodes }
  const unknown = { from: '10.9.1.1', to: 'x/a', port: 80 }
  t.match(askProbe(epochOf(open), unknown), { verdict: 'allowed', certainty: 'candidates' })
  t.match(askProbe(epochOf(open), { ...unknown, from: 'x/a', to: '10.9.1.1' }), { certainty: 'candidates' })
  t.match(askProbe(epochOf(withPolicies(open, choosy)), unknown), {
    verdict: 'denied',
    certainty: 'candidates',
  })
})
