import t from 'tap'
import { hostBatch, namespaceBatch, nodeBatch, planNode } from '../../agent/quickstart/plan.ts'
import { world } from './world.ts'

const outsiders = [{ alias: 'customer', ips: ['192.0.2.44'], ports: [80] }]

t.test('the node is namespaces on routed links, as batches for ip', async t => {
  const plan = planNode(world(), outsiders, 'x7k2')
  t.equal(
    namespaceBatch(plan),
    `netns add culprit-x7k2-node
netns add culprit-x7k2-shop-cart
netns add culprit-x7k2-data-pg
netns add culprit-x7k2-customer
`,
  )
  t.equal(
    nodeBatch({ ...plan, hosts: plan.hosts.slice(0, 1) }),
    `link set lo up
addr add 192.168.77.1/32 dev lo
addr add fd00:77::1/128 nodad dev lo
link add cart-x7k2 type veth peer name eth0 netns culprit-x7k2-shop-cart
link set cart-x7k2 up
addr add 169.254.1.1/32 dev cart-x7k2 scope link
addr add fe80::1/64 dev cart-x7k2 nodad
route add 10.244.1.12 dev cart-x7k2 scope link src 192.168.77.1
route add fd00:10:244:1::12 dev cart-x7k2 src fd00:77::1
`,
  )
  t.equal(
    hostBatch(plan.hosts[2]!),
    `link set lo up
link set eth0 up
addr add 192.0.2.44/32 dev eth0
route add 169.254.1.1 dev eth0 scope link
route add default via 169.254.1.1 dev eth0
`,
  )
})

t.test('a kernel without IPv6 gets a node without it', async t => {
  const plan = planNode(world(), outsiders, 'x7k2', false)
  t.notMatch(nodeBatch(plan) + plan.hosts.map(hostBatch).join(''), ':')
})

t.test('device names fit into the 15 characters of the kernel', async t => {
  const plan = planNode(world(), [{ alias: 'a-very-long-name', ips: ['192.0.2.44'], ports: [] }], 'x7k2')
  t.equal(plan.hosts[2]?.device, 'a-very-lon-x7k2')
})

t.test('two pods whose devices would have the same name are refused', async t => {
  t.throws(() => planNode(world(), [{ ...outsiders[0]!, alias: 'pg' }], 'x7k2'), {
    message: 'Cannot plan the node: two pods begin with the same name',
  })
})
