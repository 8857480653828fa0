// What the agent keeps on the disk: where it stood, and its records. Where a directory cannot be used it says so and goes on without.

import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentOptions, Restored } from '../agent.ts'
import type { Config } from '../config.ts'
import { recordsDirectory, stateDirectory } from '../config.ts'
import { restoreFrom } from '../restore.ts'
import { missingFrom } from '../sink/segment-tail.ts'
import { openSegments, type Segments } from '../sink/segments.ts'
import { type Checkpoint, openCheckpoint } from '../source/checkpoint.ts'
import { own } from '../source/owner.ts'
import type { Telemetry } from '../telemetry/index.ts'
import { wrongWithRestored } from './agent-restored.ts'
import { WorkError } from './errors.ts'

export interface State extends Pick<AgentOptions, 'checkpoint' | 'segments' | 'restored'> {
  /** Keeps other agents out of the directories until it is disposed of. */
  readonly owned: AsyncDisposable
  readonly checkpoint: Checkpoint | undefined
  readonly segments: Segments | undefined
  readonly restored: Restored | undefined
}

const MIB = 1024 * 1024

/** @throws WorkError where another agent has the directories. */
export async function openState(config: Config, telemetry: Telemetry, now: () => number): Promise<State> {
  const owned = await ownDirectories(config, telemetry)
  const segments = await openRest(config, telemetry, now)
  const checkpoint = openPositions(config, telemetry)
  const found = restoreFrom(usable(checkpoint?.restored ?? [], config, telemetry))
  const restored = found && { ...found, records: notAtRest(found, config, telemetry) }
  if (restored !== undefined)
    telemetry.stateRestored({ positions: restored.sources.size, records: restored.records.length })
  return { checkpoint, segments, restored, owned }
}

async function ownDirectories(config: Config, telemetry: Telemetry): Promise<AsyncDisposable> {
  await using owned = new AsyncDisposableStack()
  for (const dir of new Set([recordsDirectory(config), stateDirectory(config)])) {
    const owner = dir === undefined ? undefined : await ownOne(dir, telemetry)
    if (owner !== undefined) owned.use(owner)
  }
  return owned.move()
}

/** How long another agent may take to end, as in a rolling update. */
const HANDOVER_MS = 10_000
const ASK_MS = 250

async function ownOne(dir: string, telemetry: Telemetry): Promise<AsyncDisposable | undefined> {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    for (let waited = 0; waited <= HANDOVER_MS; waited += ASK_MS) {
      const owner = await own(dir)
      if (owner !== undefined) return owner
      await sleep(ASK_MS)
    }
  } catch (error) {
    // Where no socket can be made nobody can be kept out; where nothing can be made that is said by what needs it.
    telemetry.stateRefused({
      text: `Cannot keep other agents out of "${dir}": ${(error as Error).message}`,
    })
    return undefined
  }
  throw new WorkError(
    `Cannot use "${dir}": another agent that lives has it; give each its own records.directory and state.directory`,
  )
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
