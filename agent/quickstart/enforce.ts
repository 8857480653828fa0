// NetworkPolicies as nftables rules, as a CNI would write them: a chain per pod and direction, reached through a map by address,
// peers resolved to addresses, everything else logged and dropped. It shares no code with culprit's policy engine, so that what
// the kernel does to real packets is a second opinion on what culprit says about them.

import { addressType, conditions, type Family, familyOf, type Way } from './matches.ts'
import { subjectsOf } from './select.ts'
import { servicesChain } from './services.ts'
import type { Shop, ShopPod, ShopPolicy } from './shop.ts'

export const table = 'culprit'

const log = { drop: 'np-drop', reject: 'np-reject' } as const

/** The kernel's limit, NF_LOG_PREFIXLEN, without its closing zero. */
const longestPrefix = 127

/**
 * The whole table as one transaction for `nft -f`. Rules and maps are replaced; the named counters stay and count on, so they
 * are the truth about a run in which policies were edited.
 */
export function compileRules(shop: Shop, policies: readonly ShopPolicy[] = shop.policies): string {
  const chains = shop.pods.flatMap(pod => [
    podChain(pod, 'out', shop, policies),
    podChain(pod, 'in', shop, policies),
  ])
  return [
    `add table inet ${table}`,
    `flush table inet ${table}`,
    ...mapNames.flatMap(([name, family]) => [
      `add map inet ${table} ${name} { type ${addressType[family]} : verdict; }`,
      `flush map inet ${table} ${name}`,
    ]),
    `table inet ${table} {`,
    '  counter invalid { }',
    ...shop.pods.flatMap(pod => [
      `  counter ${chainOf(pod, 'out')} { }`,
      `  counter ${chainOf(pod, 'in')} { }`,
    ]),
    ...chains,
    ...mapNames.map(([name, family, way]) => podMap(name, family, way, shop)),
    forwardChain,
    servicesChain(shop),
    '}',
    '',
  ].join('\n')
}

const mapNames: readonly (readonly [name: string, family: Family, way: Way])[] = [
  ['from_pod4', 'ip', 'out'],
  ['from_pod6', 'ip6', 'out'],
  ['to_pod4', 'ip', 'in'],
  ['to_pod6', 'ip6', 'in'],
]

// Replies first, then the node's own traffic (kubelet probes), then the sender's egress, then the receiver's ingress. A chain
// that allows a packet returns, because both ends must allow it.
const forwardChain = `  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    ct state invalid counter name invalid drop
    fib saddr type local accept
    ip saddr vmap @from_pod4
    ip6 saddr vmap @from_pod6
    ip daddr vmap @to_pod4
    ip6 daddr vmap @to_pod6
  }`

/** Also the name of the chain's counter. */
export function chainOf(pod: ShopPod, way: Way): string {
  return `${pod.ns}.${pod.name}.${way}`
}

function podMap(name: string, family: Family, way: Way, shop: Shop): string {
  const elements = shop.pods.flatMap(pod =>
    pod.ips.filter(ip => familyOf(ip) === family).map(ip => `${ip} : jump ${chainOf(pod, way)}`),
  )
  const filled = elements.length > 0 ? ` elements = { ${elements.join(', ')} }` : ''
  return `  map ${name} { type ${addressType[family]} : verdict;${filled} }`
}

/** A pod that no policy isolates in this direction has an empty chain, which lets everything pass. */
function podChain(pod: ShopPod, way: Way, shop: Shop, policies: readonly ShopPolicy[]): string {
  const isolating = policies.filter(policy => isolates(policy, way) && subjectsOf(policy, shop).includes(pod))
  const rules = isolating.flatMap(policy => admissions(policy, pod, way, shop))
  const end = isolating.length > 0 ? denials(pod, way, shop) : []
  return [`  chain ${chainOf(pod, way)} {`, ...[...rules, ...end].map(rule => `    ${rule}`), '  }'].join(
    '\n',
  )
}

/** The API server's defaulting: Ingress always, Egress where there are egress rules. */
function isolates({ spec }: ShopPolicy, way: Way): boolean {
  const types = spec.policyTypes ?? []
  if (types.length > 0) return types.includes(way === 'in' ? 'Ingress' : 'Egress')
  return way === 'in' || (spec.egress ?? []).length > 0
}

function admissions(policy: ShopPolicy, pod: ShopPod, way: Way, shop: Shop): string[] {
  const rules = (way === 'in' ? policy.spec.ingress : policy.spec.egress) ?? []
  const key = `${policy.metadata.namespace}/${policy.metadata.name}`
  return rules.flatMap((rule, index) => {
    const comment = `comment "${key} ${way === 'in' ? 'ingress' : 'egress'}[${index}]"`
    return conditions(rule, policy, pod, way, shop).map(match => `${match} return ${comment}`.trimStart())
  })
}

function denials(pod: ShopPod, way: Way, shop: Shop): string[] {
  const rejects = shop.namespaces.find(({ name }) => name === pod.ns)?.rejects ?? false
  // The kernel puts no blank between a prefix and what follows it.
  const prefix = `${rejects ? log.reject : log.drop} ${pod.ns}/${pod.name}-${way} `
  if (prefix.length > longestPrefix)
    throw new Error(`Cannot log "${prefix}": longer than ${longestPrefix} characters`)
  const counted = `counter name ${chainOf(pod, way)} log prefix "${prefix}"`
  if (!rejects) return [`${counted} drop`]
  return [`meta l4proto tcp ${counted} reject with tcp reset`, `${counted} reject`]
}

/** Packets per named counter, from what `nft -j list counters` prints. */
export function readCounters(json: string): Map<string, number> {
  const { nftables } = JSON.parse(json) as {
    nftables: { counter?: { table: string; name: string; packets: number } }[]
  }
  const own = nftables.flatMap(({ counter }) => (counter?.table === table ? [counter] : []))
  return new Map(own.map(({ name, packets }) => [name, packets]))
}
