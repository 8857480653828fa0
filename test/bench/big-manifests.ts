// A world as files: manifests as people keep them, and who talks to whom on one of its nodes, for live-writer.ts.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Node, Pod, World } from '../../agent/policy/objects.ts'

const FILES = 20

/** From and to the pods of the node, 10,000 pairs. */
export function writePairs(path: string, pods: readonly Pod[], node: string): void {
  const local = pods.filter(pod => pod.node === node)
  const pairs = Array.from({ length: 10_000 }, (_, i) => {
    const [here, there] = [local[i % local.length]!.ips[0]!, pods[(i * 7919) % pods.length]!.ips[0]!]
    return i % 2 === 0 ? [here, there] : [there, here]
  })
  writeFileSync(path, JSON.stringify(pairs))
}

/** Several files, as people keep them. */
export function writeManifests(dir: string, { namespaces, nodes, pods, policies }: World): readonly Pod[] {
  const items = [
    ...namespaces.map(({ name, labels }) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    })),
    ...nodes.map(nodeObject),
    ...pods.map(podObject),
    ...policies,
  ]
  const perFile = Math.ceil(items.length / FILES)
  for (let i = 0; i * perFile < items.length; i++)
    writeFileSync(
      join(dir, `${i}.json`),
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: items.slice(i * perFile, (i + 1) * perFile) }),
    )
  return pods
}

function nodeObject({ name, addresses, podCIDRs }: Node): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: { podCIDRs },
    status: { addresses: addresses.map(address => ({ type: 'InternalIP', address })) },
  }
}

function podObject(pod: Pod): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: pod.ns, name: pod.name, uid: pod.uid, labels: pod.labels },
    spec: {
      nodeName: pod.node,
      containers: [
        {
          name: 'c',
          ports: pod.ports.map(({ name, port, protocol }) => ({ name, containerPort: port, protocol })),
        },
      ],
    },
    status: { phase: pod.phase, podIPs: pod.ips.map(ip => ({ ip })), hostIP: pod.hostIPs[0] },
  }
}
