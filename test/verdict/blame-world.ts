// Random histories of a cluster for the tests of blame: policies that come, change and go, and labels that are edited, one change
// at a time and far enough apart that every packet between them meets one state only.

import { parseAddress } from '../../agent/address.ts'
import { compile, type Epoch } from '../../agent/policy/index.ts'
import type { Change, Namespace, Pod, PolicyObject, World } from '../../agent/policy/objects.ts'
import {
  createTimeline,
  noStamp,
  type Observed,
  type Timeline,
  type TimelineEvent,
} from '../../agent/timeline/index.ts'
import { createFlow, type Flow, Proto, TcpFlag, Verdict } from '../../collectors/flow.ts'
import { editsOf } from '../oracle/edits.ts'

export const START = Date.parse('2026-11-24T12:00:00Z') * 1000
export const STEP = 20_000_000

const policyKinds = [
  'NetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
]

/** One change of one object, and the world that it led to. */
export interface Edit {
  readonly change: Change
  readonly world: World
  /** When it was made. */
  readonly at: number
}

export function historyOf(world: World, seed: number, length: number): Edit[] {
  const edits: Edit[] = []
  const names = new Map(world.policies.map(policy => [policyUid(policy), policyName(policy)]))
  for (let round = 0; edits.length < length && round < 20 * length; round++) {
    const { changes } = editsOf(world, seed * 1000 + round, 1)[0]!
    for (const each of changes) {
      const change = acceptable(each, world, names)
      if (change === undefined) continue
      if (change.kind === 'Policy' && change.object) names.set(change.key, policyName(change.object))
      world = applied(world, change)
      edits.push({ change, world, at: START + (edits.length + 1) * STEP })
    }
  }
  return edits.slice(0, length)
}

/** Who the ends are is another test's matter: pods stay, and only their labels change. A uid never gets another name. */
function acceptable(change: Change, world: World, names: ReadonlyMap<string, string>): Change | undefined {
  if (change.kind === 'Policy') {
    const name = change.object && policyName(change.object)
    const isKnown = world.policies.some(each => policyUid(each) === change.key)
    if (name === undefined) return isKnown ? change : undefined
    const isTaken = world.policies.some(each => policyName(each) === name && policyUid(each) !== change.key)
    return isTaken || (names.get(change.key) ?? name) !== name ? undefined : change
  }
  if (change.object === undefined) return undefined
  if (change.kind === 'Namespace')
    return world.namespaces.some(({ name }) => name === change.key) ? change : undefined
  const pod = change.kind === 'Pod' ? world.pods.find(({ uid }) => uid === change.key) : undefined
  return pod && { kind: 'Pod', key: pod.uid, object: { ...pod, labels: (change.object as Pod).labels } }
}

export function applied(world: World, change: Change): World {
  const put = <T>(list: readonly T[], keyOf: (each: T) => string, object: T | undefined) => [
    ...list.filter(each => keyOf(each) !== change.key),
    ...(object === undefined ? [] : [object]),
  ]
  if (change.kind === 'Policy') return { ...world, policies: put(world.policies, policyUid, change.object) }
  if (change.kind === 'Pod') return { ...world, pods: put(world.pods, pod => pod.uid, change.object) }
  return {
    ...world,
    namespaces: put(world.namespaces, ns => ns.name, change.object as Namespace),
  }
}

export function policyUid({ metadata }: PolicyObject): string {
  return metadata.uid!
}

/** Policies are followed by name: one that is deleted and made again is one story. */
export function policyName({ kind, metadata }: PolicyObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
}

/** What an edit, or a policy, is about: the same text for all states of one object. */
export function objectName(world: World, edits: readonly Edit[], of: number | PolicyObject): string {
  if (typeof of !== 'number') return policyName(of)
  const { change } = edits[of]!
  if (change.kind !== 'Policy') return `${change.kind} ${change.key}`
  const before = edits[of - 1]?.world ?? world
  return policyName(change.object ?? before.policies.find(each => policyUid(each) === change.key)!)
}

function observedPolicy(object: PolicyObject): Observed {
  const { namespace, name } = object.metadata
  const text = `${namespace ?? object.kind}/${name}`
  return { kind: 'Policy', api: object.kind, id: policyUid(object), name: text, object, stamp: noStamp }
}

function observedPod(object: Pod): Observed {
  return {
    kind: 'Pod',
    api: 'Pod',
    id: object.uid,
    name: `${object.ns}/${object.name}`,
    object,
    stamp: noStamp,
  }
}

function observedNamespace(object: Namespace): Observed {
  return { kind: 'Namespace', api: 'Namespace', id: object.name, name: object.name, object, stamp: noStamp }
}

export function timelineOf(world: World, edits: readonly Edit[]): Timeline<Epoch> {
  const objects: Observed[] = [
    ...world.namespaces.map(observedNamespace),
    ...world.nodes.map(
      (object): Observed => ({
        kind: 'Node',
        api: 'Node',
        id: object.name,
        name: object.name,
        object,
        stamp: noStamp,
      }),
    ),
    ...world.pods.map(observedPod),
    ...world.policies.map(observedPolicy),
  ]
  let before = world
  const timeline = createTimeline<Epoch>(
    { objects },
    { compile: whole => compile(whole, { profile: 'upstream' }) },
  )
  // What was there before was all there was.
  for (const api of policyKinds) timeline.apply({ type: 'RELIST', at: START, api, lastProof: Number.NaN })
  for (const edit of edits) {
    timeline.apply(eventOf(before, edit))
    before = edit.world
  }
  return timeline
}

/** The watch event of an edit. */
export function eventOf(before: World, { change, at }: Edit): TimelineEvent {
  if (change.kind === 'Policy') {
    const old = before.policies.find(each => policyUid(each) === change.key)
    const object = change.object ?? old!
    const type = change.object === undefined ? 'DELETED' : old === undefined ? 'ADDED' : 'MODIFIED'
    return { type, at, observed: observedPolicy(object) }
  }
  const observed =
    change.kind === 'Pod' ? observedPod(change.object!) : observedNamespace(change.object as Namespace)
  return { type: 'MODIFIED', at, observed }
}

export interface Packet {
  readonly from: string
  readonly to: string
  readonly port: number
  readonly time: number
}

export function packetFlow({ from, to, port, time }: Packet, verdict: Verdict = Verdict.denied): Flow {
  const flow: Flow = {
    ...createFlow(),
    time,
    proto: Proto.tcp,
    sport: 40_000,
    dport: port,
    tcpFlags: TcpFlag.syn,
    verdict,
  }
  flow.address.set(parseAddress(from)!, 0)
  flow.address.set(parseAddress(to)!, 4)
  return flow
}
