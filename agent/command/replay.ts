// `culprit replay`: the agent's pipeline over finished logs.

import { parseZone } from '../../collectors/clock.ts'
import { formats } from '../../collectors/index.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { fingerprint, HEAD_BYTES } from '../forensics/id.ts'
import { createOrdered } from '../forensics/ordered.ts'
import { type Counts, createPipeline, type Intake, type Pipeline } from '../pipeline.ts'
import type { Profile } from '../policy/index.ts'
import { createLineWriter, type LineForm, recordText } from '../sink/lines.ts'
import { type Finished, looksBinary, openFinished, withWholeHead } from '../source/finished.ts'
import { createLines, type Lines } from '../source/lines.ts'
import { guessYear } from '../source/year.ts'
import { cpuSeconds, keepHeapSmall, monotonicSeconds, rssBytes } from '../telemetry/process.ts'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'
import { type LogOption, parseLogOption } from './log-option.ts'
import { openWorld } from './world-option.ts'

interface ReplayOptions {
  readonly world: string
  readonly log: readonly string[]
  readonly node?: string
  readonly profile: Profile
  readonly allowed: 'count' | 'full'
  readonly fold: 'on' | 'off'
  readonly output: LineForm
  readonly stats?: 'json'
}

/** One log on its way through the pipeline. */
interface Reader {
  readonly log: LogOption
  /** Of its last line that had one; NaN before. */
  readonly time: () => number
  /** Takes the next chunk; false at the end. */
  next(): Promise<boolean>
}

export async function runReplay(options: ReplayOptions, io: Io): Promise<void> {
  keepHeapSmall()
  const logs = options.log.map(value =>
    parseLogOption(
      value,
      formats.map(format => format.name),
    ),
  )
  checkTwice(logs)
  const files = logs.map(log => openLog(log, io))
  const { timeline, input } = await openWorld(options.world, options.profile, io)
  checkNode(options.node, input.nodeNames)
  const writer = createLineWriter(io.stdout)
  const toText = recordText(options.output)
  // Held as text: a record as an object takes several times as much memory.
  const ordered = createOrdered<string>(writer.line)
  const pipeline = createPipeline({
    timeline,
    node: options.node,
    allowed: options.allowed,
    fold: options.fold === 'on',
    emit: (record, time) => ordered.push(time, toText(record)),
  })
  const began = { wall: monotonicSeconds(), cpu: cpuSeconds() }
  for (const change of timeline.changes()) pipeline.changed(change)
  const readers = logs.map((log, i) => openReader(log, files[i]!, pipeline, io))
  await readAll(readers, io.signal)
  pipeline.close()
  ordered.flush()
  await writer.flush()
  const seconds = monotonicSeconds() - began.wall
  if (options.stats === 'json') io.stderr(`${stats(pipeline.counts, seconds, cpuSeconds() - began.cpu)}\n`)
  else io.stderr(summary(pipeline.counts, ordered.late, readers, io))
}

/** A log that is read twice would count everything twice; and standard input can be read but once. */
function checkTwice(logs: readonly LogOption[]): void {
  const twice = logs.find(
    (log, i) =>
      logs.findIndex(other => other.file === log.file && (log.file === '-' || other.format === log.format)) <
      i,
  )
  if (twice === undefined) return
  throw new UsageError(
    `Cannot read ${nameOf(twice)} twice: name it in one --log only (--log ${twice.format}:${twice.file})`,
  )
}

function openLog(log: LogOption, io: Io): Finished {
  if (log.file === '-') return { name: '-', modified: io.now() * 1000, chunks: io.stdin }
  try {
    return openFinished(log.file)
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (--log ${log.format}:${log.file})`, { cause: error })
  }
}

function checkNode(node: string | undefined, known: readonly string[]): void {
  if (node === undefined || known.includes(node)) return
  const hint =
    known.length > 0 ? `it can be ${known.slice(0, 10).join(', ')}` : 'no pod of the world names a node'
  throw new UsageError(`Cannot use --node "${node}": the world has no such node, ${hint}`)
}

function openReader(log: LogOption, file: Finished, pipeline: Pipeline, io: Io): Reader {
  const chunks = withWholeHead(file.chunks(), HEAD_BYTES)
  const opened: { stream?: Stream } = {}

  async function next(): Promise<boolean> {
    const chunk = await nextChunk(chunks)
    if (!chunk.done) {
      opened.stream ??= openStream(log, file, chunk.value, pipeline, io)
      opened.stream.lines.write(chunk.value)
      return true
    }
    if (opened.stream !== undefined) closeStream(opened.stream, chunk.error)
    else
      throw new UsageError(
        `Cannot read ${nameOf(log)}: ${chunk.error ?? 'it is empty'} (--log ${log.format}:${log.file})`,
      )
    return false
  }

  return { log, time: () => opened.stream?.intake.time ?? Number.NaN, next }
}

/** A log whose first bytes are known, and with them its identity and the year of its stamps. */
interface Stream {
  readonly intake: Intake
  readonly lines: Lines
}

function openStream(log: LogOption, file: Finished, first: Uint8Array, pipeline: Pipeline, io: Io): Stream {
  if (looksBinary(first.subarray(0, 4096)))
    throw new UsageError(
      `Cannot read ${nameOf(log)}: it is binary, not a text log (--log ${log.format}:${log.file})`,
    )
  const format = formats.find(each => each.name === log.format)!
  const collector = format.create({
    zone: parseZone(log.zone, io.zone)!,
    year: log.year ?? guessYear(first.subarray(0, 4096), file.modified),
    prefixes: log.prefixes,
    bootTime: Number.NaN,
  })
  const intake = pipeline.open({
    format: log.format,
    collector: createUnwrapper(collector),
    file: log.file === '-' ? undefined : log.file,
    stream: fingerprint(first.slice(0, HEAD_BYTES)),
    decide: 'end',
  })
  return { intake, lines: createLines(intake.line) }
}

function closeStream({ intake, lines }: Stream, error: string | undefined): void {
  lines.close()
  if (error !== undefined) intake.gap(`the file ends early: ${error}`, undefined, lines.offset)
  if (lines.cut > 0) intake.gap(`${plural(lines.cut, 'line')} longer than 1 MiB cut`, undefined, lines.offset)
  intake.end()
}

function nameOf({ file }: LogOption): string {
  return file === '-' ? 'standard input' : `"${file}"`
}

type Chunk =
  | { readonly done: false; readonly value: Uint8Array }
  | { readonly done: true; readonly error?: string }

/** Compressed data that is cut short ends the file: what came before counts, and the rest is a gap. */
async function nextChunk(chunks: AsyncIterator<Uint8Array>): Promise<Chunk> {
  try {
    const result = await chunks.next()
    return result.done ? { done: true } : { done: false, value: result.value }
  } catch (error) {
    return { done: true, error: (error as Error).message }
  }
}

/** Chunk by chunk, always the log that is furthest behind in time, so that records of several logs come in order. */
async function readAll(readers: readonly Reader[], signal: AbortSignal): Promise<void> {
  const open = new Set(readers)
  while (open.size > 0 && !signal.aborted) {
    const reader = [...open].reduce((a, b) => (position(b) < position(a) ? b : a))
    if (!(await reader.next())) open.delete(reader)
  }
}

/** A log that has not shown a time yet is behind all others. */
function position({ time }: Reader): number {
  return Number.isNaN(time()) ? Number.NEGATIVE_INFINITY : time()
}

function stats(counts: Counts, seconds: number, cpu: number): string {
  const { lines, flows, denied, allowed, foreign, malformed, records } = counts
  return JSON.stringify({
    lines,
    flows,
    denied,
    allowed,
    foreign,
    malformed,
    records,
    seconds,
    linesPerSecond: seconds > 0 ? Math.round(lines / seconds) : 0,
    cpuSeconds: cpu,
    rssBytes: rssBytes(),
  })
}

function summary(counts: Counts, late: number, readers: readonly Reader[], io: Io): string {
  const flows = [
    `${counts.denied} denied`,
    `${counts.rejected} rejected`,
    `${counts.allowed} allowed`,
    counts.audited && `${counts.audited} audited`,
    counts.unanswered && `${counts.unanswered} unanswered`,
    counts.undecided && `${counts.undecided} without a verdict`,
  ].filter(Boolean)
  const notes = [
    counts.foreign && foreignText(counts, readers),
    counts.malformed && `${plural(counts.malformed, 'line')} could not be read`,
    counts.losses &&
      `${plural(counts.losses, 'gap')} in the evidence${counts.lost ? `, ${plural(counts.lost, 'line')} lost` : ''}`,
    counts.contradictions && `${plural(counts.contradictions, 'flow')} that the policies do not explain`,
    counts.evicted &&
      `${plural(counts.evicted, 'connection')} forgotten before the end, because too many were open`,
    late && `${plural(late, 'record')} written late`,
    ...readers.map(reader => assumptions(reader, io)),
  ].filter(Boolean)
  return [
    `${plural(counts.lines, 'line')}, ${plural(counts.flows, 'flow')}: ${flows.join(', ')}; ${plural(counts.records, 'record')}`,
    ...notes,
  ]
    .map(line => `culprit: ${line}\n`)
    .join('')
}

/** Where nothing at all is of the format that was named, the name is the likely mistake. */
function foreignText({ foreign, flows }: Counts, readers: readonly Reader[]): string {
  const text = `${plural(foreign, 'line')} of another format`
  return flows > 0
    ? text
    : `${text}, and none of ${readers.map(({ log }) => log.format).join(' or ')}: is that what the log is?`
}

function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** The zone and year that were assumed, where the format has none of its own. */
function assumptions({ log }: Reader, io: Io): string | undefined {
  if (log.zone !== undefined && log.year !== undefined) return undefined
  const zone = log.zone === undefined ? `zone ${io.zone}` : ''
  const year = log.year === undefined ? "the year from the file's date" : ''
  return `${log.format}:${log.file}: where a stamp has none, assumed ${[zone, year].filter(text => text !== '').join(' and ')}`
}
