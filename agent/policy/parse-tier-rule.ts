// Reading one rule of a cluster-scoped policy: its action, peers and ports.

import { type Direction, SCTP, TCP, UDP } from './answer.ts'
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
import { parseNumber, parseProtocol } from './parse-rule.ts'
import { parseTierPeer } from './parse-tier-peer.ts'
import type { Action, TierPeer, TierPort, TierRule } from './tier-policy.ts'
import type { TierSchema } from './tier-schema.ts'

const MAX_NAME = 100

export function parseTierRule(
  value: unknown,
  direction: Direction,
  schema: TierSchema,
  place: Place,
): TierRule {
  const fields = readObject(value, place) ?? {}
  checkName(fields, at(place, 'name'))
  const action = parseAction(fields, schema, at(place, 'action'))
  const peerField = direction === 'ingress' ? 'from' : 'to'
  const peers = elements(fields, peerField, schema, place).map(([item, where]) =>
    parseTierPeer(item, direction, schema, where),
  )
  // A15: there is no shorthand for everybody.
  if (peers.length === 0) complain(at(place, peerField), 'must have at least one element')
  const ports = parsePorts(fields, schema, place)
  const rule = { action, peers, ports }
  checkTogether(rule, place, peerField, schema)
  return rule
}

function checkName(fields: Fields, place: Place): void {
  const name = readString(field(fields, 'name'), place)
  if (name.length > MAX_NAME) complain(place, `may have at most ${MAX_NAME} characters, not ${name.length}`)
}

function parseAction(fields: Fields, { actions }: TierSchema, place: Place): Action {
  const value = field(fields, 'action')
  const action = actions.find(known => known === value)
  if (action === undefined) complain(place, `must be one of ${actions.join(', ')}, not ${quote(value)}`)
  return action ?? 'Deny'
}

function elements(fields: Fields, name: string, schema: TierSchema, place: Place): [Fields, Place][] {
  const list = at(place, name)
  const items = readList(field(fields, name), list)
  if (items.length > schema.limit)
    complain(list, `may have at most ${schema.limit} elements, not ${items.length}`)
  return items.map((item, i) => {
    const where = element(list, i)
    return [readObject(item, where) ?? {}, where]
  })
}

/** A10, C6: missing is no filter; an empty list is refused. */
function parsePorts(fields: Fields, schema: TierSchema, place: Place): TierPort[] {
  const ports = elements(fields, schema.ports, schema, place)
  if (ports.length === 0 && field(fields, schema.ports) !== undefined)
    complain(at(place, schema.ports), 'must have at least one element, or not be there')
  const parse = schema.ports === 'ports' ? parsePort : parseProtocolMatch
  return ports.map(([item, where]) => parse(item, where))
}

/** The only field of an object that must have exactly one of some. */
function only<T extends string>(fields: Fields, names: readonly T[], place: Place): T | undefined {
  const present = names.filter(name => field(fields, name) !== undefined)
  if (present.length !== 1) complain(place, `must have exactly one of ${names.join(', ')}`)
  return present.length === 1 ? present[0] : undefined
}

const NOTHING: TierPort = { name: '' }

/** `portNumber: {protocol, port}`, `portRange: {protocol, start, end}` or `namedPort: http` (A10). */
function parsePort(fields: Fields, place: Place): TierPort {
  const kind = only(fields, ['portNumber', 'portRange', 'namedPort'], place)
  if (kind === undefined) return NOTHING
  const where = at(place, kind)
  if (kind === 'namedPort') return parseName(field(fields, kind), where)
  const value = readObject(field(fields, kind), where) ?? {}
  const protocol = parseProtocol(field(value, 'protocol'), at(where, 'protocol'))
  if (kind === 'portRange') return { protocol, ...parseRange(value, where) }
  return { protocol, port: parseNumber(field(value, 'port'), at(where, 'port'), 'a number') }
}

const protocols = { tcp: TCP, udp: UDP, sctp: SCTP }

/** `tcp: {destinationPort: {number}}`, `{range: {start, end}}`, or `destinationNamedPort: http` (C6). */
function parseProtocolMatch(fields: Fields, place: Place): TierPort {
  const kind = only(fields, ['tcp', 'udp', 'sctp', 'destinationNamedPort'], place)
  if (kind === undefined) return NOTHING
  const where = at(place, kind)
  if (kind === 'destinationNamedPort') return parseName(field(fields, kind), where)
  const protocol = protocols[kind]
  const value = readObject(field(fields, kind), where) ?? {}
  const given = Object.keys(value).some(name => field(value, name) !== undefined)
  // C6: the overview has `tcp: {}` as all ports; anything that is not known would mean fewer.
  if (!given) return { protocol }
  const portPlace = at(where, 'destinationPort')
  const port = readObject(field(value, 'destinationPort'), portPlace)
  const which = only(port ?? {}, ['number', 'range'], portPlace)
  if (which === undefined) return NOTHING
  const inner = at(portPlace, which)
  if (which === 'number') return { protocol, port: parseNumber(field(port!, which), inner, 'a number') }
  return { protocol, ...parseRange(readObject(field(port!, which), inner) ?? {}, inner) }
}

function parseName(value: unknown, place: Place): TierPort {
  const name = readString(value, place)
  if (name === '') complain(place, 'must not be empty')
  return { name }
}

function parseRange(fields: Fields, place: Place): { readonly port: number; readonly endPort: number } {
  const port = parseNumber(field(fields, 'start'), at(place, 'start'), 'a number')
  const endPort = parseNumber(field(fields, 'end'), at(place, 'end'), 'a number')
  if (port >= endPort) complain(place, `start ${port} must be less than end ${endPort}`)
  return { port, endPort }
}

const nameless: readonly TierPeer['kind'][] = ['nodes', 'networks', 'domainNames']

/** C6: what has no named ports; A9: names that only ever let traffic out. */
function checkTogether(
  { action, peers, ports }: TierRule,
  place: Place,
  peerField: string,
  schema: TierSchema,
): void {
  const kind = peers.find(peer => nameless.includes(peer.kind))?.kind
  if (kind !== undefined && ports.some(port => 'name' in port))
    complain(at(place, schema.ports), `may not have a named port together with ${peerField} ${kind}`)
  if (peers.some(peer => peer.kind === 'domainNames') && (action === 'Deny' || action === 'Pass'))
    complain(at(place, peerField), `may have domainNames in ${schema.actions[0]} rules only`)
}
