// Finds the records of two ends: through the index, and with the repeats that only count further packets of one.

import { type Facts, timeOf } from '../forensics/query-facts.ts'
import { namesOf, type Wanted } from '../forensics/query-filter.ts'
import type { FlowRecord, FollowUpRecord } from '../forensics/record.ts'
import { nearestWords } from './errors.ts'
import type { Asked as Wish } from './query-asked.ts'
import { createSearch } from './query-search.ts'
import type { RecordFiles } from './record-files.ts'
import type { Case } from './why-answer.ts'
import type { Asked } from './why-ends.ts'
import { createMatches, type Match } from './why-records.ts'
import { aged } from './why-rest-aged.ts'
import { type Roster, selectedBy } from './why-roster.ts'

/** First records whose repeats may still come. */
const REMEMBERED = 50_000

/** Where records rest, and who waits for them. */
export interface Place {
  readonly records: RecordFiles
  readonly signal: AbortSignal
  readonly onProgress: () => Promise<void>
}

export async function searchAtRest(
  asked: Case,
  { records, signal, onProgress }: Place,
): Promise<readonly Match[]> {
  const matches = createMatches(asked)
  const firsts = new Map<string, FlowRecord>()

  function first(record: FlowRecord): void {
    firsts.set(record.id, record)
    if (firsts.size > REMEMBERED) firsts.delete(firsts.keys().next().value!)
    matches.emit(record, timeOf(record.ts))
  }

  /** Told as the record that it repeats, at the time of the last packet. */
  function repeat({ id, of, n, last, ts }: FollowUpRecord): void {
    const record = firsts.get(of)
    const then = last ?? ts
    if (record === undefined) return
    matches.emit({ ...aged(record, then), id, of, n }, timeOf(then))
  }

  const search = createSearch({
    asked: wishOf(asked),
    signal,
    onFound(found, line) {
      const value: unknown = JSON.parse(line())
      if (found.isRepeat) repeat(value as FollowUpRecord)
      else if (isWhole(value)) first(value)
    },
    onProgress,
  })
  await search.run(records)
  return matches.close()
}

function wishOf({ from, to, at, roster }: Case): Wish {
  const wanted: Wanted = { event: ['flow.*'], from: termsOf(from, roster), to: termsOf(to, roster) }
  return { wanted, since: Number.NEGATIVE_INFINITY, until: at, groupBy: undefined }
}

/** More than is meant, so that an index can rule out; what is meant is looked at again. */
function termsOf(asked: Asked, { pods }: Roster): readonly string[] {
  if (asked.kind === 'workload') return [`${asked.ns}/${asked.workload}`]
  if (asked.kind !== 'service') return [asked.name]
  const behind = [...pods].filter(([, versions]) => versions.some(pod => selectedBy(asked.service, pod)))
  return [asked.name, ...behind.map(([name]) => name)]
}

/** Somebody else may write such lines too, and leave out what an explanation needs. */
function isWhole(value: unknown): value is FlowRecord {
  const { id, src, dst, n } = value as Partial<FlowRecord>
  return typeof id === 'string' && typeof src === 'object' && typeof dst === 'object' && typeof n === 'number'
}

/** Of ends that no record names, the names that come near. */
export async function namesAtRest(ends: readonly Asked[], place: Place): Promise<readonly string[]> {
  const names = new Set<string>()
  const seen = new WeakSet<Facts>()
  const search = createSearch({
    asked: {
      wanted: {},
      since: Number.NEGATIVE_INFINITY,
      until: Number.POSITIVE_INFINITY,
      groupBy: undefined,
    },
    signal: place.signal,
    onFound({ facts }) {
      if (seen.has(facts)) return
      seen.add(facts)
      for (const end of [facts.src, facts.dst]) for (const name of end ? namesOf(end) : []) names.add(name)
    },
    onProgress: place.onProgress,
  })
  for (const { index } of place.records.files)
    for (const term of index?.body().terms ?? []) if (term.startsWith('w:')) names.add(term.slice(2))
  await search.run({ files: place.records.files.filter(({ index }) => index === undefined), foreign: [] })
  const unknown = ends.filter(({ kind, name }) => kind !== 'address' && !names.has(name))
  return [...new Set(unknown.flatMap(({ name }) => nearestWords(name, [...names].sort(), 2)))]
}
