// What the short form says of changes: who made one and when, and how long it took to be enforced.

import { printable } from './printable.ts'
import type { ChangedEntry, EnforcementRecord } from './record.ts'

/** `HH:MM:SS` UTC. */
export function clock(time: string | undefined): string {
  return time === undefined ? '--:--:--' : time.slice(11, 19)
}

/** `14:41:02 ENFORCED  data/pg-ingress: change of 14:41:02 enforced on worker-3 after 0.2 to 0.5 s  (last old ..., first new ...)` */
export function enforcementLine(record: EnforcementRecord): string {
  const what = record.policy ?? record.object ?? ''
  const edit = record.deleted ? 'deletion' : record.policy === undefined ? 'labels' : 'change'
  const where = record.node === undefined ? '' : ` on ${printable(record.node)}`
  const how =
    record.delay_s === undefined
      ? `not enforced${where} ${record.pending_s} s after it was made`
      : `enforced${where} ${delayText(record.delay_s)}`
  const meanwhile = [
    record.leaked > 0 ? `${record.leaked} let through` : '',
    record.blocked > 0 ? `${record.blocked} blocked` : '',
  ].filter(text => text !== '')
  const held = meanwhile.length > 0 ? `, ${meanwhile.join(' and ')} by the old state meanwhile` : ''
  const word = record.event === 'policy.enforced' ? 'ENFORCED' : 'UNENFORCED'
  return `${clock(record.ts)} ${word}  ${printable(what)}: ${edit} of ${clock(record.at)} ${how}${held}  (${printable(record.evidence)})`
}

function delayText([min, max]: readonly [number, number]): string {
  return min === 0 ? `within ${max} s` : `after ${min} to ${max} s`
}

/** `edited 8m ago by argocd-controller`, as seen from the packet. */
export function changedNote({ ago_s, by, gen, deleted, policy, with: others }: ChangedEntry): string {
  const verb =
    policy === undefined ? 'relabelled' : deleted ? 'deleted' : gen?.[0] === 0 ? 'created' : 'edited'
  const isOther = others !== undefined && others.length > 0
  return `${verb} ${agoText(ago_s)}${by === undefined ? '' : ` by ${printable(by)}`}${isOther ? `, with ${others.length} more` : ''}`
}

function agoText(seconds: number): string {
  if (seconds < 1) return 'just before'
  if (seconds < 60) return `${seconds}s ago`
  return seconds < 3600 ? `${Math.round(seconds / 60)}m ago` : `${Math.round(seconds / 3600)}h ago`
}
