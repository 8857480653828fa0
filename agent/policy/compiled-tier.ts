// A cluster-scoped policy made ready for evaluation, and the order in which the policies of one tier are asked.

import type { Direction } from './answer.ts'
import { SCTP, TCP, UDP } from './answer.ts'
import type { Interner } from './interner.ts'
import type { Peer, PortMatch } from './network-policy.ts'
import type { Traits } from './profile.ts'
import { encodeRule } from './rule-code.ts'
import { failsClosed, type TierPeer, type TierPolicy, type TierPort, type TierRule } from './tier-policy.ts'

export interface CompiledTierPolicy {
  readonly source: TierPolicy
  /** Its subjects' selectors, as the interner calls them. */
  readonly namespaces: number
  readonly pods: number
  /** In order; without those that match nothing. */
  readonly egress: readonly CompiledTierRule[]
  readonly ingress: readonly CompiledTierRule[]
}

export interface CompiledTierRule {
  readonly source: TierPolicy
  readonly index: number
  readonly effect: 'admits' | 'denies' | 'passes'
  /** Its ports, and its peers by pods and networks (rule-code.ts). */
  readonly code: Int32Array
  /** It has no peers but nodes and names, so those of the code say nothing. */
  readonly isCodeless: boolean
  /** Selectors over the labels of nodes, as the interner calls them. */
  readonly nodes: readonly number[]
  /** Lower case, without a final dot. */
  readonly domainNames: readonly string[]
}

export function compileTierPolicy(
  source: TierPolicy,
  interner: Interner,
  traits: Traits,
): CompiledTierPolicy {
  const rules = (direction: Direction): CompiledTierRule[] =>
    source[direction].flatMap((rule, index) => compileRule(source, rule, index, interner, traits) ?? [])
  return {
    source,
    namespaces: interner.selector(source.subjects.namespaces),
    pods: interner.selector(source.subjects.pods),
    egress: rules('egress'),
    ingress: rules('ingress'),
  }
}

const effects = { Allow: 'admits', Accept: 'admits', Deny: 'denies', Pass: 'passes' } as const

/** Undefined for a rule that matches nothing. */
function compileRule(
  source: TierPolicy,
  rule: TierRule,
  index: number,
  interner: Interner,
  traits: Traits,
): CompiledTierRule | undefined {
  const isClosed = failsClosed(rule)
  const effect = effects[rule.action]
  // A11, C10: an Allow rule matches nothing then, any other denies everything.
  if (isClosed && effect === 'admits') return undefined
  const peers = isClosed ? [] : rule.peers.flatMap(encodablePeers)
  const ports = isClosed ? [] : rule.ports.flatMap(encodablePorts)
  // A8: host-network pods are in no namespace here, whatever a data plane makes of NetworkPolicies.
  const code = encodeRule({ peers, ports }, '', interner, { ...traits, everyNamespaceIncludesNodes: false })
  return {
    source,
    index,
    effect: isClosed ? 'denies' : effect,
    code,
    isCodeless: !isClosed && peers.length === 0,
    nodes: isClosed ? [] : rule.peers.flatMap(peer => nodesOf(peer, interner)),
    domainNames: isClosed ? [] : rule.peers.flatMap(namesOf),
  }
}

/** The peers that are pods or CIDRs, as a NetworkPolicy would have them. */
function encodablePeers(peer: TierPeer): Peer[] {
  switch (peer.kind) {
    case 'namespaces':
      return [{ namespaceSelector: peer.namespaceSelector }]
    case 'pods':
      return [{ namespaceSelector: peer.namespaceSelector, podSelector: peer.podSelector }]
    case 'networks':
      return peer.cidrs.map(cidr => ({ ipBlock: { cidr, except: [] } }))
    default:
      return []
  }
}

/** A10, C6: a named port is any protocol's; it resolves on the destination pod, in the packet's protocol. */
function encodablePorts(port: TierPort): PortMatch[] {
  if (port.protocol !== undefined) return [port]
  return [TCP, UDP, SCTP].map(protocol => ({ protocol, name: port.name }))
}

function nodesOf(peer: TierPeer, interner: Interner): number[] {
  return peer.kind === 'nodes' ? [interner.selector(peer.nodeSelector)] : []
}

function namesOf(peer: TierPeer): string[] {
  return peer.kind === 'domainNames' ? peer.names.map(plainName) : []
}

/** Names are compared without regard to case and to a final dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

/** Lower number first, then by name; a policy without a number is a BaselineAdminNetworkPolicy and comes last. */
export function comparePrecedence(a: TierPolicy, b: TierPolicy): number {
  const [first, second] = [a.priority ?? Number.MAX_VALUE, b.priority ?? Number.MAX_VALUE]
  return first - second || compare(a.ref.name, b.ref.name) || compare(a.ref.key, b.ref.key)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A4, C3: nothing says which of the two is asked first. */
export function isTied(a: TierPolicy, b: TierPolicy): boolean {
  return a !== b && (a.priority === b.priority || a.priority === undefined || b.priority === undefined)
}

/** The rules of one tier for some pods in one direction, in the order in which they are asked. */
export class Tier {
  readonly rules: readonly CompiledTierRule[]
  /** By rule: where the rules end that may be of tied policies. */
  readonly tiesEnd: readonly number[]

  /** `policies` in order of precedence. */
  constructor(policies: readonly CompiledTierPolicy[], direction: Direction) {
    this.rules = policies.flatMap(policy => policy[direction])
    this.tiesEnd = this.rules.map(({ source }) => {
      return 1 + this.rules.findLastIndex(other => other.source === source || isTied(other.source, source))
    })
  }
}
