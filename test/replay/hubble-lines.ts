// Hubble flows about a world: policy verdicts with their direction, the drop notification that goes with a policy drop, drops for
// other reasons, audit verdicts, and the policies that Cilium itself names.

import type { World } from '../../agent/policy/objects.ts'
import type { Random } from '../oracle/random.ts'
import { isIPv6, pairOf, portsOf } from './places.ts'
import { createWriter, type Log, type Seen, type Transport } from './seen.ts'

type Kind =
  | 'forwarded'
  | 'dropped'
  | 'droppedTwice'
  | 'audit'
  | 'otherReason'
  | 'explicitDeny'
  | 'trace'
  | 'dropOnly'

export function hubbleLog(random: Random, world: World, count: number, start: number): Log {
  const writer = createWriter()
  const seen: Seen[] = []
  let foreign = 0
  let malformed = 0
  let at = start
  for (let index = 0; index < count; index++) {
    at += random.between(1, 900)
    if (random.chance(0.03)) {
      writer.write('{"level":"info","flow_count":3}')
      foreign++
      continue
    }
    const one = flowOf(random, world, at, writer.offset(), 40000 + index)
    if (random.chance(0.03)) {
      writer.write(one.lines[0]!.slice(0, -random.between(1, 60)))
      malformed++
      continue
    }
    for (const line of one.lines) writer.write(line)
    seen.push(one)
  }
  return { source: 'hubble', text: writer.text(), seen, foreign, malformed }
}

function flowOf(random: Random, world: World, at: number, offset: number, sport: number): Seen {
  const pair = pairOf(random, world)
  const transport: Transport = random.pick(['TCP', 'TCP', 'TCP', 'UDP', 'SCTP', 'ICMP'])
  const port = transport === 'ICMP' ? null : random.pick(portsOf(world))
  const kind: Kind = random.pick([
    'forwarded',
    'forwarded',
    'dropped',
    'dropped',
    'droppedTwice',
    'audit',
    'otherReason',
    'explicitDeny',
    'trace',
    'dropOnly',
  ])
  const dir = random.pick(['egress', 'ingress'] as const)
  // A drop notification has no is_reply: only what the packet itself shows tells an answer from a question.
  const canReply =
    kind === 'trace'
      ? transport !== 'SCTP'
      : kind === 'otherReason' && (transport === 'TCP' || transport === 'ICMP')
  const isReply = canReply && random.chance(0.4)
  const named = random.chance(0.5) ? ['data/np-0'] : ['shop/custom']
  const says = { ...pair, transport, port, sport, at, isReply, dir, named }
  const seen = {
    source: 'hubble',
    offsets: [offset],
    at,
    ...pair,
    transport,
    port,
    isBegun: !isReply,
  } as const
  switch (kind) {
    case 'forwarded':
      return {
        ...seen,
        verdict: 'allowed',
        dir,
        reported: named,
        lines: [line(says, 'FORWARDED', 5, { by: 'allowed', kind: 'NetworkPolicy' })],
      }
    case 'dropped':
      return {
        ...seen,
        verdict: 'denied',
        dir,
        lines: [line(says, 'DROPPED', 5, { reason: 'POLICY_DENIED' })],
      }
    case 'droppedTwice':
      return {
        ...seen,
        verdict: 'denied',
        dir,
        lines: [
          line(says, 'DROPPED', 5, { reason: 'POLICY_DENIED' }),
          line(says, 'DROPPED', 1, { reason: 'POLICY_DENIED' }),
        ],
      }
    case 'audit':
      return { ...seen, verdict: 'audited', dir, lines: [line(says, 'AUDIT', 5, {})] }
    case 'otherReason':
      return {
        ...seen,
        verdict: 'denied',
        cause: 'not-a-policy',
        lines: [line(says, 'DROPPED', 1, { reason: 'CT_MAP_INSERTION_FAILED' })],
      }
    case 'explicitDeny':
      return {
        ...seen,
        verdict: 'denied',
        dir,
        cause: 'other-policy',
        reported: named.map(name => `CiliumNetworkPolicy/${name}`),
        lines: [
          line(says, 'DROPPED', 5, { reason: 'POLICY_DENY', by: 'denied', kind: 'CiliumNetworkPolicy' }),
        ],
      }
    case 'dropOnly':
      return {
        ...seen,
        verdict: 'denied',
        dir,
        lines: [line(says, 'DROPPED', 1, { reason: 'POLICY_DENIED' })],
      }
    case 'trace':
      return { ...seen, verdict: 'allowed', isOnItsWay: true, lines: [line(says, 'FORWARDED', 4, {})] }
  }
}

interface Says {
  readonly from: string
  readonly to: string
  readonly transport: Transport
  readonly port: number | null
  readonly sport: number
  readonly at: number
  readonly isReply: boolean
  readonly dir: 'egress' | 'ingress'
  readonly named: readonly string[]
}

interface More {
  readonly reason?: string
  readonly by?: 'allowed' | 'denied'
  readonly kind?: string
}

function line(says: Says, verdict: string, type: number, { reason, by, kind }: More): string {
  const { from, to, at, isReply, dir, named } = says
  const [source, destination] = isReply ? [to, from] : [from, to]
  const time = new Date(at).toISOString().replace('Z', '000000Z')
  const list = named.map(name => ({
    name: name.split('/')[1],
    namespace: name.split('/')[0],
    labels: [],
    revision: '6',
    kind,
  }))
  const flow = {
    time,
    verdict,
    IP: { source, destination, ipVersion: isIPv6(from) ? 'IPv6' : 'IPv4' },
    l4: layer4(says),
    source: { identity: 4711 },
    destination: { ID: 3, identity: 4712 },
    Type: 'L3_L4',
    node_name: 'default/node-0',
    event_type: { type },
    traffic_direction: dir.toUpperCase(),
    ...(reason === undefined ? {} : { drop_reason_desc: reason }),
    ...(type === 1 ? {} : { is_reply: isReply }),
    ...(by === undefined ? {} : { [`${dir}_${by}_by`]: list }),
  }
  return JSON.stringify({ flow, node_name: 'default/node-0', time })
}

function layer4({ transport, from, port, sport, isReply }: Says): object {
  const [source_port, destination_port] = isReply ? [port, sport] : [sport, port]
  if (transport === 'TCP')
    return {
      TCP: { source_port, destination_port, flags: isReply ? { SYN: true, ACK: true } : { SYN: true } },
    }
  if (transport === 'UDP' || transport === 'SCTP') return { [transport]: { source_port, destination_port } }
  const six = isIPv6(from)
  const type = six ? (isReply ? 129 : 128) : isReply ? 0 : 8
  return { [six ? 'ICMPv6' : 'ICMPv4']: type === 0 ? {} : { type } }
}
