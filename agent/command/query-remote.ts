// `query --agent URL`: the agent searches, and here is written what it found: the same forms as over a directory.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Found } from '../forensics/query.ts'
import type { GroupKey } from '../forensics/query-group.ts'
import type { QueryForm } from '../forensics/query-rows.ts'
import { createLineWriter, type LineWriter } from '../sink/line-writer.ts'
import { WorkError } from './errors.ts'
import type { Io } from './io.ts'
import type { Asked } from './query-asked.ts'
import type { Filters } from './query-options.ts'
import { groupOutput, type OutputOptions, recordOutput } from './query-output.ts'
import { askLines, type Notes, readAgentUrl } from './remote.ts'
import { foundOf, objectOf } from './remote-found.ts'

export interface RemoteQuery {
  /** As they were written: `2h` counts from the agent's now. */
  readonly filters: Filters
  readonly asked: Asked
  readonly form: QueryForm
}

const RECORDS = '/api/v1/records'

export async function queryAgent(agent: string, query: RemoteQuery, io: Io): Promise<void> {
  const writer = createLineWriter(io.stdout)
  const { groupBy } = query.asked
  const out = outputOf(query.form, false, writer, io)
  const parameters = parametersOf(query.filters)
  // A program gets records as they were written; a row for people says of what a repeat is one.
  if (groupBy === undefined && query.form !== 'json') parameters.set('first', 'true')
  const take = groupBy === undefined ? recordsTo(out) : groupsTo(groupBy, out)
  const url = readAgentUrl(agent)
  const asking = { agent: url, path: RECORDS, parameters, signal: io.signal }
  const notes = await askLines(asking, line => take.line(line, url), writer.flush)
  take.close()
  await writer.flush()
  tell(notes, io)
}

/** Follow-up windows are 300 s long, and what comes late comes within the rest. */
const OVERLAP_MS = 660_000
const POLL_MS = 2000
/** Ids of what was told: some hours of a busy node. */
const MOST_IDS = 200_000

/** Asks again and again for the last minutes; ids keep anything from being told twice. Goes on until it is aborted. */
export async function followAgent(agent: string, query: RemoteQuery, io: Io): Promise<void> {
  const { filters, asked, form } = query
  const url = readAgentUrl(agent)
  const writer = createLineWriter(io.stdout)
  const out = recordOutput(outputOf(form, true, writer, io))
  const told = new Set<string>()
  const ask = async (parameters: URLSearchParams) => {
    parameters.set('first', 'true')
    const take = (line: string) => {
      const found = foundOf(line, url)
      const { id } = found
      if (id === undefined || told.has(id) || !(found.last >= asked.since || Number.isNaN(found.last))) return
      told.add(id)
      out.found(found, () => found.text)
    }
    return askLines({ agent: url, path: RECORDS, parameters, signal: io.signal }, take, writer.flush)
  }
  const notes = await ask(parametersOf(filters))
  out.close()
  await writer.flush()
  tell(notes, io)
  await again(ask, { filters, told, io })
  await writer.flush()
}

interface Following {
  readonly filters: Filters
  readonly told: Set<string>
  readonly io: Io
}

async function again(
  ask: (parameters: URLSearchParams) => Promise<Notes>,
  { filters, told, io }: Following,
): Promise<void> {
  let answeredAt = io.now()
  let problem: string | undefined
  while (!io.signal.aborted) {
    await pause(io.signal)
    if (io.signal.aborted) return
    try {
      const now = io.now()
      await ask(parametersOf({ ...filters, since: `${(now - answeredAt + OVERLAP_MS) / 1000}s` }))
      answeredAt = now
      if (problem !== undefined) io.stderr('culprit: it answers again\n')
      problem = undefined
      forgetOldest(told)
    } catch (error) {
      if (io.signal.aborted) return
      if (!(error instanceof WorkError)) throw error
      if (problem !== error.message) io.stderr(`culprit: ${error.message}; trying again\n`)
      problem = error.message
    }
  }
}

function forgetOldest(told: Set<string>): void {
  for (const id of told) {
    if (told.size <= MOST_IDS) return
    told.delete(id)
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(POLL_MS, undefined, { signal }).catch(() => {
    // Aborted: whoever waits looks at the signal.
  })
}

function outputOf(form: QueryForm, isGrowing: boolean, { line }: LineWriter, io: Io): OutputOptions {
  return { form, isColoured: io.isColoured === true, isGrowing, line }
}

interface Taking {
  line(text: string, agent: URL): void
  close(): void
}

function recordsTo(options: OutputOptions): Taking {
  if (options.form === 'json') return { line: options.line, close: () => {} }
  const out = recordOutput(options)
  return {
    line(text, agent) {
      const found: Found = foundOf(text, agent)
      out.found(found, () => text)
    },
    close: out.close,
  }
}

function groupsTo(keys: readonly GroupKey[], options: OutputOptions): Taking {
  const out = groupOutput(keys, options)
  return {
    line(text, agent) {
      const group = objectOf(text, agent)
      const cells = [...keys, 'n', 'records', 'first', 'last'].map(key => String(group[key] ?? ''))
      out.group(cells, () => text)
    },
    close: out.close,
  }
}

function parametersOf({ since, until, ...lists }: Filters): URLSearchParams {
  const parameters = new URLSearchParams()
  if (since !== undefined) parameters.set('since', since)
  if (until !== undefined) parameters.set('until', until)
  for (const key of ['verdict', 'from', 'to', 'port', 'policy', 'event', 'groupBy'] as const)
    for (const value of lists[key] ?? []) parameters.append(key, value)
  return parameters
}

function tell(notes: Notes, io: Io): void {
  const known = notes ?? ['what the agent says beside its answer did not come through: a proxy kept it back']
  for (const note of known) io.stderr(`culprit: ${note}\n`)
}
