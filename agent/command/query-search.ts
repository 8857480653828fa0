// A search in a directory of records from its beginning to its end, and what should be said about it: the same for the command and for
// the agent's answers over HTTP.

import { createQuery, type OnFound, type Query } from '../forensics/query.ts'
import { type Asked, isOfPods } from './query-asked.ts'
import { notesOf } from './query-notes.ts'
import { lookUp, type Scanned, scan } from './query-scan.ts'
import type { RecordFiles } from './record-files.ts'

export interface SearchOptions {
  readonly asked: Asked
  readonly signal: AbortSignal
  readonly onFound: OnFound
  /** Awaited between chunks, so that what was found can be written. */
  readonly onProgress: (bytesDone: number) => Promise<void>
}

export interface Search {
  /** May be run again: what was found before is not found again. */
  run(records: RecordFiles): Promise<void>
  /** A line that came otherwise. */
  line(bytes: Buffer): void
  /** Looks in these files for the first records of repeats that came otherwise. */
  lookUp(records: RecordFiles): Promise<void>
  /** What a person should know of it, one sentence each. */
  notes(): readonly string[]
  /** Bytes of whole lines that the last run read of a file without an index. */
  readBytes(path: string): number
  readonly query: Query
}

export function createSearch({ asked, signal, onFound, onProgress }: SearchOptions): Search {
  const { wanted, since, until } = asked
  let hasRepeats = false
  let scanned: Scanned = { torn: [], gone: [], read: new Map(), hasSkippedGaps: false }
  let foreignFiles: readonly string[] = []
  const query = createQuery({
    wanted,
    since,
    until,
    onFound(found, line) {
      hasRepeats ||= found.isRepeat
      onFound(found, line)
    },
  })
  return {
    query,
    async run({ files, foreign }) {
      foreignFiles = foreign
      scanned = await scan(files, query, { wanted, since, until, signal, onProgress })
    },
    line: bytes => query.line(bytes, 0, bytes.length),
    lookUp: async ({ files }) => {
      if (query.missing().size > 0) await lookUp(query, [], files, { signal, onProgress })
    },
    readBytes: path => scanned.read.get(path) ?? 0,
    notes: () =>
      notesOf(query.counts, scanned, {
        isOfPods: hasRepeats && isOfPods(asked),
        isOfGaps: wanted.event?.includes('evidence.gap') ?? false,
        foreignFiles,
      }),
  }
}
