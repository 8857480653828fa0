// Ports and protocols of the cluster-scoped kinds: what would be refused.

import { isPortNumber } from './manifest.ts'
import type { DestinationPort, TierKind, TierPort, TierProtocol, TierRule } from './tier-manifest.ts'

export function hasNamedPort(kind: TierKind, { ports = [], protocols = [] }: TierRule): boolean {
  if (kind === 'ClusterNetworkPolicy')
    return protocols.some(protocol => protocol.destinationNamedPort !== undefined)
  return ports.some(port => port.namedPort !== undefined)
}

/** A10: exactly one of the three. */
export function portProblems({ portNumber, portRange, namedPort }: TierPort): string[] {
  if ([portNumber, portRange, namedPort].filter(field => field !== undefined).length !== 1)
    return ['not exactly one port']
  if (namedPort !== undefined) return nameProblems(namedPort)
  const protocol = (portNumber ?? portRange)?.protocol ?? 'TCP'
  const unknown = ['TCP', 'UDP', 'SCTP'].includes(protocol) ? [] : [`protocol ${protocol}`]
  return [
    ...unknown,
    ...destinationProblems({ number: portNumber?.port, range: portRange } as DestinationPort),
  ]
}

/** C6: exactly one of the four; `tcp: {}` is all its ports. */
export function protocolProblems({ tcp, udp, sctp, destinationNamedPort }: TierProtocol): string[] {
  const transports = [tcp, udp, sctp].filter(field => field !== undefined)
  if (transports.length + (destinationNamedPort === undefined ? 0 : 1) !== 1)
    return ['not exactly one protocol']
  if (destinationNamedPort !== undefined) return nameProblems(destinationNamedPort)
  const [transport] = transports as [NonNullable<TierProtocol['tcp']>]
  return Object.keys(transport).length === 0 ? [] : destinationProblems(transport.destinationPort ?? {})
}

/** The definitions take any text for a name; one that no pod can declare matches nothing. */
function nameProblems(name: string): string[] {
  return name === '' ? ['a port name without a letter'] : []
}

/** A10, C6: a number or a range, start < end. */
function destinationProblems({ number, range }: DestinationPort): string[] {
  if ((number === undefined) === (range === undefined)) return ['not exactly one destination port']
  if (number !== undefined) return isPortNumber(number) ? [] : [`port ${number}`]
  const { start, end } = range!
  return isPortNumber(start) && isPortNumber(end) && start < end ? [] : [`range ${start} to ${end}`]
}
