// What happens to the cluster of a live node: each change is written into the manifests, and enforced when the test says so.

import { shopOf } from '../../agent/quickstart/shop.ts'
import { giveAddress } from './give-address.ts'
import type { LiveNode } from './live-node.ts'
import type { KubernetesObject } from './live-world.ts'
import { rulesFor } from './log-paths.ts'

/** Milliseconds since 1970, just before and just after. */
export type Moment = readonly [before: number, after: number]

export interface LiveChanges {
  /** Puts an object in place of the one of its name; the rules are as they were. */
  write(object: KubernetesObject): Moment
  /** Loads the rules for what the manifests say. */
  enforce(): Promise<Moment>
  /** Deletes a pod and gives its address to another one, rules included. Both are known by their aliases on the node. */
  replacePod(old: KubernetesObject, next: KubernetesObject): Promise<Moment>
}

export function createChanges({ node, manifests, objects }: LiveNode): LiveChanges {
  const keyOf = ({ kind, metadata }: KubernetesObject): string =>
    `${kind} ${metadata.namespace}/${metadata.name}`
  const aliasOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace}/${metadata.name}`
  const now = new Map(objects.map(object => [keyOf(object), object]))
  const changes: LiveChanges = {
    write(object) {
      now.set(keyOf(object), object)
      return manifests.put(object)
    },
    async enforce() {
      const before = Date.now()
      await node.enforce(rulesFor(shopOf([...now.values()])))
      return [before, Date.now()]
    },
    async replacePod(old, next) {
      const before = Date.now()
      now.delete(keyOf(old))
      manifests.remove(old)
      await giveAddress(node, aliasOf(old), aliasOf(next))
      changes.write(next)
      await changes.enforce()
      return [before, Date.now()]
    },
  }
  return changes
}
