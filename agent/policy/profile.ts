// Where data planes differ from one another in a way that changes a verdict (SEMANTICS Part 2), as one table. What only changes how
// a denial looks, or was read but never seen to happen (kube-router's unresolved names), is not modelled.
// No profile here lacks `endPort` (Azure NPM did). Container ports carry no mark of the sidecar they come from, so
// kube-network-policies' blindness to sidecar ports cannot be told.

import { type Cidr, parseCidr } from '../address.ts'
import { tierSchemas } from './tier-schema.ts'

export interface Traits {
  /** Does `ipBlock` match the addresses of pods (S30) and of nodes (S31)? */
  readonly ipBlockMatchesPods: boolean
  readonly ipBlockMatchesNodes: boolean
  /** What `::/0` covers. */
  readonly allIPv6: readonly string[]
  /** Do rules of a direction that is not in `policyTypes` isolate it all the same (S15)? */
  readonly inertRulesIsolate: boolean
  /** Does a peer with an empty `namespaceSelector` include nodes and host-network pods (S53)? */
  readonly everyNamespaceIncludesNodes: boolean
  /**
   * Protocols without policy ports that are known to be handled by S46 (matched by rules without `ports`, by no others). For the
   * rest S46 is the majority's reading, and the answer says that it rests on a choice.
   */
  readonly judgedProtocols: readonly number[]
  /** Echo, unreachable and time-exceeded pass before any policy; which ICMP type it was is not asked here. */
  readonly acceptsCommonICMP: boolean
  /** Is every process of the own node exempt (S47), or only some? */
  readonly ownNodeIsExempt: 'always' | 'some-processes'
  /** The cluster-scoped kinds that some release is known to enforce (C11); the others are left out. */
  readonly enforcesTiers: readonly string[]
  /** For callers: is a Service's address what egress policy sees (S32, S56)? */
  readonly judgesBeforeDNAT: boolean
  /** For callers: are packets of established connections judged again when policies change (S55)? */
  readonly rechecksEstablished: boolean
}

export const profiles = [
  'upstream',
  'calico',
  'cilium',
  'kube-router',
  'kube-network-policies',
  'antrea',
  'ovn-kubernetes',
  'aws',
] as const
export type Profile = (typeof profiles)[number]

export function isProfile(text: string): text is Profile {
  return (profiles as readonly string[]).includes(text)
}

const everyTier = Object.keys(tierSchemas)
const v1alpha1 = ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy']

/** SEMANTICS Part 6: the choice made for each open question. */
const upstream: Traits = {
  ipBlockMatchesPods: true,
  ipBlockMatchesNodes: true,
  allIPv6: ['::/0'],
  inertRulesIsolate: false,
  everyNamespaceIncludesNodes: false,
  judgedProtocols: [],
  acceptsCommonICMP: false,
  ownNodeIsExempt: 'always',
  enforcesTiers: everyTier,
  judgesBeforeDNAT: false,
  rechecksEstablished: false,
}

const ICMP = 1
const ICMPV6 = 58

// C11, network-policy-api `site-src/implementations.md`: v1alpha1 kube-network-policies, OVN-Kubernetes, Antrea, Calico 3.29-3.31;
// v1alpha2 kube-network-policies, Calico 3.32. A profile does not know its release, so calico has both.
export const traits: Readonly<Record<Profile, Traits>> = {
  upstream,
  // calico #6634 (ipBlock and pods); felix `rules/static.go` lets ICMPv6 130-136 pass towards the host, so only ICMP is judged.
  calico: { ...upstream, judgedProtocols: [ICMP] },
  // cilium #9209 #14497 #19601 #35212 (pods), #12277 #16308 (nodes), #14609 (ICMP); `pkg/k8s/network_policy.go` converts the rules of
  // both directions whatever `policyTypes` says.
  cilium: {
    ...upstream,
    ipBlockMatchesPods: false,
    ipBlockMatchesNodes: false,
    inertRulesIsolate: true,
    judgedProtocols: [ICMP, ICMPV6],
    enforcesTiers: [],
  },
  // `pkg/controllers/netpol`: ::/0 is written as two ranges; `pkg/utils` CommonICMPRules.
  'kube-router': {
    ...upstream,
    allIPv6: ['2000::/3', 'fd00::/8'],
    acceptsCommonICMP: true,
    enforcesTiers: [],
  },
  // `pkg/dataplane/controller.go`: neighbour discovery (133-137) passes first; own node is a socket of user id 0.
  'kube-network-policies': { ...upstream, judgedProtocols: [ICMP], ownNodeIsExempt: 'some-processes' },
  antrea: { ...upstream, enforcesTiers: v1alpha1 },
  // ovn-kubernetes #3669, PR #2093; network-policy-api #305.
  'ovn-kubernetes': {
    ...upstream,
    everyNamespaceIncludesNodes: true,
    enforcesTiers: v1alpha1,
    rechecksEstablished: true,
  },
  // aws-network-policy-agent #90 (ICMP by rules without protocol), PR #210 (before DNAT, adds the ClusterIP itself).
  aws: { ...upstream, judgedProtocols: [ICMP, ICMPV6], enforcesTiers: [], judgesBeforeDNAT: true },
}

/** What an ipBlock's CIDR covers: itself, but for `::/0` where a profile has something else for it. */
export function coveredBy(cidr: Cidr, { allIPv6 }: Traits): readonly Cidr[] {
  return cidr.bits === 0 ? allIPv6.map(text => parseCidr(text)!) : [cidr]
}
