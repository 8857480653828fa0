// Random edits of a world: what a watch would bring, each with the world that it leads to.

import type { Change, Pod, PolicyObject, World } from '../../agent/policy/objects.ts'
import { policyOf } from './policies.ts'
import { labelValues, namespaceNames } from './pools.ts'
import { createRandom, type Random } from './random.ts'
import { readTierPolicies, type TierKind } from './tier-manifest.ts'
import { tierPolicyOf } from './tier-policies.ts'
import { labelled } from './tiered-worlds.ts'
import { addressesOf, containerPorts, labelsOf, namespaceOf, nodeOf, podOf } from './worlds.ts'

export interface Edit {
  readonly changes: readonly Change[]
  /** The world after them. */
  readonly world: World
}

/** A sequence of edits, each a handful of changes at once, each with the world that it leads to. */
export function editsOf(world: World, seed: number, count: number): Edit[] {
  const random = createRandom(seed)
  const edits: Edit[] = []
  for (let serial = 0; serial < count; serial++) {
    const changes: Change[] = []
    for (let more = random.between(1, 3); more > 0; more--) {
      const change = changeOf(random, world, serial * 10 + more)
      changes.push(...change)
      world = change.reduce(applyChange, world)
    }
    edits.push({ changes, world })
  }
  return edits
}

function changeOf(random: Random, world: World, serial: number): Change[] {
  switch (random.below(8)) {
    case 0:
    case 1:
      return podChange(random, world)
    case 2:
      return newPod(random, world, serial)
    case 3:
      return namespaceChange(random, world)
    case 4:
      return nodeChange(random, world)
    case 5:
      return newPolicy(random, world, serial)
    default:
      return policyChange(random, world, serial)
  }
}

/** Labels, phase, deletion, ports or addresses of one pod, or its end. */
function podChange(random: Random, world: World): Change[] {
  if (world.pods.length < 3) return []
  const pod = random.pick(world.pods)
  const gone: Change = { kind: 'Pod', key: pod.uid }
  if (random.chance(0.15)) return [gone]
  // A StatefulSet's pod comes back under its name, with another uid and other labels.
  if (random.chance(0.15)) {
    const uid = `${pod.uid}-again`
    const phase = pod.ips.length > 0 ? 'Running' : 'Pending'
    const again: Pod = { ...pod, uid, phase, terminating: false, labels: labelsOf(random, labelValues) }
    const isHeld = world.pods.some(other => other !== pod && other.ips.some(ip => pod.ips.includes(ip)))
    return isHeld && !pod.hostNetwork ? [gone] : [gone, { kind: 'Pod', key: uid, object: again }]
  }
  const other = random.pick<Partial<Pod>>([
    { labels: labelsOf(random, labelValues) },
    { labels: labelsOf(random, labelValues) },
    { phase: random.pick(['Succeeded', 'Failed']) },
    { terminating: true },
    { ports: containerPorts(random) },
  ])
  return [{ kind: 'Pod', key: pod.uid, object: { ...pod, ...other } }]
}

/** A pod that comes; often with the address of one that has just gone or finished. */
function newPod(random: Random, world: World, serial: number): Change[] {
  const fresh = podOf(random, 20 + serial, world.namespaces, world.nodes, [])
  const old = random.pick(world.pods)
  const named = { ...fresh, uid: `pod-new-${serial}`, name: `n${serial}` }
  const added: Change = { kind: 'Pod', key: named.uid, object: named }
  if (old.hostNetwork || old.ips.length === 0 || fresh.hostNetwork || random.chance(0.4)) return [added]
  const gone: Change = random.chance(0.5)
    ? { kind: 'Pod', key: old.uid }
    : { kind: 'Pod', key: old.uid, object: { ...old, phase: 'Succeeded' } }
  const heldByAnother = world.pods.some(pod => pod !== old && pod.ips.some(ip => old.ips.includes(ip)))
  if (heldByAnother) return [added]
  return [gone, { kind: 'Pod', key: named.uid, object: { ...named, ips: old.ips } }]
}

/** New labels, a new namespace, or the end of an empty one. */
function namespaceChange(random: Random, world: World): Change[] {
  const name = random.chance(0.7) ? random.pick(world.namespaces).name : random.pick(namespaceNames)
  const isEmpty = !world.pods.some(pod => pod.ns === name)
  if (isEmpty && world.namespaces.length > 2 && random.chance(0.5)) return [{ kind: 'Namespace', key: name }]
  return [{ kind: 'Namespace', key: name, object: namespaceOf(random, name) }]
}

/** Addresses come and go, but for the first and those of the node's host-network pods. */
function nodeChange(random: Random, world: World): Change[] {
  if (random.chance(0.15)) {
    const fresh = nodeOf(random, random.between(3, 4))
    return [{ kind: 'Node', key: fresh.name, object: hasTiers(world) ? labelled(random, fresh) : fresh }]
  }
  const node = random.pick(world.nodes)
  const isEmpty = !world.pods.some(pod => pod.node === node.name)
  if (isEmpty && world.nodes.length > 1 && random.chance(0.5)) return [{ kind: 'Node', key: node.name }]
  const needed = world.pods.filter(pod => pod.hostNetwork && pod.node === node.name).flatMap(pod => pod.ips)
  const kept = node.addresses.filter(
    (address, index) => index === 0 || needed.includes(address) || random.chance(0.5),
  )
  const addresses = [...new Set([...kept, ...random.some([`10.201.0.${random.between(1, 3)}`], 0.5)])]
  const same = { ...node, addresses }
  return [{ kind: 'Node', key: node.name, object: hasTiers(world) ? labelled(random, same) : same }]
}

function hasTiers({ policies }: World): boolean {
  return readTierPolicies(policies).length > 0
}

function newPolicy(random: Random, world: World, serial: number): Change[] {
  const addresses = addressesOf(world.nodes, world.pods)
  const tier = hasTiers(world) ? random.pick(readTierPolicies(world.policies)) : undefined
  if (tier !== undefined && tier.kind !== 'BaselineAdminNetworkPolicy' && random.chance(0.6)) {
    const object = tierPolicyOf(random, tier.kind, 100 + serial, addresses)
    return [{ kind: 'Policy', key: object.metadata.uid!, object }]
  }
  const policy = policyOf(random, 100 + serial, random.pick(world.namespaces).name, addresses)
  return [{ kind: 'Policy', key: policy.metadata.uid!, object: policy }]
}

/** A policy deleted, given another spec, or deleted and made again under the same name. */
function policyChange(random: Random, world: World, serial: number): Change[] {
  if (world.policies.length === 0) return newPolicy(random, world, serial)
  const policy = random.pick(world.policies)
  const { metadata } = policy
  const gone: Change = { kind: 'Policy', key: metadata.uid! }
  if (random.chance(0.25)) return [gone]
  const fresh = freshOf(random, world, policy)
  if (random.chance(0.2)) {
    const uid = `policy-again-${serial}`
    return [
      gone,
      { kind: 'Policy', key: uid, object: { ...policy, spec: fresh.spec, metadata: { ...metadata, uid } } },
    ]
  }
  const generation = (metadata.generation ?? 1) + 1
  return [
    {
      kind: 'Policy',
      key: metadata.uid!,
      object: { ...policy, spec: fresh.spec, metadata: { ...metadata, generation } },
    },
  ]
}

/** Another policy of the same kind, for its spec. */
function freshOf(random: Random, { nodes, pods }: World, { kind, metadata }: PolicyObject): PolicyObject {
  const addresses = addressesOf(nodes, pods)
  if (kind === 'NetworkPolicy') return policyOf(random, 0, metadata.namespace ?? 'default', addresses)
  return tierPolicyOf(random, kind as TierKind, 0, addresses)
}

/** The plain meaning of a change: replace, add or remove the object of that key. */
export function applyChange(world: World, change: Change): World {
  switch (change.kind) {
    case 'Pod':
      return { ...world, pods: replaced(world.pods, pod => pod.uid === change.key, change.object) }
    case 'Namespace':
      return {
        ...world,
        namespaces: replaced(world.namespaces, one => one.name === change.key, change.object),
      }
    case 'Node':
      return { ...world, nodes: replaced(world.nodes, one => one.name === change.key, change.object) }
    case 'Policy':
      return {
        ...world,
        policies: replaced(world.policies, one => one.metadata.uid === change.key, change.object),
      }
  }
}

function replaced<T>(list: readonly T[], isIt: (one: T) => boolean, object: T | undefined): T[] {
  const kept = list.filter(one => !isIt(one))
  return object === undefined ? kept : [...kept, object]
}
