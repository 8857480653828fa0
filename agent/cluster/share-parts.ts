// Objects as they were read, with everything in common that the objects of a cluster have in common.

import type { Share } from '../policy/sharing.ts'
import type { Observed } from '../timeline/index.ts'

/** Takes the object over. It stays one of its own, and so does what no two have in common: looking for it would take as long as the rest. */
export function shareParts(observed: Observed, share: Share): Observed {
  const stamp = share(observed.stamp)
  if (observed.kind === 'Policy') {
    const { spec } = observed.object
    return spec === undefined
      ? { ...observed, stamp }
      : { ...observed, object: { ...observed.object, spec: share(spec) }, stamp }
  }
  if (observed.kind !== 'Pod') return { ...observed, stamp }
  const pod = observed.object
  const object = {
    ...pod,
    ns: share(pod.ns),
    labels: share(pod.labels),
    hostIPs: share(pod.hostIPs),
    ...(pod.node === undefined ? {} : { node: share(pod.node) }),
    ports: share(pod.ports),
    workload: share(pod.workload),
  }
  return { ...observed, object, stamp }
}
