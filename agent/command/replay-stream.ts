// The lines of one log into the pipeline: of one format, or of those that are told from its content.

import { createAuto } from '../../collectors/auto.ts'
import type { CollectorOptions, Format, Outcome } from '../../collectors/collector.ts'
import { createFlow } from '../../collectors/flow.ts'
import { createUnwrapper } from '../../collectors/wrapper.ts'
import { fingerprint, HEAD_BYTES } from '../forensics/id.ts'
import type { Intake, IntakeOptions } from '../intake.ts'
import type { Pipeline } from '../pipeline.ts'
import { createLines, type Lines } from '../source/lines.ts'
import { UsageError } from './errors.ts'
import { foundText, nothingFound } from './found-text.ts'
import { type LogOption, nameOf } from './log-option.ts'
import { plural } from './plural.ts'

export interface LogStream {
  readonly lines: Lines
  /** Of the last line that had one; NaN before. */
  readonly time: () => number
  /** The end; `error` where the file ends early. */
  close(error: string | undefined): void
  /** What `auto` found. */
  readonly found: () => string | undefined
  /** Flows whose time depends on the zone. */
  readonly zoned: () => number
}

export interface StreamOptions {
  readonly log: LogOption
  readonly pipeline: Pipeline
  readonly collector: CollectorOptions
  /** The beginning of the log, which identifies it. */
  readonly head: Uint8Array
}

export function openStream(format: Format, options: StreamOptions): LogStream {
  const collector = createUnwrapper(format, options.collector)
  const intake = options.pipeline.open({ ...intakeOptions(options), format: format.name, collector })
  const lines = createLines(intake.line)
  return {
    lines,
    time: () => intake.time,
    close(error) {
      writeGaps(intake, lines, error)
      intake.end()
    },
    found: () => undefined,
    zoned: () => collector.zoned,
  }
}

/** Each format that is found has an intake of its own, so that its records are what they would be if the log were named so. */
export function openAutoStream(formats: readonly Format[], options: StreamOptions): LogStream {
  const { log, pipeline } = options
  const auto = createAuto(formats, options.collector)
  const flow = createFlow()
  let outcome: Outcome = 0
  const read = { read: () => outcome }
  const open = (format: string): Intake =>
    pipeline.open({ ...intakeOptions(options), format, collector: read, flow })
  const foreign = open('auto')
  const intakes: (Intake | undefined)[] = formats.map(() => undefined)
  let last = foreign
  let time = Number.NaN
  const head = options.head.slice(0, HEAD_BYTES)
  const lines = createLines((bytes, start, end, offset) => {
    outcome = auto.read(bytes, start, end, flow)
    if (auto.at < 0) {
      foreign.line(bytes, start, end, offset)
      return
    }
    last = intakes[auto.at] ??= open(formats[auto.at]!.name)
    last.line(bytes, start, end, offset)
    if (!Number.isNaN(last.time)) time = last.time
  })
  return {
    lines,
    time: () => time,
    close(error) {
      if (last === foreign) throw new UsageError(nothingFound(nameOf(log), head, `--log auto:${log.file}`))
      writeGaps(last, lines, error)
      for (const intake of intakes) intake?.end()
    },
    found: () => foundText(auto.found, auto.foreign),
    zoned: () => auto.zoned,
  }
}

function intakeOptions({ log, head }: StreamOptions): Pick<IntakeOptions, 'file' | 'stream' | 'decide'> {
  return {
    file: log.file === '-' ? undefined : log.file,
    stream: fingerprint(head.slice(0, HEAD_BYTES)),
    decide: 'end',
  }
}

function writeGaps(intake: Intake, lines: Lines, error: string | undefined): void {
  if (error !== undefined) intake.gap(`the file ends early: ${error}`, undefined, lines.offset)
  if (lines.cut > 0) intake.gap(`${plural(lines.cut, 'line')} longer than 1 MiB cut`, undefined, lines.offset)
}
