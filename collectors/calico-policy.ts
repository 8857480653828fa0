// How Calico writes the policy that decided, in its flow logs, its denied-packet reports and its NFLOG prefixes:
//
//   flow logs   1|default|ns/default.allow-dns|deny|-1          index|tier|name|action|rule; index and rule may be missing
//   NFLOG       DPI0|ns/default.allow-dns   DPI|tier            action, owner, direction, rule | name, or the tier at its end
//
// Grammar: felix/calc/policy_lookup_cache.go, felix/rules/nflogprefix.go. What decides at the end of a tier, `-1`, is that a policy
// of that tier selected the endpoint and none of its rules matched.

import { Cause, Direction } from './flow.ts'
import { isEvaluated, policyName } from './policy-kinds.ts'

export interface CalicoPolicy {
  readonly tier: string
  /** A kind of Kubernetes or of Calico; `Profile` and `EndOfTier` are no policies. */
  readonly kind: string
  /** Empty where the kind is cluster-scoped. */
  readonly ns: string
  readonly name: string
  /** Not enforced: what it would do. */
  readonly isStaged: boolean
}

/** Calico's short names of kinds, which stand before a name since v3.31. */
const shortKinds = new Map([
  ['np', 'CalicoNetworkPolicy'],
  ['gnp', 'GlobalNetworkPolicy'],
  ['snp', 'StagedNetworkPolicy'],
  ['sgnp', 'StagedGlobalNetworkPolicy'],
  ['knp', 'NetworkPolicy'],
  ['sknp', 'StagedKubernetesNetworkPolicy'],
  ['kanp', 'AdminNetworkPolicy'],
  ['kbanp', 'BaselineAdminNetworkPolicy'],
  ['kcnp', 'ClusterNetworkPolicy'],
  ['pro', 'Profile'],
  ['eot', 'EndOfTier'],
])

/** What policies of Kubernetes are called inside Calico: a short name, the tier they are in, and their own name. */
const derived: readonly (readonly [string, string])[] = [
  ['knp.default.', 'NetworkPolicy'],
  ['kanp.adminnetworkpolicy.', 'AdminNetworkPolicy'],
  ['kbanp.baselineadminnetworkpolicy.', 'BaselineAdminNetworkPolicy'],
  ['kcnp.kube-admin.', 'ClusterNetworkPolicy'],
  ['kcnp.kube-baseline.', 'ClusterNetworkPolicy'],
]

const STAGED = 'staged:'
const PROFILES = '__PROFILE__'
const NO_MATCH = '__NO_MATCH__'

/** A policy by its tier and the name that Calico writes for it, with or without kind, namespace and tier. */
export function readCalicoName(tier: string, text: string): CalicoPolicy {
  const colon = text.indexOf(':')
  const short = shortKinds.get(text.slice(0, Math.max(colon, 0)))
  const plain = short === undefined ? text : text.slice(colon + 1)
  const slash = plain.indexOf('/')
  const ns = slash < 0 ? '' : plain.slice(0, slash)
  const isStaged = plain.includes(STAGED) || short?.startsWith('Staged') === true
  const name = plain.slice(slash + 1).replace(STAGED, '')
  if (tier === PROFILES || short === 'Profile') return { tier, kind: 'Profile', ns: '', name, isStaged }
  if (name === '' || name.endsWith(NO_MATCH) || short === 'EndOfTier')
    return { tier, kind: 'EndOfTier', ns: '', name: '', isStaged }
  const own = derivedName(tier, name)
  if (own !== undefined) return { tier, kind: own[0], ns, name: own[1], isStaged }
  return {
    tier,
    kind: short ?? (ns === '' ? 'GlobalNetworkPolicy' : 'CalicoNetworkPolicy'),
    ns,
    name,
    isStaged,
  }
}

function derivedName(tier: string, text: string): [string, string] | undefined {
  const name = text.startsWith(`${tier}.k`) ? text.slice(tier.length + 1) : text
  for (const [prefix, kind] of derived) if (name.startsWith(prefix)) return [kind, name.slice(prefix.length)]
  return undefined
}

/** As `Reported.policies`; none for what is no policy, or not enforced. */
export function calicoPolicies({ kind, ns, name, isStaged }: CalicoPolicy): string[] {
  if (isStaged || kind === 'Profile' || kind === 'EndOfTier') return []
  return [policyName(kind, ns, name)]
}

/** The tier that policies of Kubernetes are in, beside Calico's own. */
const DEFAULT_TIER = 'default'

/** Whose decision it was. The end of the default tier may be the work of NetworkPolicies. */
export function calicoCause({ kind, tier }: CalicoPolicy): Cause {
  if (kind === 'Profile') return Cause.notPolicy
  if (kind === 'EndOfTier') return tier === DEFAULT_TIER ? Cause.none : Cause.otherPolicy
  return isEvaluated(kind) ? Cause.none : Cause.otherPolicy
}

/** One element of a flow log's `all_policies`, `enforced_policies` or `pending_policies`. */
export interface CalicoHit {
  readonly policy: CalicoPolicy
  readonly action: 'allow' | 'deny' | 'pass'
  /** Its place in the order of the policies that saw the packet, 0 where not written: the array itself has no order. */
  readonly index: number
  /** Index of the rule; -1 for the end of the tier, -2 where Calico does not know. */
  readonly rule: number
}

const actions = ['allow', 'deny', 'pass'] as const

/** Undefined for what is no such string. */
export function readCalicoHit(text: string): CalicoHit | undefined {
  const parts = text.split('|')
  const index = /^\d+$/.test(parts[0]!) ? Number(parts.shift()) : 0
  const [tier, name, action, rule = '-'] = parts
  const known = actions.find(each => each === action)
  if (tier === undefined || name === undefined || known === undefined || parts.length > 4) return undefined
  if (!/^(-|-?\d+)$/.test(rule)) return undefined
  return { policy: readCalicoName(tier, name), action: known, index, rule: rule === '-' ? -2 : Number(rule) }
}

/** What Felix writes before a packet that it sends to NFLOG, groups 1 and 2. */
export interface CalicoPrefix {
  readonly policy: CalicoPolicy
  readonly action: 'allow' | 'deny' | 'pass'
  readonly direction: Direction
  /** -1 for the end of the tier. */
  readonly rule: number
}

const NFLOG = /^([ADPN])([PR])([IE])(\d*)\|(.+)$/
const nflogActions = { A: 'allow', D: 'deny', P: 'pass', N: 'pass' } as const
/** From this length on most of the name has been replaced by a hash of it. */
const HASHED = 63

/** Undefined for any other prefix. */
export function readNflogPrefix(text: string): CalicoPrefix | undefined {
  const [, action, owner, way, rule, name] = NFLOG.exec(text) ?? []
  if (name === undefined) return undefined
  return {
    policy: prefixPolicy(owner === 'R', rule === '', text.length >= HASHED ? '' : name),
    action: nflogActions[action as keyof typeof nflogActions],
    direction: way === 'I' ? Direction.ingress : Direction.egress,
    rule: rule === '' ? -1 : Number(rule),
  }
}

/** Without a rule the name is that of a tier; a policy's own name begins with its tier's. */
function prefixPolicy(isProfile: boolean, isEnd: boolean, name: string): CalicoPolicy {
  if (isProfile) return readCalicoName(PROFILES, name)
  if (isEnd) return readCalicoName(name, '')
  const own = name.slice(name.indexOf('/') + 1)
  return readCalicoName(
    own.startsWith('k') ? DEFAULT_TIER : own.slice(0, Math.max(own.indexOf('.'), 0)),
    name,
  )
}
