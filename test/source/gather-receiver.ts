// A receiver that writes down what a source tells it, in order.

import type { Inlet, Receiver, SourceGap } from '../../agent/source/receiver.ts'

export interface Gathered {
  readonly receiver: Receiver
  /** `offset text`, of all streams. */
  readonly lines: string[]
  readonly gaps: SourceGap[]
  readonly troubles: (string | undefined)[]
  /** The names of the streams that were opened, `end NAME` where they ended. */
  readonly streams: string[]
  /** Nobody can take a line while it is set. */
  isFull: boolean
}

export function gather(): Gathered {
  const lines: string[] = []
  const gaps: SourceGap[] = []
  const troubles: (string | undefined)[] = []
  const streams: string[] = []
  const gathered = { lines, gaps, troubles, streams, isFull: false }
  const gap = (one: SourceGap): void => void gaps.push(one)
  return Object.assign(gathered, {
    receiver: {
      open({ stream }: { stream: string }): Inlet {
        streams.push(stream)
        return {
          line: (bytes, start, end, offset) =>
            void lines.push(`${offset} ${Buffer.from(bytes.subarray(start, end)).toString('latin1')}`),
          gap,
          end: () => void streams.push(`end ${stream}`),
        }
      },
      gap,
      get isFull() {
        return gathered.isFull
      },
      trouble: (text: string | undefined) => void troubles.push(text),
    },
  })
}

/** Waits until something holds; fails by its time limit, so that it is never what a test measures. */
export async function until(holds: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Nothing came of it within ${withinMs} ms: ${holds}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
