// What a person should know of a search, besides what it found.

import type { QueryCounts } from '../forensics/query.ts'
import { plural } from './plural.ts'
import type { Scanned } from './query-scan.ts'

export interface Asked {
  /** Pods or addresses were named or counted by, and folding counts by workload. */
  readonly isOfPods: boolean
  readonly isOfGaps: boolean
  readonly foreignFiles: readonly string[]
}

/** Sentences, none where there is nothing to say. */
export function notesOf(
  counts: QueryCounts,
  { torn, gone, hasSkippedGaps }: Scanned,
  asked: Asked,
): readonly string[] {
  const gaps = counts.gaps === 0 ? '' : `at least ${plural(counts.gaps, 'gap')}`
  return [
    ...asked.foreignFiles.map(name => `"${name}" is of a version that is not known here: it was not read`),
    ...torn.map(name => `the last line of "${name}" is not whole: it is being written, or a crash cut it`),
    ...gone.map(name => `"${name}" was removed while it was read: the rest of it is not counted`),
    counts.malformed && `${plural(counts.malformed, 'line')} could not be read`,
    counts.foreign && `${plural(counts.foreign, 'line')} ${counts.foreign === 1 ? 'is' : 'are'} no record`,
    counts.twice && `${plural(counts.twice, 'record')} there twice, counted once`,
    counts.timeless && `${plural(counts.timeless, 'record')} without a time: left out`,
    counts.cut &&
      `${plural(counts.cut, 'record')} left out that ${counts.cut === 1 ? 'names' : 'name'} five policies and only count the rest: one of those may be it`,
    counts.astride &&
      `${plural(counts.astride, 'window')} of repeats over the edge of the time: counted whole`,
    counts.orphans &&
      `${plural(counts.orphans, 'window')} of repeats left out: the first record, which says of what, is not here`,
    asked.isOfPods &&
      'repeats are folded by workload: they are counted for the pods and addresses of the first',
    !asked.isOfGaps &&
      (gaps !== '' || hasSkippedGaps) &&
      `the evidence of this time has ${gaps === '' ? 'gaps' : gaps}: --event evidence.gap shows them`,
  ].filter(note => typeof note === 'string')
}
