// `culprit query`: searches records, in a directory or through the agent that keeps them.

import type { QueryForm } from '../forensics/query-rows.ts'
import { createLineWriter } from '../sink/line-writer.ts'
import { UsageError, WorkError } from './errors.ts'
import type { Io } from './io.ts'
import { type Asked, readAsked } from './query-asked.ts'
import type { QueryCall } from './query-options.ts'
import { countedOutput, type OutputOptions, recordOutput } from './query-output.ts'
import { createSearch } from './query-search.ts'
import { listRecords, type RecordFiles } from './record-files.ts'

export async function runQuery(call: QueryCall, io: Io): Promise<void> {
  checkPlace(call)
  const form = call.output ?? (io.isTerminal ? 'table' : 'json')
  if (call.sql !== undefined) {
    checkSql(call)
    return (await import('./query-sql.ts')).querySql(call.records!, call.sql, form, io)
  }
  const asked = readAsked(call, io.now())
  if (call.follow) checkFollow(call)
  if (call.agent === undefined)
    return queryRecords(call.records!, { asked, form, follow: call.follow === true }, io)
  const { followAgent, queryAgent } = await import('./query-remote.ts')
  await (call.follow ? followAgent : queryAgent)(call.agent, { filters: call, asked, form }, io)
}

/** @throws UsageError */
function checkPlace({ records, agent }: QueryCall): void {
  if (records !== undefined && agent !== undefined)
    throw new UsageError('Cannot use --records with --agent: records are searched in one place at a time')
  if (records === undefined && agent === undefined)
    throw new UsageError(
      'Cannot search without a place: --records DIR is a directory of records, --agent URL an agent that keeps some',
    )
}

function checkFollow({ groupBy, until }: QueryCall): void {
  if (groupBy !== undefined)
    throw new UsageError('Cannot use --follow with --group-by: counts are printed when all is counted')
  if (until !== undefined) throw new UsageError('Cannot use --follow with --until: following has no end')
}

const beside = [
  'since',
  'until',
  'verdict',
  'from',
  'to',
  'port',
  'policy',
  'event',
  'groupBy',
  'follow',
] as const

function checkSql(call: QueryCall): void {
  if (call.agent !== undefined)
    throw new UsageError('Cannot use --sql with --agent: SQL reads the files themselves (--records DIR)')
  const other = beside.find(key => call[key] !== undefined)
  if (other === undefined) return
  const option = `--${other === 'groupBy' ? 'group-by' : other}`
  throw new UsageError(`Cannot use ${option} with --sql: say it in the SQL, as in WHERE or GROUP BY`)
}

interface Searched {
  readonly asked: Asked
  readonly form: QueryForm
  readonly follow: boolean
}

async function queryRecords(path: string, { asked, form, follow }: Searched, io: Io): Promise<void> {
  const records = listRecords(path, '--records', follow)
  const writer = createLineWriter(io.stdout)
  const options: OutputOptions = {
    form,
    isColoured: io.isColoured === true,
    isGrowing: follow,
    line: writer.line,
  }
  const { groupBy } = asked
  const out = groupBy === undefined ? recordOutput(options) : countedOutput(groupBy, options)
  const tell = progress(io, records, () => search.query.counts.found)
  const search = createSearch({
    asked,
    signal: io.signal,
    onFound: out.found,
    async onProgress(bytes) {
      tell(bytes)
      await writer.flush()
    },
  })
  await search.run(records)
  out.close()
  await writer.flush()
  for (const note of search.notes()) io.stderr(`culprit: ${note}\n`)
  if (follow) {
    const { followRecords } = await import('./follow-records.ts')
    return followRecords(path, { search, before: records, flush: writer.flush, signal: io.signal })
  }
  if (io.signal.aborted && io.signal.reason !== 'EPIPE')
    throw new WorkError('interrupted: what had been found is written')
}

const PROGRESS_MS = 2000

/** A line now and then, on a terminal only. */
function progress(io: Io, { files }: RecordFiles, found: () => number): (bytes: number) => void {
  const total = files.reduce((sum, file) => sum + file.size, 0)
  let next = io.now() + PROGRESS_MS
  return bytes => {
    if (!io.isErrorTerminal || io.now() < next) return
    next = io.now() + PROGRESS_MS
    const percent = total === 0 ? 100 : Math.floor((bytes * 100) / total)
    io.stderr(`culprit: ${percent}% read, ${found()} found\n`)
  }
}
