// Protocol names and IANA numbers, as probes write them and as answers print them.

import { SCTP, TCP, UDP } from './answer.ts'

const ICMP = 1
const ICMPV6 = 58

const names = new Map<number, string>([
  [ICMP, 'ICMP'],
  [2, 'IGMP'],
  [TCP, 'TCP'],
  [UDP, 'UDP'],
  [47, 'GRE'],
  [50, 'ESP'],
  [51, 'AH'],
  [ICMPV6, 'ICMPv6'],
  [SCTP, 'SCTP'],
])

const numbers = new Map([...names].map(([number, name]) => [name.toUpperCase(), number]))

/** The name of an IANA number; `protocol 89` for one that has no name here. */
export function protocolName(protocol: number): string {
  return names.get(protocol) ?? `protocol ${protocol}`
}

/** The IANA number of a name in any case; undefined for a name that is not known. */
export function protocolNumber(name: string): number | undefined {
  return numbers.get(name.toUpperCase())
}

export const protocolNames: readonly string[] = [...names.values()]

/** The protocols that a NetworkPolicy port can name, which are those the API guarantees anything about (S46). */
export function hasPolicyPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP
}

export function isICMP(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6
}

/** `5432/TCP`, or the bare protocol where there is no port. */
export function formatPort(protocol: number, port: number): string {
  return port < 0 ? protocolName(protocol) : `${port}/${protocolName(protocol)}`
}
