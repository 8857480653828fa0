// What comes of a label on peers: the rules that match them then, and whom these let them reach.

import type { ResolvedEnd } from '../end.ts'
import { matchesPeer, matchesPort } from '../rule-code.ts'
import type { Cast } from './cast.ts'
import type { Reach } from './count.ts'
import type { Mention } from './label-mentions.ts'
import { type Case, isOnlyAsked } from './rule-edits.ts'
import { destinationPorts, type Peer, type Subjects } from './scene.ts'

/** The peer with the new labels, as selectors see it. */
export type Relabel = (peer: Peer) => ResolvedEnd

/** The rules that match anybody that they did not; undefined where that changes more than what was asked about. */
export function gainsOf(
  mentions: ReadonlySet<Mention>,
  peers: readonly Peer[],
  relabelled: Relabel,
  asked: Case,
): Mention[] | undefined {
  const gains: Mention[] = []
  for (const mention of mentions) {
    const { code } = mention.rule
    const matches = (end: ResolvedEnd) => matchesPeer(code, 0, end, asked.cast.ground.interner)
    for (const peer of peers) {
      const [before, after] = [matches(peer.plain), matches(relabelled(peer))]
      if (before === after) continue
      if (before || mention.direction !== asked.denial.direction) return undefined
      if (gains.at(-1) !== mention) gains.push(mention)
    }
  }
  return gains
}

/** The pods of all namespaces whose rules match more. */
export function subjectsOf(gains: readonly Mention[], cast: Cast): readonly Subjects[] {
  const namespaces = new Set(gains.map(({ policy }) => policy.source.ns))
  return [...namespaces].flatMap(ns => cast.inNamespace(ns))
}

/** Which of them these rules open; undefined where they open another port too. */
export function reachOf(gains: readonly Mention[], relabelled: Relabel, asked: Case): Reach | undefined {
  const { cast, pairs, denial } = asked
  const { interner } = cast.ground
  const isSubject = ({ policy }: Mention, { end, members }: Subjects) =>
    members[0]!.entry.pod.ns === policy.source.ns && interner.selects(policy.subjects, end.labels)
  const all = pairs.subjects.map((_, i) => i)
  for (const gain of gains) {
    const subjects = all.filter(i => isSubject(gain, pairs.subjects[i]!))
    const reach = { subjects, peers: pairs.everyPeer }
    if (subjects.length > 0 && !isOnlyAsked(gain.rule, reach, asked)) return undefined
  }
  const { direction, protocol, port } = denial
  const admits: Reach['admits'] = (subject, peer) =>
    gains.some(gain => {
      const { code } = gain.rule
      const hasPort = matchesPort(code, 0, protocol, port, destinationPorts(direction, subject, peer))
      return hasPort && isSubject(gain, subject) && matchesPeer(code, 0, relabelled(peer), interner)
    })
  return { subjects: all, peers: pairs.everyPeer, admits }
}
