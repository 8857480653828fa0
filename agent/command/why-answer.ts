// An answer of `culprit why` before it becomes text: the record that is explained, or one that was worked out from the policies.

import { explain } from '../forensics/explain.ts'
import type { Explanation, Judged, Told } from '../forensics/explanation.ts'
import { type Epoch, formatPort } from '../policy/index.ts'
import { protocolNumber } from '../policy/protocol.ts'
import { formatTime, type Timeline } from '../timeline/index.ts'
import type { Eyes } from '../verdict/judge.ts'
import { compute } from './why-computed.ts'
import { type Match, type Search, timeOf } from './why-records.ts'

/** The state of a cluster over time, as far as an answer needs it. */
export interface Scene {
  readonly timeline: Timeline<Epoch>
  readonly eyes: Eyes
  /** Microseconds: of what the state was last told; NaN where it has no times. */
  readonly last: number
}

/** A question, understood. */
export interface Case extends Search {
  /** IANA number. */
  readonly protocol: number | undefined
  /** How it was understood, one sentence each. */
  readonly notes: readonly string[]
}

export interface Answer {
  readonly record: Judged
  /** Microseconds; of the state of the world that decided. */
  readonly time: number
  readonly told: Omit<Told, 'quotes' | 'more'> & Partial<Pick<Told, 'more'>>
}

const MAX_OTHERS = 3

/** `where` the other ports were seen: "The logs". */
export function observedAnswer([match, ...others]: readonly Match[], asked: Case, where: string): Answer {
  const { record, run } = match!
  const ports = others.slice(0, MAX_OTHERS).map(({ record: { dst, proto, verdict } }) => {
    const port = formatPort(protocolNumber(proto ?? '') ?? -1, dst.port ?? -1)
    return `${port} (${verdict})`
  })
  const more = others.length > ports.length ? ' and more' : ''
  const note =
    ports.length === 0 ? [] : [`${where} also have other ports of these two: ${ports.join(', ')}${more}.`]
  return { record, time: timeOf(record), told: { basis: 'record', run, notes: [...asked.notes, ...note] } }
}

/** @throws WorkError where no pod of one of them was there, UsageError where the port is missing. */
export function computedAnswer(
  { at, port, protocol, from, to, ...asked }: Case,
  { timeline, eyes, last }: Scene,
  basis: Exclude<Told['basis'], 'record'>,
): Answer {
  // The last state is the one after the last event.
  const time = Number.isFinite(at) ? at : last
  const { record, notes, ...pairs } = compute({
    from,
    to,
    port,
    proto: protocol,
    view: timeline.viewAt(at),
    time,
    eyes,
  })
  return {
    record,
    time: at,
    told: { basis, asOf: asOfText(at, last), pairs, notes: [...asked.notes, ...notes] },
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
export function answerJson(record: Judged, told: Told): object {
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
