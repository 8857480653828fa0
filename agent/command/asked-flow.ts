// A connection that nobody has seen, as a log line would tell of it without a verdict: for questions that the pipeline's judge answers.

import { createFlow, type Flow, Reply } from '../../collectors/flow.ts'
import type { Address } from '../address.ts'

export interface AskedConnection {
  /** Microseconds since 1970, NaN where the world has no times. */
  readonly time: number
  /** IANA number. */
  readonly proto: number
  readonly from: Address
  readonly to: Address
  /** -1 where the protocol has none. */
  readonly port: number
  /** The Service's address and port, where the client goes through one. */
  readonly called?: { readonly address: Address; readonly port: number } | undefined
}

export function askedFlow({ time, proto, from, to, port, called }: AskedConnection): Flow {
  const flow: Flow = { ...createFlow(), time, proto, dport: called?.port ?? port, isReply: Reply.no }
  flow.address.set(from, 0)
  flow.address.set(called?.address ?? to, 4)
  if (called === undefined) return flow
  flow.hasReply = true
  flow.replySport = port
  flow.address.set(to, 8)
  flow.address.set(from, 12)
  return flow
}
