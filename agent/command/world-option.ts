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
  if (input.ignored.size > 0)
    io.stderr(`culprit: no policy looks at ${ignoredText(input.ignored)}: ignored\n`)
  const began = monotonicSeconds()
  const timeline = createTimeline<Epoch>(input, { compile: world => compile(world, { profile }) })
  const { rejections } = timeline.viewAt(Number.POSITIVE_INFINITY).epoch
  const compileSeconds = monotonicSeconds() - began
  for (const { key, problems } of rejections)
    io.stderr(`culprit: left out ${key}, an API server would refuse it: ${problems.join('; ')}\n`)
  return { input, timeline, compileSeconds }
}

/** `3 Deployment, 1 ConfigMap` */
function ignoredText(ignored: ReadonlyMap<string, number>): string {
  return [...ignored].map(([kind, n]) => `${n} ${printable(kind)}`).join(', ')
}
