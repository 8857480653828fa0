// Lines that a container runtime has split, because they were longer than it writes at once: put together, per stream.

import type { Collector } from './collector.ts'
import { Outcome } from './collector.ts'
import type { Flow } from './flow.ts'

export const Stream = { out: 0, err: 1 } as const
export type Stream = (typeof Stream)[keyof typeof Stream]

export interface PartialLines {
  /** Takes a piece of a line; `isLast` where its end is there: then `inner` reads the whole line. */
  read(
    stream: Stream,
    bytes: Uint8Array,
    start: number,
    end: number,
    isLast: boolean,
    flow: Flow,
    inner: Collector,
  ): Outcome
  /** Lines that grew beyond the longest, and were given up. */
  readonly lost: number
}

/** The same bound as for lines of a file. */
const LONGEST = 1 << 20

interface Partial {
  bytes: Uint8Array
  length: number
  /** Too long: the rest up to its end is dropped. */
  overflown: boolean
}

export function createPartialLines(): PartialLines {
  const streams: readonly [Partial, Partial] = [createPartial(), createPartial()]
  let lost = 0

  function readAssembled(partial: Partial, flow: Flow, inner: Collector): Outcome {
    const { length, overflown } = partial
    partial.length = 0
    partial.overflown = false
    if (overflown) {
      lost++
      return Outcome.malformed
    }
    partial.bytes[length] = 10
    const outcome = inner.read(partial.bytes, 0, length, flow)
    // The text lies in our buffer, so it cannot be pointed at in the line.
    flow.spans.fill(0)
    return outcome
  }

  return {
    read(stream, bytes, start, end, isLast, flow, inner) {
      const partial = streams[stream]
      if (isLast && partial.length === 0 && !partial.overflown) return inner.read(bytes, start, end, flow)
      append(partial, bytes, start, end)
      return isLast ? readAssembled(partial, flow, inner) : Outcome.note
    },
    get lost() {
      return lost
    },
  }
}

function createPartial(): Partial {
  return { bytes: new Uint8Array(4096), length: 0, overflown: false }
}

function append(partial: Partial, bytes: Uint8Array, start: number, end: number): void {
  const length = partial.length + end - start
  if (length > LONGEST || partial.overflown) {
    partial.length = 0
    partial.overflown = true
    return
  }
  if (length >= partial.bytes.length) {
    const larger = new Uint8Array(Math.min(LONGEST + 1, length * 2))
    larger.set(partial.bytes.subarray(0, partial.length))
    partial.bytes = larger
  }
  partial.bytes.set(bytes.subarray(start, end), partial.length)
  partial.length = length
}
