// `why --records DIR`: from the records at rest, and the timeline that the agent wrote beside them; `--world` in its place, or nothing:
// then a record speaks for itself.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError, WorkError } from './errors.ts'
import { checkNode } from './finished-logs.ts'
import type { Io } from './io.ts'
import { listRecords } from './record-files.ts'
import { queryCommand } from './why-commands.ts'
import { readAt, type WhyCall } from './why-options.ts'
import { printAnswer } from './why-print.ts'
import { answerFromRecords, type RestScene } from './why-rest-answer.ts'
import { rosterOf } from './why-roster.ts'
import { openWorld } from './world-option.ts'

/** Beside the segments; the agent writes it in the format of a world. */
export const TIMELINE = 'timeline'

type RestCall = WhyCall & { readonly records: string }

export async function whyAtRest(from: string, to: string, call: RestCall, io: Io): Promise<void> {
  // A wrong call is said before anything is read.
  readAt(call.at)
  const records = listRecords(call.records, '--records')
  const { answer, told } = await answerFromRecords(
    { from, to, port: call.port, protocol: call.protocol, at: call.at },
    {
      records,
      place: `"${call.records}"`,
      scene: await sceneOf(call, io),
      signal: io.signal,
      onProgress: async () => {},
      more: {
        text: 'The records of these two:',
        command: queryCommand(from, to, { ...call, place: ['--records', call.records] }),
      },
    },
  )
  await printAnswer(answer, told, call.output, io)
}

/** @throws UsageError where `--world` cannot be read; a timeline that nobody asked for is done without. */
async function sceneOf(call: RestCall, io: Io): Promise<RestScene | undefined> {
  const beside = join(call.records, TIMELINE)
  const path = call.world ?? (statSync(beside, { throwIfNoEntry: false })?.isDirectory() ? beside : undefined)
  if (path === undefined) return undefined
  try {
    const { input, timeline, hasUnsupported } = await openWorld(path, call.profile, io)
    checkNode(call.node, input.nodeNames)
    return {
      timeline,
      roster: rosterOf(input),
      path,
      last: input.events.at(-1)?.at ?? Number.NaN,
      eyes: { node: call.node, hasUnsupported },
    }
  } catch (error) {
    if (call.world !== undefined || !(error instanceof UsageError || error instanceof WorkError)) throw error
    io.stderr(`culprit: ${error.message}; the answer comes from the records alone\n`)
    return undefined
  }
}
