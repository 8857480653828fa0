// Every name that the world has ever known, for commands that are asked about pods, workloads and Services by name.

import type { WorldInput } from '../cluster/index.ts'
import type { Pod } from '../policy/objects.ts'
import type { Observed, Service } from '../timeline/index.ts'

export interface Roster {
  /** Every version of every pod, by `ns/name`. */
  readonly pods: ReadonlyMap<string, readonly Pod[]>
  /** Kinds of the workloads of a name, by `ns/name`; pods that nothing owns are none. */
  readonly workloads: ReadonlyMap<string, ReadonlySet<string>>
  /** As each was last, by `ns/name`. */
  readonly services: ReadonlyMap<string, Service>
}

export function rosterOf(input: WorldInput): Roster {
  const pods = new Map<string, Pod[]>()
  const workloads = new Map<string, Set<string>>()
  const services = new Map<string, Service>()
  for (const observed of everyVersion(input)) {
    if (observed.kind === 'Service') services.set(observed.name, observed.object)
    if (observed.kind !== 'Pod') continue
    add(pods, observed.name, observed.object)
    const [kind, name] = split(observed.object.workload)
    if (kind === 'Pod') continue
    const key = `${observed.object.ns}/${name}`
    const kinds = workloads.get(key)
    if (kinds === undefined) workloads.set(key, new Set([kind]))
    else kinds.add(kind)
  }
  return { pods, workloads, services }
}

function* everyVersion({ objects, events }: WorldInput): Generator<Observed> {
  yield* objects
  for (const event of events) if ('observed' in event) yield event.observed
}

function add(pods: Map<string, Pod[]>, name: string, pod: Pod): void {
  const known = pods.get(name)
  if (known === undefined) pods.set(name, [pod])
  else known.push(pod)
}

/** `Deployment/cart` -> `Deployment`, `cart` */
export function split(workload: string): readonly [string, string] {
  const slash = workload.indexOf('/')
  return [workload.slice(0, slash), workload.slice(slash + 1)]
}

/** An empty selector picks nothing, and without one the pods are not known. */
export function selectedBy({ ns, selector }: Service, pod: Pod): boolean {
  const wanted = Object.entries(selector ?? {})
  return pod.ns === ns && wanted.length > 0 && wanted.every(([key, value]) => pod.labels[key] === value)
}
