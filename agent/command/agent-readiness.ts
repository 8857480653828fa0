// Whether the agent can do what it is there for, and what keeps it from doing all of it.

import type { Agent } from '../agent.ts'
import type { Readiness } from '../server/routes.ts'
import type { Segments } from '../sink/segments.ts'
import type { AgentCeiling } from './agent-ceiling.ts'

/** Sentences of what is wrong now, by what it is about. */
export type Problems = Map<string, string>

interface Parts {
  readonly agent: Agent
  readonly ceiling: AgentCeiling
  readonly problems: ReadonlyMap<string, string>
  readonly segments: Segments | undefined
}

const WAITING =
  'records wait to go out, and sources with them: whoever reads standard output, or the disk, does not keep up'

/** Ready as soon as one source is open: less evidence is no reason to restart what reads the rest. */
export function createReadiness({ agent, ceiling, problems, segments }: Parts): () => Readiness {
  return () => {
    const ready = agent.sources.open.length > 0
    const rest = segments?.problem
    const lines = [
      ...(ready ? [] : ['no source is open']),
      ...problems.values(),
      ...agent.sources.troubles().map(({ text }) => text),
      ...(agent.outbox.isFull ? [WAITING] : []),
      ...(ceiling.note === undefined ? [] : [ceiling.note]),
      ...(rest === undefined ? [] : [`records are not written: ${rest.message}`]),
    ]
    return { ready, lines }
  }
}
