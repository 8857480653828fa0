// What an earlier run left, from its commits: where every source stood, what was taken and not written, and the records that may not
// have arrived.

import type { Restored } from './agent.ts'
import type { ForensicRecord } from './forensics/record.ts'
import { joinChanges, type PipelineChanges } from './pipeline-state.ts'
import type { Restored as Commit } from './source/checkpoint.ts'
import type { SourceState } from './sources.ts'

/** Undefined where there was none. */
export function restoreFrom(commits: readonly Commit[]): Restored | undefined {
  const last = commits.at(-1)
  if (last === undefined) return undefined
  const sources = new Map<string, SourceState>()
  for (const commit of commits)
    for (const [name, state] of Object.entries(commit.sources ?? {})) sources.set(name, state as SourceState)
  const changes = commits.flatMap(({ state }) => (state === undefined ? [] : [state as PipelineChanges]))
  const records = commits.flatMap(commit => (commit.records ?? []) as readonly ForensicRecord[])
  return { at: last.at, sources, pipeline: joinChanges(changes), records }
}
