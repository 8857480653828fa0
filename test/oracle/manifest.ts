// Reads a NetworkPolicy manifest as the API server would: `null` is absent, defaults are filled in (S14, S36), and what it
// would refuse (S27, validation.go) is refused here, with what is still known about the refused object.

import type { PolicyObject } from '../../agent/policy/objects.ts'
import { isStrictlyInside, readBlock } from './addresses.ts'

export type Direction = 'egress' | 'ingress'

export interface Expression {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly Expression[]
}

export interface Peer {
  readonly podSelector?: Selector
  readonly namespaceSelector?: Selector
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}

export interface PortTerm {
  readonly protocol?: string
  readonly port?: number | string
  readonly endPort?: number
}

export interface Rule {
  readonly from?: readonly Peer[]
  readonly to?: readonly Peer[]
  readonly ports?: readonly PortTerm[]
}

export interface Spec {
  readonly podSelector?: Selector
  readonly policyTypes?: readonly string[]
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
}

export interface Policy {
  readonly key: string
  readonly ns: string
  readonly spec: Spec
  readonly directions: readonly Direction[]
  readonly problems: readonly string[]
}

/** The NetworkPolicies among the objects; the cluster-scoped kinds are read by tier-manifest.ts. */
export function readPolicies(objects: readonly PolicyObject[]): Policy[] {
  return objects.filter(object => object.kind === 'NetworkPolicy').map(readPolicy)
}

function readPolicy(object: PolicyObject): Policy {
  const ns = object.metadata.namespace ?? 'default'
  if (object.apiVersion !== 'networking.k8s.io/v1') return foreignPolicy(object, ns)
  const spec = (dropNulls(object.spec) ?? {}) as Spec
  return {
    key: `${ns}/${object.metadata.name}`,
    ns,
    spec,
    directions: defaultedTypes(spec),
    problems: findProblems(spec),
  }
}

/** Another API's NetworkPolicy (Calico has one) may decide anything in its namespace, so it counts as refused. */
function foreignPolicy(object: PolicyObject, ns: string): Policy {
  const problems = [`${object.apiVersion} is not evaluated`]
  return { key: `${ns}/${object.metadata.name}`, ns, spec: {}, directions: ['egress', 'ingress'], problems }
}

/** `null` means absent; as an element of a list it is the zero value, as the API server's decoder reads it. */
export function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(element => (element === null ? {} : dropNulls(element)))
  if (value === null || typeof value !== 'object') return value ?? undefined
  const kept = Object.entries(value).filter(([, field]) => field !== null && field !== undefined)
  return Object.fromEntries(kept.map(([name, field]) => [name, dropNulls(field)]))
}

/** S14: absent or empty policyTypes are [Ingress], plus Egress iff there is an egress rule. */
function defaultedTypes(spec: Spec): Direction[] {
  const types = spec.policyTypes ?? []
  if (types.length === 0) return (spec.egress ?? []).length > 0 ? ['egress', 'ingress'] : ['ingress']
  return (['egress', 'ingress'] as const).filter(name => types.some(type => type.toLowerCase() === name))
}

/** True when `policyTypes` itself is fit to be read: then a refused policy could only have touched those directions. */
export function hasUsableTypes(spec: Spec): boolean {
  return typeProblems(spec).length === 0
}

/** True when the subject of a refused policy is still known. */
export function hasUsableSubject(spec: Spec): boolean {
  return selectorProblems(spec.podSelector).length === 0
}

function findProblems(spec: Spec): string[] {
  const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])]
  return [...selectorProblems(spec.podSelector), ...typeProblems(spec), ...rules.flatMap(ruleProblems)]
}

/** S27: more than two or unknown policyTypes. */
function typeProblems(spec: Spec): string[] {
  const types = spec.policyTypes ?? []
  if (types.length > 2) return ['more than two policyTypes']
  return types
    .filter(type => type !== 'Ingress' && type !== 'Egress')
    .map(type => `unknown policyType ${type}`)
}

function ruleProblems(rule: Rule): string[] {
  const peers = [...(rule.from ?? []), ...(rule.to ?? [])]
  return [...peers.flatMap(peerProblems), ...(rule.ports ?? []).flatMap(portProblems)]
}

function peerProblems(peer: Peer): string[] {
  const selectors = [peer.podSelector, peer.namespaceSelector].filter(selector => selector !== undefined)
  // S27: a peer with no field ("must specify a peer") is never "all peers".
  if (selectors.length === 0 && peer.ipBlock === undefined) return ['must specify a peer']
  // S27: ipBlock with a selector.
  if (selectors.length > 0 && peer.ipBlock !== undefined) return ['ipBlock with a selector']
  return [
    ...selectors.flatMap(selectorProblems),
    ...(peer.ipBlock === undefined ? [] : blockProblems(peer.ipBlock)),
  ]
}

function blockProblems(ipBlock: NonNullable<Peer['ipBlock']>): string[] {
  const cidr = readBlock(ipBlock.cidr)
  if (cidr === undefined) return [`no CIDR: ${ipBlock.cidr}`]
  return (ipBlock.except ?? []).flatMap(text => {
    const except = readBlock(text)
    // S27: except outside or not strictly inside cidr.
    return except !== undefined && isStrictlyInside(except, cidr) ? [] : [`not strictly inside: ${text}`]
  })
}

function portProblems(term: PortTerm): string[] {
  const problems: string[] = []
  // S27: unknown protocol.
  if (!['TCP', 'UDP', 'SCTP'].includes(term.protocol ?? 'TCP'))
    problems.push(`unknown protocol ${term.protocol}`)
  // S27: endPort with a named or missing port, endPort below port.
  if (term.endPort !== undefined && typeof term.port !== 'number')
    problems.push('endPort without a numeric port')
  if (term.endPort !== undefined && term.endPort < Number(term.port)) problems.push('endPort below port')
  if (term.endPort !== undefined && !isPortNumber(term.endPort)) problems.push('endPort out of range')
  if (typeof term.port === 'number' && !isPortNumber(term.port)) problems.push('port out of range')
  if (typeof term.port === 'string' && !isPortName(term.port)) problems.push(`no port name: ${term.port}`)
  return problems
}

/** 1 to 65535. */
export function isPortNumber(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535
}

/** IsValidPortName: at most 15 of [-a-z0-9], at least one letter, no hyphen at an end or beside another. */
function isPortName(name: string): boolean {
  if (name.length > 15 || !/^[-a-z0-9]+$/.test(name) || !/[a-z]/.test(name)) return false
  return !name.includes('--') && !name.startsWith('-') && !name.endsWith('-')
}

/** What the API server's label validation says against a selector. */
export function selectorProblems(selector: Selector | undefined): string[] {
  const labels = Object.entries(selector?.matchLabels ?? {})
  return [
    ...labels
      .filter(([key, value]) => !isLabelKey(key) || !isLabelValue(value))
      .map(([key]) => `bad label ${key}`),
    ...(selector?.matchExpressions ?? []).flatMap(expressionProblems),
  ]
}

function expressionProblems(expression: Expression): string[] {
  const values = expression.values ?? []
  if (!isLabelKey(expression.key)) return [`bad label ${expression.key}`]
  if (!values.every(isLabelValue)) return [`bad value of ${expression.key}`]
  switch (expression.operator) {
    // S4: at least one value is required.
    case 'In':
    case 'NotIn':
      return values.length === 0 ? [`${expression.operator} without values`] : []
    case 'Exists':
    case 'DoesNotExist':
      return values.length > 0 ? [`${expression.operator} with values`] : []
    default:
      return [`unknown operator ${expression.operator}`]
  }
}

function isLabelKey(key: unknown): boolean {
  if (typeof key !== 'string') return false
  const slash = key.indexOf('/')
  const prefix = slash < 0 ? 'a' : key.slice(0, slash)
  const name = key.slice(slash + 1)
  const domain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
  return name !== '' && isLabelValue(name) && prefix.length <= 253 && domain.test(prefix)
}

function isLabelValue(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length <= 63 &&
    /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value)
  )
}
