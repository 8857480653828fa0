// Random probes about a world: every pair of ends, odd spellings, replies, and the ports where policies change their mind.

import type { World } from '../../agent/policy/objects.ts'
import { readIp, writeIp } from './addresses.ts'
import type { Probe } from './ends.ts'
import { externals, portNumbers } from './pools.ts'
import { createRandom, type Random } from './random.ts'

export function probesOf(world: World, seed: number, count: number): Probe[] {
  const random = createRandom(seed)
  const ports = portPool(world)
  return Array.from({ length: count }, () => probeOf(random, world, ports))
}

/** The ports that policies and pods mention, the edges of ranges, their neighbours, and others. */
function portPool(world: World): number[] {
  const named = JSON.stringify(world.policies).matchAll(/"(?:port|endPort|number|start|end)":(\d+)/g)
  const mentioned = [...named].map(match => Number(match[1]))
  const declared = world.pods.flatMap(pod => pod.ports.map(port => port.port))
  const near = mentioned.flatMap(port => [port, port - 1, port + 1])
  return [...near, ...declared, ...portNumbers, 9999]
}

function probeOf(random: Random, world: World, ports: readonly number[]): Probe {
  const from = endOf(random, world)
  const to = random.chance(0.04) ? from : endOf(random, world)
  const protocol = random.pick([
    'TCP',
    'TCP',
    'TCP',
    'TCP',
    'UDP',
    'UDP',
    'SCTP',
    random.pick(['ICMP', 'GRE', 'udp']),
  ])
  const hasPort = ['TCP', 'UDP', 'SCTP', 'udp'].includes(protocol)
  return {
    from,
    to,
    port: hasPort !== random.chance(0.01) ? random.pick(ports) : null,
    ...(protocol === 'TCP' && random.chance(0.2) ? {} : { protocol }),
    ...(random.chance(0.1) ? { reply: true } : {}),
  }
}

function endOf(random: Random, world: World): string {
  const choice = random.below(100)
  if (choice < 55) {
    const active = world.pods.filter(
      pod => pod.ips.length > 0 && (pod.phase === 'Running' || pod.phase === 'Unknown'),
    )
    const pod = random.pick(active.length > 0 && random.chance(0.95) ? active : world.pods)
    return `${pod.ns}/${pod.name}`
  }
  const owned = [...world.pods.flatMap(pod => pod.ips), ...world.nodes.flatMap(node => node.addresses)]
  if (choice < 78) return respell(random, random.pick(owned))
  if (choice < 94) return respell(random, random.pick(externals))
  if (choice < 99)
    return respell(random, random.pick(['10.0.0.200', '10.0.1.201', 'fd00:10:0:1::c8', '10.0.9.9']))
  return random.pick(['shop/nobody', '300.1.1.1', '1.2.3', 'fe80::1%eth0', '::1::'])
}

/** Another valid spelling of the same address. */
function respell(random: Random, text: string): string {
  if (random.chance(0.75)) return text
  const ip = readIp(text)!
  const hex = (ip.family === 4 ? (0xffffn << 32n) | ip.value : ip.value).toString(16).padStart(32, '0')
  const long = hex.match(/.{4}/g)!.join(':')
  if (ip.family === 6) return random.pick([long, long.toUpperCase(), writeIp(ip).toUpperCase()])
  const zeros = text
    .split('.')
    .map(part => part.padStart(3, '0'))
    .join('.')
  return random.pick([`::ffff:${text}`, `::FFFF:${text}`, long, zeros])
}
