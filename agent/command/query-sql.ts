// `query --sql`: SQL over the very files, with DuckDB where it is installed. It reads: it cannot write, and no other file.

import type { DuckDBConnection } from '@duckdb/node-api'
import { createTable, csvLine, type QueryForm } from '../forensics/query-rows.ts'
import { createLineWriter } from '../sink/line-writer.ts'
import { UsageError, WorkError } from './errors.ts'
import type { Io } from './io.ts'
import { plural } from './plural.ts'
import { listRecords, type RecordFile } from './record-files.ts'
import { columnsText, FLOWS_VIEW, noRecords, recordsView, textLiteral } from './sql-schema.ts'
import { cellOf, jsonOf } from './sql-values.ts'

type DuckDb = typeof import('@duckdb/node-api')

/** @throws UsageError where the SQL is wrong, with DuckDB's words for it; WorkError where it is interrupted. */
export async function querySql(path: string, sql: string, form: QueryForm, io: Io): Promise<void> {
  const { files, foreign } = listRecords(path, '--records')
  for (const name of foreign)
    io.stderr(`culprit: "${name}" is of a version that is not known here: it was not read\n`)
  const duckdb = await load()
  const connection = await openViews(duckdb, files)
  const interrupt = () => connection.interrupt()
  io.signal.addEventListener('abort', interrupt)
  try {
    await print(await readerOf(duckdb, connection, sql), form, io)
    await tellTorn(connection, io)
  } catch (error) {
    if (io.signal.aborted)
      throw new WorkError('interrupted: what had been found is written', { cause: error })
    if (error instanceof UsageError) throw error
    throw new UsageError(
      `Cannot use --sql: ${(error as Error).message.replace(/^Failed to extract statements: /, '').trim()}`,
      { cause: error },
    )
  } finally {
    io.signal.removeEventListener('abort', interrupt)
    connection.closeSync()
  }
}

async function load(): Promise<DuckDb> {
  try {
    return await import('@duckdb/node-api')
  } catch (cause) {
    throw new UsageError(
      'Cannot use --sql: DuckDB is not installed here, npm install @duckdb/node-api adds it',
      { cause },
    )
  }
}

async function openViews(duckdb: DuckDb, files: readonly RecordFile[]): Promise<DuckDBConnection> {
  const instance = await duckdb.DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  // A segment that is being written may end within a line; everywhere else a line that is no JSON is an error.
  const [open, whole] = [files.filter(isGrowing), files.filter(file => !isGrowing(file) && file.size > 0)]
  const paths = (some: readonly RecordFile[]) => `[${some.map(({ path }) => textLiteral(path)).join(', ')}]`
  const read = (some: readonly RecordFile[], more: string) =>
    `SELECT * FROM read_json(${paths(some)}, format = 'newline_delimited', columns = ${columnsText()}${more})`
  const parts = [
    ...(whole.length > 0 ? [read(whole, '')] : []),
    ...(open.length > 0 ? ['SELECT * FROM open_records WHERE event IS NOT NULL'] : []),
  ]
  await connection.run(`SET allowed_paths = ${paths([...whole, ...open])}`)
  await connection.run('SET enable_external_access = false')
  if (open.length > 0)
    await connection.run(`CREATE VIEW open_records AS ${read(open, ', ignore_errors = true')}`)
  await connection.run(recordsView(parts.length > 0 ? parts.join(' UNION ALL ') : noRecords()))
  await connection.run(FLOWS_VIEW)
  await connection.run('SET lock_configuration = true')
  return connection
}

function isGrowing({ isOpen, size }: RecordFile): boolean {
  return isOpen && size > 0
}

type Reader = Awaited<ReturnType<DuckDBConnection['stream']>>

/** @throws UsageError for what is not one question. */
async function readerOf(
  { StatementType }: DuckDb,
  connection: DuckDBConnection,
  sql: string,
): Promise<Reader> {
  if (sql.trim() === '') throw new UsageError("Cannot use --sql: it is empty, try 'SELECT * FROM flows'")
  const statements = await connection.extractStatements(sql)
  if (statements.count !== 1)
    throw new UsageError(
      `Cannot use --sql: it is one SELECT, and this is ${plural(statements.count, 'statement')}`,
    )
  const prepared = await statements.prepare(0)
  if (prepared.statementType !== StatementType.SELECT && prepared.statementType !== StatementType.EXPLAIN)
    throw new UsageError(
      `Cannot use --sql: records are only read, with SELECT; this is ${StatementType[prepared.statementType]}`,
    )
  return prepared.stream()
}

async function print(reader: Reader, form: QueryForm, io: Io): Promise<void> {
  const writer = createLineWriter(io.stdout)
  const names = reader.deduplicatedColumnNames()
  const types = reader.columnTypes()
  const table = createTable(names, io.isColoured === true, writer.line)
  if (form === 'csv') writer.line(csvLine(names))
  for await (const rows of reader.yieldRowsJson()) {
    for (const row of rows) {
      if (form === 'json')
        writer.line(
          JSON.stringify(Object.fromEntries(row.map((value, i) => [names[i], jsonOf(value, types[i]!)]))),
        )
      else if (form === 'csv') writer.line(csvLine(row.map((value, i) => cellOf(value, types[i]!))))
      else table.row(row.map((value, i) => cellOf(value, types[i]!)))
    }
    await writer.flush()
  }
  if (form === 'table') table.close()
  await writer.flush()
}

async function tellTorn(connection: DuckDBConnection, io: Io): Promise<void> {
  const views = await connection.runAndReadAll(
    "SELECT count(*) FROM duckdb_views() WHERE view_name = 'open_records'",
  )
  if (Number(views.getRowsJson()[0]?.[0]) === 0) return
  const torn = await connection.runAndReadAll('SELECT count(*) FROM open_records WHERE event IS NULL')
  const lines = Number(torn.getRowsJson()[0]?.[0])
  if (lines > 0)
    io.stderr(
      `culprit: ${plural(lines, 'line')} of the newest segment left out: not whole (it is being written, or a crash cut it), or no record\n`,
    )
}
