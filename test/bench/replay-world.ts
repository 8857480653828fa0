// The world that the generated logs of `generate.ts` are about: its 1,000 pods, and policies that isolate every one of them.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { podAddress } from './generate.ts'

const PODS = 1000
const NAMESPACES = 20

/** Writes manifests to `folder`: 20 namespaces, 1,000 pods, 200 policies. */
export function writeWorld(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const items = [...namespaces(), ...pods(), ...policies()]
  writeFileSync(join(folder, 'world.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
}

function namespaces(): object[] {
  return range(NAMESPACES).map(i => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: `ns-${i}`, labels: { team: `t${i % 4}` } },
  }))
}

function pods(): object[] {
  return range(PODS).map(i => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `app-${i % 40}-${i}`,
      namespace: `ns-${i % NAMESPACES}`,
      uid: `uid-${i}`,
      labels: { app: `app-${i % 40}`, tier: i % 3 === 0 ? 'front' : 'back' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'StatefulSet', name: `app-${i % 40}`, uid: 'x', controller: true },
      ],
    },
    spec: {
      nodeName: `node-${i % 10}`,
      containers: [{ name: 'c', ports: [{ name: 'main', containerPort: 8080 }] }],
    },
    status: {
      phase: 'Running',
      podIP: podAddress(i),
      podIPs: [{ ip: podAddress(i) }],
      hostIP: `192.168.0.${(i % 10) + 1}`,
    },
  }))
}

/** Ten policies per namespace: half of the ingress they judge is denied. */
function policies(): object[] {
  return range(NAMESPACES * 10).map(i => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `policy-${i}`, namespace: `ns-${i % NAMESPACES}`, uid: `policy-${i}`, generation: 1 },
    spec: {
      podSelector: i % 5 === 0 ? {} : { matchLabels: { tier: i % 2 === 0 ? 'front' : 'back' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { team: `t${i % 4}` } },
              podSelector: { matchLabels: { app: `app-${i % 40}` } },
            },
            { ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] } },
          ],
          ports: [
            { protocol: 'TCP', port: 8080 },
            { protocol: 'TCP', port: 5432, endPort: 6400 },
          ],
        },
      ],
    },
  }))
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
