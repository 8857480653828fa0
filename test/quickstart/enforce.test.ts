import t from 'tap'
import { chainOf, compileRules, readCounters } from '../../agent/quickstart/enforce.ts'
import { policy, world } from './world.ts'

/** The rules of one chain, trimmed. */
function chain(text: string, name: string): string[] {
  const lines = text.split('\n').map(line => line.trim())
  const start = lines.indexOf(`chain ${name} {`) + 1
  return lines.slice(start, lines.indexOf('}', start))
}

t.test('compileRules() writes a whole table that can be loaded again and again', async t => {
  const shop = world(
    policy('data', 'pg', {
      podSelector: { matchLabels: { app: 'pg' } },
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { team: 'storefront' } } }],
          ports: [{ port: 'postgres' }],
        },
      ],
    }),
  )
  t.equal(
    compileRules(shop),
    `add table inet culprit
flush table inet culprit
add map inet culprit from_pod4 { type ipv4_addr : verdict; }
flush map inet culprit from_pod4
add map inet culprit from_pod6 { type ipv6_addr : verdict; }
flush map inet culprit from_pod6
add map inet culprit to_pod4 { type ipv4_addr : verdict; }
flush map inet culprit to_pod4
add map inet culprit to_pod6 { type ipv6_addr : verdict; }
flush map inet culprit to_pod6
table inet culprit {
  counter invalid { }
  counter shop.cart-1.out { }
  counter shop.cart-1.in { }
  counter data.pg-0.out { }
  counter data.pg-0.in { }
  chain shop.cart-1.out {
  }
  chain shop.cart-1.in {
  }
  chain data.pg-0.out {
  }
  chain data.pg-0.in {
    ip saddr { 10.244.1.12 } meta l4proto tcp ip daddr . th dport { 10.244.1.21 . 5432 } return comment "data/pg ingress[0]"
    ip6 saddr { fd00:10:244:1::12 } meta l4proto tcp ip6 daddr . th dport { fd00:10:244:1::21 . 5432 } return comment "data/pg ingress[0]"
    meta l4proto tcp counter name data.pg-0.in log prefix "np-reject data/pg-0-in " reject with tcp reset
    counter name data.pg-0.in log prefix "np-reject data/pg-0-in " reject
  }
  map from_pod4 { type ipv4_addr : verdict; elements = { 10.244.1.12 : jump shop.cart-1.out, 10.244.1.21 : jump data.pg-0.out } }
  map from_pod6 { type ipv6_addr : verdict; elements = { fd00:10:244:1::12 : jump shop.cart-1.out, fd00:10:244:1::21 : jump data.pg-0.out } }
  map to_pod4 { type ipv4_addr : verdict; elements = { 10.244.1.12 : jump shop.cart-1.in, 10.244.1.21 : jump data.pg-0.in } }
  map to_pod6 { type ipv6_addr : verdict; elements = { fd00:10:244:1::12 : jump shop.cart-1.in, fd00:10:244:1::21 : jump data.pg-0.in } }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    ct state invalid counter name invalid drop
    fib saddr type local accept
    ip saddr vmap @from_pod4
    ip6 saddr vmap @from_pod6
    ip daddr vmap @to_pod4
    ip6 daddr vmap @to_pod6
  }
  chain services {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr 10.96.0.21 tcp dport 432 dnat ip to numgen inc mod 1 map { 0 : 10.244.1.21 . 5432 }
    ip6 daddr fd00:10:96::21 tcp dport 432 dnat ip6 to numgen inc mod 1 map { 0 : fd00:10:244:1::21 . 5432 }
  }
}
`,
  )
})

const cart = { podSelector: { matchLabels: { app: 'cart' } } }
const drop = 'counter name shop.cart-1.out log prefix "np-drop shop/cart-1-out " drop'

/** What a rule of the cart's egress becomes, but for the drop at the end and the comment. */
function egress(rule: object): string[] {
  const rules = chain(
    compileRules(world(policy('shop', 'p', { ...cart, policyTypes: ['Egress'], egress: [rule] }))),
    'shop.cart-1.out',
  )
  t.equal(rules.at(-1), drop)
  return rules.slice(0, -1).map(text => text.replace(/ ?return comment .*/, ''))
}

t.test('every kind of peer and port has its match', async t => {
  const rows: [what: string, rule: object, matches: string[]][] = [
    ['an empty rule allows everything', {}, ['']],
    ['no peer and a port', { ports: [{ port: 53, protocol: 'UDP' }] }, ['meta l4proto udp th dport 53']],
    ['TCP is the default, and a port may be missing', { ports: [{}] }, ['meta l4proto tcp']],
    ['a range', { ports: [{ port: 8000, endPort: 8080 }] }, ['meta l4proto tcp th dport 8000-8080']],
    [
      'a block with an exception',
      { to: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.64/26'] } }] },
      ['ip daddr 203.0.113.0/24 ip daddr != { 203.0.113.64/26 }'],
    ],
    ['everything of one family', { to: [{ ipBlock: { cidr: '::/0' } }] }, ['meta nfproto ipv6']],
    [
      'a podSelector alone means the own namespace',
      { to: [{ podSelector: { matchLabels: { app: 'pg' } } }] },
      [],
    ],
    [
      'a namespaceSelector that selects nothing',
      { to: [{ namespaceSelector: { matchLabels: { name: 'data' } } }] },
      [],
    ],
    [
      'all pods of all namespaces',
      { to: [{ namespaceSelector: {} }] },
      ['ip daddr { 10.244.1.12, 10.244.1.21 }', 'ip6 daddr { fd00:10:244:1::12, fd00:10:244:1::21 }'],
    ],
    [
      'a name means what the destination declares',
      { ports: [{ port: 'stats', protocol: 'UDP' }] },
      [
        'meta l4proto udp ip daddr . th dport { 10.244.1.21 . 8125 }',
        'meta l4proto udp ip6 daddr . th dport { fd00:10:244:1::21 . 8125 }',
      ],
    ],
    ['a name of another protocol means nothing', { ports: [{ port: 'stats' }] }, []],
    [
      'a name and a block of one family',
      { to: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 'postgres' }] },
      ['ip daddr 10.0.0.0/8 meta l4proto tcp ip daddr . th dport { 10.244.1.21 . 5432 }'],
    ],
  ]
  for (const [what, rule, matches] of rows) t.same(egress(rule), matches, what)
})

t.test('selectors follow the rules for missing keys', async t => {
  const rows: [expression: object, selected: boolean][] = [
    [{ key: 'app', operator: 'In', values: ['cart'] }, true],
    [{ key: 'app', operator: 'NotIn', values: ['cart'] }, false],
    [{ key: 'tier', operator: 'In', values: ['cart'] }, false],
    [{ key: 'tier', operator: 'NotIn', values: ['cart'] }, true],
    [{ key: 'app', operator: 'Exists' }, true],
    [{ key: 'app', operator: 'DoesNotExist' }, false],
  ]
  for (const [expression, selected] of rows) {
    const spec = { podSelector: { matchExpressions: [expression] }, policyTypes: ['Egress'] }
    const rules = chain(compileRules(world(policy('shop', 'p', spec))), 'shop.cart-1.out')
    t.equal(rules.length, selected ? 1 : 0, JSON.stringify(expression))
  }
  const unknown = { podSelector: { matchExpressions: [{ key: 'app', operator: 'Like' }] } }
  t.throws(() => compileRules(world(policy('shop', 'p', unknown))), {
    message: 'Cannot read a selector: unknown operator "Like"',
  })
})

t.test('policyTypes default as in the API server', async t => {
  const rules = (spec: object) => compileRules(world(policy('shop', 'p', { ...cart, ...spec })))
  t.same(chain(rules({ egress: [] }), 'shop.cart-1.out'), [], 'an empty egress isolates nothing')
  t.same(chain(rules({ egress: [] }), 'shop.cart-1.in').length, 1, 'but ingress is isolated')
  t.same(chain(rules({ egress: [{}] }), 'shop.cart-1.out').length, 2)
})

t.test('a prefix that the kernel would cut is refused', async t => {
  const shop = world(policy('shop', 'p', { podSelector: {} }))
  const [pod] = shop.pods
  const long = { ...pod!, name: 'x'.repeat(120) }
  t.throws(() => compileRules({ ...shop, pods: [long] }), {
    message: /Cannot log "np-drop shop\/x+-in ": longer than 127 characters/,
  })
})

t.test('readCounters() gives the packets of its own table by chain', async t => {
  const [pod] = world().pods
  const counter = {
    family: 'inet',
    name: chainOf(pod!, 'in'),
    table: 'culprit',
    handle: 3,
    packets: 12,
    bytes: 720,
  }
  const json = JSON.stringify({
    nftables: [{ metainfo: {} }, { counter }, { counter: { ...counter, table: 'other', packets: 1 } }],
  })
  t.same([...readCounters(json)], [['shop.cart-1.in', 12]])
})
