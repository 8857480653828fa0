import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { compile, type Epoch, policyKey, TCP } from '../../agent/policy/index.ts'
import type { Change, Pod, PolicyObject, World } from '../../agent/policy/objects.ts'
import { casesOf } from '../random-cases.ts'
import { ask, epochOf, namespace, node, plain, pod, policy, tierPolicy, withPolicies } from './small-world.ts'

// --- random worlds and edits over few names, so that edits hit what is there

const names = ['x/a', 'x/b', 'y/a', 'y/b', 'z/c']
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('one', 'two'), {
  noNullPrototype: true,
  maxKeys: 2,
})
const selector = fc.oneof(
  fc.constant({}),
  labels.map(matchLabels => ({ matchLabels })),
  fc
    .tuple(fc.constantFrom('app', 'tier'), fc.constantFrom('In', 'NotIn'), fc.constantFrom('one', 'two'))
    .map(([key, operator, value]) => ({ matchExpressions: [{ key, operator, values: [value] }] })),
)
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ namespaceSelector: selector, podSelector: selector }),
  fc
    .constantFrom('10.0.0.0/8', '10.0.1.0/24', '0.0.0.0/0', '203.0.113.0/24')
    .map(cidr => ({ ipBlock: { cidr } })),
  fc.constant({ ipBlock: { cidr: '203.0.0.0/8', except: ['203.0.113.0/28'] } }),
)
const port = fc.constantFrom(
  { port: 80 },
  { port: 'http' },
  { port: 79, endPort: 81 },
  { protocol: 'UDP' },
  { port: 0 },
)
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const list = <T>(value: fc.Arbitrary<T>) => optional(fc.array(value, { maxLength: 3 }))
const spec = fc.record({
  podSelector: selector,
  policyTypes: fc.constantFrom(undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress']),
  ingress: list(fc.record({ from: list(peer), ports: list(port) })),
  egress: list(fc.record({ to: list(peer), ports: list(port) })),
})
const anyPolicy = fc
  .tuple(fc.constantFrom('x/p', 'x/q', 'y/p', 'z/p'), spec)
  .map(([name, spec]) => policy(name, spec))
const namespacedPod = fc.record({ namespaceSelector: selector, podSelector: selector })
const podPeer = fc.oneof(
  fc.record({ namespaces: selector }),
  fc.record({ pods: namespacedPod }),
  fc.constant({ later: {} }),
)
const outsidePeer = fc.oneof(
  fc.record({ nodes: selector }),
  fc.constantFrom('10.0.0.0/8', '0.0.0.0/0', '203.0.113.0/24').map(cidr => ({ networks: [cidr] })),
)
const tierPort = fc.constantFrom({ portNumber: { port: 80 } }, { portRange: { start: 79, end: 81 } })
const action = fc.constantFrom('Allow', 'Deny', 'Pass')
const tierSpec = fc.record({
  subject: fc.oneof(fc.record({ namespaces: selector }), fc.record({ pods: namespacedPod })),
  // 1001 is refused.
  priority: fc.constantFrom(1, 2, 1001),
  ingress: fc.array(
    fc.record({
      action,
      from: fc.array(podPeer, { minLength: 1, maxLength: 2 }),
      ports: optional(fc.tuple(tierPort)),
    }),
    { maxLength: 3 },
  ),
  egress: fc.array(
    fc.record({ action, to: fc.array(fc.oneof(podPeer, outsidePeer), { minLength: 1, maxLength: 2 }) }),
    { maxLength: 3 },
  ),
})
const tierNames = ['AdminNetworkPolicy/a', 'AdminNetworkPolicy/b', 'BaselineAdminNetworkPolicy/default']
const anyTierPolicy = fc
  .tuple(fc.constantFrom(...tierNames), tierSpec)
  .map(([name, spec]) => tierPolicy(name, spec))
const anyPod = fc
  .record({
    name: fc.constantFrom(...names),
    labels,
    phase: fc.constantFrom<Pod['phase']>('Running', 'Pending', 'Succeeded'),
    hostNetwork: fc.boolean(),
    address: fc.constantFrom('10.0.1.1', '10.0.1.2', '10.0.2.1', '192.168.0.11'),
    node: fc.constantFrom(undefined, 'n1', 'n2'),
    port: fc.constantFrom(80, 81),
  })
  .map(({ name, labels, phase, hostNetwork, address, node, port }) => {
    const ports = [{ name: 'http', port, protocol: 'TCP' as const }]
    return pod(name, labels, {
      phase,
      hostNetwork,
      ips: [address],
      ports,
      ...(node !== undefined && { node }),
    })
  })
const anyNode = fc
  .tuple(
    fc.constantFrom('n1', 'n2'),
    fc.constantFrom('192.168.0.11', '192.168.0.12'),
    fc.constantFrom('10.0.0.0/16', '10.1.0.0/16'),
    labels,
  )
  .map(([name, address, cidr, labels]) => ({ ...node(name, [address], [cidr]), labels }))
const anyNamespace = fc
  .tuple(fc.constantFrom('x', 'y', 'z'), labels)
  .map(([name, labels]) => namespace(name, labels))

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: anyPolicy.map(object => ({ kind: 'Policy' as const, key: policyKey(object), object })),
  },
  {
    weight: 3,
    arbitrary: anyTierPolicy.map(object => ({ kind: 'Policy' as const, key: policyKey(object), object })),
  },
  { weight: 3, arbitrary: anyPod.map(object => ({ kind: 'Pod' as const, key: object.uid, object })) },
  anyNode.map(object => ({ kind: 'Node' as const, key: object.name, object })),
  {
    weight: 2,
    arbitrary: anyNamespace.map(object => ({ kind: 'Namespace' as const, key: object.name, object })),
  },
  fc.constantFrom('x/p', 'x/q', 'y/p', ...tierNames).map(key => ({ kind: 'Policy' as const, key })),
  fc.constantFrom(...names).map(key => ({ kind: 'Pod' as const, key })),
  fc.constantFrom('n1', 'n2').map(key => ({ kind: 'Node' as const, key })),
  fc.constantFrom('x', 'y').map(key => ({ kind: 'Namespace' as const, key })),
)

/** The world after changes, by the plainest means. */
function worldAfter(changes: readonly Change[]): World {
  const kept = new Map<string, Change>()
  for (const change of changes) {
    kept.delete(`${change.kind} ${change.key}`)
    if (change.object !== undefined) kept.set(`${change.kind} ${change.key}`, change)
  }
  const of = <T>(kind: Change['kind']) =>
    [...kept.values()].filter(change => change.kind === kind).map(change => change.object as T)
  return {
    namespaces: of('Namespace'),
    pods: of('Pod'),
    nodes: of('Node'),
    policies: of<PolicyObject>('Policy'),
  }
}

const addresses = [
  '10.0.1.1',
  '10.0.1.2',
  '10.0.2.1',
  '10.0.99.9',
  '192.168.0.11',
  '192.168.0.12',
  '203.0.113.1',
  '203.0.113.200',
]

/** Everything that the epoch says about all pairs of names and addresses. */
function everything(epoch: Epoch): unknown[] {
  const ends = [...names, ...addresses]
  const ports = ['80/TCP', '81/TCP', '80/UDP', 'ICMP']
  const lines = ends.flatMap((from, i) =>
    ends.map((to, j) => ask(epoch, `${from} -> ${to} ${ports[(i + j) % ports.length]}`)),
  )
  const resolved = addresses.map(text => epoch.resolve(parseAddress(text)!))
  const answers = resolved.flatMap(from => resolved.map(to => epoch.evaluate(from, to, TCP, 80)))
  return [...lines, ...answers]
}

t.test(
  'an edited epoch answers as one that is compiled anew, and its predecessors answer as before',
  async t => {
    const holds = () =>
      fc.assert(
        fc.property(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 8 }), steps => {
          let epoch = epochOf({ namespaces: [], pods: [], nodes: [], policies: [] })
          const past: [Epoch, unknown[]][] = []
          for (const [i, step] of steps.entries()) {
            epoch = epoch.with(step)
            const said = everything(epoch)
            const fresh = epochOf(worldAfter(steps.slice(0, i + 1).flat()))
            deepEqual(said, everything(fresh))
            deepEqual(epoch.rejections, fresh.rejections)
            past.push([epoch, said])
          }
          for (const [old, said] of past) deepEqual(everything(old), said)
        }),
        { numRuns: casesOf(20, 60) },
      )
    t.doesNotThrow(holds)
  },
)

t.test('addresses of one class get the same answers in both directions', async t => {
  const byte = fc.constantFrom(0, 1, 15, 16, 113, 128, 203)
  const address = fc
    .tuple(fc.constantFrom(9, 10, 203), byte, byte, byte)
    .map(bytes => parseAddress(bytes.join('.'))!)
  const policies = fc.array(anyPolicy, { minLength: 1, maxLength: 4 })
  const holds = () =>
    fc.assert(
      fc.property(policies, fc.array(address, { minLength: 2, maxLength: 12 }), (policies, addresses) => {
        const epoch = epochOf(
          withPolicies(
            { ...plain, pods: [pod('x/a'), pod('y/b', {}, { ips: ['172.16.0.1'] })] },
            ...policies,
          ),
        )
        const seen = new Map<number, unknown>()
        for (const words of addresses) {
          const outside = epoch.end(words, 0, undefined)
          const inside = [epoch.endOfPod('x/a')!, epoch.endOfPod('y/b')!]
          const said = inside.flatMap(end => [
            epoch.evaluate(outside, end, TCP, 80),
            epoch.evaluate(end, outside, TCP, 80),
          ])
          const id = epoch.addressClass(words)
          if (seen.has(id)) deepEqual(said, seen.get(id))
          seen.set(id, said)
        }
      }),
      { numRuns: 300 },
    )
  t.doesNotThrow(holds)
})

t.test('the same answer is the same object, frozen', async t => {
  const epoch = epochOf(
    withPolicies(plain, policy('x/p', { ingress: [{ from: [{ namespaceSelector: {} }] }] })),
  )
  const ends = ['y/b', 'z/c', 'x/a'].map(uid => epoch.endOfPod(uid)!)
  const [first, second] = [
    epoch.evaluate(ends[0]!, ends[2]!, TCP, 80),
    epoch.evaluate(ends[1]!, ends[2]!, TCP, 81),
  ]
  t.equal(first.ingress, second.ingress)
  t.ok(Object.isFrozen(first.ingress) && Object.isFrozen(first.ingress.witnesses))
})

t.test('an end of another epoch is found anew, so its policies do not come along', async t => {
  const before = epochOf(plain)
  const after = before.with([{ kind: 'Policy', key: 'x/p', object: policy('x/p', {}) }])
  const [from, to] = [before.endOfPod('y/b')!, before.endOfPod('x/a')!]
  t.equal(after.evaluate(from, to, TCP, 80).verdict, 'denied')
  t.equal(before.evaluate(from, to, TCP, 80).verdict, 'allowed')
})

t.test('end() takes the caller at its word about whose address it is', async t => {
  const epoch = epochOf(
    withPolicies(
      plain,
      policy('x/p', { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'old' } } }] }] }),
    ),
  )
  const address = parseAddress('10.0.24.2')!
  const gone = pod('x/o', { app: 'old' }, { ips: ['10.0.24.2'] })
  const subject = epoch.endOfPod('x/a')!
  t.equal(epoch.resolve(address).pod?.name, 'b')
  t.equal(
    epoch.evaluate(epoch.end(address, 0, gone), subject, TCP, 80).verdict,
    'allowed',
    'a pod this epoch does not know',
  )
  t.equal(epoch.end(address, 0, undefined).kind, 'external')
  const flow = Int32Array.of(9, 9, 9, 9, ...address)
  const end = epoch.end(flow, 4, gone)
  flow.fill(0)
  t.strictSame(end.address, address, 'keeps its own copy of the address')
})

t.test('a host-network pod is its node whatever address it was seen with (S47)', async t => {
  const host = pod('y/h', {}, { node: 'n1', hostNetwork: true, ips: ['192.168.0.11'], hostIPs: [] })
  const subject = pod('x/a', {}, { node: 'n1', hostIPs: [] })
  const epoch = epochOf(withPolicies({ ...plain, pods: [host, subject] }, policy('x/p', {})))
  const bridge = epoch.end(parseAddress('10.0.0.1')!, 0, host)
  t.equal(bridge.kind, 'node')
  t.equal(epoch.evaluate(bridge, epoch.endOfPod('x/a')!, TCP, 80).ingress.reason, 'exempt-node')
})

t.test('policiesOf() names what isolates a pod, by direction', async t => {
  const epoch = epochOf(
    withPolicies(plain, policy('x/q', {}), policy('x/p', { egress: [{}] }), policy('y/p', {})),
  )
  const of = (uid: string, direction: 'egress' | 'ingress') =>
    epoch.policiesOf(epoch.pod(uid)!, direction).map(({ ref }) => ref.key)
  t.strictSame(of('x/a', 'ingress'), ['x/p', 'x/q'])
  t.strictSame(of('x/a', 'egress'), ['x/p'])
  t.strictSame(of('z/c', 'ingress'), [])
})

t.test('a policy that is replaced by one of its name keeps its answers apart by uid', async t => {
  const versioned = (uid: string, spec: unknown): PolicyObject => {
    const object = policy('x/p', spec)
    return { ...object, metadata: { ...object.metadata, uid, generation: 3 } }
  }
  const epoch = compile(withPolicies(plain, versioned('old', {})), { profile: 'upstream' })
  const both = epoch.with([{ kind: 'Policy', key: 'new', object: versioned('new', { ingress: [{}] }) }])
  t.equal(ask(both, 'y/b -> x/a 80/TCP').verdict, 'allowed')
  const replaced = both.with([{ kind: 'Policy', key: 'old' }])
  const { ingress } = replaced.evaluate(replaced.endOfPod('y/b')!, replaced.endOfPod('x/a')!, TCP, 80)
  t.match(ingress.witnesses, [{ policy: { key: 'x/p', uid: 'new', generation: 3 }, role: 'admits', rule: 0 }])
})

t.test('an epoch of many edits forgets what is gone and answers the same', async t => {
  let epoch = epochOf(
    withPolicies(
      plain,
      policy('x/p', { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'last' } } }] }] }),
    ),
  )
  for (let i = 0; i < 6000; i++) {
    const object = pod('x/b', { app: i === 5999 ? 'last' : `app-${i}` })
    epoch = epoch.with([{ kind: 'Pod', key: 'x/b', object }])
  }
  t.equal(ask(epoch, 'x/b -> x/a 80/TCP').verdict, 'allowed')
  t.equal(ask(epoch, 'y/b -> x/a 80/TCP').verdict, 'denied')
})
