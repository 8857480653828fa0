// `culprit query`: searches records at rest.

import { createQuery, type Found } from '../forensics/query.ts'
import type { Wanted } from '../forensics/query-filter.ts'
import { createGroups, type GroupKey } from '../forensics/query-group.ts'
import {
  createTable,
  csvLine,
  groupCells,
  groupColumns,
  groupJson,
  type QueryForm,
  recordCells,
  recordColumns,
} from '../forensics/query-rows.ts'
import { createLineWriter, type LineWriter } from '../sink/lines.ts'
import { WorkError } from './errors.ts'
import type { Io } from './io.ts'
import { notesOf } from './query-notes.ts'
import { type QueryCall, readGroupBy, readTime, readWanted } from './query-options.ts'
import { scan } from './query-scan.ts'
import { listRecords } from './record-files.ts'

export async function runQuery(call: QueryCall, io: Io): Promise<void> {
  const now = io.now() * 1000
  const groupBy = readGroupBy(call.groupBy)
  const wanted = flowsOnly(readWanted(call), groupBy)
  const since = call.since === undefined ? Number.NEGATIVE_INFINITY : readTime('--since', call.since, now)
  const until = call.until === undefined ? Number.POSITIVE_INFINITY : readTime('--until', call.until, now)
  const { files, foreign } = listRecords(call.records, '--records')
  const form = call.output ?? (io.isTerminal ? 'table' : 'json')
  const writer = createLineWriter(io.stdout)
  const out = groupBy === undefined ? records(form, writer, io) : groups(groupBy, form, writer, io)
  let hasRepeats = false
  const query = createQuery({
    wanted,
    since,
    until,
    onFound(found, line) {
      hasRepeats ||= found.isRepeat
      out.found(found, line)
    },
  })
  const total = files.reduce((sum, file) => sum + file.size, 0)
  const tell = progress(io, total, () => query.counts.found)
  const scanned = await scan(files, query, {
    wanted,
    since,
    until,
    signal: io.signal,
    async onProgress(bytes) {
      tell(bytes)
      await writer.flush()
    },
  })
  out.close()
  await writer.flush()
  const asked = {
    isOfPods: hasRepeats && isOfPods(wanted, groupBy),
    isOfGaps: wanted.event?.includes('evidence.gap') ?? false,
    foreignFiles: foreign,
  }
  for (const note of notesOf(query.counts, scanned, asked)) io.stderr(`culprit: ${note}\n`)
  if (io.signal.aborted && io.signal.reason !== 'EPIPE')
    throw new WorkError('interrupted: what had been found is written')
}

/** Leaks and the like count packets that flows count too: they are summed only where they are asked for. */
function flowsOnly(wanted: Wanted, groupBy: readonly GroupKey[] | undefined): Wanted {
  if (groupBy === undefined || wanted.event !== undefined || groupBy.includes('event')) return wanted
  return { ...wanted, event: ['flow.*'] }
}

function isOfPods({ from = [], to = [] }: Wanted, groupBy: readonly GroupKey[] = []): boolean {
  return (
    groupBy.includes('pod') || [...from, ...to].some(end => end.split('/').length === 2 || /[.:]/.test(end))
  )
}

interface Output {
  found(found: Found, line: () => string): void
  close(): void
}

function records(form: QueryForm, writer: LineWriter, io: Io): Output {
  if (form === 'json') return { found: (_, line) => writer.line(line()), close: () => {} }
  if (form === 'csv') {
    writer.line(csvLine(recordColumns))
    return { found: found => writer.line(csvLine(recordCells(found))), close: () => {} }
  }
  const table = createTable(recordColumns, io.isColoured === true, writer.line)
  return { found: found => table.row(recordCells(found)), close: table.close }
}

function groups(keys: readonly GroupKey[], form: QueryForm, writer: LineWriter, io: Io): Output {
  const counted = createGroups(keys)
  return {
    found: counted.add,
    close() {
      const table = createTable(groupColumns(keys), io.isColoured === true, writer.line)
      if (form === 'csv') writer.line(csvLine(groupColumns(keys)))
      for (const group of counted.close()) {
        if (form === 'json') writer.line(groupJson(keys, group))
        else if (form === 'csv') writer.line(csvLine(groupCells(group)))
        else table.row(groupCells(group))
      }
      if (form === 'table') table.close()
    },
  }
}

const PROGRESS_MS = 2000

/** A line now and then, on a terminal only. */
function progress(io: Io, total: number, found: () => number): (bytes: number) => void {
  let next = io.now() + PROGRESS_MS
  return bytes => {
    if (!io.isErrorTerminal || io.now() < next) return
    next = io.now() + PROGRESS_MS
    const percent = total === 0 ? 100 : Math.floor((bytes * 100) / total)
    io.stderr(`culprit: ${percent}% read, ${found()} found\n`)
  }
}
