// Who talks to whom in a generated log: pairs of addresses of one family, drawn from everything that a world holds and some that
// nothing holds.

import type { World } from '../../agent/policy/objects.ts'
import { externals } from '../oracle/pools.ts'
import type { Random } from '../oracle/random.ts'

export interface Pair {
  readonly from: string
  readonly to: string
}

const strangers = ['10.0.0.200', '10.0.1.201', 'fd00:10:0::c8']

export function pairOf(random: Random, world: World): Pair {
  const from = addressOf(random, world)
  const same = Array.from({ length: 30 }, () => addressOf(random, world)).find(
    to => isIPv6(to) === isIPv6(from),
  )
  return { from, to: random.chance(0.04) ? from : (same ?? from) }
}

export function isIPv6(address: string): boolean {
  return address.includes(':')
}

function addressOf(random: Random, world: World): string {
  const choice = random.below(100)
  const pods = world.pods.filter(pod => pod.ips.length > 0)
  if (choice < 70 && pods.length > 0) return random.pick(random.pick(pods).ips)
  if (choice < 78) return random.pick(random.pick(world.nodes).addresses)
  return choice < 94 ? random.pick(externals) : random.pick(strangers)
}

/** The ports that the world's policies and pods mention, their neighbours, and one that nobody does. */
export function portsOf(world: World): number[] {
  const numbers = [...JSON.stringify(world.policies).matchAll(/"(?:port|endPort)":(\d+)/g)].map(m =>
    Number(m[1]),
  )
  const declared = world.pods.flatMap(pod => pod.ports.map(({ port }) => port))
  return [...numbers, ...numbers.map(port => port + 1), ...declared, 80, 9999].filter(
    port => port > 0 && port < 65536,
  )
}
