// `evaluate --explain`: what would allow a denied probe, and which change denied it.

import { changedEntry } from '../forensics/changed-entry.ts'
import type { ChangedEntry } from '../forensics/record.ts'
import {
  type Answer,
  type Direction,
  directions,
  type Epoch,
  type Fix,
  type ProbeAnswer,
  type ResolvedProbe,
} from '../policy/index.ts'
import type { View } from '../timeline/index.ts'
import { judge } from '../verdict/judge.ts'
import { orient } from '../verdict/orient.ts'
import { askedFlow } from './asked-flow.ts'

/** Both have one entry for each denied direction that has one, egress first. */
export interface Explained {
  readonly fix: readonly (Fix & { readonly direction: Direction })[]
  /** Absent where the world has no timeline, or where no change of it denied the probe. */
  readonly changed?: readonly (ChangedEntry & { readonly direction: Direction })[]
}

export type ExplainedAnswer = ProbeAnswer & Partial<Explained>

export interface ExplainQuestion {
  readonly epoch: Epoch
  readonly view?: View<Epoch>
  /** Microseconds since 1970, NaN where the world has no times. */
  readonly time: number
  readonly probe: ResolvedProbe
}

/** @param answer denies at least one direction. */
export function explained(asked: ExplainQuestion, answer: Answer): Explained {
  const denied = directions.filter(direction => answer[direction].verdict === 'denied')
  const { epoch, probe } = asked
  const fix = denied.flatMap(direction => {
    const found = epoch.fix(probe.from, probe.to, probe.protocol, probe.port, direction)
    return found === undefined ? [] : [{ direction, ...found }]
  })
  const changed = changesOf(asked, denied)
  return { fix, ...(changed.length > 0 && { changed }) }
}

function changesOf(
  { view, time, probe: { from, to, protocol, port } }: ExplainQuestion,
  denied: readonly Direction[],
): NonNullable<Explained['changed']> {
  if (view === undefined || Number.isNaN(time)) return []
  const flow = askedFlow({ time, proto: protocol, from: from.address, to: to.address, port })
  const finding = judge(flow, orient(flow), view, { node: undefined })
  // A probe may name a pod whose address is another's by then: that is another question.
  if (finding.initiator.pod?.uid !== from.pod?.uid || finding.responder.pod?.uid !== to.pod?.uid) return []
  return denied.flatMap(direction => {
    const changed = changedEntry(finding[direction]?.changed())
    return changed === undefined ? [] : [{ direction, ...changed }]
  })
}
