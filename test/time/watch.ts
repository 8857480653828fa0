// What this node is told of a schedule: each write late by less than the bound, in the order of the writes of its kind, and after
// an outage only what there is by then.

import { readWatchEvent } from '../../agent/cluster/index.ts'
import type { TimelineEvent } from '../../agent/timeline/index.ts'
import type { Random } from '../oracle/random.ts'
import { type Hazards, wallOf } from './hazards.ts'
import { nodeJson, us } from './objects.ts'
import type { Commit, Schedule } from './schedule.ts'

type Kind = Commit['kind']

/** In [from, to) no event of the kind comes through; at `to` it is listed anew. */
interface Outage {
  readonly from: number
  readonly to: number
}

export function watchOf(random: Random, { commits }: Schedule, hazards: Hazards): TimelineEvent[] {
  const kinds: readonly Kind[] = ['Namespace', 'Pod', 'NetworkPolicy']
  return [
    event(us(0), 'ADDED', nodeJson),
    ...kinds.flatMap(kind => {
      const own = commits.filter(each => each.kind === kind)
      return watchKind(random, kind, own, hazards)
    }),
  ]
}

function watchKind(
  random: Random,
  kind: Kind,
  commits: readonly Commit[],
  hazards: Hazards,
): TimelineEvent[] {
  const outages = hazards.outages && random.chance(0.6) ? outagesOf(random) : []
  const stamp = (time: number) => us(wallOf(hazards, time))
  const relist = (at: number, from: number) => {
    events.push({
      type: 'RELIST',
      at: stamp(at),
      api: kind,
      lastProof: Number.isNaN(from) ? from : stamp(from),
    })
    events.push(...listedAt(at, commits).map(({ object }) => event(stamp(at), 'ADDED', object)))
  }
  const events: TimelineEvent[] = []
  relist(0, Number.NaN)
  let arrived = 0
  const pending = [...outages]
  for (const each of commits.filter(({ at }) => at >= 0)) {
    while (pending[0] !== undefined && each.at >= pending[0].to) {
      arrived = pending[0].to
      relist(arrived, pending[0].from)
      pending.shift()
    }
    const outage = pending[0]
    if (outage !== undefined && each.at >= outage.from) continue
    const late = each.at + (hazards.watchDelay * random.below(1000)) / 1000
    arrived = Math.max(arrived, Math.min(late, outage?.from ?? late))
    events.push(event(stamp(arrived), each.type, each.object))
  }
  for (const outage of pending) relist(outage.to, outage.from)
  return events
}

function outagesOf(random: Random): Outage[] {
  const first = random.between(5, 40)
  const second = first + 20 + random.between(1, 20)
  return [first, second].map(from => ({ from, to: from + 1 + random.below(15_000) / 1000 }))
}

/** The writes by which what there is at a moment came to be as it is. */
function listedAt(at: number, commits: readonly Commit[]): Commit[] {
  const now = new Map<string, Commit>()
  for (const each of commits.filter(one => one.at < at)) {
    if (each.type === 'DELETED') now.delete(each.key)
    else now.set(each.key, each)
  }
  return [...now.values()]
}

/** `at`: microseconds since 1970. */
function event(at: number, type: Commit['type'], object: object): TimelineEvent {
  return readWatchEvent({ at, type, object })!
}
