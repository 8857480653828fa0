import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { run } from './run.ts'

const objects = `
apiVersion: v1
kind: Namespace
metadata: {name: x}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
spec: {nodeName: n1}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x}
spec: {nodeName: n1}
status: {phase: Running, podIP: 10.0.0.2}
`

/** All traffic between pods denied, in the fields of every kind at once. */
const spec = `spec:
  subject: {namespaces: {}}
  priority: 1
  tier: Admin
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
`

const manifest = (apiVersion: string, kind: string) =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: default}\n${spec}`

async function ask(dir: string, ...policies: string[]) {
  writeFileSync(join(dir, 'world.yaml'), objects + policies.join(''))
  writeFileSync(join(dir, 'probes.jsonl'), '{"from":"x/a","to":"x/b","port":80}\n')
  const { stdout, stderr } = await run([
    'evaluate',
    '--world',
    join(dir, 'world.yaml'),
    '--probes',
    join(dir, 'probes.jsonl'),
  ])
  const { ingress, certainty } = JSON.parse(stdout) as { ingress: string; certainty?: string }
  return { said: `${ingress} ${certainty ?? 'certain'}`, stderr }
}

t.test('policies of the kinds that are evaluated decide, those of others leave nothing certain', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'world-option-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const evaluated = [
    ['policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy'],
    ['policy.networking.k8s.io/v1alpha1', 'BaselineAdminNetworkPolicy'],
    ['policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy'],
  ] as const
  for (const [apiVersion, kind] of evaluated)
    t.strictSame(await ask(dir, manifest(apiVersion, kind)), { said: 'denied certain', stderr: '' }, kind)
  const others = [
    ['cilium.io/v2', 'CiliumNetworkPolicy'],
    ['cilium.io/v2', 'CiliumClusterwideNetworkPolicy'],
    ['projectcalico.org/v3', 'NetworkPolicy'],
    ['projectcalico.org/v3', 'GlobalNetworkPolicy'],
    ['crd.antrea.io/v1beta1', 'ClusterNetworkPolicy'],
  ] as const
  for (const [apiVersion, kind] of others) {
    const { said, stderr } = await ask(dir, manifest(apiVersion, kind))
    t.equal(said, 'allowed candidates', `${kind} of ${apiVersion}`)
    t.match(stderr, /policies of kinds that are not evaluated here/)
  }
  const { said, stderr } = await ask(dir, manifest('policy.networking.k8s.io/v1beta1', 'AdminNetworkPolicy'))
  t.equal(said, 'allowed candidates', 'a version that is not known')
  t.match(stderr, /left out AdminNetworkPolicy\/default: .*v1beta1.* is not evaluated/)
})
