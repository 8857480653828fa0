// What the members of a policy's `spec` are, as far as saying what was edited needs it: selectors, lists, ports, and what an absent
// member means.

import { canonical } from './align.ts'
import { parseSelector } from './parse-selector.ts'
import { formatRequirement } from './selector.ts'

export interface Values {
  /** Nothing that means anything differs. */
  isSame(name: string, before: unknown, after: unknown): boolean
  isSelector(name: string, path: string): boolean
  /** In kubectl's syntax; undefined for one that is absent or cannot be read. */
  requirements(selector: unknown): readonly string[] | undefined
  /** The elements of a member that is a list, none where it is absent; undefined for any other member. */
  list(name: string, value: unknown): readonly unknown[] | undefined
  /** In words, where a list comes or goes that restricted a rule. */
  whole(name: string, before: readonly unknown[], after: readonly unknown[]): string | undefined
  isOrdered(name: string): boolean
  /** Peers are of several kinds, rules and ports are not. */
  isOneKind(name: string): boolean
  /** `5432/TCP`; undefined for what is no port. */
  shortText(name: string, value: unknown): string | undefined
}

const LISTS = new Set([
  'ingress',
  'egress',
  'from',
  'to',
  'ports',
  'protocols',
  'policyTypes',
  'except',
  'networks',
  'domainNames',
])

/** `tiered`: of a cluster-scoped kind, whose rules are tried in their order. */
export function valuesOf(tiered: boolean): Values {
  return {
    isSame: (name, before, after) => canonical(before ?? emptyOf(name)) === canonical(after ?? emptyOf(name)),
    isSelector: (name, path) =>
      /Selector$/.test(name) || ((name === 'namespaces' || name === 'nodes') && path !== name),
    requirements,
    list: (name, value) => {
      if (!LISTS.has(name)) return undefined
      if (value === undefined) return []
      return Array.isArray(value) ? value : undefined
    },
    whole(name, before, after) {
      if (tiered && (name === 'from' || name === 'to')) return undefined
      const all = wholeWords[name]
      if (all === undefined || before.length > 0 === after.length > 0) return undefined
      return before.length === 0 ? `added (was ${all})` : `removed (now ${all})`
    },
    isOneKind: name => name !== 'from' && name !== 'to',
    isOrdered: name => tiered && (name === 'ingress' || name === 'egress'),
    shortText: (name, value) => (name === 'ports' || name === 'protocols' ? portText(value) : undefined),
  }
}

/** S18, S19, A10: what a rule without this list matches. */
const wholeWords: Readonly<Record<string, string>> = {
  from: 'everybody',
  to: 'everybody',
  ports: 'all ports',
  protocols: 'all ports',
}

export function isTierKind(kind: string): boolean {
  return kind !== 'NetworkPolicy'
}

/** An absent list is an empty one. */
function emptyOf(name: string): unknown {
  return LISTS.has(name) ? [] : null
}

function requirements(selector: unknown): readonly string[] | undefined {
  const parsed = parseSelector(selector, { path: '', problems: [] })
  return parsed?.requirements.map(formatRequirement)
}

type Json = Readonly<Record<string, unknown>>

/** A port in any kind's shape. */
function portText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const port = value as Json
  // ports: [{protocol: TCP, port: 8000, endPort: 8080}]
  if (isKnown(port, ['protocol', 'port', 'endPort']))
    return joined(range(port.port, port.endPort), port.protocol ?? 'TCP')
  // ports: [{portNumber: {protocol: TCP, port: 80}}], {portRange: {protocol, start, end}}, {namedPort: http}
  if (isKnown(port, ['namedPort'])) return String(port.namedPort)
  if (isKnown(port, ['destinationNamedPort'])) return String(port.destinationNamedPort)
  const number = inner(port, 'portNumber')
  if (number !== undefined) return joined(number.port, number.protocol ?? 'TCP')
  const span = inner(port, 'portRange')
  if (span !== undefined) return joined(range(span.start, span.end), span.protocol ?? 'TCP')
  // protocols: [{tcp: {destinationPort: {number: 80}}}], {range: {start, end}}
  const [protocol] = Object.keys(port)
  if (protocol === undefined) return undefined
  const target = inner(inner(port, protocol) ?? {}, 'destinationPort') ?? {}
  const among = inner(target, 'range')
  return joined(target.number ?? range(among?.start, among?.end), protocol.toUpperCase())
}

function inner(value: Json, name: string): Json | undefined {
  const member = Object.hasOwn(value, name) ? value[name] : undefined
  return typeof member === 'object' && member !== null ? (member as Json) : undefined
}

function isKnown(value: Json, names: readonly string[]): boolean {
  return Object.keys(value).every(name => names.includes(name))
}

function range(first: unknown, last: unknown): unknown {
  return first === undefined || last === undefined || last === null ? first : `${first}-${last}`
}

function joined(port: unknown, protocol: unknown): string {
  return port === undefined || port === null ? String(protocol) : `${port}/${protocol}`
}
