// What the names of ACLs say, by their makers, and what the end of a line without its newline can be trusted with.

import t from 'tap'
import { Outcome } from '../../collectors/collector.ts'
import { Cause, Direction } from '../../collectors/flow.ts'
import { formatByName } from '../../collectors/index.ts'
import { options, outcomeNames, readOne } from './flows.ts'

const packet = 'tcp,nw_src=10.244.1.11,nw_dst=10.244.3.5,tp_src=41538,tp_dst=5432,tcp_flags=syn'

const line = (name: string, what = packet, direction = ', direction=to-lport'): string =>
  `2026-11-24T17:33:05.140Z|00004|acl_log(ovn_pinctrl0)|INFO|name="${name}", verdict=drop, severity=alert${direction}: ${what}`

const { none, egress, ingress } = Direction

/** What a drop by an ACL of that name says, or its outcome. */
function meaning(format: string, name: string): unknown {
  const { outcome, flow } = readOne(formatByName(format)!.create(options), line(name, packet, ''))
  if (outcome !== Outcome.flow) return outcomeNames[outcome]
  return [flow.reported!.policies, flow.cause, flow.direction]
}

t.test('a name of OVN-Kubernetes says the policy, as far as it is whole', async t => {
  const long = 'a-namespace-whose-name-is-nearly-as-long-as-it-may'
  const table: readonly (readonly [string, unknown])[] = [
    ['NP:shop:cart-out:Egress:0', [['shop/cart-out'], Cause.none, egress]],
    ['NP:data:Ingress', [[], Cause.none, ingress]],
    // Cut to 63 characters: in the policy, in the direction, in the index.
    [`NP:${long}:pg-ingr`, [[], Cause.none, none]],
    [`NP:${long}:pg-in:I`, [[`${long}/pg-in`], Cause.none, none]],
    ['ANP:tenants:Ingress:1', [['AdminNetworkPolicy/tenants'], Cause.none, ingress]],
    ['BANP:default:Egress:0', [['BaselineAdminNetworkPolicy/default'], Cause.none, egress]],
    ['EF:shop:3', [['EgressFirewall/shop/default'], Cause.otherPolicy, egress]],
    ['data_ingressDefaultDeny', [[], Cause.none, ingress]],
    ['data_egressDefaultDeny', [[], Cause.none, egress]],
    ['data_pg-ingress_0', [['data/pg-ingress'], Cause.none, none]],
    ['data_deny-all', [['data/deny-all'], Cause.none, none]],
    ['neutron-5c1f', [[], Cause.none, none]],
    ['np/pg.data/ingress/IPv4/0', 'foreign'],
    ['<unnamed>', 'foreign'],
  ]
  for (const [name, expected] of table) t.strictSame(meaning('ovn-acl', name), expected, name)
})

t.test('a name of Kube-OVN says the policy, as far as it is whole', async t => {
  const table: readonly (readonly [string, unknown])[] = [
    ['np/pg.v2.data/ingress/IPv4/0', [['data/pg.v2'], Cause.none, ingress]],
    ['np/cart.shop/egress/IPv6/all', [['shop/cart'], Cause.none, egress]],
    ['np/cart.shop/egress/IPv4/0/10.0.0.0/8', [['shop/cart'], Cause.none, egress]],
    ['data/pg.v2', [['data/pg.v2'], Cause.none, none]],
    ['np/cart', [['np/cart'], Cause.none, none]],
    // `1-deny` and `np1-deny` are the same to Kube-OVN.
    ['np/np1-deny.shop/ingress/IPv4/0', [[], Cause.none, ingress]],
    ['np/npd.shop/ingress/IPv4/0', [['shop/npd'], Cause.none, ingress]],
    ['anp/tenants/ingress/IPv4/0', [['AdminNetworkPolicy/tenants'], Cause.none, ingress]],
    ['banp/default/egress/IPv4/0', [['BaselineAdminNetworkPolicy/default'], Cause.none, egress]],
    ['cnp/base/ingress/IPv4/0', [['ClusterNetworkPolicy/base'], Cause.none, ingress]],
    ['np/a-policy-with-a-long-name-in-a-namespace-with-a-long-na...', [[], Cause.none, none]],
    ['data/a-policy-with-a-name-that-is-longer-than-what-ovn-keep...', [[], Cause.none, none]],
    ['<unnamed>', [[], Cause.none, none]],
    ['ovn-private', [[], Cause.notPolicy, none]],
    ['NP:data:Ingress', 'foreign'],
    ['data_deny-all', 'foreign'],
    ['neutron-5c1f', 'foreign'],
  ]
  for (const [name, expected] of table) t.strictSame(meaning('kube-ovn-acl', name), expected, name)
})

t.test('the direction is that of the pod behind the logical port', async t => {
  const read = (direction: string) =>
    readOne(formatByName('ovn-acl')!.create(options), line('NP:data:pg:x', packet, direction)).flow.direction
  t.equal(read(', direction=to-lport'), ingress)
  t.equal(read(', direction=from-lport'), egress)
  t.equal(read(''), none)
})

t.test('a last line without its newline is a line where nothing could follow, else malformed', async t => {
  const ends = 'nw_src=10.244.1.11,nw_dst=10.244.3.5'
  const table: readonly (readonly [string, string])[] = [
    [`udp,${ends},tp_src=33871,tp_dst=5`, 'malformed'],
    [`udp,${ends},tp_src=33871,tp_dst=54343`, 'flow'],
    [`udp,${ends},tp_src=33871,tp_dst=0`, 'flow'],
    [`tcp,${ends},tp_src=1,tp_dst=2,tcp_flags=syn`, 'flow'],
    [`tcp,${ends},tp_src=1,tp_dst=2,tcp_flags=fin|ack`, 'flow'],
    [`tcp,${ends},tp_src=1,tp_dst=2,tcp_flags=fin`, 'malformed'],
    [`icmp,${ends},icmp_type=8,icmp_code=0`, 'flow'],
    [`icmp,${ends},icmp_type=3,icmp_code=1`, 'malformed'],
    [`igmp,${ends}`, 'malformed'],
  ]
  for (const [what, expected] of table) {
    const collector = formatByName('ovn-acl')!.create(options)
    const text = line('NP:data:Ingress', what)
    t.equal(outcomeNames[readOne(collector, text).outcome], 'flow', `${what} with its newline`)
    t.equal(outcomeNames[readOne(collector, Buffer.from(`${text}\0`)).outcome], expected, what)
  }
})

t.test('what OVN says it did not log is a loss, of the format whose lines the file has', async t => {
  const loss =
    '2026-11-24T17:33:07.000Z|00014|acl_log(ovn_pinctrl0)|INFO|Dropped 7 log messages in last 12 seconds'
  for (const [format, name] of [
    ['ovn-acl', 'NP:data:Ingress'],
    ['kube-ovn-acl', 'data/pg'],
  ] as const) {
    const collector = formatByName(format)!.create(options)
    readOne(collector, line(name))
    const { outcome, flow } = readOne(collector, loss)
    t.equal(outcome, Outcome.loss, format)
    t.equal(flow.count, 7, format)
  }
  t.equal(readOne(formatByName('kube-ovn-acl')!.create(options), loss).outcome, Outcome.foreign)
})
