import t from 'tap'
import { parseAddress } from '../../agent/address.ts'
import { readWorld } from '../../agent/cluster/index.ts'
import { compile, type Epoch, TCP } from '../../agent/policy/index.ts'
import { createTimeline, parseTime, type View } from '../../agent/timeline/index.ts'

const manifests = `
apiVersion: v1
kind: Node
metadata: {name: w1}
spec: {podCIDR: 10.244.0.0/16}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop, labels: {app: cart}}
status: {podIP: 10.244.1.5}
---
apiVersion: v1
kind: Pod
metadata: {name: pg-0, namespace: data, labels: {app: pg}}
status: {podIP: 10.244.1.6}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pg, namespace: data, uid: u1, generation: 1}
spec:
  podSelector: {matchLabels: {app: pg}}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]
`

const edit = (second: string, type: string, generation: number, ingress: unknown) =>
  JSON.stringify({
    at: `2026-11-22T14:41:${second}Z`,
    type,
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'pg', namespace: 'data', uid: 'u1', generation },
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress },
    },
  })

/** Asks as a verdict does: who are they at that time, and what do the policies of that time say? */
function ask(view: View<Epoch>, epoch = view.epoch): string {
  const [from, to] = ['10.244.1.5', '10.244.1.6'].map(address => {
    const words = parseAddress(address)!
    return epoch.end(words, 0, view.owner(words, 0).pod)
  })
  const { verdict, ingress } = epoch.evaluate(from!, to!, TCP, 5432)
  return `${verdict} ${ingress.witnesses.map(each => `${each.policy.key}@${each.policy.generation} ${each.role}`).join()}`
}

t.test('a flow is judged by the policies of its own time, and by those just before', async t => {
  const dir = t.testdir({
    'world.yaml': manifests,
    'edits.jsonl': `${edit('02.120', 'MODIFIED', 2, [])}\n${edit('30.000', 'DELETED', 2, [])}\n`,
  })
  const world = await readWorld(dir)
  const timeline = createTimeline<Epoch>(world, { compile: all => compile(all, { profile: 'upstream' }) })
  const viewAt = (second: string) => timeline.viewAt(parseTime(`2026-11-22T14:41:${second}Z`))
  t.equal(ask(viewAt('00.000')), 'allowed data/pg@1 admits')
  const edited = viewAt('03.000')
  t.equal(ask(edited), 'denied data/pg@2 isolates')
  t.equal(ask(edited, edited.past[0]!.epoch), 'allowed data/pg@1 admits')
  t.equal(ask(viewAt('20.000')), 'denied data/pg@2 isolates')
  t.equal(viewAt('20.000').past.length, 0)
  const blame = viewAt('20.000')
  t.equal(ask(blame, blame.without(blame.changes())), 'allowed data/pg@1 admits')
  t.equal(ask(viewAt('31.000')), 'allowed ')
  t.equal(ask(timeline.viewAt(Number.POSITIVE_INFINITY)), 'allowed ')
})
