// What the agent knows of the cluster: the timeline that it saw before, the directory of manifests, and each change written down.

import { join } from 'node:path'
import { type ManifestDirectory, openManifestDirectory } from '../cluster/manifest-directory.ts'
import { readKinds } from '../cluster/objects.ts'
import { lastState, openTimelineLog, type TimelineLog } from '../cluster/timeline-log.ts'
import { compile, type Epoch, type Profile } from '../policy/index.ts'
import {
  createTimeline,
  type Observed,
  type Service,
  type Timeline,
  type TimelineEvent,
} from '../timeline/index.ts'

export interface ClusterOptions {
  readonly manifests: string | undefined
  /** Records are kept here: the timeline stands beside them. */
  readonly records: string | undefined
  readonly profile: Profile
  readonly historyMs: number
  /** Microseconds: when the manifests were last looked at before a restart. */
  readonly lastProof: number | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly say: (text: string) => void
  readonly onProblem: (text: string | undefined) => void
  /** The manifests were read; `problem` is what makes them useless for this node. */
  readonly onRead: (objects: number, problem: string | undefined) => void
  readonly node: string
  /** Policies that no answer counts, with what is wrong with them; undefined: there are none. */
  readonly onRejected: (text: string | undefined) => void
  readonly signal: AbortSignal
}

export interface ClusterListener {
  apply(events: readonly TimelineEvent[]): void
  /** `lastProof` is another. */
  proven(): void
}

export interface Cluster {
  readonly timeline: Timeline<Epoch>
  /** Begins to look at the manifests; `told` hears of every change, of the first state before this resolves. */
  follow(told: ClusterListener): Promise<void>
  /** Somebody waits for a later `lastProof`. */
  lookSoon(): void
  /** Microseconds of the last look, NaN before the first. */
  readonly lastProof: number
  readonly services: () => Iterable<Service>
  /** Kinds of policies that are not evaluated here. */
  readonly hasUnsupported: boolean
  readonly objects: Readonly<Record<string, number>>
  close(): Promise<void>
}

export function openCluster(options: ClusterOptions): Cluster {
  const { manifests, now, historyMs, profile } = options
  const log = openLog(options)
  const restored = log?.restored ?? []
  const timeline = createTimeline<Epoch>(
    { events: restored },
    { compile: world => compile(world, { profile }), historyMs },
  )
  // They were told by the run before.
  timeline.drainChanges()
  let directory: ManifestDirectory | undefined

  /** Nothing is known of the cluster: that no policy is known must not pass for there being none. */
  function sayUnknown(apply: (events: readonly TimelineEvent[]) => void): void {
    apply(readKinds.map(api => ({ type: 'LOST', at: 0, api })))
  }

  async function follow({ apply, proven }: ClusterListener): Promise<void> {
    if (manifests !== undefined) await look(manifests, { apply, proven })
    if (restored.length === 0 && !(directory && directory.lastProof > 0)) sayUnknown(apply)
  }

  async function look(path: string, { apply, proven }: ClusterListener): Promise<void> {
    const objects = [...lastState(restored).values()].flatMap(kind => [...kind.values()])
    const { lastProof } = options
    directory = await openManifestDirectory({
      path,
      now,
      onEvents(events) {
        apply(events)
        log?.append(events)
        const told = directory?.objects ?? addedIn(events)
        options.onRead(told.length, strangeNode(told, options.node))
        options.onRejected(rejectedText(timeline))
      },
      onProof: proven,
      onProblem: options.onProblem,
      since: lastProof === undefined || objects.length === 0 ? undefined : { objects, lastProof },
      signal: options.signal,
    })
  }

  return {
    timeline,
    follow,
    lookSoon: () => directory?.lookSoon(),
    get lastProof() {
      return directory?.lastProof ?? Number.NaN
    },
    *services() {
      for (const each of directory?.objects ?? []) if (each.kind === 'Service') yield each.object
    },
    get hasUnsupported() {
      return [...(directory?.ignored.keys() ?? [])].some(isPolicyKind)
    },
    get objects() {
      const counts: Record<string, number> = {}
      for (const { api } of directory?.objects ?? []) {
        const resource = resourceOf(api)
        counts[resource] = (counts[resource] ?? 0) + 1
      }
      return counts
    },
    async close() {
      await directory?.done
      log?.close()
    },
  }
}

/** Where it cannot be kept, the agent goes on without. */
function openLog({ records, now, historyMs, say }: ClusterOptions): TimelineLog | undefined {
  if (records === undefined) return undefined
  const dir = join(records, 'timeline')
  try {
    return openTimelineLog({ dir, since: (now() - historyMs) * 1000, now: () => now() * 1000, say })
  } catch (error) {
    say(`Cannot keep the timeline in "${dir}": ${(error as Error).message}`)
    return undefined
  }
}

function addedIn(events: readonly TimelineEvent[]): Observed[] {
  return events.flatMap(event => (event.type === 'ADDED' ? [event.observed] : []))
}

/** Most often the name that the agent was given is not the one that the cluster has. */
function strangeNode(objects: readonly Observed[], node: string): string | undefined {
  const names = new Set(objects.flatMap(each => (each.kind === 'Pod' ? (each.object.node ?? []) : [])))
  if (names.size === 0 || names.has(node)) return undefined
  const known = [...names].sort().slice(0, 5).join(', ')
  return `No pod of the manifests runs on node "${node}", so nothing is judged here: they name ${known}; set node (NODE_NAME)`
}

/** Of policies that nobody can enforce as they are written: answers that they could have touched are at most candidates. */
function rejectedText(timeline: Timeline<Epoch>): string | undefined {
  const { rejections } = timeline.viewAt(Number.POSITIVE_INFINITY).epoch
  if (rejections.length === 0) return undefined
  const first = rejections.slice(0, 5).map(({ key, problems }) => `${key} (${problems.join('; ')})`)
  const more = rejections.length > first.length ? ` and ${rejections.length - first.length} more` : ''
  return `Left out, so answers they could have touched are not certain: ${first.join(', ')}${more}`
}

function isPolicyKind(kind: string): boolean {
  return /^\w*NetworkPolicy\b/.test(kind) && !kind.startsWith('Staged')
}

/** As the API's paths have it: `networkpolicies`. */
function resourceOf(api: string): string {
  const lower = api.toLowerCase()
  return lower.endsWith('y') ? `${lower.slice(0, -1)}ies` : `${lower}s`
}
