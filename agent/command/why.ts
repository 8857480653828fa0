// `culprit why FROM TO`: tells a person why, from finished logs, from records at rest or from an agent, and the state of the cluster at
// that time; or from the policies alone.

import type { Told } from '../forensics/explanation.ts'
import { createPipeline } from '../pipeline.ts'
import { openConfig } from './config-option.ts'
import { UsageError, WorkError } from './errors.ts'
import { checkNode, type FinishedLogs, openLogs } from './finished-logs.ts'
import type { Io } from './io.ts'
import { type Answer, type Case, computedAnswer, observedAnswer } from './why-answer.ts'
import { jsonCommand, replayCommand } from './why-commands.ts'
import { readEnd } from './why-ends.ts'
import { readAt, readPort, readProtocol, type WhyCall, type WhyOptions } from './why-options.ts'
import { printAnswer } from './why-print.ts'
import { quotesOf } from './why-quotes.ts'
import { createMatches, type Match } from './why-records.ts'
import { rosterOf } from './why-roster.ts'
import { type OpenWorld, openWorld } from './world-option.ts'

export async function runWhy(from: string, to: string, call: WhyCall, io: Io): Promise<void> {
  checkPlace(call)
  const { agent, records, world } = call
  if (agent !== undefined)
    return (await import('./why-remote.ts')).whyFromAgent(from, to, { ...call, agent }, io)
  if (records !== undefined)
    return (await import('./why-at-rest.ts')).whyAtRest(from, to, { ...call, records }, io)
  if (world !== undefined) await whyFromWorld(from, to, { ...call, world }, io)
}

/** @throws UsageError where the places contradict each other, or there is none. */
function checkPlace({ agent, records, world, log }: WhyCall): void {
  if (agent !== undefined && (records ?? world ?? log) !== undefined)
    throw new UsageError('Cannot use --agent with --records, --world or --log: the agent has its own')
  if (records !== undefined && log !== undefined)
    throw new UsageError('Cannot use --records with --log: the answer comes from one or the other')
  if ((agent ?? records ?? world) === undefined)
    throw new UsageError(
      'Cannot answer without a place: --records DIR is a directory of records, --agent URL an agent, --world PATH manifests and timelines',
    )
}

async function whyFromWorld(from: string, to: string, options: WhyOptions, io: Io): Promise<void> {
  const protocol = readProtocol(options.protocol)
  const port = readPort(options.port, protocol)
  const at = readAt(options.at)
  const logs =
    options.log === undefined ? undefined : openLogs(options.log, io, await openConfig(options.config))
  const world = await openWorld(options.world, options.profile, io)
  checkNode(options.node, world.input.nodeNames)
  const roster = rosterOf(world.input)
  const ends = [readEnd(from, 'FROM', roster, port), readEnd(to, 'TO', roster, port)] as const
  const asked: Case = {
    from: ends[0].asked,
    to: ends[1].asked,
    port,
    proto: options.protocol?.toLowerCase(),
    protocol,
    at,
    roster,
    notes: ends.flatMap(end => end.note ?? []),
  }
  const { matches, basis } = logs === undefined ? nothing : await search(asked, world, { logs, options, io })
  const more = {
    text: 'Everything that is known about it, as JSON:',
    command: jsonCommand(from, to, options),
  }
  const answer =
    matches.length > 0 ? observed(matches, asked, options) : computed(asked, world, options, basis)
  const quotes = await quotesOf(answer.record, {
    world: options.world,
    timeline: world.timeline,
    time: answer.time,
  })
  await printAnswer(answer, { more, ...answer.told, quotes }, options.output, io)
}

interface Found {
  readonly matches: readonly Match[]
  /** What the answer rests on where nothing matches. */
  readonly basis: Exclude<Told['basis'], 'record'>
}

const nothing: Found = { matches: [], basis: 'no-log' }

interface Logged {
  readonly logs: FinishedLogs
  readonly options: WhyOptions
  readonly io: Io
}

/** @throws WorkError when it is interrupted: half a log is no answer. */
async function search(asked: Case, world: OpenWorld, { logs, options, io }: Logged): Promise<Found> {
  const matches = createMatches(asked)
  const pipeline = createPipeline({
    timeline: world.timeline,
    node: options.node,
    hasUnsupported: world.hasUnsupported,
    allowed: 'full',
    fold: false,
    isTold: matches.isTold,
    emit: matches.emit,
  })
  await logs.readInto(pipeline, async () => {})
  pipeline.close()
  if (io.signal.aborted) throw new WorkError('interrupted before the logs were read')
  return { matches: matches.close(), basis: pipeline.counts.flows === 0 ? 'no-flow' : 'no-record' }
}

function observed(matches: readonly Match[], asked: Case, options: WhyOptions): Answer {
  const answer = observedAnswer(matches, asked, 'The logs')
  const isReadable = !(options.log ?? []).some(log => log.endsWith(':-'))
  if (!isReadable) return answer
  const more = { text: 'Every flow of these logs:', command: replayCommand(options) }
  return { ...answer, told: { ...answer.told, more } }
}

function computed(asked: Case, world: OpenWorld, { node }: WhyOptions, basis: Found['basis']): Answer {
  const { timeline, hasUnsupported, input } = world
  const last = input.events.at(-1)?.at ?? Number.NaN
  return computedAnswer(asked, { timeline, last, eyes: { node, hasUnsupported } }, basis)
}
