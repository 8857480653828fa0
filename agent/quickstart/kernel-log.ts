// The kernel log as the quickstart reads it: the agent's own reader, of which only the lines of this run are passed on.

import { openKmsg } from '../source/kmsg.ts'
import { createKernelClock } from '../source/kmsg-clock.ts'
import type { KmsgDevice } from '../source/kmsg-device.ts'
import { createLineReceiver } from './line-receiver.ts'

export { kernelBootTime } from '../source/kmsg-clock.ts'

export interface KernelLogOptions {
  /** How the node's ends of this run's links end, `-x7k2`: the kernel has one log for everybody, and other lines are theirs. */
  readonly deviceSuffix: string
  readonly onBytes: (bytes: Uint8Array) => void
  /** Records of any kind that the kernel overwrote before they were read. */
  readonly onLoss: (records: number) => void
  /** It cannot be read now; it is tried again. */
  readonly onEnd: (why: string) => void
  /** For tests. */
  readonly open?: () => KmsgDevice
}

/** Starts after what the log holds already. Closing it reads what is still there. */
export function openKernelLog({ onBytes, onLoss, onEnd, ...options }: KernelLogOptions): Disposable {
  const mark = `${options.deviceSuffix} `
  const source = openKmsg({
    ...(options.open && { open: options.open }),
    begin: 'end',
    clock: createKernelClock(),
    now: Date.now,
    receiver: createLineReceiver({
      onLine(bytes) {
        if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(mark)) onBytes(bytes)
      },
      onGap: ({ lost }) => onLoss(lost ?? 0),
      onTrouble: onEnd,
    }),
  })
  return {
    [Symbol.dispose]() {
      // Everything it does to close is done before the call returns.
      void source[Symbol.asyncDispose]()
    },
  }
}
