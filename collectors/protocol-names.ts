// The names that producers of logs have for IP protocols, in any case, and plain numbers.

import { textOf } from './bytes.ts'
import { Proto } from './flow.ts'

const numbers = new Map<string, number>([
  ...Object.entries(Proto),
  ['icmpv4', Proto.icmp],
  ['ipv6-icmp', Proto.icmpv6],
  ['icmp6', Proto.icmpv6],
  ['tcp6', Proto.tcp],
  ['udp6', Proto.udp],
  ['sctp6', Proto.sctp],
  ['udplite', 136],
  // What producers write who have no name for it.
  ['unknown', -1],
  ['unknownprotocol', -1],
  ['unknown protocol', -1],
])

/** No name and no number of a protocol. */
export const NO_PROTOCOL = -2

/** IANA number; -1 where the producer says that it does not know; NO_PROTOCOL for anything else. */
export function protocolOf(text: string): number {
  const number = numbers.get(text) ?? numbers.get(text.toLowerCase())
  if (number !== undefined) return number
  return /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : NO_PROTOCOL
}

const TCP = 0x504354
const UDP = 0x504455

/** `protocolOf` of the text at [start, end). */
export function protocolAt(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === 3) {
    const name = (bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16)) & 0xdfdfdf
    if (name === TCP) return Proto.tcp
    if (name === UDP) return Proto.udp
  }
  return end > start && end - start <= 20 ? protocolOf(textOf(bytes, start, end)) : NO_PROTOCOL
}

/** Protocols whose packets have ports. */
export function hasPorts(proto: number): boolean {
  return (
    proto === Proto.tcp ||
    proto === Proto.udp ||
    proto === Proto.sctp ||
    proto === Proto.dccp ||
    proto === 136
  )
}
