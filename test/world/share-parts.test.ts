import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { lookAtDirectory } from '../../agent/cluster/manifest-directory-look.ts'
import { createContentsReader } from '../../agent/cluster/manifest-directory-read.ts'

t.test('what the objects of a directory have in common is there once', async t => {
  const pod = (name: string) => ({
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: name, labels: { app: 'cart' } },
    spec: { nodeName: 'n', containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 80 }] }] },
    status: { podIP: '10.0.0.1', hostIP: '192.168.0.1' },
  })
  const policy = (name: string) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec: { podSelector: { matchLabels: { app: 'cart' } }, policyTypes: ['Ingress'] },
  })
  const folder = mkdtempSync(join(t.testdir(), 'manifests-'))
  writeFileSync(join(folder, 'a.json'), JSON.stringify([pod('a'), policy('p')]))
  writeFileSync(join(folder, 'b.json'), JSON.stringify([pod('b'), policy('q')]))
  const look = lookAtDirectory(folder)
  if (!('files' in look)) throw new Error(look.trouble)
  const contents = await createContentsReader(folder).read(look.files)
  if (typeof contents === 'string') throw new Error(contents)
  const all = [...contents.objects.values()].map(({ observed }) => observed)
  const pods = all.flatMap(each => (each.kind === 'Pod' ? [each.object] : []))
  t.equal(pods.length, 2)
  t.equal(pods[0]!.labels, pods[1]!.labels)
  t.equal(pods[0]!.ports, pods[1]!.ports)
  t.equal(pods[0]!.hostIPs, pods[1]!.hostIPs)
  t.strictSame(
    pods.map(({ name, ns }) => `${ns}/${name}`),
    ['shop/a', 'shop/b'],
  )
  const policies = all.flatMap(each => (each.kind === 'Policy' ? [each.object] : []))
  t.equal(policies[0]!.spec, policies[1]!.spec)
  t.not(policies[0], policies[1])
  t.equal(all[0]!.stamp, all[2]!.stamp)
})
