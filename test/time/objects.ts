// Objects as an API server sends them, with its own clock's stamps: truncated to seconds, and as far off as that clock is.

import type { Labels, PolicyObject } from '../../agent/policy/objects.ts'

/** A whole second, so that truncated stamps are whole seconds after it. Microseconds since 1970. */
export const base = Date.parse('2026-11-24T10:00:00Z') * 1000
export const us = (seconds: number): number => base + Math.round(seconds * 1e6)

/** RFC 3339 in whole seconds. */
export function stamp(seconds: number): string {
  return new Date(Math.floor(us(seconds) / 1e6) * 1000).toISOString().replace('.000Z', 'Z')
}

/** A pod's state at one of its commits; times in seconds by the writers' clocks. */
export interface PodState {
  readonly uid: string
  readonly ns: string
  readonly name: string
  readonly labels: Labels
  readonly created: number
  readonly labelled: number
  readonly ips: readonly string[]
  readonly started?: number
  readonly deleting?: number
  readonly finished?: number
}

const GRACE = 30

export function podJson(state: PodState, version: number): object {
  const { uid, ns, name, labels, ips, started, deleting, finished } = state
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: ns,
      name,
      uid,
      resourceVersion: String(version),
      labels,
      creationTimestamp: stamp(state.created),
      managedFields: [entry('manager', 'f:metadata', state.labelled)],
      ...(deleting === undefined
        ? {}
        : { deletionTimestamp: stamp(deleting + GRACE), deletionGracePeriodSeconds: GRACE }),
    },
    spec: { nodeName: 'w1', containers: [{ name: 'c' }] },
    status: {
      phase: finished !== undefined ? 'Succeeded' : ips.length > 0 ? 'Running' : 'Pending',
      podIPs: ips.map(ip => ({ ip })),
      ...(started === undefined ? {} : { startTime: stamp(started) }),
      ...(finished === undefined
        ? {}
        : { containerStatuses: [{ name: 'c', state: { terminated: { finishedAt: stamp(finished) } } }] }),
    },
  }
}

export function namespaceJson(name: string, labels: Labels, written: number, version: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels,
      resourceVersion: String(version),
      creationTimestamp: stamp(-90_000),
      managedFields: [entry('kubectl', 'f:metadata', written)],
    },
  }
}

export function policyJson(policy: PolicyObject, created: number, written: number, version: number): object {
  const { metadata, ...rest } = policy
  return {
    ...rest,
    metadata: {
      ...metadata,
      resourceVersion: String(version),
      creationTimestamp: stamp(created),
      managedFields: [entry('kubectl', 'f:spec', written)],
    },
  }
}

export const nodeJson = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'w1' },
  spec: { podCIDRs: ['10.0.0.0/16', 'fd00:10::/64'] },
  status: { addresses: [{ type: 'InternalIP', address: '192.168.0.11' }] },
}

function entry(manager: string, owned: 'f:metadata' | 'f:spec', time: number): object {
  const fieldsV1 = owned === 'f:spec' ? { 'f:spec': {} } : { 'f:metadata': { 'f:labels': {} } }
  return { manager, operation: 'Update', time: stamp(time), fieldsV1 }
}
