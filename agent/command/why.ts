// `culprit why FROM TO`: tells a person why, from finished logs and the state of the cluster at that time; or from the policies alone.

import { explain } from '../forensics/explain.ts'
import { layout } from '../forensics/explain-layout.ts'
import type { Explanation, Judged, Told } from '../forensics/explanation.ts'
import { createPipeline } from '../pipeline.ts'
import { formatPort } from '../policy/index.ts'
import { protocolNumber } from '../policy/protocol.ts'
import { formatTime } from '../timeline/index.ts'
import { openConfig } from './config-option.ts'
import { WorkError } from './errors.ts'
import { checkNode, type FinishedLogs, openLogs } from './finished-logs.ts'
import type { Io } from './io.ts'
import { jsonCommand, replayCommand } from './why-commands.ts'
import { compute } from './why-computed.ts'
import { readEnd } from './why-ends.ts'
import { readAt, readPort, readProtocol, type WhyOptions } from './why-options.ts'
import { quotesOf } from './why-quotes.ts'
import { createMatches, type Match, type Search, timeOf } from './why-records.ts'
import { rosterOf } from './why-roster.ts'
import { type OpenWorld, openWorld } from './world-option.ts'

/** The question, with everything that it can be answered from. */
interface Case extends Search {
  /** IANA number. */
  readonly protocol: number | undefined
  readonly world: OpenWorld
  readonly notes: readonly string[]
}

export async function runWhy(from: string, to: string, options: WhyOptions, io: Io): Promise<void> {
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
    world,
    notes: ends.flatMap(end => end.note ?? []),
  }
  const { matches, basis } = logs === undefined ? nothing : await search(asked, logs, options, io)
  const more = {
    text: 'Everything that is known about it, as JSON:',
    command: jsonCommand(from, to, options),
  }
  const answer = matches.length > 0 ? observed(matches, asked, options) : computed(asked, options, basis)
  const quotes = await quotesOf(answer.record, {
    world: options.world,
    timeline: world.timeline,
    time: answer.time,
  })
  const told: Told = { more, ...answer.told, quotes }
  await io.stdout(
    options.output === 'json'
      ? `${JSON.stringify(asJson(answer.record, told))}\n`
      : layout(explain(answer.record, told), {
          width: io.columns ?? 100,
          isColoured: io.isColoured === true,
        }),
  )
}

interface Answer {
  readonly record: Judged
  /** Microseconds; of the state of the world that decided. */
  readonly time: number
  readonly told: Omit<Told, 'quotes' | 'more'> & Partial<Pick<Told, 'more'>>
}

interface Found {
  readonly matches: readonly Match[]
  /** What the answer rests on where nothing matches. */
  readonly basis: Exclude<Told['basis'], 'record'>
}

const nothing: Found = { matches: [], basis: 'no-log' }

/** @throws WorkError when it is interrupted: half a log is no answer. */
async function search(asked: Case, logs: FinishedLogs, options: WhyOptions, io: Io): Promise<Found> {
  const matches = createMatches(asked)
  const pipeline = createPipeline({
    timeline: asked.world.timeline,
    node: options.node,
    hasUnsupported: asked.world.hasUnsupported,
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

const MAX_OTHERS = 3

function observed([match, ...others]: readonly Match[], asked: Case, options: WhyOptions): Answer {
  const { record, run } = match!
  const ports = others.slice(0, MAX_OTHERS).map(({ record: { dst, proto, verdict } }) => {
    const port = formatPort(protocolNumber(proto ?? '') ?? -1, dst.port ?? -1)
    return `${port} (${verdict})`
  })
  const note =
    ports.length === 0
      ? []
      : [
          `The logs also have other ports of these two: ${ports.join(', ')}${others.length > ports.length ? ' and more' : ''}.`,
        ]
  const isReadable = !(options.log ?? []).some(log => log.endsWith(':-'))
  return {
    record,
    time: timeOf(record),
    told: {
      basis: 'record',
      run,
      notes: [...asked.notes, ...note],
      ...(isReadable && { more: { text: 'Every flow of these logs:', command: replayCommand(options) } }),
    },
  }
}

function computed(asked: Case, options: WhyOptions, basis: Found['basis']): Answer {
  const { world, at, port, protocol, from, to } = asked
  // The last state is the one after the last event.
  const last = world.input.events.at(-1)?.at ?? Number.NaN
  const time = Number.isFinite(at) ? at : last
  const { record, notes, ...pairs } = compute({
    from,
    to,
    port,
    proto: protocol,
    view: world.timeline.viewAt(at),
    time,
    eyes: { node: options.node, hasUnsupported: world.hasUnsupported },
  })
  return {
    record,
    time: at,
    told: {
      basis,
      asOf: asOfText(at, last),
      pairs,
      notes: [...asked.notes, ...notes],
    },
  }
}

/** The state that was asked, `last` being the time of the world's last event; undefined where the world has no times. */
function asOfText(at: number, last: number): string | undefined {
  if (!Number.isFinite(at))
    return Number.isNaN(last) ? undefined : `${formatTime(last)}, the last that the world knows of`
  return at > last
    ? `${formatTime(at)} (the world knows of nothing later than ${formatTime(last)})`
    : formatTime(at)
}

/** The record with what the text says beside it. */
function asJson(record: Judged, told: Told): object {
  const { sentences, proposals, quotes }: Explanation = explain(record, told)
  return {
    ...record,
    basis: told.basis === 'record' ? 'record' : 'policies',
    asOf: told.asOf,
    run: told.run,
    pairs: told.pairs,
    quotes: quotes.length > 0 ? quotes : undefined,
    text: sentences.join(' '),
    commands: proposals.flatMap(({ command }) => command ?? []),
  }
}
