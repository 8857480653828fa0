// The `from`, `to` and `ports` of a policy's rule as matches of nftables, for the quickstart's enforcer (enforce.ts).

import { podsOf } from './select.ts'
import type { Peer, PolicyPort, PolicyRule, Shop, ShopPod, ShopPolicy } from './shop.ts'

export type Way = 'in' | 'out'
export type Family = 'ip' | 'ip6'
export const addressType = { ip: 'ipv4_addr', ip6: 'ipv6_addr' } as const
const families: readonly Family[] = ['ip', 'ip6']

/** Selects packets of one family, or of both where `family` is absent. */
interface Match {
  readonly match: string
  readonly family?: Family
}

export function familyOf(address: string): Family {
  return address.includes(':') ? 'ip6' : 'ip'
}

/** Every peer with every port of the rule; pairs of different families never meet. */
export function conditions(
  rule: PolicyRule,
  policy: ShopPolicy,
  pod: ShopPod,
  way: Way,
  shop: Shop,
): string[] {
  const peers = peerMatches(way === 'in' ? rule.from : rule.to, policy, way, shop)
  const ports = portMatches(rule.ports, pod, way, shop)
  return peers.flatMap(peer =>
    ports
      .filter(port => !port.family || !peer.family || port.family === peer.family)
      .map(port => `${peer.match} ${port.match}`.trim()),
  )
}

function peerMatches(peers: readonly Peer[] | undefined, policy: ShopPolicy, way: Way, shop: Shop): Match[] {
  if (!peers || peers.length === 0) return [{ match: '' }]
  const field = way === 'in' ? 'saddr' : 'daddr'
  return peers.flatMap(peer => {
    if (peer.ipBlock) return [blockMatch(peer.ipBlock, field)]
    return addressMatches(
      podsOf(peer, policy, shop).flatMap(pod => pod.ips),
      field,
    )
  })
}

function addressMatches(addresses: readonly string[], field: string): Match[] {
  return families.flatMap(family => {
    const own = addresses.filter(address => familyOf(address) === family)
    return own.length > 0 ? [{ family, match: `${family} ${field} { ${own.join(', ')} }` }] : []
  })
}

function blockMatch({ cidr, except = [] }: NonNullable<Peer['ipBlock']>, field: string): Match {
  const family = familyOf(cidr)
  // nft 1.0.6 optimises a prefix of length 0 away, and the restriction to one family with it.
  const inside = cidr.endsWith('/0')
    ? `meta nfproto ${addressType[family].slice(0, 4)}`
    : `${family} ${field} ${cidr}`
  const outside = except.length > 0 ? ` ${family} ${field} != { ${except.join(', ')} }` : ''
  return { family, match: inside + outside }
}

function portMatches(ports: readonly PolicyPort[] | undefined, pod: ShopPod, way: Way, shop: Shop): Match[] {
  if (!ports || ports.length === 0) return [{ match: '' }]
  return ports.flatMap(({ protocol = 'TCP', port, endPort }) => {
    const transport = `meta l4proto ${protocol.toLowerCase()}`
    if (port === undefined) return [{ match: transport }]
    if (typeof port === 'string') return namedMatches(port, protocol, way === 'in' ? [pod] : shop.pods)
    return [{ match: `${transport} th dport ${endPort === undefined ? port : `${port}-${endPort}`}` }]
  })
}

/** A named port means what the destination pod declares under that name, so it is matched together with the address. */
function namedMatches(name: string, protocol: string, destinations: readonly ShopPod[]): Match[] {
  const pairs = destinations.flatMap(pod =>
    pod.ports
      .filter(port => port.name === name && port.protocol === protocol)
      .flatMap(({ port }) => pod.ips.map(ip => ({ ip, port }))),
  )
  return families.flatMap(family => {
    const own = pairs.filter(({ ip }) => familyOf(ip) === family).map(({ ip, port }) => `${ip} . ${port}`)
    if (own.length === 0) return []
    return [
      {
        family,
        match: `meta l4proto ${protocol.toLowerCase()} ${family} daddr . th dport { ${own.join(', ')} }`,
      },
    ]
  })
}
