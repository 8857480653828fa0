// `/api/v1/records`: the search of `culprit query` in the agent's own records, as JSON lines. It runs beside the agent's work, so it
// takes turns with it.

import { createGroups } from '../forensics/query-group.ts'
import { groupJson } from '../forensics/query-rows.ts'
import { RequestError } from '../server/request-error.ts'
import type { RecordsRoute, TextStream } from '../server/routes.ts'
import { createLineWriter, type LineWriter } from '../sink/line-writer.ts'
import { type Asked, readAsked } from './query-asked.ts'
import type { Filters } from './query-options.ts'
import { createSearch, type SearchOptions } from './query-search.ts'
import { listRecords, type RecordFiles } from './record-files.ts'
import { asRequestError, checkParameters, listOf } from './request-options.ts'
import type { ScanLimit } from './scan-limit.ts'
import { createTurns } from './turns.ts'

export interface ServedRecords {
  readonly directory: string
  readonly limit: ScanLimit
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const once = ['since', 'until', 'limit', 'first']
const lists = ['verdict', 'from', 'to', 'port', 'policy', 'event', 'groupBy']

export function serveRecordsOf({ directory, limit, now }: ServedRecords): RecordsRoute {
  return async (parameters, stream) => {
    try {
      const asked = readAsked(filtersOf(parameters), now())
      const most = readLimit(parameters.get('limit'))
      const hasFirst = parameters.get('first') === 'true'
      return await limit.run(async () => {
        const records = listRecords(directory, 'records.directory', true)
        stream.start()
        return answer(records, { asked, most, hasFirst }, stream)
      })
    } catch (error) {
      throw asRequestError(error)
    }
  }
}

/** @throws RequestError */
function filtersOf(parameters: URLSearchParams): Filters {
  checkParameters(parameters, once, lists)
  const filters = [...parameters.keys()].map(name => [
    name,
    lists.includes(name) ? listOf(parameters, name) : parameters.get(name),
  ])
  return Object.fromEntries(filters) as Filters
}

/** @throws RequestError */
function readLimit(text: string | null): number {
  if (text === null) return Number.POSITIVE_INFINITY
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw new RequestError(400, `Cannot use limit "${text}": it is the number of lines to answer with at most`)
}

interface Wish {
  readonly asked: Asked
  /** Lines at most. */
  readonly most: number
  /** Repeats say in `first` what their first record says. */
  readonly hasFirst: boolean
}

async function answer(
  records: RecordFiles,
  { asked, most, hasFirst }: Wish,
  stream: TextStream,
): Promise<{ readonly notes: readonly string[] }> {
  const enough = new AbortController()
  const writer = createLineWriter(stream.write)
  const out = asked.groupBy === undefined ? foundLines(hasFirst, writer) : countedLines(asked.groupBy, writer)
  const turns = createTurns()
  let left = asked.groupBy === undefined ? most : Number.POSITIVE_INFINITY
  const search = createSearch({
    asked,
    signal: AbortSignal.any([stream.signal, enough.signal]),
    onFound(found, line) {
      if (left-- <= 0) return
      out.found(found, line)
      if (left <= 0) enough.abort()
    },
    async onProgress() {
      await writer.flush()
      await turns.next()
    },
  })
  await search.run(records)
  out.close(most)
  await writer.flush()
  const cut = enough.signal.aborted ? [`cut at ${most} lines: there may be more`] : []
  return { notes: [...search.notes(), ...cut] }
}

interface Lines {
  readonly found: SearchOptions['onFound']
  close(most: number): void
}

function foundLines(hasFirst: boolean, writer: LineWriter): Lines {
  return {
    found(found, line) {
      const text = line()
      if (!hasFirst || !found.isRepeat) return writer.line(text)
      writer.line(`${text.slice(0, text.lastIndexOf('}'))},"first":${JSON.stringify(found.facts)}}`)
    },
    close: () => {},
  }
}

function countedLines(keys: NonNullable<Asked['groupBy']>, writer: LineWriter): Lines {
  const counted = createGroups(keys)
  return {
    found: counted.add,
    close(most) {
      for (const group of counted.close().slice(0, most)) writer.line(groupJson(keys, group))
    },
  }
}
