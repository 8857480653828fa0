// Whether what an earlier run left is what this version leaves. Somebody may have edited it, or a fault have written it: an agent that
// cannot start because of what it remembers would never start again, so it is left out as a whole, and said.

import * as z from 'zod'
import type { Restored } from '../source/checkpoint.ts'

const time = z.number().nullable()
const numbers = [time, time, time, z.int().min(0), z.int().min(0).max(2)] as const
/** Of the pipeline's table of folds. */
const index = z.int().min(0).max(19_999)
const slot = z.union([
  z.tuple([index, z.null()]),
  z.tuple([index, z.literal(0), ...numbers]),
  z.tuple([index, z.tuple([z.string(), z.string(), z.string()]), ...numbers]),
])

const address = z.array(z.int()).max(16)
const flow = z.looseObject({ address, time })
const id = z.int()

const commit = z.looseObject({
  at: z.number(),
  sources: z
    .record(z.string(), z.looseObject({ intakes: z.record(z.string(), z.looseObject({})).optional() }))
    .optional(),
  state: z
    .looseObject({
      fold: z.array(slot),
      held: z.looseObject({ came: z.array(z.looseObject({ id, item: flow })), went: z.array(id) }),
    })
    .optional(),
  records: z.array(z.looseObject({ v: z.literal(1), id: z.string(), event: z.string() })).optional(),
})

/** What is wrong with it, as a sentence; undefined where nothing is. */
export function wrongWithRestored(commits: readonly Restored[]): string | undefined {
  for (const [i, each] of commits.entries()) {
    const { error } = commit.safeParse(each)
    if (error === undefined) continue
    const [issue] = error.issues
    return `line ${i + 1}, ${issue?.path.join('.') || 'all of it'}: ${issue?.message}`
  }
  return undefined
}
