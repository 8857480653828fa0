// At which ports an edit is asked about. It is the one of the packet, but for protocols without ports of policies: what is edited for
// those has no ports (S46) and opens all of them, and with admin tiers one port can be open where another is not.

import { SCTP, TCP, UDP } from '../answer.ts'
import type { ResolvedEnd } from '../end.ts'
import type { Isolation } from '../isolation.ts'
import { hasPolicyPorts } from '../protocol.ts'
import type { Denial } from './scene.ts'

export interface Service {
  readonly protocol: number
  readonly port: number
}

/** Protocols and ports that stand for all that the edit is about. */
export function servicesOf(denial: Denial, subject: ResolvedEnd, peer: ResolvedEnd): readonly Service[] {
  const isolation = subject[denial.direction]!
  // Without tiers whoever is denied such a protocol is denied some port, and whoever is not is allowed all.
  if (hasPolicyPorts(denial.protocol) || isolation.tiers === undefined) return denial.asked
  const { ports } = denial.direction === 'ingress' ? subject : peer
  const declared = [...ports].filter((_, i) => i % 3 === 2)
  const numbers = [...edgesOf(isolation), ...declared.flatMap(port => [port, port + 1])]
  const all = [TCP, UDP, SCTP].flatMap(protocol => numbers.map(port => ({ protocol, port })))
  return [...denial.asked, ...all]
}

const edges = new WeakMap<Isolation, readonly number[]>()

/** The ports where a rule begins or has ended: between them nothing changes. */
function edgesOf(isolation: Isolation): readonly number[] {
  let found = edges.get(isolation)
  if (found === undefined) {
    const ports = isolation.rulesAsked().flatMap(rule => [...rule.ports])
    const numbers = ports.flatMap(({ port, endPort }) =>
      port === undefined ? [] : [port, (endPort ?? port) + 1],
    )
    found = [...new Set([1, ...numbers])].filter(port => port <= 65535)
    edges.set(isolation, found)
  }
  return found
}
