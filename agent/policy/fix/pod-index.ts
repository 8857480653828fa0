// The pods of a state by namespace and by what policies can tell of them without an address. It depends on the pods alone, so
// epochs that have the same pods share it, however their policies differ.

import { ownsAddresses, type PodEntry } from '../end.ts'
import type { LabelSet, PortSet } from '../interner.ts'
import type { Overlay } from '../overlay.ts'

/** Pods of one namespace with the same labels and named ports. */
export interface PodGroup {
  readonly ns: string
  readonly labels: LabelSet
  readonly ports: PortSet
  readonly members: readonly Member[]
}

export interface Member {
  readonly entry: PodEntry
  /** Pods of one workload have one number: each of them is replaced by the next. */
  readonly workload: number
}

export class PodIndex {
  readonly #pods: Overlay<string, PodEntry>
  readonly #entries = new Map<string, PodEntry[]>()
  readonly #groups = new Map<string, readonly PodGroup[]>()
  readonly #workloads = new Map<string, number>()

  constructor(pods: Overlay<string, PodEntry>) {
    this.#pods = pods
    for (const entry of pods.values()) {
      if (!ownsAddresses(entry)) continue
      const others = this.#entries.get(entry.pod.ns)
      if (others === undefined) this.#entries.set(entry.pod.ns, [entry])
      else others.push(entry)
    }
  }

  has(entry: PodEntry): boolean {
    return this.#pods.get(entry.pod.uid) === entry && ownsAddresses(entry)
  }

  /** Names of namespaces with live pods. */
  get namespaces(): Iterable<string> {
    return this.#entries.keys()
  }

  /** The groups of a namespace's live pods on the pod network. */
  groups(ns: string): readonly PodGroup[] {
    let groups = this.#groups.get(ns)
    if (groups === undefined) {
      groups = this.#group(ns)
      this.#groups.set(ns, groups)
    }
    return groups
  }

  member(entry: PodEntry): Member {
    const name = `${entry.pod.ns}/${entry.pod.workload}`
    let workload = this.#workloads.get(name)
    if (workload === undefined) {
      workload = this.#workloads.size
      this.#workloads.set(name, workload)
    }
    return { entry, workload }
  }

  #group(ns: string): PodGroup[] {
    const byLabels = new Map<LabelSet, Map<PortSet, Member[]>>()
    for (const entry of this.#entries.get(ns) ?? []) {
      const byPorts = byLabels.get(entry.labels) ?? new Map<PortSet, Member[]>()
      byLabels.set(entry.labels, byPorts)
      const members = byPorts.get(entry.ports) ?? []
      byPorts.set(entry.ports, members)
      members.push(this.member(entry))
    }
    return [...byLabels].flatMap(([labels, byPorts]) =>
      [...byPorts].map(([ports, members]) => ({ ns, labels, ports, members })),
    )
  }
}

const indexes = new WeakMap<Overlay<string, PodEntry>, PodIndex>()

export function podIndexOf(pods: Overlay<string, PodEntry>): PodIndex {
  let index = indexes.get(pods)
  if (index === undefined) {
    index = new PodIndex(pods)
    indexes.set(pods, index)
  }
  return index
}
