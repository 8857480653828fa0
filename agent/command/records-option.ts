// `replay --records DIR`: records come to rest as the agent's do.

import { readdirSync } from 'node:fs'
import { parseSegmentName } from '../forensics/segment.ts'
import { openSegments } from '../sink/segments.ts'
import { UsageError, WorkError } from './errors.ts'
import type { Io } from './io.ts'

export interface Rest {
  line(json: string): void
  /** @throws WorkError where records could not be written: a replay can be run again. */
  flush(): Promise<void>
  finish(): Promise<void>
}

/** Undefined where nothing is asked for. @throws UsageError where records lie there already: they would be counted twice. */
export async function openRest(dir: string | undefined, io: Io): Promise<Rest | undefined> {
  if (dir === undefined) return undefined
  if (namesIn(dir).some(name => parseSegmentName(name) !== undefined))
    throw new UsageError(
      `Cannot use --records "${dir}": it holds records already, which would be counted twice; name an empty directory`,
    )
  const segments = await openSegments({
    dir,
    now: io.now,
    say: text => io.stderr(`culprit: ${text}\n`),
    // A finished log can wait for the disk, and what somebody asked to keep is not removed again.
    heldBytes: Number.POSITIVE_INFINITY,
    budgetBytes: Number.POSITIVE_INFINITY,
  })
  const check = () => {
    if (segments.problem !== undefined)
      throw new WorkError(`Cannot write records to "${dir}": ${segments.problem.message}`)
  }
  return {
    line: segments.line,
    async flush() {
      await segments.flush()
      check()
    },
    async finish() {
      await segments.finish()
      check()
    },
  }
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new UsageError(`Cannot use --records "${dir}": ${message}`, { cause })
  }
}
