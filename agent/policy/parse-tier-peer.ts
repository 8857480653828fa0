// Reading the peers of a cluster-scoped policy's rule. A peer of a kind that is not known is no mistake: it comes from a newer CRD, or
// from one before v0.1.7, and its rule fails closed (A11, A14, C10).

import { isIPv4 } from '../address.ts'
import type { Direction } from './answer.ts'
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
} from './fields.ts'
import { parseCidrText } from './parse-rule.ts'
import { parseSelector } from './parse-selector.ts'
import type { Selector } from './selector.ts'
import type { TierPeer } from './tier-policy.ts'
import type { TierSchema } from './tier-schema.ts'

export interface Selectors {
  readonly namespaces: Selector | undefined
  readonly pods: Selector | undefined
}

export const EVERYTHING: Selector = { requirements: [] }

/** CIDRs or names of one peer. */
const MAX_ENTRIES = 25
const DOMAIN_NAME =
  /^(\*\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$/

const UNKNOWN: TierPeer = { kind: 'unknown' }

export function parseTierPeer(
  fields: Fields,
  direction: Direction,
  schema: TierSchema,
  place: Place,
): TierPeer {
  const present = knownPeers(direction, schema).filter(name => field(fields, name) !== undefined)
  if (present.length > 1) complain(place, `must have exactly one of ${present.join(', ')}`)
  const kind = present[0]
  if (kind === undefined) return UNKNOWN
  const where = at(place, kind)
  if (kind === 'networks') return { kind, cidrs: parseNetworks(field(fields, kind), where) }
  if (kind === 'domainNames') return { kind, names: parseNames(field(fields, kind), where) }
  const value = readObject(field(fields, kind), where)
  if (value === undefined) return UNKNOWN
  if (kind === 'pods') return parsePods(value, schema, where)
  // A14: `sameLabels` and the like stood where the selector stands now.
  if (hasOnlyUnknown(value, ['matchLabels', 'matchExpressions'])) return UNKNOWN
  const selector = parseSelector(value, where) ?? EVERYTHING
  return kind === 'nodes' ? { kind, nodeSelector: selector } : { kind, namespaceSelector: selector }
}

/** A8, A9: ingress knows pods only. */
function knownPeers(direction: Direction, { hasDomainNames }: TierSchema): TierPeer['kind'][] {
  if (direction === 'ingress') return ['namespaces', 'pods']
  return ['namespaces', 'pods', 'nodes', 'networks', ...(hasDomainNames ? ['domainNames' as const] : [])]
}

function parsePods(fields: Fields, schema: TierSchema, place: Place): TierPeer {
  // A14: `pods` once had `namespaces` where it has a namespaceSelector now.
  const isOlder =
    field(fields, 'namespaceSelector') === undefined && field(fields, 'namespaces') !== undefined
  if (isOlder || hasOnlyUnknown(fields, ['namespaceSelector', 'podSelector'])) return UNKNOWN
  const { namespaces, pods } = parseNamespacedPod(fields, schema, place)
  return { kind: 'pods', namespaceSelector: namespaces ?? EVERYTHING, podSelector: pods ?? EVERYTHING }
}

/** Both selectors are required, but the namespaces' of a ClusterNetworkPolicy; an empty one selects everything. */
export function parseNamespacedPod(fields: Fields, { ports }: TierSchema, place: Place): Selectors {
  const read = (name: string, isRequired: boolean): Selector | undefined => {
    const value = field(fields, name)
    if (value !== undefined) return parseSelector(value, at(place, name))
    if (isRequired) complain(at(place, name), 'must be given; {} selects everything')
    return EVERYTHING
  }
  return { namespaces: read('namespaceSelector', ports === 'ports'), pods: read('podSelector', true) }
}

function hasOnlyUnknown(fields: Fields, known: readonly string[]): boolean {
  const given = Object.keys(fields).filter(name => field(fields, name) !== undefined)
  return given.length > 0 && !given.some(name => known.includes(name))
}

function parseNetworks(value: unknown, place: Place): Extract<TierPeer, { kind: 'networks' }>['cidrs'] {
  const cidrs = entries(value, place).flatMap(([item, where]) => {
    const cidr = parseCidrText(item, where)
    if (cidr?.text.includes(':') && isIPv4(cidr.cidr.address) && cidr.cidr.bits >= 96) {
      complain(where, `${quote(cidr.text)} must be written as IPv4`)
    }
    return cidr ?? []
  })
  return cidrs
}

function parseNames(value: unknown, place: Place): string[] {
  return entries(value, place).flatMap(([item, where]) => {
    if (typeof item === 'string' && DOMAIN_NAME.test(item)) return item
    complain(where, `${quote(item)} is not a domain name, exact or with the prefix "*."`)
    return []
  })
}

/** The elements of a set, which has at least one and none twice. */
function entries(value: unknown, place: Place): [unknown, Place][] {
  const list = readList(value, place)
  if (list.length === 0) complain(place, 'must have at least one element')
  if (list.length > MAX_ENTRIES)
    complain(place, `may have at most ${MAX_ENTRIES} elements, not ${list.length}`)
  return list.map((item, i) => {
    const where = element(place, i)
    if (list.indexOf(item) < i) complain(where, `${quote(item)} is there twice`)
    return [item, where]
  })
}
