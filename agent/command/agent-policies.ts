// How many of the cluster's policies select a pod of this node, for metrics: found anew only when the cluster has changed.

import type { Epoch } from '../policy/index.ts'
import type { Timeline } from '../timeline/index.ts'

export interface PolicyFigures {
  readonly selectedHere: number
  readonly notSelected: number
  readonly invalid: number
}

const directions = ['ingress', 'egress'] as const

/** Of NetworkPolicies; `known` is how many there are. */
export function createPolicyFigures(
  timeline: Timeline<Epoch>,
  node: string,
): (known: number) => PolicyFigures {
  let epoch: Epoch | undefined
  let counted = { selectedHere: 0, invalid: 0 }

  function count(view: ReturnType<typeof timeline.viewAt>): typeof counted {
    const here = view.world().pods.filter(pod => pod.node === node)
    const selecting = new Set(
      here.flatMap(pod =>
        directions.flatMap(each => view.epoch.policiesOf(pod, each).map(({ ref }) => ref.key)),
      ),
    )
    // Cluster-scoped kinds are called Kind/name.
    const invalid = view.epoch.rejections.filter(({ key }) => !/^\w+NetworkPolicy\//.test(key))
    return { selectedHere: selecting.size, invalid: invalid.length }
  }

  return known => {
    const view = timeline.viewAt(Number.POSITIVE_INFINITY)
    if (view.epoch !== epoch) counted = count(view)
    epoch = view.epoch
    const { selectedHere, invalid } = counted
    return { selectedHere, invalid, notSelected: Math.max(0, known - selectedHere - invalid) }
  }
}
