// `/api/v1/why`: the answer of `culprit why` from the agent's own records and the state of the cluster that it knows.

import { explain } from '../forensics/explain.ts'
import type { Epoch } from '../policy/index.ts'
import type { Pod } from '../policy/objects.ts'
import { RequestError } from '../server/request-error.ts'
import type { WhyRoute } from '../server/routes.ts'
import type { Service, Timeline } from '../timeline/index.ts'
import { listRecords } from './record-files.ts'
import { asRequestError, checkParameters } from './request-options.ts'
import type { ScanLimit } from './scan-limit.ts'
import { createTurns } from './turns.ts'
import { answerJson } from './why-answer.ts'
import { answerFromRecords, type RestQuestion, type RestScene } from './why-rest-answer.ts'
import type { Roster } from './why-roster.ts'
import { split } from './why-roster.ts'

export interface ServedWhy {
  /** Of the records. */
  readonly directory: string
  readonly timeline: Timeline<Epoch>
  /** As they are now: the timeline tells of addresses, not of names. */
  readonly services: () => Iterable<Service>
  /** Where the policies can be read, so that lines of them are quoted; undefined where nowhere. */
  readonly manifests: string | undefined
  /** With whose eyes it is answered where no record is there: as in `why --node`; undefined where all pods are known here. */
  readonly node: string | undefined
  readonly hasUnsupported: boolean
  readonly limit: ScanLimit
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function serveWhyOf(served: ServedWhy): WhyRoute {
  return async (parameters, signal) => {
    try {
      const question = questionOf(parameters)
      return await served.limit.run(() => answer(question, served, signal))
    } catch (error) {
      throw asRequestError(error)
    }
  }
}

/** @throws RequestError */
function questionOf(parameters: URLSearchParams): RestQuestion {
  checkParameters(parameters, ['from', 'to', 'port', 'protocol', 'at'])
  const [from, to] = [parameters.get('from'), parameters.get('to')]
  if (from === null || to === null)
    throw new RequestError(400, 'Cannot answer without from and to: ?from=ns/name&to=ns/name')
  const optional = (name: string) => parameters.get(name) ?? undefined
  return { from, to, port: optional('port'), protocol: optional('protocol'), at: optional('at') }
}

async function answer(question: RestQuestion, served: ServedWhy, signal: AbortSignal): Promise<object> {
  const { directory } = served
  const turns = createTurns()
  const { answer, told } = await answerFromRecords(question, {
    records: listRecords(directory, 'records.directory', true),
    place: `"${directory}"`,
    scene: sceneOf(served),
    signal,
    onProgress: turns.next,
    // Who asks knows how this agent is reached; its own name for that would help nobody.
    more: { text: 'The records of these two:', command: '' },
  })
  return { ...answerJson(answer.record, told), explanation: explain(answer.record, told) }
}

function sceneOf({ timeline, services, manifests, node, hasUnsupported, now }: ServedWhy): RestScene {
  const { pods } = timeline.viewAt(Number.POSITIVE_INFINITY).world()
  return {
    timeline,
    roster: liveRoster(pods, services()),
    path: manifests,
    last: now() * 1000,
    eyes: { node, hasUnsupported },
  }
}

/** Names of now; older ones are found in the records. */
function liveRoster(pods: readonly Pod[], services: Iterable<Service>): Roster {
  const workloads = new Map<string, Set<string>>()
  for (const { ns, workload } of pods) {
    const [kind, name] = split(workload)
    if (kind === 'Pod') continue
    workloads.set(`${ns}/${name}`, (workloads.get(`${ns}/${name}`) ?? new Set()).add(kind))
  }
  return {
    pods: new Map(pods.map(pod => [`${pod.ns}/${pod.name}`, [pod]])),
    workloads,
    services: new Map([...services].map(service => [`${service.ns}/${service.name}`, service])),
  }
}
