// What is written of an object reads as the same object.

import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { readObject } from '../../agent/cluster/objects.ts'
import { readWorld } from '../../agent/cluster/read-world.ts'
import { writeObject } from '../../agent/cluster/write-object.ts'
import type { Observed } from '../../agent/timeline/index.ts'

function again(observed: Observed): unknown {
  const reading = readObject(JSON.parse(JSON.stringify(writeObject(observed))))
  return reading.outcome === 'observed' ? reading.observed : reading
}

const root = join(import.meta.dirname, '../..')

t.test("every object of the quickstart's shop, and of its recording", async t => {
  const kinds = new Set<string>()
  for (const path of ['deploy/quickstart/shop', 'deploy/quickstart/recording']) {
    const { objects, events } = await readWorld(join(root, path)).catch(() => ({ objects: [], events: [] }))
    const all = [...objects, ...events.flatMap(event => ('observed' in event ? [event.observed] : []))]
    for (const observed of all) {
      kinds.add(observed.kind)
      t.strictSame(again(observed), observed, observed.name)
    }
  }
  for (const kind of ['Namespace', 'Pod', 'Node', 'Service', 'Policy'])
    t.ok(kinds.has(kind), `a ${kind} is there`)
})

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/)
const time = fc
  .integer({ min: 1_700_000_000, max: 1_900_000_000 })
  .map(seconds => new Date(seconds * 1000).toISOString())
const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'pod-template-hash', '__proto__x'), word)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const ip = fc.oneof(fc.ipV4(), fc.ipV6())
const port = fc.integer({ min: 1, max: 65_535 })
const protocol = maybe(fc.constantFrom('TCP', 'UDP', 'SCTP'))

const managedFields = fc.array(
  fc.record({
    manager: maybe(word),
    time: maybe(time),
    subresource: maybe(fc.constant('status')),
    fieldsV1: maybe(
      fc.constantFrom(
        { 'f:spec': {} },
        { 'f:metadata': { 'f:labels': { 'f:app': {} } } },
        { 'f:status': {} },
      ),
    ),
  }),
  { maxLength: 3 },
)
const metadata = fc.record({
  name: word,
  namespace: maybe(word),
  uid: maybe(fc.uuid()),
  generation: maybe(fc.nat(9)),
  resourceVersion: maybe(fc.nat().map(String)),
  labels: maybe(labels),
  creationTimestamp: maybe(time),
  deletionTimestamp: maybe(time),
  deletionGracePeriodSeconds: maybe(fc.nat(60)),
  managedFields: maybe(managedFields),
  ownerReferences: maybe(
    fc.array(
      fc.record({
        kind: fc.constantFrom('ReplicaSet', 'StatefulSet', 'Job', 'Pod'),
        name: fc.constantFrom('web-abc', 'web', 'abc'),
        controller: maybe(fc.boolean()),
      }),
      { maxLength: 2 },
    ),
  ),
})

const pod = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constant('Pod'),
  metadata,
  spec: fc.record({
    nodeName: maybe(word),
    hostNetwork: maybe(fc.boolean()),
    containers: fc.array(
      fc.record({
        name: word,
        ports: maybe(fc.array(fc.record({ name: maybe(word), containerPort: port, protocol }))),
      }),
      { maxLength: 2 },
    ),
    initContainers: maybe(
      fc.array(
        fc.record({
          restartPolicy: maybe(fc.constant('Always')),
          ports: fc.array(fc.record({ containerPort: port })),
        }),
      ),
    ),
  }),
  status: fc.record({
    phase: maybe(fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown')),
    podIP: maybe(ip),
    podIPs: maybe(fc.array(fc.record({ ip }), { maxLength: 2 })),
    hostIP: maybe(ip),
    startTime: maybe(time),
    containerStatuses: maybe(
      fc.array(fc.record({ state: fc.record({ terminated: maybe(fc.record({ finishedAt: time })) }) }), {
        maxLength: 2,
      }),
    ),
  }),
})
const namespace = fc.record({ apiVersion: fc.constant('v1'), kind: fc.constant('Namespace'), metadata })
const node = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constant('Node'),
  metadata,
  spec: fc.record({
    podCIDR: maybe(fc.constant('10.0.1.0/24')),
    podCIDRs: maybe(fc.constant(['10.0.1.0/24', 'fd00::/64'])),
  }),
  status: fc.record({
    addresses: fc.array(fc.record({ type: fc.constantFrom('InternalIP', 'ExternalIP'), address: ip }), {
      maxLength: 2,
    }),
  }),
})
const service = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constant('Service'),
  metadata,
  spec: fc.record({
    clusterIP: maybe(fc.oneof(fc.constant('None'), ip)),
    clusterIPs: maybe(fc.array(ip, { maxLength: 2 })),
    externalIPs: maybe(fc.array(ip, { maxLength: 1 })),
    selector: maybe(labels),
    ports: fc.array(
      fc.record({
        name: maybe(word),
        port,
        targetPort: maybe(fc.oneof(port, word)),
        nodePort: maybe(port),
        protocol,
      }),
      { maxLength: 2 },
    ),
  }),
  status: fc.record({
    loadBalancer: maybe(fc.record({ ingress: fc.array(fc.record({ ip }), { maxLength: 1 }) })),
  }),
})
const policy = fc.record({
  apiVersion: fc.constantFrom('networking.k8s.io/v1', 'extensions/v1beta1'),
  kind: fc.constant('NetworkPolicy'),
  metadata,
  spec: maybe(fc.constant({ podSelector: {}, policyTypes: ['Ingress'], ingress: [] })),
})
const tier = fc.record({
  apiVersion: fc.constant('policy.networking.k8s.io/v1alpha1'),
  kind: fc.constantFrom('AdminNetworkPolicy', 'BaselineAdminNetworkPolicy'),
  metadata,
  spec: fc.constant({ priority: 5, subject: { namespaces: {} } }),
})

for (const [name, arbitrary] of Object.entries({ pod, namespace, node, service, policy, tier }))
  t.test(`any ${name}`, async t => {
    const property = fc.property(arbitrary, object => {
      const reading = readObject(JSON.parse(JSON.stringify(object)))
      if (reading.outcome !== 'observed') throw new Error(JSON.stringify(reading))
      t.strictSame(again(reading.observed), reading.observed)
    })
    fc.assert(property, { numRuns: 100 })
  })
