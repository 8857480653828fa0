// What the agent keeps on the disk: where it stood, and its records. Where a directory cannot be used it says so and goes on without.

import type { AgentOptions, Restored } from '../agent.ts'
import type { Config } from '../config.ts'
import { recordsDirectory, stateDirectory } from '../config.ts'
import { restoreFrom } from '../restore.ts'
import { missingFrom } from '../sink/segment-tail.ts'
import { openSegments, type Segments } from '../sink/segments.ts'
import { type Checkpoint, openCheckpoint } from '../source/checkpoint.ts'
import type { Telemetry } from '../telemetry/index.ts'
import { wrongWithRestored } from './agent-restored.ts'

export interface State extends Pick<AgentOptions, 'checkpoint' | 'segments' | 'restored'> {
  readonly checkpoint: Checkpoint | undefined
  readonly segments: Segments | undefined
  readonly restored: Restored | undefined
}

const MIB = 1024 * 1024

export async function openState(config: Config, telemetry: Telemetry, now: () => number): Promise<State> {
  const segments = await openRest(config, telemetry, now)
  const checkpoint = openPositions(config, telemetry)
  const found = restoreFrom(usable(checkpoint?.restored ?? [], config, telemetry))
  const restored = found && { ...found, records: notAtRest(found, config, telemetry) }
  if (restored !== undefined)
    telemetry.stateRestored({ positions: restored.sources.size, records: restored.records.length })
  return { checkpoint, segments, restored }
}

async function openRest(
  config: Config,
  telemetry: Telemetry,
  now: () => number,
): Promise<Segments | undefined> {
  const dir = recordsDirectory(config)
  if (dir === undefined) return undefined
  const { segmentMebibytes, segmentMinutes, budgetMebibytes, heldMebibytes, checkpointSeconds } =
    config.records
  return openSegments({
    dir,
    maxBytes: segmentMebibytes * MIB,
    maxAgeMs: segmentMinutes * 60_000,
    budgetBytes: budgetMebibytes * MIB,
    heldBytes: heldMebibytes * MIB,
    checkpointMs: checkpointSeconds * 1000,
    now,
    say: text => telemetry.stateRefused({ text }),
    onProblem(text) {
      if (text === undefined) telemetry.recordsWritingAgain()
      else telemetry.recordsNotWritten({ text })
    },
    onDiscarded: records => telemetry.recordsDiscarded({ records, cause: 'overflow' }),
    isPatient: true,
  })
}

function openPositions(config: Config, telemetry: Telemetry): Checkpoint | undefined {
  const dir = stateDirectory(config)
  if (dir === undefined) return undefined
  try {
    const checkpoint = openCheckpoint(dir)
    for (const text of checkpoint.notes) telemetry.stateRefused({ text })
    return checkpoint
  } catch (error) {
    telemetry.journalNotWritten({ text: `Cannot keep positions in "${dir}": ${(error as Error).message}` })
    return undefined
  }
}

/** All of it or nothing: half of a state would count twice. */
function usable(
  commits: Checkpoint['restored'],
  config: Config,
  telemetry: Telemetry,
): Checkpoint['restored'] {
  const wrong = wrongWithRestored(commits)
  if (wrong === undefined) return commits
  const dir = stateDirectory(config)
  telemetry.stateRefused({
    text: `Cannot use the state in "${dir}": ${wrong}; reading begins anew, and what was counted and not written is lost`,
  })
  return []
}

/** Of the records that may not have arrived, those that have not. */
function notAtRest({ records }: Restored, config: Config, telemetry: Telemetry): Restored['records'] {
  const dir = recordsDirectory(config)
  if (dir === undefined) return records
  try {
    return missingFrom(dir, records)
  } catch (error) {
    // Written twice they have the same ids.
    telemetry.internalError({ component: 'restore', error })
    return records
  }
}
