// Records that wait to be written: in memory up to a bound, and counted beyond it.

import { timeOf } from '../forensics/query-facts.ts'
import type { RestGap } from '../forensics/segment-records.ts'

export interface Held {
  push(json: string): void
  /** The oldest, of at most so many characters or one. */
  peek(most: number): readonly string[]
  drop(count: number): void
  /** True once each time that `most` more characters have come. */
  isDue(most: number): boolean
  /** What was discarded since the last call, as a gap. */
  takeDiscarded(problem: Error | undefined): RestGap
  readonly discarded: number | undefined
  readonly size: number
  /** 0 to 1: how full it is. */
  readonly share: number
}

export function createHeld(bound: number, onDiscarded: ((records: number) => void) | undefined): Held {
  let records: string[] = []
  let taken = 0
  let length = 0
  let news = 0
  let discarded = 0
  let from = Number.NaN
  let to = Number.NaN

  function discard(json: string): void {
    const time = timeOf(/"ts":"([^"]+)"/.exec(json)?.[1])
    if (discarded === 0) from = time
    to = time
    discarded++
    onDiscarded?.(1)
  }

  return {
    push(json) {
      if (length + json.length > bound) return discard(json)
      records.push(json)
      length += json.length
      news += json.length
    },
    peek(most) {
      let sum = 0
      let end = taken
      while (end < records.length && (end === taken || sum + records[end]!.length <= most))
        sum += records[end++]!.length
      return records.slice(taken, end)
    },
    drop(count) {
      for (const end = taken + count; taken < end; taken++) length -= records[taken]!.length
      if (taken < records.length && taken < 4096) return
      records = records.slice(taken)
      taken = 0
    },
    isDue(most) {
      if (news < most) return false
      news = 0
      return true
    },
    takeDiscarded(problem) {
      const because = problem === undefined ? 'they came faster than they could be written' : problem.message
      const gap = { from, to, cause: `discarded: ${because}`, lost: discarded, file: undefined }
      discarded = 0
      return gap
    },
    get discarded() {
      return discarded === 0 ? undefined : discarded
    },
    get size() {
      return records.length - taken
    },
    get share() {
      return length / bound
    },
  }
}
