// What segments say of themselves, as records between the others.

import { ulid } from './id.ts'
import type { GapRecord } from './record.ts'
import type { Chain } from './segment-chain.ts'
import { recordTime } from './time.ts'

export interface CheckpointRecord {
  readonly v: 1
  readonly id: string
  readonly ts?: string | undefined
  readonly event: 'chain.checkpoint'
  /** Of the line before it. */
  readonly seq: number
  readonly hash: string
  /** Lines since the checkpoint before it. */
  readonly records: number
}

/** `at` in microseconds. */
export function checkpointRecord({ seq, hash }: Chain, records: number, at: number): CheckpointRecord {
  return {
    v: 1,
    id: ulid(at, `chain.checkpoint\0${seq}\0${hash}`),
    ts: recordTime(at),
    event: 'chain.checkpoint',
    seq,
    hash,
    records,
  }
}

/** Records that are not at rest any more, or never came to it. */
export interface RestGap {
  /** Microseconds, NaN where not known: the records' own time. */
  readonly from: number
  readonly to: number
  readonly cause: string
  readonly lost: number | undefined
  /** Name of the segment. */
  readonly file: string | undefined
}

/** The `source` of gaps in the records at rest. */
export const REST = 'segments'

export function restGapRecord({ from, to, cause, lost, file }: RestGap, at: number): GapRecord {
  return {
    v: 1,
    id: ulid(at, `${REST}\0gap\0${file ?? ''}\0${cause}\0${at}`),
    ts: recordTime(at),
    event: 'evidence.gap',
    from: recordTime(from),
    to: recordTime(to),
    source: REST,
    cause,
    lost,
    evidence: { source: REST, file },
  }
}
