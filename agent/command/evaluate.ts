// `culprit evaluate`: any question to the policies, one JSON line each.

import { readFileSync } from 'node:fs'
import {
  type Answer,
  answerOf,
  caseWorld,
  compile,
  type Epoch,
  type EvaluationCase,
  isProbeError,
  type ProbeAnswer,
  type ProbeError,
  type Profile,
  type ResolvedProbe,
  readProbe,
} from '../policy/index.ts'
import { openFinished } from '../source/finished.ts'
import { monotonicSeconds, rssBytes } from '../telemetry/process.ts'
import { parseTime, type Timeline, type View } from '../timeline/index.ts'
import { UsageError } from './errors.ts'
import { type ExplainedAnswer, explained } from './evaluate-explained.ts'
import type { Io } from './io.ts'
import { openWorld } from './world-option.ts'

interface EvaluateOptions {
  readonly world?: string
  readonly probes?: string
  readonly cases?: string
  readonly profile: Profile
  readonly explain?: true
  readonly stats?: 'json'
}

/** Probes are read, judged and written this many at a time, so that judging is timed alone and memory stays flat. */
const BATCH = 4096

export async function runEvaluate(options: EvaluateOptions, io: Io): Promise<number> {
  if (options.cases !== undefined) {
    if (options.world ?? options.probes)
      throw new UsageError('Cannot use --cases with --world or --probes: each case brings its own world')
    return evaluateCases(options.cases, options, io)
  }
  if (options.world === undefined || options.probes === undefined)
    throw new UsageError('Cannot evaluate: give --world PATH and --probes FILE, or --cases FILE')
  return evaluateProbes(options.world, options.probes, options, io)
}

/** What judging cost, without start-up, reading and writing. */
interface Meter {
  probes: number
  seconds: number
  compileSeconds: number
}

async function evaluateProbes(
  world: string,
  probes: string,
  options: EvaluateOptions,
  io: Io,
): Promise<number> {
  const { timeline, input, compileSeconds, hasUnsupported } = await openWorld(world, options.profile, io)
  const view = timeline.viewAt(Number.POSITIVE_INFINITY)
  const last: Asked = {
    epoch: view.epoch,
    view,
    time: input.events.at(-1)?.at ?? Number.NaN,
    isDoubtful: hasUnsupported,
  }
  const meter: Meter = { probes: 0, seconds: 0, compileSeconds }
  let failures = 0
  for await (const lines of batches(readLines(probes, io))) {
    if (io.signal.aborted) break
    const read = lines.map(line => readLine(line, timeline, last))
    const answers = judgeBatch(read, meter, options.explain === true)
    failures += answers.filter(isProbeError).length
    await io.stdout(answers.map(answer => `${JSON.stringify(answer)}\n`).join(''))
  }
  if (options.stats === 'json') io.stderr(`${stats(meter)}\n`)
  return failures > 0 ? 1 : 0
}

/** A state of the world; `time` in microseconds, NaN where the world has none; `isDoubtful`: no answer about it is certain, whatever the policies say. */
interface Asked {
  readonly epoch: Epoch
  /** Absent for cases, which have no history. */
  readonly view?: View<Epoch>
  readonly time: number
  readonly isDoubtful: boolean
}

type Read = Asked & { readonly probe: ResolvedProbe | ProbeError }

const DOUBT = { certainty: 'candidates' } as const

function judgeBatch(
  read: readonly Read[],
  meter: Meter,
  isExplained: boolean,
): (ExplainedAnswer | ProbeError)[] {
  const answers: (Answer | undefined)[] = new Array(read.length)
  const began = monotonicSeconds()
  for (let i = 0; i < read.length; i++) {
    const { epoch, probe } = read[i]!
    if (!isProbeError(probe)) answers[i] = epoch.evaluate(probe.from, probe.to, probe.protocol, probe.port)
  }
  meter.seconds += monotonicSeconds() - began
  meter.probes += read.length
  return read.map((asked, i) => {
    const { epoch, probe, isDoubtful } = asked
    if (isProbeError(probe)) return probe
    const answer = answers[i]!
    return {
      ...answerOf(epoch, probe, answer),
      ...(isExplained && answer.verdict === 'denied' && explained({ ...asked, probe }, answer)),
      ...(isDoubtful && DOUBT),
    }
  })
}

function readLine({ text, number }: Line, timeline: Timeline<Epoch>, last: Asked): Read {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return {
      ...last,
      probe: { error: `a probe must be a line of JSON: ${(error as Error).message} (line ${number})` },
    }
  }
  // An array has an `at` of its own.
  const at =
    typeof value === 'object' && value !== null && Object.hasOwn(value, 'at')
      ? (value as { at: unknown }).at
      : undefined
  if (at === undefined || at === null) return { ...last, probe: readProbe(last.epoch, value) }
  const time = typeof at === 'string' ? parseTime(at) : Number.NaN
  if (Number.isNaN(time)) {
    const { id } = value as { id?: unknown }
    return {
      ...last,
      probe: {
        ...(id != null && { id }),
        error: `at: ${JSON.stringify(at)} is not a time such as 2026-11-22T14:41:02Z`,
      },
    }
  }
  const view = timeline.viewAt(time)
  const { epoch, certainty } = view
  const isDoubtful = last.isDoubtful || certainty !== 'certain'
  return { epoch, view, time, isDoubtful, probe: readProbe(epoch, value) }
}

interface Line {
  readonly text: string
  readonly number: number
}

async function* readLines(name: string, io: Io): AsyncGenerator<Line> {
  const decoder = new TextDecoder()
  let rest = ''
  let number = 0
  for await (const chunk of openProbes(name, io)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const text of lines) {
      number++
      if (text.trim() !== '') yield { text, number }
    }
  }
  rest += decoder.decode()
  if (rest.trim() !== '') yield { text: rest, number: number + 1 }
}

function openProbes(name: string, io: Io): AsyncIterable<Uint8Array> {
  if (name === '-') return io.stdin()
  try {
    return openFinished(name).chunks()
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (--probes)`, { cause: error })
  }
}

async function* batches(lines: AsyncIterable<Line>): AsyncGenerator<Line[]> {
  let batch: Line[] = []
  for await (const line of lines) {
    if (batch.push(line) < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function evaluateCases(file: string, options: EvaluateOptions, io: Io): Promise<number> {
  const cases = readCases(file)
  const meter: Meter = { probes: 0, seconds: 0, compileSeconds: 0 }
  let differ = 0
  for (const [i, each] of cases.entries()) {
    const answer = judgeCase(each, options, meter)
    const difference = compareCase(each, answer)
    if (difference !== undefined) {
      differ++
      io.stderr(`culprit: case ${JSON.stringify(each.id ?? i)} differs: ${difference}\n`)
    }
    await io.stdout(`${JSON.stringify(answer)}\n`)
  }
  if (options.stats === 'json') io.stderr(`${stats(meter)}\n`)
  io.stderr(`${cases.length} cases, ${differ} differ\n`)
  return differ > 0 ? 1 : 0
}

function readCases(file: string): EvaluationCase[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
    throw new UsageError(`Cannot read --cases "${file}": ${why}`, { cause: error })
  }
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value) && value.every(each => typeof each === 'object' && each !== null)) return value
  } catch (error) {
    throw new UsageError(`Cannot read --cases "${file}": ${(error as Error).message}`, { cause: error })
  }
  throw new UsageError(`Cannot read --cases "${file}": it must be a JSON array of objects, a case each`)
}

function judgeCase(
  each: EvaluationCase,
  { profile, explain }: EvaluateOptions,
  meter: Meter,
): ExplainedAnswer | ProbeError {
  const id = each.id ?? undefined
  const world = caseWorld(each)
  if ('problems' in world) return { ...(id !== undefined && { id }), error: world.problems.join('; ') }
  const began = monotonicSeconds()
  const epoch = compile(world, { profile })
  meter.compileSeconds += monotonicSeconds() - began
  const probe = readProbe(epoch, { id, ...(each.probe as object) })
  if (isProbeError(probe)) return probe
  return judgeBatch([{ epoch, probe, time: Number.NaN, isDoubtful: false }], meter, explain === true)[0]!
}

/** What differs from the case's expectation, in words; undefined where nothing does. */
function compareCase({ expect }: EvaluationCase, answer: ProbeAnswer | ProbeError): string | undefined {
  if (isProbeError(answer)) return answer.error
  if (typeof expect !== 'object' || expect === null) return 'it has no "expect"'
  for (const key of ['verdict', 'egress', 'ingress', 'responsible'] as const) {
    const want = (expect as Record<string, unknown>)[key]
    if (want !== undefined && canonical(want) !== canonical(answer[key]))
      return `${key}: expected ${JSON.stringify(want)}, answered ${JSON.stringify(answer[key])}`
  }
  return undefined
}

/** JSON whose members and lists have one order: responsible policies and rules are sets. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
  return `{${members.sort().join()}}`
}

function stats({ probes, seconds, compileSeconds }: Meter): string {
  const probesPerSecond = seconds > 0 ? Math.round(probes / seconds) : 0
  return JSON.stringify({ probes, seconds, probesPerSecond, compileSeconds, rssBytes: rssBytes() })
}
