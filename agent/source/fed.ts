// A source that somebody feeds with bytes, as the quickstart does and tests do.

import { createLines } from './lines.ts'
import type { Inlet, LiveSource, Receiver } from './receiver.ts'

export interface Fed {
  readonly open: (receiver: Receiver) => LiveSource
  /** Whole or half lines; before it is open they go nowhere. */
  feed(bytes: Uint8Array): void
  lose(cause: string, lost: number | undefined): void
}

/** `stream` identifies it in record ids. */
export function createFed(format: string, stream: string): Fed {
  let inlet: Inlet | undefined
  const lines = createLines((bytes, start, end, offset) => inlet?.line(bytes, start, end, offset))
  return {
    open(receiver) {
      inlet = receiver.open({ stream, file: undefined })
      return {
        format,
        name: format,
        position: () => null,
        async [Symbol.asyncDispose]() {
          lines.close()
          inlet?.end()
        },
      }
    },
    feed: bytes => lines.write(bytes),
    lose: (cause, lost) => inlet?.gap({ cause, lost }),
  }
}
