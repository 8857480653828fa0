// The options of `culprit why`, read and checked.

import { formatPort, type Profile } from '../policy/index.ts'
import { hasPolicyPorts, protocolNames, protocolNumber } from '../policy/protocol.ts'
import { parseTime } from '../timeline/index.ts'
import { UsageError } from './errors.ts'

export interface WhyCall {
  readonly world?: string
  readonly records?: string
  readonly agent?: string
  readonly log?: readonly string[]
  readonly config?: string
  readonly port?: string
  readonly protocol?: string
  readonly at?: string
  readonly node?: string
  readonly profile: Profile
  readonly output: 'text' | 'json'
}

/** From manifests and timelines, and logs perhaps. */
export type WhyOptions = WhyCall & { readonly world: string }

/** IANA number. @throws UsageError */
export function readProtocol(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const protocol = protocolNumber(text)
  if (protocol !== undefined) return protocol
  throw new UsageError(`Cannot use --protocol "${text}": it can be ${protocolNames.join(', ')}`)
}

/** @throws UsageError */
export function readPort(text: string | undefined, protocol: number | undefined): number | undefined {
  if (text === undefined) return undefined
  if (protocol !== undefined && !hasPolicyPorts(protocol))
    throw new UsageError(`Cannot use --port "${text}": ${formatPort(protocol, -1)} has no ports`)
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new UsageError(`Cannot use --port "${text}": it is a number from 1 to 65535`)
}

/** Microseconds, Infinity for the latest. @throws UsageError */
export function readAt(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  const time = parseTime(text)
  if (!Number.isNaN(time)) return time
  throw new UsageError(`Cannot use --at "${text}": it is a time such as 2026-11-22T14:41:02Z`)
}
