// Small worlds for the timeline's tests: seconds for times, a few words for objects, and an epoch that only remembers.

import { parseAddress } from '../../agent/address.ts'
import type {
  Change,
  Labels,
  Namespace,
  Phase,
  Pod,
  PolicyObject,
  World,
} from '../../agent/policy/objects.ts'
import {
  createTimeline,
  noStamp,
  type ObjectEvent,
  type Observed,
  type Owner,
  type Service,
  type Stamp,
  type Timeline,
  type TimelineEvent,
  type TimelineOptions,
} from '../../agent/timeline/index.ts'

/** Seconds after an arbitrary beginning, as the timeline's microseconds. */
export const base = 1_790_000_000_000_000
export const at = (seconds: number): number => base + Math.round(seconds * 1e6)
export const seconds = (time: number): number => (time - base) / 1e6

/** An epoch that knows its objects by key and nothing else. */
export class RememberingEpoch {
  readonly objects: ReadonlyMap<string, unknown>
  static compiled = 0

  constructor(objects: ReadonlyMap<string, unknown>) {
    this.objects = objects
  }

  with(changes: readonly Change[]): RememberingEpoch {
    const objects = new Map(this.objects)
    for (const { kind, key, object } of changes) {
      if (object === undefined) objects.delete(`${kind} ${key}`)
      else objects.set(`${kind} ${key}`, object)
    }
    return new RememberingEpoch(objects)
  }

  /** Sorted, so that equal states print equally. */
  print(): string {
    return JSON.stringify([...this.objects].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  policies(): string[] {
    return [...this.objects].flatMap(([key, object]) => {
      if (!key.startsWith('Policy')) return []
      const { metadata } = object as PolicyObject
      return [`${metadata.name}@${metadata.generation ?? 0}`]
    })
  }
}

export function compileWorld(world: World): RememberingEpoch {
  RememberingEpoch.compiled++
  const objects = new Map<string, unknown>()
  for (const each of world.namespaces) objects.set(`Namespace ${each.name}`, each)
  for (const each of world.pods) objects.set(`Pod ${each.uid}`, each)
  for (const each of world.nodes) objects.set(`Node ${each.name}`, each)
  for (const each of world.policies)
    objects.set(`Policy ${each.metadata.uid ?? `${each.metadata.namespace}/${each.metadata.name}`}`, each)
  return new RememberingEpoch(objects)
}

export type TestTimeline = Timeline<RememberingEpoch>

export function timelineOf(
  events: readonly TimelineEvent[],
  objects: readonly Observed[] = [],
  options: Partial<TimelineOptions<RememberingEpoch>> = {},
): TestTimeline {
  return createTimeline({ objects, events }, { compile: compileWorld, ...options })
}

export interface PodWords {
  readonly uid?: string
  readonly name?: string
  readonly ns?: string
  readonly ips?: readonly string[]
  readonly phase?: Phase
  readonly labels?: Labels
  readonly hostNetwork?: boolean
  readonly hostIPs?: readonly string[]
  readonly node?: string
  readonly ports?: Pod['ports']
  /** In seconds, truncated as the API server does. */
  readonly created?: number
  readonly started?: number
  readonly finished?: number
  readonly deleting?: number
  readonly written?: number
  /** resourceVersion. */
  readonly version?: string
}

export function pod(words: PodWords): Observed {
  const ns = words.ns ?? 'shop'
  const name = words.name ?? words.uid ?? 'pod'
  const id = words.uid ?? `${ns}/${name}`
  const ips = words.ips ?? []
  const object: Pod = {
    uid: id,
    ns,
    name,
    labels: words.labels ?? {},
    ips,
    hostIPs: words.hostIPs ?? [],
    ...(words.node === undefined ? {} : { node: words.node }),
    hostNetwork: words.hostNetwork ?? false,
    phase: words.phase ?? (ips.length > 0 ? 'Running' : 'Pending'),
    terminating: words.deleting !== undefined,
    ports: words.ports ?? [],
    workload: `Pod/${name}`,
  }
  return { kind: 'Pod', api: 'Pod', id, name: `${ns}/${name}`, object, stamp: stampOf(words) }
}

function stampOf(words: PodWords): Stamp {
  const time = (value: number | undefined) => (value === undefined ? Number.NaN : at(Math.floor(value)))
  return {
    ...noStamp,
    created: time(words.created),
    started: time(words.started),
    finished: time(words.finished),
    deleting: time(words.deleting),
    written: time(words.written),
    ...(words.version === undefined ? {} : { version: words.version }),
  }
}

export function policy(
  name: string,
  generation: number,
  spec: unknown = { generation },
  times: Partial<Stamp> & { uid?: string } = {},
): Observed {
  const { uid, ...stamp } = times
  const object: PolicyObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop', generation, ...(uid === undefined ? {} : { uid }) },
    spec,
  }
  return {
    kind: 'Policy',
    api: 'NetworkPolicy',
    id: uid ?? `shop/${name}`,
    name: `shop/${name}`,
    object,
    stamp: { ...noStamp, ...stamp },
  }
}

export function namespace(name: string, labels: Labels = {}): Observed {
  const object: Namespace = { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } }
  return { kind: 'Namespace', api: 'Namespace', id: name, name, object, stamp: noStamp }
}

export function node(name: string, addresses: readonly string[], podCIDRs: readonly string[] = []): Observed {
  return {
    kind: 'Node',
    api: 'Node',
    id: name,
    name,
    object: { name, labels: {}, addresses, podCIDRs },
    stamp: noStamp,
  }
}

export function service(words: Partial<Service> & { readonly name: string }): Observed {
  const object: Service = { ns: 'shop', clusterIPs: [], externalIPs: [], ports: [], ...words }
  return {
    kind: 'Service',
    api: 'Service',
    id: `${object.ns}/${object.name}`,
    name: `${object.ns}/${object.name}`,
    object,
    stamp: noStamp,
  }
}

export const added = (when: number, observed: Observed): ObjectEvent => ({
  type: 'ADDED',
  at: at(when),
  observed,
})
export const modified = (when: number, observed: Observed): ObjectEvent => ({
  type: 'MODIFIED',
  at: at(when),
  observed,
})
export const deleted = (when: number, observed: Observed): ObjectEvent => ({
  type: 'DELETED',
  at: at(when),
  observed,
})

export function relist(when: number, api: string, lastProof?: number): TimelineEvent {
  return {
    type: 'RELIST',
    at: at(when),
    api,
    lastProof: lastProof === undefined ? Number.NaN : at(lastProof),
  }
}

/** The first events of a cluster that has nothing yet: from here on all is known. */
export function beginning(when = 0): TimelineEvent[] {
  return ['Namespace', 'Pod', 'Node', 'Service', 'NetworkPolicy'].map(api => relist(when, api))
}

export function ownerAt(timeline: TestTimeline, address: string, when: number, precision?: number): Owner {
  return timeline.viewAt(at(when), precision).owner(parseAddress(address)!, 0)
}

/** `certain a`, `candidates a,b [address-reused]`, `external`, `unknown [peer-unresolved]`. */
export function printOwner(owner: Owner): string {
  const who =
    owner.kind === 'pod'
      ? `${owner.certainty} ${owner.candidates.map(each => each.uid).join(',')}`
      : owner.kind
  const more = owner.node ?? (owner.service && `${owner.service.ns}/${owner.service.name}`)
  return `${who}${more === undefined ? '' : ` ${more}`}${owner.reasons.length > 0 ? ` [${owner.reasons.join(' ')}]` : ''}`
}
