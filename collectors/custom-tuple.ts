// The parts of a mapping that say who spoke to whom: addresses, ports, protocol, ICMP type, and the ends after NAT.

import { readAddressPort } from './address-port.ts'
import { scanAddress } from './bytes.ts'
import { ABSENT, BAD, type MappedLine, type Part } from './custom-line.ts'
import type { Mapping } from './custom-mapping.ts'
import { type Flow, Proto } from './flow.ts'
import { hasPorts, NO_PROTOCOL, protocolAt, protocolOf } from './protocol-names.ts'

const ports = new Int32Array(1)

/** Both ends: addresses and ports. */
export function tuplePart(line: MappedLine, mapping: Mapping): Part {
  const source = line.field(mapping.source.address)
  const destination = line.field(mapping.destination.address)
  const sourcePort = line.field(mapping.source.port)
  const destinationPort = line.field(mapping.destination.port)
  return (bytes, flow) => {
    flow.sport = endPort(line, bytes, flow, source, 0, sourcePort)
    if (flow.sport === BAD) return false
    flow.dport = endPort(line, bytes, flow, destination, 4, destinationPort)
    return flow.dport !== BAD
  }
}

/** Reads an address into `slot`, and its port: of its own field, or behind the address. BAD where one of them is none. */
function endPort(
  line: MappedLine,
  bytes: Uint8Array,
  flow: Flow,
  field: number,
  slot: number,
  port: number,
): number {
  if (!line.has(field)) {
    line.problem = `${line.names[field]} is absent`
    return BAD
  }
  const at = line.start(field)
  const until = line.end(field)
  if (scanAddress(bytes, at, flow.address, slot) === until) return portOf(line.number(bytes, port, 65535))
  if (readAddressPort(bytes, at, until, flow.address, slot, ports, 0)) return portOf(ports[0]!)
  line.wrong(bytes, field, 'no address')
  return BAD
}

export function protocolPart(line: MappedLine, { protocol }: Mapping): Part {
  const always = typeof protocol === 'object' ? protocolOf(protocol.always) : -1
  const field = typeof protocol === 'string' ? line.field(protocol) : ABSENT
  return (bytes, flow) => {
    flow.proto = line.has(field) ? protocolAt(bytes, line.start(field), line.end(field)) : always
    if (flow.proto === NO_PROTOCOL) return line.wrong(bytes, field, 'no protocol')
    if (flow.proto >= 0 && !hasPorts(flow.proto)) {
      flow.sport = -1
      flow.dport = -1
    }
    return true
  }
}

export function icmpPart(line: MappedLine, { type, code }: NonNullable<Mapping['icmp']>): Part {
  const typeField = line.field(type)
  const codeField = line.field(code)
  return (bytes, flow) => {
    if (flow.proto !== Proto.icmp && flow.proto !== Proto.icmpv6) return true
    flow.icmpType = line.number(bytes, typeField, 255)
    flow.icmpCode = line.number(bytes, codeField, 255)
    return flow.icmpType !== BAD && flow.icmpCode !== BAD
  }
}

/** After NAT. The reply tuple runs the other way: its source is who answers, its destination whom that one saw. */
export function translatedPart(
  line: MappedLine,
  { source: from, destination: to }: NonNullable<Mapping['translated']>,
): Part {
  const fromField = line.field(from?.address)
  const fromPort = line.field(from?.port)
  const toField = line.field(to?.address)
  const toPort = line.field(to?.port)
  return (bytes, flow) => {
    const sport = line.number(bytes, fromPort, 65535)
    const dport = line.number(bytes, toPort, 65535)
    if (sport === BAD || dport === BAD) return false
    if (![fromField, toField, fromPort, toPort].some(line.has)) return true
    flow.hasReply = true
    flow.replySport = dport > 0 && flow.dport >= 0 ? dport : flow.dport
    flow.replyDport = sport > 0 && flow.sport >= 0 ? sport : flow.sport
    return (
      translatedAddress(line, bytes, flow, toField, 8, 4) &&
      translatedAddress(line, bytes, flow, fromField, 12, 0)
    )
  }
}

function translatedAddress(
  line: MappedLine,
  bytes: Uint8Array,
  flow: Flow,
  field: number,
  slot: number,
  otherwise: number,
): boolean {
  if (!line.has(field)) {
    flow.address.copyWithin(slot, otherwise, otherwise + 4)
    return true
  }
  const isAddress = scanAddress(bytes, line.start(field), flow.address, slot) === line.end(field)
  return isAddress || line.wrong(bytes, field, 'no address')
}

/** 0 is what producers write that have no port to write. */
function portOf(number: number): number {
  return number === 0 ? -1 : number
}
