// `--world`, for every command that has it.

import { readWorld, WorldError, type WorldInput } from '../cluster/index.ts'
import { printable } from '../forensics/printable.ts'
import { compile, type Epoch, type Profile } from '../policy/index.ts'
import { monotonicSeconds } from '../telemetry/process.ts'
import { createTimeline, type Timeline } from '../timeline/index.ts'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'

export interface OpenWorld {
  readonly input: WorldInput
  readonly timeline: Timeline<Epoch>
  /** What the timeline and its last epoch took to make, without reading. */
  readonly compileSeconds: number
  /** The world has policies of kinds that are not evaluated here. */
  readonly hasUnsupported: boolean
}

/**
 * Reads the world and says on standard error what of it is left out: invalid policies by name, with what is wrong.
 * @throws UsageError naming the file, the document and the line of everything that cannot be read.
 */
export async function openWorld(path: string, profile: Profile, io: Io): Promise<OpenWorld> {
  const input = await readWorld(path).catch((error: unknown) => {
    if (error instanceof WorldError) throw new UsageError(error.message, { cause: error })
    throw error
  })
  for (const note of input.notes) io.stderr(`culprit: ${note}\n`)
  if (input.ignored.size > 0) io.stderr(`culprit: not used: ${ignoredText(input.ignored)}\n`)
  const hasUnsupported = [...input.ignored.keys()].some(isPolicyKind)
  if (hasUnsupported)
    io.stderr('culprit: there are policies of kinds that are not evaluated here, so no answer is certain\n')
  const began = monotonicSeconds()
  const timeline = createTimeline<Epoch>(input, { compile: world => compile(world, { profile }) })
  const { rejections } = timeline.viewAt(Number.POSITIVE_INFINITY).epoch
  const compileSeconds = monotonicSeconds() - began
  for (const { key, problems } of rejections) io.stderr(`culprit: left out ${key}: ${problems.join('; ')}\n`)
  return { input, timeline, compileSeconds, hasUnsupported }
}

/** `3 Deployment, 1 ConfigMap` */
function ignoredText(ignored: ReadonlyMap<string, number>): string {
  return [...ignored].map(([kind, n]) => `${n} ${printable(kind)}`).join(', ')
}

/** Other people's policies that also admit and deny packets: CiliumNetworkPolicy, Calico's and Antrea's NetworkPolicy, their cluster-wide kin. */
function isPolicyKind(kind: string): boolean {
  return /^\w*NetworkPolicy\b/.test(kind) && !kind.startsWith('Staged')
}
