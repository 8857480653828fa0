// What a pod belongs to, as far as the pod alone can tell: `Deployment/cart`.

import type { Meta } from './meta.ts'

/** Labels with the hash that a controller puts between its own name and the end of its ReplicaSets' names. */
const hashLabels = [
  ['pod-template-hash', 'Deployment'],
  ['rollouts-pod-template-hash', 'Rollout'],
] as const

/** A Job of a CronJob stays a Job: the number in its name does not prove where it comes from. */
export function readWorkload(meta: Meta): string {
  const owners = meta.fields.each('ownerReferences')
  const owner = owners.find(each => each.raw('controller') === true) ?? owners[0]
  const kind = owner?.string('kind')
  const name = owner?.string('name')
  if (!kind || !name) return ['Pod', meta.name].join('/')
  return (kind === 'ReplicaSet' ? ownerOfReplicaSet(name, meta) : undefined) ?? [kind, name].join('/')
}

function ownerOfReplicaSet(name: string, { labels }: Pick<Meta, 'labels'>): string | undefined {
  for (const [label, kind] of hashLabels) {
    const ending = `-${labels[label] ?? ''}`
    if (ending.length > 1 && name.endsWith(ending) && name.length > ending.length)
      return [kind, name.slice(0, -ending.length)].join('/')
  }
  return undefined
}
