// The dry run of a format: what each line of a log is, without a cluster.

import { createAuto, type Found } from '../../collectors/auto.ts'
import { type Collector, type Format, Outcome } from '../../collectors/collector.ts'
import { type CustomCollector, createCustom } from '../../collectors/custom.ts'
import { copyFlow, createFlow, type Flow, verdictNames } from '../../collectors/flow.ts'
import type { Config } from '../config.ts'
import { type Finished, withWholeHead } from '../source/finished.ts'
import { createLines } from '../source/lines.ts'
import { UsageError } from './errors.ts'
import { nothingFound } from './found-text.ts'
import type { Io } from './io.ts'
import { formatOf, formatsOf } from './log-format.ts'
import { type LogOption, nameOf } from './log-option.ts'
import { assumptions, checkText, collectorOptions } from './replay-reader.ts'

/** A line that is shown: where it stands, and what is wrong with it. */
export interface Example {
  readonly line: number
  readonly text: string
  readonly why: string | undefined
}

export interface Dryness {
  readonly log: LogOption
  lines: number
  readonly verdicts: Map<string, number>
  notes: number
  losses: number
  foreign: number
  malformed: number
  readonly examples: { readonly foreign: Example[]; readonly malformed: Example[] }
  /** As the pipeline would see them. */
  readonly first: Flow[]
  /** Times of flows in microseconds, Infinity where none has one. */
  earliest: number
  latest: number
  untimed: number
  /** Of one format, or those that `auto` found. */
  found: readonly Found[]
  neverFound: readonly string[]
  assumed: string | undefined
}

const EXAMPLES = 3
const FIRST = 10

/** @throws UsageError when the log is empty, no text, or (`auto`) of no format. */
export async function dryRun(log: LogOption, file: Finished, config: Config, io: Io): Promise<Dryness> {
  const run = emptyRun(log)
  let head: Uint8Array | undefined
  let reader: DryReader | undefined
  const flow = createFlow()
  const lines = createLines((bytes, start, end) => {
    run.lines++
    const outcome = reader!.collector.read(bytes, start, end, flow)
    take(run, outcome, flow, bytes, start, end, reader!)
  })
  for await (const chunk of withWholeHead(file.chunks(), 4096)) {
    if (io.signal.aborted) break
    if (head === undefined) {
      head = chunk.slice(0, 4096)
      checkText(log, head)
      reader = dryReader(log, head, file, config, io)
    }
    lines.write(chunk)
  }
  if (head === undefined || reader === undefined)
    throw new UsageError(`Cannot read ${nameOf(log)}: it is empty (--format ${log.format}:${log.file})`)
  lines.close()
  run.found = reader.found()
  if (log.format === 'auto' && run.found.every(found => found.lines === 0))
    throw new UsageError(nothingFound(nameOf(log), head, `--format auto:${log.file}`))
  run.neverFound = reader.custom()?.neverFound ?? []
  run.assumed = assumptions(log, head, file.modified, reader.collector.zoned > 0, io.zone)
  return run
}

function emptyRun(log: LogOption): Dryness {
  return {
    log,
    lines: 0,
    verdicts: new Map(),
    notes: 0,
    losses: 0,
    foreign: 0,
    malformed: 0,
    examples: { foreign: [], malformed: [] },
    first: [],
    earliest: Number.POSITIVE_INFINITY,
    latest: Number.NEGATIVE_INFINITY,
    untimed: 0,
    found: [],
    neverFound: [],
    assumed: undefined,
  }
}

interface DryReader {
  readonly collector: Collector & { readonly zoned: number }
  readonly found: () => readonly Found[]
  /** The mapped format's collector, which knows what was wrong with a line. */
  readonly custom: () => CustomCollector | undefined
  /** It read the last line. */
  readonly isCustom: () => boolean
}

/** Always through `auto`: of one format where one is named. */
function dryReader(log: LogOption, head: Uint8Array, file: Finished, config: Config, io: Io): DryReader {
  let custom: CustomCollector | undefined
  const withCustom = (format: Format): Format => {
    const { custom: mapping } = config
    if (format.name !== 'custom' || mapping === undefined) return format
    return {
      ...format,
      create(options) {
        custom = createCustom(mapping, options)
        return custom
      },
    }
  }
  const named = formatOf(log, config)
  const formats = (named === undefined ? formatsOf(config) : [named]).map(withCustom)
  const collector = createAuto(formats, collectorOptions(log, head, file.modified, io.zone))
  return {
    collector,
    found: () => collector.found,
    custom: () => custom,
    isCustom: () => collector.at >= 0 && formats[collector.at]!.name === 'custom',
  }
}

function take(
  run: Dryness,
  outcome: Outcome,
  flow: Flow,
  bytes: Uint8Array,
  start: number,
  end: number,
  reader: DryReader,
): void {
  if (outcome === Outcome.flow) takeFlow(run, flow)
  else if (outcome === Outcome.note) run.notes++
  else if (outcome === Outcome.loss) run.losses++
  else if (outcome === Outcome.foreign) {
    run.foreign++
    keep(run.examples.foreign, run.lines, bytes, start, end, undefined)
  } else {
    run.malformed++
    const why = reader.isCustom() ? reader.custom()!.problem : whyMalformed(bytes, start, end)
    keep(run.examples.malformed, run.lines, bytes, start, end, why)
  }
}

function takeFlow(run: Dryness, flow: Flow): void {
  const verdict = verdictNames[flow.verdict]
  run.verdicts.set(verdict, (run.verdicts.get(verdict) ?? 0) + 1)
  if (Number.isNaN(flow.time)) run.untimed++
  else {
    run.earliest = Math.min(run.earliest, flow.time)
    run.latest = Math.max(run.latest, flow.time)
  }
  if (run.first.length < FIRST) run.first.push(copyFlow(flow))
}

function keep(
  examples: Example[],
  line: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  why: string | undefined,
): void {
  if (examples.length === EXAMPLES) return
  examples.push({
    line,
    text: Buffer.from(bytes.subarray(start, Math.min(end, start + 400))).toString(),
    why,
  })
}

/** What can be seen from outside of the collector. */
function whyMalformed(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (bytes[end] !== 10) return 'it ends without a newline'
  if (bytes[start] !== 123) return undefined
  try {
    JSON.parse(Buffer.from(bytes.subarray(start, end)).toString())
    return undefined
  } catch {
    // That it is no JSON is what we wanted to know.
    return 'its JSON is cut, or damaged'
  }
}
