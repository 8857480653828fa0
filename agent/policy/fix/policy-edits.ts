// The edits of one policy that would have allowed what it denied: the peer or the port into a rule that came near, or a new rule for
// exactly the tight peer and the port.

import type { PatchOperation } from '../answer.ts'
import type { CompiledPolicy } from '../compiled-policy.ts'
import { type Missed, type NearRule, nearRule } from '../nearest.ts'
import { matchesPort } from '../rule-code.ts'
import { countWorkloads, type Reach } from './count.ts'
import { addPeer, addPort, addRule, peerOf, portFor, portsFor, ruleFor } from './patch.ts'
import { type Case, reachOfPeer, reachOfPort } from './rule-edits.ts'

export interface PolicyEdit {
  readonly policy: CompiledPolicy
  readonly reach: Reach
  /** Pairs of workloads that it opens. */
  readonly opened: number
  /** Of the rule that is edited; -1 for a new one. */
  readonly rule: number
  /** On how many terms that rule failed, or the policy's nearest for a new one. */
  readonly terms: number
  /** A rule that is edited lacks the peer, or else the port. */
  readonly lacksPeer: boolean
}

/** The least opened first; then a peer or port before a new rule, then the nearest miss first. */
export function compareEdits(a: PolicyEdit, b: PolicyEdit): number {
  const [keyA, keyB] = [a.policy.source.ref.key, b.policy.source.ref.key]
  return (
    a.opened - b.opened ||
    Number(a.rule < 0) - Number(b.rule < 0) ||
    a.terms - b.terms ||
    (keyA < keyB ? -1 : keyA > keyB ? 1 : a.rule - b.rule)
  )
}

/** The smallest edit of a policy, or undefined where every one opens more than `limit` pairs of workloads. */
export function smallestEdit(
  policy: CompiledPolicy,
  subjects: readonly number[],
  missed: Missed,
  asked: Case,
  limit: number,
): PolicyEdit | undefined {
  const { pairs } = asked
  const all: Reach = { subjects, peers: pairs.everyPeer }
  const fewest = countWorkloads(pairs, all, limit)
  let best: PolicyEdit | undefined
  let nearest = Number.MAX_SAFE_INTEGER
  for (const rule of policy[missed.direction]!) {
    const near = nearRule(rule, missed)
    nearest = Math.min(nearest, near.terms)
    const reach = reachOf(near, all, missed, asked)
    if (reach === undefined) continue
    const opened = reach === all ? fewest : countWorkloads(pairs, reach, limit)
    const edit = { policy, rule: rule.index, lacksPeer: near.peer >= 0, terms: near.terms, reach, opened }
    if (opened <= limit && (best === undefined || compareEdits(edit, best) < 0)) best = edit
  }
  // A new rule can only open as much as an edit of a rule, which is a smaller patch, or more.
  if (best !== undefined || fewest > limit) return best
  return { policy, rule: -1, lacksPeer: true, terms: nearest, reach: all, opened: fewest }
}

function reachOf({ rule, peer }: NearRule, all: Reach, missed: Missed, asked: Case): Reach | undefined {
  if (peer < 0) return reachOfPort(rule, all, asked)
  const { protocol, port, destination } = missed
  return matchesPort(rule.code, 0, protocol, port, destination.ports)
    ? reachOfPeer(rule, all, asked)
    : undefined
}

/** The edit as a patch of its policy. */
export function patchOf({ policy, rule, lacksPeer }: PolicyEdit, { denial, tight }: Case): PatchOperation {
  const { direction, protocol, port } = denial
  if (rule >= 0 && !lacksPeer) return addPort(direction, rule, portFor(protocol, port))
  const peer = peerOf(tight.target, policy.source.ns)
  if (rule >= 0) return addPeer(direction, rule, peer)
  return addRule(policy.source, direction, ruleFor(direction, peer, portsFor(protocol, port)))
}
