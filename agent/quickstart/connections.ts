// Follows `conntrack -E` inside the node: every connection that was let through, as events. Denied packets never appear there.

import { openConntrackEvents } from '../source/conntrack-events.ts'
import { createLineReceiver } from './line-receiver.ts'
import { inNamespace } from './node.ts'

export interface ConnectionOptions {
  /** One line with its newline. */
  readonly onBytes: (bytes: Uint8Array) => void
  /** Events that the kernel could not deliver; undefined where nobody knows how many. */
  readonly onLoss: (events: number | undefined) => void
  /** It cannot be followed now, though nobody had asked for that; it is tried again. */
  readonly onEnd: (why: string) => void
}

/** Closing it waits until the program is gone, so that its namespace can go too. */
export function openConnections(
  namespace: string,
  { onBytes, onLoss, onEnd }: ConnectionOptions,
): AsyncDisposable {
  return openConntrackEvents({
    command: ['ip', ...inNamespace(namespace, ['conntrack'])],
    now: Date.now,
    receiver: createLineReceiver({
      onLine: onBytes,
      onGap: ({ lost }) => onLoss(lost),
      onTrouble: onEnd,
    }),
  })
}
