// What a source of the agent says, as the quickstart passes it on: whole lines and losses, without streams or back-pressure.

import type { Inlet, Receiver, SourceGap } from '../source/receiver.ts'

const newline = 10

export interface LineReceiver {
  /** One line with its newline; the bytes are the receiver's. */
  readonly onLine: (bytes: Uint8Array) => void
  readonly onGap: (gap: SourceGap) => void
  /** It cannot be read now. */
  readonly onTrouble: (text: string) => void
}

export function createLineReceiver({ onLine, onGap, onTrouble }: LineReceiver): Receiver {
  const inlet: Inlet = {
    line(bytes, start, end) {
      const line = Buffer.from(bytes.subarray(start, end + 1))
      line[end - start] = newline
      onLine(line)
    },
    gap: onGap,
    end() {},
  }
  return {
    open: () => inlet,
    gap: onGap,
    isFull: false,
    trouble(text) {
      if (text !== undefined) onTrouble(text)
    },
  }
}
