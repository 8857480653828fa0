// ulogd's text: what stands before the message, and which of its two kinds the message is.

import { asciiBytes, BLANK, find, isDigit, skipBlanks, skipToken, startsWith } from './bytes.ts'
import { type Clock, scanIso, scanSyslog } from './clock.ts'
import { type CollectorOptions, Outcome } from './collector.ts'
import { type Flow, Span } from './flow.ts'
import type { KubeRouterDrops } from './kube-router.ts'
import { createPacketReader, readMessage } from './netfilter-log.ts'
import { readConnection } from './ulogd-connection.ts'

const KERNEL = asciiBytes('kernel')
const ULOGD = asciiBytes('ulogd')
const ORIGINAL = asciiBytes('ORIG: SRC=')
const COLON = 58

export type LineReader = (bytes: Uint8Array, start: number, end: number, flow: Flow) => Outcome

export function createTextReader(options: CollectorOptions, drops: KubeRouterDrops): LineReader {
  const reader = createPacketReader(options)
  const { clock } = reader.head
  return (bytes, start, end, flow) => {
    const message = skipStamp(bytes, start, end, clock)
    if (message < 0) return Outcome.foreign
    flow.time = clock.time
    flow.precision = clock.precision
    const outcome = readMessage(bytes, message, end, flow, reader)
    if (outcome === Outcome.flow)
      drops.observe(flow, bytes, flow.spans[Span.prefix]!, flow.spans[Span.prefix + 1]!)
    if (outcome !== Outcome.foreign) return outcome
    const original = find(bytes, message, end, ORIGINAL)
    return original < 0 ? Outcome.foreign : readConnection(bytes, message, original, end, flow)
  }
}

/**
 * `Nov 24 17:07:56 worker-3 `, LOGEMU's own, or that of a syslog, `… worker-3 ulogd[812]: `; the start of the message, or -1. What
 * the kernel has said is netfilter-log's.
 */
function skipStamp(bytes: Uint8Array, at: number, end: number, clock: Clock): number {
  at = isDigit(bytes[at]!) ? scanIso(bytes, at, clock) : scanSyslog(bytes, at, clock)
  if (at < 0 || bytes[at] !== BLANK) return -1
  const message = skipToken(bytes, skipBlanks(bytes, at), end) + 1
  if (message >= end) return -1
  const tagEnd = skipToken(bytes, message, end)
  if (bytes[tagEnd - 1] !== COLON) return message
  if (startsWith(bytes, message, end, KERNEL)) return -1
  return startsWith(bytes, message, end, ULOGD) ? tagEnd + 1 : message
}
