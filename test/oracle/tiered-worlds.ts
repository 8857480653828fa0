// The worlds of worlds.ts with admin tiers on top: labelled nodes, names that DNS gave, fewer NetworkPolicies.

import type { Node, PolicyObject, World } from '../../agent/policy/objects.ts'
import { domainNames, externals, nodeLabelValues } from './pools.ts'
import { createRandom, type Random } from './random.ts'
import type { TierKind } from './tier-manifest.ts'
import { tierPolicyOf } from './tier-policies.ts'
import { addressesOf, labelsOf, worldOf } from './worlds.ts'

/** Three worlds in ten have NetworkPolicies alone. */
export function anyWorldOf(seed: number): World {
  return seed % 10 < 3 ? worldOf(seed) : tieredWorldOf(seed)
}

export function tieredWorldOf(seed: number): World {
  const random = createRandom(~seed)
  const world = worldOf(seed)
  const nodes = world.nodes.map(node => labelled(random, node))
  const addresses = addressesOf(nodes, world.pods)
  const tiers = tiersOf(random, addresses)
  const namespaced = random.some(world.policies, random.pick([0, 0.3, 0.6, 1]))
  return {
    ...world,
    nodes,
    policies: random.chance(0.5) ? [...tiers, ...namespaced] : [...namespaced, ...tiers],
    ...(random.chance(0.75) ? { dns: namesOf(random) } : {}),
  }
}

export function labelled(random: Random, node: Node): Node {
  return { ...node, labels: { ...node.labels, ...labelsOf(random, nodeLabelValues) } }
}

/** One API in most worlds: "v1alpha1 and v1alpha2 are not expected together". */
function tiersOf(random: Random, addresses: readonly string[]): PolicyObject[] {
  const kinds = random.pick<readonly TierKind[]>([
    ['AdminNetworkPolicy'],
    ['AdminNetworkPolicy'],
    ['AdminNetworkPolicy'],
    ['ClusterNetworkPolicy'],
    ['ClusterNetworkPolicy'],
    ['ClusterNetworkPolicy'],
    ['AdminNetworkPolicy', 'ClusterNetworkPolicy'],
  ])
  const tiers = Array.from({ length: random.between(1, 5) }, (_, index) =>
    tierPolicyOf(random, random.pick(kinds), index, addresses),
  )
  if (!kinds.includes('AdminNetworkPolicy') || random.chance(0.3)) return tiers
  return [...tiers, tierPolicyOf(random, 'BaselineAdminNetworkPolicy', 90, addresses)]
}

/** Of some external addresses the names are known, of some there is none. */
function namesOf(random: Random): Readonly<Record<string, readonly string[]>> {
  const known = random.some(externals, 0.5)
  return Object.fromEntries(known.map(address => [address, random.some(domainNames, 0.4)]))
}
