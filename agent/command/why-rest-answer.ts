// The answer of records at rest about two ends: the latest of them, else what the policies say, where their state is known. The same for
// the command and for the agent's answers over HTTP.

import { WorldError } from '../cluster/index.ts'
import type { Told } from '../forensics/explanation.ts'
import { UsageError, WorkError } from './errors.ts'
import { type Answer, type Case, computedAnswer, observedAnswer, type Scene } from './why-answer.ts'
import { type Named, readEnd, readName } from './why-ends.ts'
import { readAt, readPort, readProtocol } from './why-options.ts'
import { quotesOf } from './why-quotes.ts'
import type { Match } from './why-records.ts'
import { namesAtRest, type Place, searchAtRest } from './why-rest-search.ts'
import type { Roster } from './why-roster.ts'

export interface RestQuestion {
  readonly from: string
  readonly to: string
  readonly port: string | undefined
  readonly protocol: string | undefined
  readonly at: string | undefined
}

export interface RestScene extends Scene {
  readonly roster: Roster
  /** Where its policies can be read; undefined where nowhere. */
  readonly path: string | undefined
}

export interface Rest extends Place {
  /** As a sentence names it. */
  readonly place: string
  /** Undefined where nobody knows the state of the cluster. */
  readonly scene: RestScene | undefined
  readonly more: Told['more']
}

export interface RestAnswer {
  readonly answer: Answer
  readonly told: Told
}

const nobody: Roster = { pods: new Map(), workloads: new Map(), services: new Map() }

/** @throws UsageError for a wrong question, WorkError where neither records nor policies can answer. */
export async function answerFromRecords(question: RestQuestion, rest: Rest): Promise<RestAnswer> {
  const protocol = readProtocol(question.protocol)
  const port = readPort(question.port, protocol)
  const ends = [end(question.from, 'FROM', port, rest), end(question.to, 'TO', port, rest)] as const
  const asked: Case = {
    from: ends[0].asked,
    to: ends[1].asked,
    port,
    proto: question.protocol?.toLowerCase(),
    protocol,
    at: readAt(question.at),
    roster: rest.scene?.roster ?? nobody,
    notes: ends.flatMap(({ note }) => note ?? []),
  }
  const matches = await searchAtRest(asked, rest)
  if (rest.signal.aborted) throw new WorkError('interrupted before the records were read')
  const answer = matches.length > 0 ? observed(matches, asked, rest) : await computed(asked, ends, rest)
  return { answer, told: { more: rest.more, ...answer.told, quotes: await quotes(answer, rest.scene) } }
}

interface End extends Named {
  /** Why the state of the cluster does not know it. */
  readonly unknown?: UsageError
}

/** What the cluster's state has no name for may stand in a record from before. @throws UsageError where it is no name. */
function end(text: string, place: 'FROM' | 'TO', port: number | undefined, { scene }: Rest): End {
  const asked = readName(text, place)
  if (scene === undefined) return { asked, note: undefined }
  try {
    return readEnd(text, place, scene.roster, port)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { asked, note: undefined, unknown: error }
  }
}

function observed(matches: readonly Match[], asked: Case, { scene }: Rest): Answer {
  const answer = observedAnswer(matches, asked, 'The records')
  const now = scene === undefined || Number.isFinite(asked.at) ? undefined : nowNote(answer, asked, scene)
  return now === undefined
    ? answer
    : { ...answer, told: { ...answer.told, notes: [...answer.told.notes, now] } }
}

/** A record is of its time: where the policies have changed their mind since, that is said. */
function nowNote({ record }: Answer, asked: Case, scene: Scene): string | undefined {
  const isDenied = record.verdict === 'denied' || record.verdict === 'rejected'
  if (!isDenied && record.verdict !== 'allowed') return undefined
  try {
    const again = { ...asked, port: record.dst.port ?? asked.port, notes: [] }
    const { verdict, why, egress, ingress } = computedAnswer(again, scene, 'none-kept').record
    const isCertain = [why, egress, ingress].every(side => (side?.certainty ?? 'certain') === 'certain')
    if (!isCertain || verdict === 'unknown' || (verdict === 'denied') === isDenied) return undefined
    return `That was then: by the policies as they stand now, it is ${verdict}.`
  } catch (error) {
    // Its pods are gone, so there is nothing to say about now.
    if (error instanceof UsageError || error instanceof WorkError) return undefined
    throw error
  }
}

async function computed(asked: Case, ends: readonly End[], rest: Rest): Promise<Answer> {
  const unknown = ends.find(each => each.unknown !== undefined)?.unknown
  if (unknown !== undefined) throw unknown
  if (rest.scene !== undefined) return computedAnswer(asked, rest.scene, 'none-kept')
  throw new WorkError(
    `Cannot answer: no record in ${rest.place} is about ${asked.from.name} and ${asked.to.name}${await hint(asked, rest)}; --world PATH computes it from the policies`,
  )
}

/** Names that were probably meant. */
async function hint({ from, to }: Case, rest: Rest): Promise<string> {
  const near = await namesAtRest([from, to], rest)
  return near.length === 0 ? '' : `, did you mean ${near.join(' or ')}`
}

/** What cannot be read now is not quoted: the answer stands without. */
async function quotes({ record, time }: Answer, scene: RestScene | undefined): Promise<Told['quotes']> {
  if (scene?.path === undefined) return []
  try {
    return await quotesOf(record, { world: scene.path, timeline: scene.timeline, time })
  } catch (error) {
    if (error instanceof WorldError) return []
    throw error
  }
}
