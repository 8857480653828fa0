// What the timeline knows of an object -> a Kubernetes object that says just that: reading it gives the same again. So a timeline can be
// written down without keeping whole objects, and holds nothing of a pod that no policy looks at.

import { formatTime, type Observed, type Stamp } from '../timeline/index.ts'
import type { Json } from './field.ts'

export function writeObject(observed: Observed): Json {
  switch (observed.kind) {
    case 'Namespace':
      return object('v1', observed, { labels: observed.object.labels })
    case 'Pod':
      return podObject(observed)
    case 'Node':
      return nodeObject(observed)
    case 'Service':
      return serviceObject(observed)
    case 'Policy':
      return policyObject(observed)
  }
}

type Of<Kind extends Observed['kind']> = Extract<Observed, { kind: Kind }>

function podObject(observed: Of<'Pod'>): Json {
  const pod = observed.object
  const [kind, ...name] = pod.workload.split('/')
  const metadata = {
    namespace: pod.ns,
    name: pod.name,
    ...(pod.uid !== observed.name && { uid: pod.uid }),
    labels: pod.labels,
    ...(pod.workload !== `Pod/${pod.name}` && {
      ownerReferences: [{ kind, name: name.join('/'), controller: true }],
    }),
  }
  const { started, finished } = observed.stamp
  return {
    ...object('v1', observed, metadata),
    spec: {
      ...(pod.node !== undefined && { nodeName: pod.node }),
      ...(pod.hostNetwork && { hostNetwork: true }),
      containers: [
        {
          name: 'c',
          ports: pod.ports.map(({ port, ...rest }) => ({ ...rest, containerPort: port })),
        },
      ],
    },
    status: {
      phase: pod.phase,
      podIPs: pod.ips.map(ip => ({ ip })),
      hostIPs: pod.hostIPs.map(ip => ({ ip })),
      ...(!Number.isNaN(started) && { startTime: formatTime(started) }),
      ...(!Number.isNaN(finished) && { containerStatuses: [endedAt(finished)] }),
    },
  }
}

function endedAt(time: number): Json {
  return { name: 'c', state: { terminated: { finishedAt: formatTime(time) } } }
}

function nodeObject(observed: Of<'Node'>): Json {
  const { name, labels, addresses, podCIDRs } = observed.object
  return {
    ...object('v1', observed, { name, labels }),
    spec: { podCIDRs },
    status: { addresses: addresses.map(address => ({ type: 'InternalIP', address })) },
  }
}

function serviceObject(observed: Of<'Service'>): Json {
  const { ns, name, clusterIPs, externalIPs, ports, selector } = observed.object
  return {
    ...object('v1', observed, { namespace: ns, name }),
    spec: { clusterIPs, externalIPs, ports, ...(selector !== undefined && { selector }) },
  }
}

function policyObject({ object: { apiVersion, kind, metadata, spec }, stamp }: Of<'Policy'>): Json {
  return {
    apiVersion,
    kind,
    metadata: { ...metadata, ...stampFields(stamp, 'f:spec', metadata.managedFields) },
    ...(spec !== undefined && { spec }),
  }
}

function object(apiVersion: string, { api, name, stamp }: Observed, metadata: Json): Json {
  const part = api === 'Service' ? 'f:spec' : 'f:labels'
  return { apiVersion, kind: api, metadata: { name, ...metadata, ...stampFields(stamp, part, undefined) } }
}

/** `managed`: entries that are kept whole say the writer already. */
function stampFields(
  stamp: Stamp,
  part: 'f:spec' | 'f:labels',
  managed: readonly unknown[] | undefined,
): Json {
  const { created, deleting, version, written } = stamp
  return {
    ...(version !== undefined && { resourceVersion: version }),
    ...(!Number.isNaN(created) && { creationTimestamp: formatTime(created) }),
    // The time when deletion was asked for, so no grace period is to be taken off again.
    ...(!Number.isNaN(deleting) && { deletionTimestamp: formatTime(deleting) }),
    ...(managed === undefined && !Number.isNaN(written) && { managedFields: [writerEntry(stamp, part)] }),
  }
}

function writerEntry({ written, by }: Stamp, part: 'f:spec' | 'f:labels'): Json {
  return {
    ...(by !== undefined && { manager: by }),
    time: formatTime(written),
    fieldsV1: part === 'f:spec' ? { 'f:spec': {} } : { 'f:metadata': { 'f:labels': {} } },
  }
}
