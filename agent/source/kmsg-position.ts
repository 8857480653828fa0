// Where a reader of the kernel log stands, as it is kept between two runs of the agent. Numbers of records count from the
// machine's start, so a position is of one boot.

import * as z from 'zod'

const gap = z.strictObject({ lost: z.int(), from: z.number(), to: z.number() })

const position = z.strictObject({
  version: z.literal(1),
  bootId: z.string(),
  /** The last record that was read, and its stamp in microseconds since boot. */
  sequence: z.int(),
  stamp: z.number(),
  clock: z.strictObject({ bootTime: z.number(), offset: z.number() }),
  /** Records that are known to be lost and not told yet. */
  owed: gap.optional(),
})

export type KmsgPosition = z.infer<typeof position>
export type OwedGap = z.infer<typeof gap>

/** @throws ZodError when it is none. */
export function parseKmsgPosition(value: unknown): KmsgPosition {
  return position.parse(value)
}
