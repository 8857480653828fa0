// What was measured of a change's enforcement, as a record.

import { subjectOf } from '../verdict/blame.ts'
import type { Measured } from '../verdict/enforcement.ts'
import { ulid } from './id.ts'
import type { EnforcementRecord } from './record.ts'
import { recordTime } from './time.ts'

/** The record, and its time in microseconds: when the new state was first seen, or the old one last. */
export function enforcementRecord(measured: Measured): { record: EnforcementRecord; time: number } {
  const { change, node, outcome, delay, lastOld, firstNew, leaked, blocked } = measured
  const isDeletion = change.op === 'deleted'
  const gen = isDeletion ? change.generation.from : change.generation.to
  const time = outcome === 'enforced' ? firstNew : lastOld
  const event = outcome === 'enforced' ? 'policy.enforced' : 'policy.unenforced'
  const record: EnforcementRecord = {
    v: 1,
    id: ulid(time, `policy.enforced\0${node}\0${change.api}\0${change.key}\0${change.op}\0${change.at}`),
    ts: recordTime(time),
    event,
    node: node === '' ? undefined : node,
    ...subjectOf(change),
    gen: Number.isNaN(gen) ? undefined : gen,
    deleted: isDeletion ? true : undefined,
    at: recordTime(change.at),
    delay_s:
      outcome === 'enforced' ? [seconds(delay[0], Math.floor), seconds(delay[1], Math.ceil)] : undefined,
    pending_s: outcome === 'pending' ? seconds(delay[0], Math.floor) : undefined,
    leaked,
    blocked,
    evidence: evidenceOf(measured),
  }
  return { record, time }
}

/** Milliseconds; bounds are rounded away from each other. */
function seconds(micros: number, round: (value: number) => number): number {
  return round(micros / 1000) / 1000
}

/** `last old 14:41:02.301, first new 14:41:02.512, 7 flows` */
function evidenceOf({ lastOld, firstNew, flows, isMixed }: Measured): string {
  const old = Number.isNaN(lastOld) ? 'no old' : `last old ${clock(lastOld)}`
  const fresh = Number.isNaN(firstNew) ? 'no new' : `first new ${clock(firstNew)}`
  const mixed = isMixed ? ', old decisions after new ones' : ''
  return `${old}, ${fresh}, ${flows} ${flows === 1 ? 'flow' : 'flows'}${mixed}`
}

function clock(time: number): string {
  return recordTime(time)?.slice(11, 23) ?? ''
}
