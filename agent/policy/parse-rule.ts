// Reading one rule of a NetworkPolicy: peers, ipBlocks and ports, with the checks of kubernetes
// `pkg/apis/networking/validation/validation.go`.

import { type Address, inCidr, parseCidr } from '../address.ts'
import { type Direction, TCP } from './answer.ts'
import {
  at,
  complain,
  element,
  type Fields,
  field,
  type Place,
  quote,
  readList,
  readObject,
  readString,
} from './fields.ts'
import { portNameProblems } from './names.ts'
import type { CidrText, IpBlock, Peer, PortMatch, Rule } from './network-policy.ts'
import { parseSelector } from './parse-selector.ts'
import { hasPolicyPorts, protocolNumber } from './protocol.ts'

/** Reads a rule; a `null` rule is the empty one, which allows everything (S20), as the API server decodes it. */
export function parseRule(value: unknown, direction: Direction, place: Place): Rule {
  const fields = readObject(value, place) ?? {}
  const peerField = direction === 'ingress' ? 'from' : 'to'
  return {
    peers: elements(fields, peerField, place).map(([item, where]) => parsePeer(item, where)),
    ports: elements(fields, 'ports', place).map(([item, where]) => parsePort(item, where)),
  }
}

function elements(fields: Fields, name: string, place: Place): [Fields, Place][] {
  const list = at(place, name)
  return readList(field(fields, name), list).map((item, i) => {
    const where = element(list, i)
    return [readObject(item, where) ?? {}, where]
  })
}

function parsePeer(fields: Fields, place: Place): Peer {
  const present = ['podSelector', 'namespaceSelector', 'ipBlock'].filter(
    name => field(fields, name) !== undefined,
  )
  // S27: a peer without fields must not be read as "all peers".
  if (present.length === 0) complain(place, 'must specify a peer')
  if (present.length > 1 && present.includes('ipBlock'))
    complain(place, 'may not specify both ipBlock and another peer')
  const podSelector = parseSelector(field(fields, 'podSelector'), at(place, 'podSelector'))
  const namespaceSelector = parseSelector(field(fields, 'namespaceSelector'), at(place, 'namespaceSelector'))
  const ipBlock = parseIpBlock(field(fields, 'ipBlock'), at(place, 'ipBlock'))
  return {
    ...(podSelector && { podSelector }),
    ...(namespaceSelector && { namespaceSelector }),
    ...(ipBlock && { ipBlock }),
  }
}

function parseIpBlock(value: unknown, place: Place): IpBlock | undefined {
  const fields = readObject(value, place)
  if (fields === undefined) return undefined
  const cidr = parseCidrText(field(fields, 'cidr'), at(place, 'cidr'))
  const exceptPlace = at(place, 'except')
  const except = readList(field(fields, 'except'), exceptPlace).flatMap((item, i) => {
    const where = element(exceptPlace, i)
    const inner = parseCidrText(item, where)
    if (inner !== undefined && cidr !== undefined && !isStrictSubset(inner, cidr))
      complain(where, `${quote(inner.text)} must be a strict subset of \`cidr\` ${quote(cidr.text)}`)
    return inner ?? []
  })
  return cidr && { cidr, except }
}

export function parseCidrText(value: unknown, place: Place): CidrText | undefined {
  const text = readString(value, place)
  // S35: host bits and leading zeros are in stored objects and are read as ParseCIDRSloppy reads them.
  const cidr = parseCidr(text)
  if (cidr === undefined)
    complain(place, `${quote(text)} is not a valid CIDR (for example 10.0.0.0/8 or fd00::/64)`)
  return cidr && { cidr, text }
}

/** As the API server computes it: by the prefix lengths as they are written, whichever family's form they have. */
function isStrictSubset(inner: CidrText, outer: CidrText): boolean {
  const network: Address = inner.cidr.address
  return inCidr(outer.cidr, network) && writtenPrefix(outer) < writtenPrefix(inner)
}

function writtenPrefix(cidr: CidrText): number {
  return Number(cidr.text.slice(cidr.text.indexOf('/') + 1))
}

function parsePort(fields: Fields, place: Place): PortMatch {
  const protocol = parseProtocol(field(fields, 'protocol'), at(place, 'protocol'))
  const port = field(fields, 'port')
  const endPort = field(fields, 'endPort')
  if (typeof port === 'string') {
    for (const problem of portNameProblems(port)) complain(at(place, 'port'), `${quote(port)} ${problem}`)
    if (endPort !== undefined)
      complain(at(place, 'endPort'), 'may not be specified when `port` is non-numeric')
    return { protocol, name: port }
  }
  if (port === undefined) {
    if (endPort !== undefined)
      complain(at(place, 'endPort'), 'may not be specified when `port` is not specified')
    return { protocol }
  }
  const first = parseNumber(port, at(place, 'port'), 'a number or a name')
  if (endPort === undefined) return { protocol, port: first }
  const last = parseNumber(endPort, at(place, 'endPort'), 'a number')
  if (last < first)
    complain(at(place, 'endPort'), `${last} must be greater than or equal to \`port\` ${first}`)
  return { protocol, port: first, endPort: last }
}

/** S36: TCP when absent. */
export function parseProtocol(value: unknown, place: Place): number {
  if (value === undefined) return TCP
  const text = readString(value, place)
  const number = protocolNumber(text)
  // The API's protocols are upper case and nothing else: `tcp` is refused.
  if (number !== undefined && hasPolicyPorts(number) && text === text.toUpperCase()) return number
  complain(place, `${quote(value)} is not supported: TCP, UDP, SCTP`)
  return TCP
}

export function parseNumber(value: unknown, place: Place, wanted: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    complain(place, `must be ${wanted}, not ${quote(value)}`)
    return Number.NaN
  }
  if (value < 1 || value > 65535) complain(place, `${value} must be between 1 and 65535, inclusive`)
  return value
}
